"""Innovations: hand in, change, withdraw, list, match."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from api.errors import CHANGING, CREATING, LISTING, RANKING, READING, problems
from api.requests import Creation, CurrentSettings, ExpectedVersion, Limit, Now, Reading, SharedLibraries, StrictRoute, Transaction, tag
from api.schemas.answers import StatusOut
from api.schemas.duplicates import DuplicateOut, DuplicatesOut
from api.schemas.innovations import InnovationIn, InnovationOut, InnovationPatch, InnovationsQuery
from api.schemas.matches import MatchesOut
from api.schemas.pages import PageOut
from api.security import (
    InnovationChanger,
    InnovationComparer,
    InnovationDeleter,
    InnovationMatcher,
    InnovationReader,
    InnovationSubmitter,
    InnovationWithdrawer,
    InnovationWriter,
    StatusReader,
)
from api.services import erasing, following, intake, likening, merging, proposing
from api.services.content import warnings_of
from api.services.intake import ExternalIdTaken
from models.documents import Side
from models.queries import documents

router = APIRouter(prefix="/innovations", tags=["innovations"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=InnovationOut, responses=problems(*CREATING, ExternalIdTaken))
def create_innovation(
    body: InnovationIn, writer: InnovationWriter, *, now: Now, session: Creation, libraries: SharedLibraries, response: Response
) -> InnovationOut:
    """Hand an innovation in, or keep it as a draft."""
    row = intake.create(session, Side.INNOVATION, body.content, actor=writer, at=now, submit_too=body.submit)
    response.headers["Location"] = f"/api/v1/innovations/{row.id}"
    before = merging.seen_before(session, libraries, row, actor=writer)
    return tag(response, InnovationOut.of(row, writer, warnings=warnings_of(body), seen_before=before))


@router.get("", response_model=PageOut[InnovationOut], responses=problems(*LISTING))
def list_innovations(wanted: Annotated[InnovationsQuery, Query()], reader: InnovationReader, session: Reading) -> PageOut[InnovationOut]:
    """List the innovations that you may read, newest first."""
    page = documents.page(session, Side.INNOVATION, reader, filters=wanted.filters(), text=wanted.q, after=wanted.after, limit=wanted.limit)
    return PageOut(items=[InnovationOut.of(row, reader) for row in page.rows], next=page.following)


@router.get("/{innovation_id}", response_model=InnovationOut, responses=problems(*READING))
def read_innovation(
    innovation_id: UUID, reader: InnovationReader, session: Reading, response: Response
) -> InnovationOut | RedirectResponse:
    """Read one innovation; one that was merged is read where it is now."""
    if (kept := merging.stands_for(session, innovation_id, actor=reader)) is not None:
        return RedirectResponse(f"/api/v1/innovations/{kept}", 308)
    return tag(response, InnovationOut.of(documents.innovation(session, innovation_id, reader), reader))


@router.patch("/{innovation_id}", response_model=InnovationOut, responses=problems(*CHANGING, ExternalIdTaken))
def change_innovation(
    innovation_id: UUID,
    *,
    body: InnovationPatch,
    writer: InnovationChanger,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    response: Response,
) -> InnovationOut:
    """Change what an innovation says; fields that are left out stay as they are."""
    changes = body.model_dump(exclude_unset=True)
    row = intake.change(session, Side.INNOVATION, innovation_id, changes, actor=writer, at=now, version=version)
    return tag(response, InnovationOut.of(row, writer, warnings=warnings_of(body)))


@router.post("/{innovation_id}/submit", response_model=InnovationOut, responses=problems(*CHANGING))
def submit_innovation(
    innovation_id: UUID,
    *,
    writer: InnovationSubmitter,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    libraries: SharedLibraries,
    response: Response,
) -> InnovationOut:
    """Hand a draft in, so that it is matched; you are told what of yours may be the same."""
    row = intake.submit(session, Side.INNOVATION, innovation_id, actor=writer, at=now, version=version)
    return tag(response, InnovationOut.of(row, writer, seen_before=merging.seen_before(session, libraries, row, actor=writer)))


@router.post("/{innovation_id}/withdraw", response_model=InnovationOut, responses=problems(*CHANGING))
def withdraw_innovation(
    innovation_id: UUID, *, writer: InnovationWithdrawer, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> InnovationOut:
    """Take an innovation back; it is gone from every answer at once."""
    row = intake.withdraw(session, Side.INNOVATION, innovation_id, actor=writer, at=now, version=version)
    return tag(response, InnovationOut.of(row, writer))


@router.get("/{innovation_id}/status", response_model=StatusOut, responses=problems(*READING))
def follow_innovation(innovation_id: UUID, reader: StatusReader, now: Now, settings: CurrentSettings, session: Reading) -> StatusOut:
    """Tell where an innovation is, whose turn it is, by when and whom to ask."""
    window = settings.undo_window_seconds
    found = following.whereabouts(session, innovation_id, actor=reader, at=now, undo_window_seconds=window)
    return StatusOut.of(found, contact=settings.contact_email or settings.mail_from)


@router.get("/{innovation_id}/matches", response_model=MatchesOut, responses=problems(*READING, *RANKING))
def match_innovation(
    innovation_id: UUID, asker: InnovationMatcher, session: Reading, libraries: SharedLibraries, limit: Limit = 20
) -> MatchesOut | RedirectResponse:
    """Rank the needs that you may read as what an innovation may answer, with the reasons in quoted words."""
    if (kept := merging.stands_for(session, innovation_id, actor=asker)) is not None:
        return RedirectResponse(f"/api/v1/innovations/{kept}/matches?limit={limit}", 308)
    found = proposing.matches_of(session, libraries, Side.INNOVATION, innovation_id, actor=asker, limit=limit)
    return MatchesOut.of(found, asker)


@router.get("/{innovation_id}/duplicates", response_model=DuplicatesOut, responses=problems(*READING, *RANKING))
def duplicates_of_innovation(innovation_id: UUID, staff: InnovationComparer, session: Reading, libraries: SharedLibraries) -> DuplicatesOut:
    """List innovations that may be the same as this one, with the words that both texts hold."""
    found = likening.duplicates_of(session, libraries, innovation_id, actor=staff)
    return DuplicatesOut(innovation_id=innovation_id, duplicates=[DuplicateOut.of(each) for each in found])


@router.delete("/{innovation_id}", status_code=204, responses=problems(*CHANGING))
def delete_innovation(innovation_id: UUID, *, deleter: InnovationDeleter, version: ExpectedVersion, now: Now, session: Transaction) -> None:
    """Delete it for good: a draft leaves nothing; what was handed in is withdrawn, and its words are erased everywhere."""
    erasing.delete_innovation(session, innovation_id, actor=deleter, at=now, version=version)
