"""People and keys, for the lead of the Hub: add, give and take roles, close, erase."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.errors import CREATING, LISTING, READING, SENDING, problems
from api.requests import Creation, Limit, Now, Reading, StrictRoute, Transaction
from api.schemas.accounts import GrantIn, GrantOut, KeyIn, KeyOut, NewKeyOut, PersonIn, PersonOut
from api.schemas.pages import PageOut
from api.security import AccountManager, AccountReader, KeyManager, KeyReader
from api.services import managing
from api.services.accounts import AccountInvalid, EmailTaken, UnknownAccount
from models.documents import TransitionRefused
from models.queries.places import UnknownPlace

router = APIRouter(tags=["people"], route_class=StrictRoute)
_MANAGING = (*READING, *SENDING, UnknownAccount, TransitionRefused)


@router.get("/people", response_model=PageOut[PersonOut], responses=problems(*LISTING))
def list_people(
    reader: AccountReader,
    session: Reading,
    limit: Limit = 50,
    after: Annotated[str | None, Query(max_length=500, description="The page marker `next` of the page before.")] = None,
) -> PageOut[PersonOut]:
    """List the people with an account and their roles, latest first."""
    page = managing.page(session, reader, after=after, limit=limit)
    return PageOut(items=[PersonOut.model_validate(row) for row in page.rows], next=page.following)


@router.post("/people", status_code=201, response_model=PersonOut, responses=problems(*CREATING, AccountInvalid, EmailTaken))
def add_person(body: PersonIn, lead: AccountManager, now: Now, session: Creation) -> PersonOut:
    """Add somebody, who then signs in by a mailed link."""
    return PersonOut.model_validate(managing.add(session, email=body.email, name=body.name, actor=lead, at=now))


@router.post(
    "/people/{person_id}/grants",
    status_code=201,
    response_model=GrantOut,
    responses=problems(*CREATING, UnknownAccount, AccountInvalid, UnknownPlace),
)
def give_role(person_id: UUID, body: GrantIn, lead: AccountManager, now: Now, session: Creation) -> GrantOut:
    """Give somebody a role beside those that they hold."""
    row = managing.grant(session, person_id, body.role, place=body.place, organisation_id=body.organisation, actor=lead, at=now)
    return GrantOut.model_validate(row)


@router.delete("/people/{person_id}/grants/{grant_id}", status_code=204, responses=problems(*_MANAGING))
def take_role(person_id: UUID, grant_id: UUID, lead: AccountManager, now: Now, session: Transaction) -> None:
    """Take one role from somebody."""
    managing.revoke(session, person_id, grant_id, actor=lead, at=now)


@router.post("/people/{person_id}/deactivate", status_code=204, responses=problems(*_MANAGING))
def deactivate_person(person_id: UUID, lead: AccountManager, now: Now, session: Transaction) -> None:
    """Close an account: its sessions, links and keys open nothing any more."""
    managing.deactivate(session, person_id, actor=lead, at=now)


@router.post("/people/{person_id}/reopen", status_code=204, responses=problems(*_MANAGING))
def reopen_person(person_id: UUID, lead: AccountManager, now: Now, session: Transaction) -> None:
    """Open a closed account again, with the roles that it had."""
    managing.reopen(session, person_id, actor=lead, at=now)


@router.delete("/people/{person_id}", status_code=204, responses=problems(*_MANAGING))
def erase_person(person_id: UUID, lead: AccountManager, now: Now, session: Transaction) -> None:
    """Erase an account because its owner asked for it: name and address are gone. It cannot be undone."""
    managing.erase(session, person_id, actor=lead, at=now)


@router.get("/keys", response_model=list[KeyOut], responses=problems(*LISTING))
def list_keys(reader: KeyReader, session: Reading) -> list[KeyOut]:
    """List the keys of machines, in force or not, latest first."""
    return [KeyOut.model_validate(row) for row in managing.every_key(session, reader)]


@router.post(
    "/keys", status_code=201, response_model=NewKeyOut, responses=problems(*READING, *SENDING, AccountInvalid, UnknownAccount, UnknownPlace)
)
def add_key(body: KeyIn, lead: KeyManager, now: Now, session: Transaction) -> NewKeyOut:
    """Make a key for a machine; its secret is in this answer alone, and so takes no Idempotency-Key, which would keep it."""
    made = managing.add_key(
        session,
        name=body.name,
        role=body.role,
        scopes=body.scopes,
        actor=lead,
        at=now,
        expires_at=body.expires_at,
        place=body.place,
        organisation_id=body.organisation,
        person_id=body.person,
    )
    return NewKeyOut(**KeyOut.model_validate(made.row).model_dump(), secret=made.secret)


@router.delete("/keys/{key_id}", status_code=204, responses=problems(*_MANAGING))
def end_key(key_id: UUID, lead: KeyManager, now: Now, session: Transaction) -> None:
    """End a key at once."""
    managing.end_key(session, key_id, actor=lead, at=now)
