"""Innovations that are one: merge two, part them, read what both were."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from api.errors import CHANGING, CREATING, LISTING, READING, problems
from api.requests import Creation, ExpectedVersion, Now, Reading, StrictRoute, tag
from api.schemas.merges import HistoryOut, HistoryQuery, MergeIn, MergeOut
from api.security import HistoryReader, Merger
from api.services import merging
from models.merges import MergeRefused

router = APIRouter(prefix="/innovations", tags=["innovations"], route_class=StrictRoute)


@router.post("/{innovation_id}/merge", status_code=201, response_model=MergeOut, responses=problems(*CREATING, *CHANGING, MergeRefused))
def merge_innovation(
    innovation_id: UUID, *, body: MergeIn, staff: Merger, version: ExpectedVersion, now: Now, session: Creation, response: Response
) -> MergeOut:
    """Let another innovation stand for this one too; this one is gone from search, queue and lists, and its history is kept."""
    row = merging.merge(
        session,
        innovation_id,
        body.into,
        actor=staff,
        at=now,
        two_organisations=body.two_organisations,
        note=body.note,
        version=version,
    )
    tag(response, merging.part_of(session, row))
    return MergeOut.of(row)


@router.post("/{innovation_id}/unmerge", status_code=201, response_model=MergeOut, responses=problems(*CREATING, *CHANGING, MergeRefused))
def unmerge_innovation(
    innovation_id: UUID, *, staff: Merger, version: ExpectedVersion, now: Now, session: Creation, response: Response
) -> MergeOut:
    """Part an innovation from the one that stands for it, while nothing was built on the merge; it is matched again."""
    row = merging.unmerge(session, innovation_id, actor=staff, at=now, version=version)
    tag(response, merging.part_of(session, row))
    return MergeOut.of(row)


@router.get("/{innovation_id}/history", response_model=HistoryOut, responses=problems(*READING, *LISTING))
def read_history(
    innovation_id: UUID, wanted: Annotated[HistoryQuery, Query()], staff: HistoryReader, session: Reading
) -> HistoryOut | RedirectResponse:
    """Read what happened to an innovation and to all that was merged into it, together."""
    if (kept := merging.stands_for(session, innovation_id, actor=staff)) is not None:
        return RedirectResponse(f"/api/v1/innovations/{kept}/history", 308)
    return HistoryOut.of(merging.history(session, innovation_id, actor=staff, after=wanted.after, limit=wanted.limit))
