"""Pages of people: who has an account, inviting somebody, and one person with their roles."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import documents as shared
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.keeping import UP, Names, TypedRole, read_role, role_choices, told
from api.pages.rendering import page, see_other
from api.pages.roles import ROLES
from api.requests import Now, Reading, StrictRoute
from api.security import AccountManager, AccountReader, CurrentVisit, Visit
from api.services import inviting, managing, signing_in
from api.services.accounts import AccountInvalid, UnknownAccount
from api.services.limiting import TooManyRequests
from models.documents import TransitionRefused
from models.links import Invitation
from models.people import Person, Role
from models.queries import invitations
from models.queries.places import UnknownPlace

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_LIST: Final = {"href": "/people", "text": "People"}
_ACCOUNTS: Final = {"open": ("Open", "green"), "closed": ("Closed", "grey")}
_INVITED: Final = 50
_DONE: Final = {
    "invited": "The invitation is on its way. It can be accepted for two weeks.",
    "taken_back": "The invitation counts no more.",
    "given": "The role is given. It holds from the next click on.",
    "taken": "The role is taken away. It ends with the next click.",
    "closed": "The account is closed. Its sessions, links and keys open nothing any more.",
    "reopened": "The account is open again, with the roles that it had.",
    "erased": "The account is erased. What the person did stays on record, without the name.",
}


@router.get("/people")
def people_list(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: AccountReader,
    session: Reading,
    at: Now,
    q: Annotated[str, Query(max_length=200)] = "",
    role: str | None = None,
    account: str | None = None,
    after: str | None = None,
    done: str = "",
) -> HTMLResponse:
    """People with an account, latest first, and who is invited and has not come yet."""
    filters = {"role": shared.chosen(role, list(Role)), "account": shared.chosen(account, list(_ACCOUNTS))}
    wanted = Role(filters["role"]) if filters["role"] else None
    active = filters["account"] == "open" if filters["account"] else None
    found = managing.page(session, actor, after=after or None, limit=shared.LISTED, words=q, role=wanted, active=active)
    invited = invitations.open_ones(session, actor, at=at, limit=_INVITED)
    names = Names(session, [*(grant for row in found.rows for grant in row.grants), *invited])
    return page(
        request,
        "people.jinja",
        visit,
        title="People",
        up=UP,
        done=_DONE.get(done, ""),
        rows=[_listed(row, names) for row in found.rows],
        invited=[_invited(row, names) for row in invited],
        words=q,
        selects=[
            ("role", "Role", role or "", [("", "Any role"), *((each.value, ROLES[each][0]) for each in Role)]),
            ("account", "Account", account or "", [("", "Open or closed"), *((name, shown[0]) for name, shown in _ACCOUNTS.items())]),
        ],
        filtered=bool(q or wanted or filters["account"]),
        turning=shared.turning(found, "/people", {"q": q, **filters}, after),
    )


def _listed(row: Person, names: Names) -> dict[str, Any]:
    return {
        "href": f"/people/{row.id}",
        "name": row.name,
        "email": row.email,
        "roles": [names.role(grant) for grant in row.grants],
        "account": _ACCOUNTS["open" if row.active else "closed"],
        "since": row.created_at,
    }


def _invited(row: Invitation, names: Names) -> dict[str, Any]:
    return {"id": row.id, "address": row.address, "role": names.role(row), "made_at": row.made_at, "until": row.expires_at}


@router.get("/people/invite")
def ask_whom(request: Request, *, visit: CurrentVisit, actor: AccountManager, session: Reading) -> HTMLResponse:
    """The empty form."""
    return _invitation_form(request, session, visit, TypedRole())


@router.post("/people/invite")
def invite(request: Request, *, visit: CurrentVisit, actor: AccountManager, at: Now, sent: Sent) -> Response:
    """Mail somebody a link by which they come into a role; bad input comes back with what is wrong beside it."""
    database: Database = request.app.state.database
    email = forms.text(sent, "email").strip()
    with database.reading() as session:
        read, typed, errors = read_role(session, sent)
    missing = forms.missing_answers({"email": email}, {"email": "Enter an e-mail address"})
    errors = [*(missing or _no_address(email)), *errors]
    if read is not None and not errors:
        try:
            with database.transaction() as session:
                inviting.invite(
                    session, email=email, role=read.role, actor=actor, at=at, place=read.place, organisation_id=read.organisation_id
                )
            return see_other("/people", done="invited")
        except (AccountInvalid, UnknownPlace, TooManyRequests) as error:
            errors = told(error, {"places": "place", "": "email"})
    with database.reading() as session:
        return _invitation_form(request, session, visit, typed, email=email, errors=errors)


def _no_address(email: str) -> list[FormError]:
    """What is wrong with an address, told beside what else is wrong."""
    try:
        signing_in.address_said(email)
    except AccountInvalid as error:
        return told(error, {"": "email"})
    return []


def _invitation_form(
    request: Request, session: Session, visit: Visit, typed: TypedRole, *, email: str = "", errors: list[FormError] | None = None
) -> HTMLResponse:
    return page(
        request,
        "person_invite.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Invite somebody",
        up=_LIST,
        email=email,
        errors=errors or [],
        wrong=forms.by_field(errors or []),
        **role_choices(session, typed),
    )


@router.post("/people/invitations/{invitation_id}/take-back")
def take_back(request: Request, *, invitation_id: UUID, visit: CurrentVisit, actor: AccountManager, at: Now, sent: Sent) -> Response:
    """Let an invitation count no more."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        inviting.take_back(session, invitation_id, actor=actor, at=at)
    return see_other("/people", done="taken_back")


@router.get("/people/{person_id}")
def one_person(
    request: Request, *, person_id: UUID, visit: CurrentVisit, actor: AccountReader, session: Reading, done: str = ""
) -> HTMLResponse:
    """One person: their roles and account, and what can be done with them."""
    return _person(request, session, visit, person_id, done=done)


@router.post("/people/{person_id}/roles")
def give_role(request: Request, *, person_id: UUID, visit: CurrentVisit, actor: AccountManager, at: Now, sent: Sent) -> Response:
    """Give a role beside those that they hold."""
    database: Database = request.app.state.database
    with database.reading() as session:
        read, typed, errors = read_role(session, sent)
    if read is not None:
        try:
            with database.transaction() as session:
                managing.grant(session, person_id, read.role, place=read.place, organisation_id=read.organisation_id, actor=actor, at=at)
            return see_other(f"/people/{person_id}", done="given")
        except (AccountInvalid, UnknownPlace) as error:
            errors = told(error, {"places": "place"})
    with database.reading() as session:
        return _person(request, session, visit, person_id, typed=typed, errors=errors, status=http.HTTP_422_UNPROCESSABLE_CONTENT)


@router.post("/people/{person_id}/roles/{grant_id}/take")
def take_role(
    request: Request, *, person_id: UUID, grant_id: UUID, visit: CurrentVisit, actor: AccountManager, at: Now, sent: Sent
) -> Response:
    """Take one role away."""
    return _change(request, visit, person_id, "taken", lambda session: managing.revoke(session, person_id, grant_id, actor=actor, at=at))


@router.post("/people/{person_id}/deactivate")
def close_account(request: Request, *, person_id: UUID, visit: CurrentVisit, actor: AccountManager, at: Now, sent: Sent) -> Response:
    """Close the account."""
    return _change(request, visit, person_id, "closed", lambda session: managing.deactivate(session, person_id, actor=actor, at=at))


@router.post("/people/{person_id}/reopen")
def open_account(request: Request, *, person_id: UUID, visit: CurrentVisit, actor: AccountManager, at: Now, sent: Sent) -> Response:
    """Open the account again."""
    return _change(request, visit, person_id, "reopened", lambda session: managing.reopen(session, person_id, actor=actor, at=at))


@router.post("/people/{person_id}/erase")
def erase_account(request: Request, *, person_id: UUID, visit: CurrentVisit, actor: AccountManager, at: Now, sent: Sent) -> Response:
    """Erase the account, once it was ticked that its owner asked for it."""
    if forms.text(sent, "asked") != "yes":
        errors = [FormError("asked", "Tick that its owner asked for this")]
        database: Database = request.app.state.database
        with database.reading() as session:
            return _person(request, session, visit, person_id, errors=errors, status=http.HTTP_422_UNPROCESSABLE_CONTENT)
    return _change(request, visit, person_id, "erased", lambda session: managing.erase(session, person_id, actor=actor, at=at))


def _change(request: Request, visit: Visit, person_id: UUID, done: str, change: Callable[[Session], None]) -> Response:
    """Change somebody's account and show it; what is not possible is told with how it stands now."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            change(session)
    except (TransitionRefused, UnknownAccount) as error:
        with database.reading() as session:
            return _person(request, session, visit, person_id, errors=[FormError("", error.message)], status=http.HTTP_409_CONFLICT)
    return see_other("/people" if done == "erased" else f"/people/{person_id}", done=done)


def _person(
    request: Request,
    session: Session,
    visit: Visit,
    person_id: UUID,
    *,
    done: str = "",
    typed: TypedRole | None = None,
    errors: list[FormError] | None = None,
    status: int = http.HTTP_200_OK,
) -> HTMLResponse:
    row = managing.one(session, person_id, visit.actor)
    names = Names(session, row.grants)
    return page(
        request,
        "person.jinja",
        visit,
        status=status,
        title=row.name,
        up=_LIST,
        done=_DONE.get(done, ""),
        person=row,
        account=_ACCOUNTS["open" if row.active else "closed"],
        grants=[{"id": grant.id, "name": names.role(grant), "about": ROLES[grant.role][1]} for grant in row.grants],
        myself=row.id == visit.actor.person_id,
        errors=errors or [],
        wrong=forms.by_field(errors or []),
        **role_choices(session, typed or TypedRole()),
    )
