"""Calls for answers to needs, needs that nothing answers, and the needs for what one offers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from api.errors import CHANGING, CREATING, LISTING, RANKING, READING, problems
from api.requests import (
    Creation,
    CurrentSettings,
    ExpectedVersion,
    Limit,
    Now,
    Reading,
    SharedLibraries,
    StrictRoute,
    Transaction,
    tag,
)
from api.schemas.calls import CallIn, CallOut, CallsQuery, OfferOut, UnmetOut, UnmetQuery
from api.schemas.pages import PageOut
from api.schemas.proposals import ProposalOut
from api.security import CallCloser, CallPublisher, CallReader, CandidateReader, OwnNeedsReader, UnmetReader
from api.services import calling, own_needs
from models.calls import CallDatePassed, CallEnded, CallRefused
from models.queries import calls
from models.queries.documents import NotFound
from models.working_days import day_of

router = APIRouter(tags=["calls"], route_class=StrictRoute)

Reference = Annotated[str, Path(max_length=40, description="The reference of a call, such as WYC-2026-0001.")]
Few = Annotated[int, Query(ge=1, le=20, description="How many at most.")]
After = Annotated[str | None, Query(max_length=500, description="The page marker `next` of the page before.")]


@router.post(
    "/needs/{need_id}/call",
    status_code=201,
    response_model=CallOut,
    responses=problems(*CREATING, NotFound, CallRefused, CallDatePassed),
)
def publish_call(need_id: UUID, *, body: CallIn, publisher: CallPublisher, now: Now, session: Creation, response: Response) -> CallOut:
    """Publish an open need that everybody may read as a call for answers, under a reference of its own."""
    row = calling.publish(session, need_id, introduction=body.introduction, closes_on=body.closes_on, actor=publisher, at=now)
    response.headers["Location"] = f"/api/v1/calls/{row.reference}"
    return tag(response, CallOut.of(row, asked_by=calling.asked_by(session, row.need, actor=publisher), at=now))


@router.get("/calls", response_model=PageOut[CallOut], responses=problems(*LISTING))
def list_calls(wanted: Annotated[CallsQuery, Query()], reader: CallReader, now: Now, session: Reading) -> PageOut[CallOut]:
    """List the calls that are open, latest first; it takes no account."""
    page = calls.page(
        session,
        reader,
        day=day_of(now),
        open_only=not wanted.closed,
        place=wanted.place,
        theme=wanted.theme,
        text=wanted.q,
        after=wanted.after,
        limit=wanted.limit,
    )
    shown = [CallOut.of(row, asked_by=calling.asked_by(session, row.need, actor=reader), at=now) for row in page.rows]
    return PageOut(items=shown, next=page.following)


@router.get("/calls/{reference}", response_model=CallOut, responses=problems(*READING))
def read_call(reference: Reference, reader: CallReader, now: Now, session: Reading, response: Response) -> CallOut:
    """Read one call, open or ended."""
    row = calls.by_reference(session, reference, reader)
    return tag(response, CallOut.of(row, asked_by=calling.asked_by(session, row.need, actor=reader), at=now))


@router.get("/calls/{reference}/candidates", response_model=PageOut[ProposalOut], responses=problems(*READING, *LISTING))
def list_candidates(
    reference: Reference, *, reader: CandidateReader, settings: CurrentSettings, session: Reading, after: After = None, limit: Limit = 50
) -> PageOut[ProposalOut]:
    """List what may answer a call, most probable first, as far as you may read it."""
    page = calling.candidates(session, reference, actor=reader, after=after, limit=limit)
    window = settings.undo_window_seconds
    return PageOut(items=[ProposalOut.of(row, reader, undo_window_seconds=window) for row in page.rows], next=page.following)


@router.post("/calls/{reference}/close", response_model=CallOut, responses=problems(*CHANGING, CallEnded))
def close_call(
    reference: Reference, *, closer: CallCloser, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> CallOut:
    """Take a call back; the need stays open."""
    row = calling.close(session, reference, actor=closer, at=now, version=version)
    return tag(response, CallOut.of(row, asked_by=calling.asked_by(session, row.need, actor=closer), at=now))


@router.get("/unmet-needs", response_model=PageOut[UnmetOut], responses=problems(*LISTING))
def list_unmet_needs(wanted: Annotated[UnmetQuery, Query()], reader: UnmetReader, session: Reading) -> PageOut[UnmetOut]:
    """List the open needs that nothing answers, oldest first; a joint need is one."""
    page = calling.unmet_needs(session, actor=reader, **wanted.model_dump())
    return PageOut(items=[UnmetOut.of(each) for each in page.rows], next=page.following)


@router.get("/me/needs", response_model=PageOut[OfferOut], responses=problems(*LISTING, *RANKING))
def list_needs_for_own(
    reader: OwnNeedsReader,
    session: Reading,
    libraries: SharedLibraries,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> PageOut[OfferOut]:
    """List what your organisation offers with the open needs that it may answer, and what is missing."""
    page = own_needs.needs_for(session, libraries, actor=reader, after=after, limit=limit)
    return PageOut(items=[OfferOut.of(each) for each in page.rows], next=page.following)
