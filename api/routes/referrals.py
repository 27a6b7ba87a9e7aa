"""Referrals: which bodies may help, offer an innovation to one, answer for it, close it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from api.errors import CHANGING, CREATING, LISTING, READING, problems
from api.requests import Creation, ExpectedVersion, Now, Reading, StrictRoute, Transaction, tag
from api.schemas.bodies import RouteOut, RoutesOut
from api.schemas.pages import PageOut
from api.schemas.referrals import CloseIn, ReferralAnswerIn, ReferralIn, ReferralOut, ReferralsQuery
from api.security import ReferralAnswerer, ReferralCloser, ReferralReader, Referrer, RouteReader
from api.services import merging, referring, signposting
from models.queries import referrals
from models.referrals import ReferralRefused

router = APIRouter(tags=["referrals"], route_class=StrictRoute)


@router.get("/innovations/{innovation_id}/routes", response_model=RoutesOut, responses=problems(*READING))
def routes_of_innovation(innovation_id: UUID, reader: RouteReader, session: Reading) -> RoutesOut | RedirectResponse:
    """List the bodies that may help with an innovation, best first, each with the reason; less those that had it before."""
    if (kept := merging.stands_for(session, innovation_id, actor=reader)) is not None:
        return RedirectResponse(f"/api/v1/innovations/{kept}/routes", 308)
    found = referring.routes_of(session, innovation_id, actor=reader)
    return RoutesOut(innovation_id=innovation_id, routes=[RouteOut.of(each) for each in found], says=signposting.in_words(found))


@router.post(
    "/innovations/{innovation_id}/referrals",
    status_code=201,
    response_model=ReferralOut,
    responses=problems(*READING, *CREATING, ReferralRefused),
)
def refer_innovation(
    innovation_id: UUID, *, body: ReferralIn, staff: Referrer, now: Now, session: Creation, response: Response
) -> ReferralOut:
    """Offer an innovation that has left triage to a body, which is mailed what its owner allows to be passed on."""
    row = referring.offer(session, innovation_id, body.body_id, reason=body.reason, actor=staff, at=now)
    response.headers["Location"] = f"/api/v1/referrals/{row.id}"
    return tag(response, ReferralOut.of(row, staff))


@router.get("/referrals", response_model=PageOut[ReferralOut], responses=problems(*LISTING))
def list_referrals(wanted: Annotated[ReferralsQuery, Query()], reader: ReferralReader, session: Reading) -> PageOut[ReferralOut]:
    """List the referrals that you may read, newest first."""
    page = referrals.page(session, reader, **wanted.model_dump())
    return PageOut(items=[ReferralOut.of(row, reader) for row in page.rows], next=page.following)


@router.get("/referrals/{referral_id}", response_model=ReferralOut, responses=problems(*READING))
def read_referral(referral_id: UUID, reader: ReferralReader, session: Reading, response: Response) -> ReferralOut:
    """Read one referral with every step of it."""
    return tag(response, ReferralOut.of(referrals.get(session, referral_id, reader), reader))


@router.post("/referrals/{referral_id}/answer", response_model=ReferralOut, responses=problems(*CHANGING, ReferralRefused))
def answer_referral(
    referral_id: UUID,
    *,
    body: ReferralAnswerIn,
    answerer: ReferralAnswerer,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    response: Response,
) -> ReferralOut:
    """Write down that the body accepted or declined; the pipeline answers for the health innovation network."""
    row = referring.answer(session, referral_id, body.answer, code=body.code, note=body.note, actor=answerer, at=now, version=version)
    return tag(response, ReferralOut.of(row, answerer))


@router.post("/referrals/{referral_id}/close", response_model=ReferralOut, responses=problems(*CHANGING, ReferralRefused))
def close_referral(
    referral_id: UUID,
    *,
    body: CloseIn,
    staff: ReferralCloser,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    response: Response,
) -> ReferralOut:
    """End a referral with how it ended; one that is still offered is taken back."""
    row = referring.close(session, referral_id, body.outcome, note=body.note, actor=staff, at=now, version=version)
    return tag(response, ReferralOut.of(row, staff))
