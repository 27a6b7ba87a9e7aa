"""The page by which people bring in their colleagues: into their own organisation or place, by a mailed link."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import documents as shared
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.keeping import Names, told
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.security import CurrentVisit, InvitationReader, InvitationTaker, Inviter, Visit
from api.services import inviting
from api.services.accounts import AccountInvalid
from api.services.limiting import TooManyRequests
from models.actors import Actor
from models.documents import TransitionRefused
from models.links import Invitation
from models.people import Role, RoleGrant
from models.queries import places

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_DONE: Final = {
    "invited": "The invitation is on its way. It works once, for 14 days",
    "taken_back": "You took the invitation back. Its link opens nothing any more",
}
_WAITING, _ACCEPTED, _TAKEN_BACK, _TOO_OLD = ("Waiting", "blue"), ("Came in", "green"), ("Taken back", "grey"), ("Too old", "grey")


@router.get("/colleagues")
def colleagues(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: InvitationReader,
    session: Reading,
    at: Now,
    after: str | None = None,
    done: str = "",
) -> HTMLResponse:
    """Whom one's own people have invited, latest first, and the form to invite another."""
    return _show(request, session, visit, at=at, after=after, done=_DONE.get(done, ""))


@router.post("/colleagues")
def invite(request: Request, *, visit: CurrentVisit, actor: Inviter, at: Now, sent: Sent) -> Response:
    """Mail somebody a link by which they come in; bad input comes back with what is wrong beside it."""
    database: Database = request.app.state.database
    email, into = forms.text(sent, "email").strip(), forms.text(sent, "into")
    errors = forms.missing_answers({"email": email}, {"email": "Enter your colleague’s e-mail address"})
    with database.reading() as session:
        grant = {_value(each): each for each in _own(session, actor)}.get(into)
    if grant is None:
        errors.append(FormError("into", "Choose where your colleague belongs"))
    if grant is not None and not errors:
        try:
            with database.transaction() as session:
                place = next((row.key for row in places.all_places(session) if row.id == grant.place_id), None)
                inviting.invite(
                    session, email=email, role=grant.role, actor=actor, at=at, place=place, organisation_id=grant.organisation_id
                )
            return see_other("/colleagues", done="invited")
        except (AccountInvalid, TooManyRequests) as error:
            errors = told(error, {"": "email"})
    with database.reading() as session:
        return _show(request, session, visit, at=at, email=email, into=into, errors=errors)


@router.post("/colleagues/{invitation_id}/take-back")
def take_back(request: Request, *, invitation_id: UUID, visit: CurrentVisit, actor: InvitationTaker, at: Now, sent: Sent) -> Response:
    """Let an invitation count no more; one that was accepted meanwhile is told."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            inviting.take_back(session, invitation_id, actor=actor, at=at)
        return see_other("/colleagues", done="taken_back")
    except TransitionRefused as error:
        with database.reading() as session:
            return _show(request, session, visit, at=at, errors=[FormError("", error.message)], status=http.HTTP_409_CONFLICT)


def _own(session: Session, actor: Actor) -> list[RoleGrant]:
    """Where an actor may bring colleagues in: the places and organisations of the roles that they act in."""
    own = [RoleGrant(role=Role.PLACE, place_id=row.id) for row in places.all_places(session) if row.id in actor.place_ids]
    if Role.INNOVATOR in actor.roles:
        own += [RoleGrant(role=Role.INNOVATOR, organisation_id=each) for each in sorted(actor.organisation_ids)]
    return own


def _value(grant: RoleGrant) -> str:
    return f"{grant.role}:{grant.place_id or grant.organisation_id}"


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    *,
    at: datetime,
    after: str | None = None,
    email: str = "",
    into: str = "",
    done: str = "",
    errors: Sequence[FormError] = (),
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
) -> HTMLResponse:
    actor, own = visit.actor, _own(session, visit.actor)
    found = inviting.page(session, actor, after=after or None, limit=shared.LISTED)
    names = Names(session, [*own, *found.rows])
    chosen = into or (_value(own[0]) if len(own) == 1 else "")
    return page(
        request,
        "colleagues.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title="Your colleagues",
        up={"href": "/account", "text": "Your account"},
        choices=[(_value(each), names.role(each), "", _value(each) == chosen) for each in own],
        rows=[_listed(row, names, at) for row in found.rows],
        turning=shared.turning(found, "/colleagues", {}, after),
        keeps_people=actor.is_lead,
        email=email,
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
    )


def _listed(row: Invitation, names: Names, at: datetime) -> dict[str, Any]:
    waiting = row.accepted_at is None and row.taken_back_at is None
    late = waiting and row.expires_at <= at
    return {
        "id": row.id,
        "address": row.address,
        "role": names.role(row),
        "made_at": row.made_at,
        "until": row.expires_at,
        "tag": _TOO_OLD if late else _WAITING if waiting else _ACCEPTED if row.accepted_at else _TAKEN_BACK,
        "waiting": waiting and not late,
    }
