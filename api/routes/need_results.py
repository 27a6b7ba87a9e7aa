"""How needs end: met with a result, closed with a reason, or renewed."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.errors import CHANGING, CREATING, READING, problems
from api.requests import Creation, ExpectedVersion, Now, Reading, StrictRoute, Transaction, tag
from api.schemas.need_results import NeedCloseIn, NeedEndOut, NeedMetIn, NeedRenewIn, NeedResultOut
from api.schemas.needs import NeedOut
from api.security import NeedCloser, NeedMeeter, NeedReader, NeedRenewer
from api.services import ending_needs
from api.services.ending_needs import ResultRefused
from models.documents import Side
from models.queries import documents, need_results

router = APIRouter(prefix="/needs", tags=["needs"], route_class=StrictRoute)


@router.post("/{need_id}/met", status_code=201, response_model=NeedResultOut, responses=problems(*CREATING, *CHANGING, ResultRefused))
def meet_need(
    need_id: UUID, *, body: NeedMetIn, writer: NeedMeeter, version: ExpectedVersion, now: Now, session: Creation, response: Response
) -> NeedResultOut:
    """Say that a need is met, with the result against its baseline; announced matches go on, all else that is open on it ends."""
    row = ending_needs.meet(session, need_id, body.content, actor=writer, at=now, version=version)
    tag(response, documents.get(session, Side.NEED, need_id, writer))
    return NeedResultOut.of(row)


@router.post("/{need_id}/close", status_code=201, response_model=NeedResultOut, responses=problems(*CREATING, *CHANGING))
def close_need(
    need_id: UUID, *, body: NeedCloseIn, writer: NeedCloser, version: ExpectedVersion, now: Now, session: Creation, response: Response
) -> NeedResultOut:
    """Close a need that was not met, with the reason; announced matches go on, all else that is open on it ends."""
    row = ending_needs.close(session, need_id, body.reason, actor=writer, at=now, version=version)
    tag(response, documents.get(session, Side.NEED, need_id, writer))
    return NeedResultOut.of(row)


@router.post("/{need_id}/renew", response_model=NeedOut, responses=problems(*CHANGING, ResultRefused))
def renew_need(
    need_id: UUID, *, body: NeedRenewIn, writer: NeedRenewer, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> NeedOut:
    """Say that an open need still stands, and when to look at it again."""
    row = ending_needs.renew(session, need_id, body.review_date, actor=writer, at=now, version=version)
    return tag(response, NeedOut.of(row))


@router.get("/{need_id}/result", response_model=NeedEndOut, responses=problems(*READING))
def read_need_result(need_id: UUID, reader: NeedReader, session: Reading) -> NeedEndOut:
    """Read how a need ended: its result against the baseline, or why it was closed."""
    documents.need(session, need_id, reader)
    row = need_results.of_need(session, need_id, reader)
    return NeedEndOut(need_id=need_id, result=NeedResultOut.of(row) if row is not None else None)
