"""Colleagues by invitation: ask one, see who was asked, take it back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.errors import ASKING, CREATING, LISTING, READING, SENDING, problems
from api.requests import Creation, Limit, Now, Reading, StrictRoute, Transaction
from api.schemas.invitations import InvitationIn, InvitationOut
from api.schemas.pages import PageOut
from api.security import InvitationReader, InvitationTaker, Inviter
from api.services import inviting
from api.services.accounts import AccountInvalid
from models.documents import TransitionRefused
from models.queries.places import UnknownPlace

router = APIRouter(prefix="/invitations", tags=["people"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=InvitationOut, responses=problems(*CREATING, AccountInvalid, UnknownPlace))
def invite(body: InvitationIn, inviter: Inviter, now: Now, session: Creation) -> InvitationOut:
    """Mail somebody a link by which they come into your organisation or place; the lead invites into any role."""
    row = inviting.invite(
        session, email=body.email, role=body.role, actor=inviter, at=now, place=body.place, organisation_id=body.organisation
    )
    return InvitationOut.model_validate(row)


@router.get("", response_model=PageOut[InvitationOut], responses=problems(*LISTING))
def list_invitations(
    reader: InvitationReader,
    session: Reading,
    limit: Limit = 50,
    after: Annotated[str | None, Query(max_length=300, description="The page marker 'next' of the page before.")] = None,
) -> PageOut[InvitationOut]:
    """Tell who was invited into your organisation or place, latest first; the lead sees all."""
    page = inviting.page(session, reader, after=after, limit=limit)
    return PageOut(items=[InvitationOut.model_validate(row) for row in page.rows], next=page.following)


@router.delete("/{invitation_id}", status_code=204, responses=problems(*READING, *SENDING, *ASKING, TransitionRefused))
def take_invitation_back(invitation_id: UUID, taker: InvitationTaker, now: Now, session: Transaction) -> None:
    """Let an invitation count no more."""
    inviting.take_back(session, invitation_id, actor=taker, at=now)
