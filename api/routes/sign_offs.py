"""Needs that are written together and signed off: share, take back, ask, answer."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.errors import CHANGING, CREATING, READING, problems
from api.requests import Creation, ExpectedVersion, Now, Reading, StrictRoute, Transaction, tag
from api.schemas.sign_offs import PersonRef, ShareIn, ShareOut, SharesOut, SignOffAskIn, SignOffIn, SignOffOut, SignOffsOut
from api.security import NeedSharer, SignOffGiver, SignOffReader
from api.services import sharing_needs, signing_off
from api.services.accounts import AccountInvalid
from api.services.limiting import TooManyRequests
from api.services.mailing import AddressRefused
from models.policies import NEED_SHARE
from models.queries import documents, sign_offs
from models.sign_offs import ShareRefused, SignOffGiven, SignOffRefused
from models.subjects import subject_of

router = APIRouter(tags=["needs"], route_class=StrictRoute)


@router.get("/needs/{need_id}/shares", response_model=SharesOut, responses=problems(*READING))
def list_shares(need_id: UUID, reader: NeedSharer, session: Reading) -> SharesOut:
    """List with whom a need is written together."""
    need = documents.need(session, need_id, reader)
    NEED_SHARE.check(reader, subject_of(need))
    return SharesOut(items=[ShareOut.of(row) for row in sign_offs.shares_of(session, need_id)])


@router.post(
    "/needs/{need_id}/shares",
    status_code=201,
    response_model=ShareOut,
    responses=problems(*CREATING, *READING, AccountInvalid, AddressRefused, ShareRefused, TooManyRequests),
)
def share_need(need_id: UUID, *, body: ShareIn, writer: NeedSharer, now: Now, session: Creation) -> ShareOut:
    """Mail somebody a link by which they change the words of a need, without an account."""
    return ShareOut.of(sharing_needs.share(session, need_id, body.email, actor=writer, at=now))


@router.delete("/need-shares/{share_id}", status_code=204, responses=problems(*READING))
def take_share_back(share_id: UUID, writer: NeedSharer, now: Now, session: Transaction) -> None:
    """Take a link back, so that it changes nothing any more."""
    sharing_needs.take_back(session, share_id, actor=writer, at=now)


@router.get("/needs/{need_id}/sign-offs", response_model=SignOffsOut, responses=problems(*READING))
def list_sign_offs(need_id: UUID, reader: NeedSharer, session: Reading) -> SignOffsOut:
    """List who was asked to sign a need off and what they said, and who may be asked."""
    found = signing_off.of_need(session, need_id, actor=reader)
    asked = signing_off.may_be_asked(session, documents.need(session, need_id, reader))
    return SignOffsOut(items=[SignOffOut.of(row) for row in found], may_be_asked=[PersonRef.model_validate(each) for each in asked])


@router.post(
    "/needs/{need_id}/sign-offs", status_code=201, response_model=SignOffOut, responses=problems(*CREATING, *READING, SignOffRefused)
)
def ask_for_sign_off(
    need_id: UUID, *, body: SignOffAskIn, writer: NeedSharer, now: Now, session: Creation, response: Response
) -> SignOffOut:
    """Ask a lead of one of the need's places to sign it off; they are told by mail."""
    return tag(response, SignOffOut.of(signing_off.ask(session, need_id, body.person_id, actor=writer, at=now)))


@router.get("/sign-offs/{sign_off_id}", response_model=SignOffOut, responses=problems(*READING))
def read_sign_off(sign_off_id: UUID, reader: SignOffReader, session: Reading, response: Response) -> SignOffOut:
    """Read what somebody was asked, and the answer."""
    return tag(response, SignOffOut.of(signing_off.get(session, sign_off_id, actor=reader)))


@router.post(
    "/sign-offs/{sign_off_id}/answer",
    response_model=SignOffOut,
    responses=problems(*CHANGING, SignOffGiven, SignOffRefused),
)
def answer_sign_off(
    sign_off_id: UUID, *, body: SignOffIn, giver: SignOffGiver, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> SignOffOut:
    """Sign a need off as it reads now, or send it back and say what has to change."""
    row = signing_off.answer(session, sign_off_id, body.verdict, body.note, revision=body.revision, actor=giver, at=now, version=version)
    return tag(response, SignOffOut.of(row))
