"""What the pages for keeping the service share: the way to them, roles in words, and whose role or key it is by form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from api.pages import forms
from api.pages.forms import FormError
from api.pages.rendering import page
from api.pages.roles import ROLES
from api.requests import StrictRoute
from api.security import CurrentVisit, JobReader
from models.base import DomainError
from models.grants import Policy
from models.people import Role
from models.policies import (
    ACCOUNT_READ,
    ACTIVITY_READ,
    BODY_READ,
    JOB_READ,
    KEY_READ,
    MAIL_READ,
    ORGANISATION_CONFIRM,
    RANKER_READ,
)
from models.queries import organisations, people, places

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
UP: Final = {"href": "/manage", "text": "Manage the service"}
_CANDIDATES: Final = 8
_NOBODY_SUCH: Final = "No confirmed organisation has that name. Check the spelling, or confirm it first under “Organisations”."


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to look after, and where."""

    href: str
    name: str
    about: str


_TASKS: Final[Mapping[Task, Policy]] = {
    Task("/running", "How the service runs", "Encoder, index, work under way, and what failed and can be tried again."): JOB_READ,
    Task("/mail", "Mail", "Mail that did not arrive, to send again."): MAIL_READ,
    Task("/people", "People", "Who has an account, their roles, and who is invited."): ACCOUNT_READ,
    Task("/keys", "Keys", "The keys of other systems: make one, end one."): KEY_READ,
    Task("/organisations", "Organisations", "New names to confirm, and how large each one is."): ORGANISATION_CONFIRM,
    Task("/bodies", "Bodies that help", "To whom innovators are referred."): BODY_READ,
    Task("/rankers", "Rankers", "What judges matches now, and what was trained on decisions."): RANKER_READ,
    Task("/events", "Activity", "Everything that happened, by whom and when."): ACTIVITY_READ,
}


@router.get("/manage")
def manage(request: Request, *, visit: CurrentVisit, actor: JobReader) -> HTMLResponse:
    """The ways to all that keeps the service going, as far as this person may go them."""
    tasks = [task for task, policy in _TASKS.items() if policy.admits(actor)]
    return page(request, "manage.jinja", visit, title="Manage the service", tasks=tasks)


class Belonging(Protocol):
    """A role with the place or organisation that it is of."""

    role: Role
    place_id: UUID | None
    organisation_id: UUID | None


class Names:
    """The names of places and organisations, looked up together."""

    def __init__(self, session: Session, rows: Iterable[Belonging]) -> None:
        ids = {each for row in rows for each in (row.place_id, row.organisation_id) if each is not None}
        self._names = people.names(session, ids)

    def role(self, row: Belonging) -> str:
        """A role in words, with where it is held: Place team of Leeds."""
        where = row.place_id or row.organisation_id
        name = ROLES[row.role][0]
        return f"{name} of {self._names.get(where, 'one that is gone')}" if where else name


@dataclass(frozen=True, slots=True)
class TypedRole:
    """What was typed of a role: which, and of which place or organisation."""

    role: str = ""
    place: str = ""
    organisation: str = ""
    candidates: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReadRole:
    """A role as a service is told of it."""

    role: Role
    place: str | None
    organisation_id: UUID | None


def read_role(session: Session, sent: FormData, roles: Iterable[Role] = tuple(Role)) -> tuple[ReadRole | None, TypedRole, list[FormError]]:
    """The role that a form gives; None with what is wrong. What belongs to another role than the chosen one is passed over."""
    typed = TypedRole(forms.text(sent, "role"), forms.text(sent, "place"), forms.text(sent, "organisation").strip())
    role = next((each for each in roles if each == typed.role), None)
    if role is None:
        return None, typed, [FormError("role", "Choose a role")]
    if role is Role.PLACE and not typed.place:
        return None, typed, [FormError("place", "Choose the place")]
    if role is not Role.INNOVATOR:
        return ReadRole(role, typed.place if role is Role.PLACE else None, None), typed, []
    found = organisations.confirmed_like(session, typed.organisation, limit=_CANDIDATES) if typed.organisation else []
    exact = [row for row in found if row.name.casefold() == typed.organisation.casefold()]
    if len(exact) == 1:
        return ReadRole(role, None, exact[0].id), typed, []
    typed = replace(typed, candidates=[row.name for row in found])
    if not typed.organisation:
        return None, typed, [FormError("organisation", "Enter the name of the organisation")]
    told = "Enter the whole name, as one of those below" if found else _NOBODY_SUCH
    return None, typed, [FormError("organisation", told)]


def role_choices(session: Session, typed: TypedRole, roles: Iterable[Role] = tuple(Role)) -> dict[str, Any]:
    """What the fields of a role show."""
    return {
        "typed_role": typed,
        "roles": [(each.value, *ROLES[each], each.value == typed.role) for each in roles],
        "all_places": [("", "Choose a place"), *((row.key, row.name) for row in places.all_places(session))],
    }


def told(error: DomainError, fields: Mapping[str, str] | None = None) -> list[FormError]:
    """What a service refused, at the field that it names."""
    named = str(error.details.get("field", ""))
    return [FormError((fields or {}).get(named, named), error.message)]
