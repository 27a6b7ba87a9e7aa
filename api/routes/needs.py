"""Needs: state, change, open, withdraw, list, match."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.errors import CHANGING, CREATING, LISTING, RANKING, READING, problems
from api.requests import Creation, ExpectedVersion, Limit, Now, Reading, SharedLibraries, StrictRoute, Transaction, tag
from api.schemas.matches import MatchesOut
from api.schemas.needs import NeedIn, NeedOut, NeedPatch, NeedsQuery
from api.schemas.pages import PageOut
from api.security import NeedChanger, NeedMatcher, NeedReader, NeedSubmitter, NeedWithdrawer, NeedWriter
from api.services import intake, proposing
from api.services.content import warnings_of
from models.documents import Side
from models.queries import documents
from models.queries.places import UnknownOrganisation, UnknownPlace

router = APIRouter(prefix="/needs", tags=["needs"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=NeedOut, responses=problems(*CREATING, UnknownPlace, UnknownOrganisation))
def create_need(body: NeedIn, writer: NeedWriter, now: Now, session: Creation, response: Response) -> NeedOut:
    """State a need, as a draft or opened at once."""
    row = intake.create(session, Side.NEED, body.content, actor=writer, at=now, submit_too=body.submit)
    response.headers["Location"] = f"/api/v1/needs/{row.id}"
    return tag(response, NeedOut.of(row, warnings=warnings_of(body)))


@router.get("", response_model=PageOut[NeedOut], responses=problems(*LISTING))
def list_needs(wanted: Annotated[NeedsQuery, Query()], reader: NeedReader, session: Reading) -> PageOut[NeedOut]:
    """List the needs that you may read, newest first."""
    page = documents.page(session, Side.NEED, reader, filters=wanted.filters(), text=wanted.q, after=wanted.after, limit=wanted.limit)
    return PageOut(items=[NeedOut.of(row) for row in page.rows], next=page.following)


@router.get("/{need_id}", response_model=NeedOut, responses=problems(*READING))
def read_need(need_id: UUID, reader: NeedReader, session: Reading, response: Response) -> NeedOut:
    """Read one need."""
    return tag(response, NeedOut.of(documents.need(session, need_id, reader)))


@router.patch("/{need_id}", response_model=NeedOut, responses=problems(*CHANGING, UnknownPlace, UnknownOrganisation))
def change_need(
    need_id: UUID, *, body: NeedPatch, writer: NeedChanger, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> NeedOut:
    """Change what a need says; fields that are left out stay as they are."""
    changes = body.model_dump(exclude_unset=True)
    row = intake.change(session, Side.NEED, need_id, changes, actor=writer, at=now, version=version)
    return tag(response, NeedOut.of(row, warnings=warnings_of(body)))


@router.post("/{need_id}/submit", response_model=NeedOut, responses=problems(*CHANGING))
def submit_need(
    need_id: UUID, *, writer: NeedSubmitter, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> NeedOut:
    """Open a draft, so that it is matched."""
    return tag(response, NeedOut.of(intake.submit(session, Side.NEED, need_id, actor=writer, at=now, version=version)))


@router.post("/{need_id}/withdraw", response_model=NeedOut, responses=problems(*CHANGING))
def withdraw_need(
    need_id: UUID, *, writer: NeedWithdrawer, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> NeedOut:
    """Take a need back; it is gone from every answer at once."""
    return tag(response, NeedOut.of(intake.withdraw(session, Side.NEED, need_id, actor=writer, at=now, version=version)))


@router.get("/{need_id}/matches", response_model=MatchesOut, responses=problems(*READING, *RANKING))
def match_need(need_id: UUID, asker: NeedMatcher, session: Reading, libraries: SharedLibraries, limit: Limit = 20) -> MatchesOut:
    """Rank the innovations that you may read as answers to a need, with the reasons in quoted words."""
    found = proposing.matches_of(session, libraries, Side.NEED, need_id, actor=asker, limit=limit)
    return MatchesOut.of(found, asker)
