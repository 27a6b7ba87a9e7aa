"""Pages of the keys of other systems: which there are, making one, ending one."""

import re
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.keeping import UP, Names, TypedRole, read_role, role_choices, told
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.security import CurrentVisit, KeyManager, KeyReader, Visit
from api.services import managing
from api.services.accounts import AccountInvalid, NewKey, UnknownAccount
from models.keys import ApiKey, KeyMadeBefore, Scope
from models.people import Role
from models.queries import people
from models.queries.places import UnknownPlace

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_LIST: Final = {"href": "/keys", "text": "Keys"}
_DONE: Final = {"ended": "The key is ended. It opens nothing any more."}
# scope -> (what it lets a system do, a word more)
SCOPES: Final = {
    Scope.READ: ("Read", "What its role may read"),
    Scope.WRITE: ("Write", "Hand in, change and withdraw what its role may"),
    Scope.EVENTS: ("Follow events", "What happened, in order"),
    Scope.IMPORT: ("Import files", "Whole files of needs or innovations"),
    Scope.METRICS: ("Read metrics", "Figures for whoever watches the service"),
    Scope.DECIDE: ("Decide", "In the stead of one person, whom you name below"),
}
_PREFIX: Final = re.compile("[0-9a-f]{8}")
_DATE_PARTS: Final = ("day", "month", "year")


@router.get("/keys")
def keys_list(request: Request, *, visit: CurrentVisit, actor: KeyReader, session: Reading, at: Now, done: str = "") -> HTMLResponse:
    """The keys, those in force first."""
    rows = managing.every_key(session, actor)
    names = Names(session, rows)
    persons = people.names_by_id(session, {row.person_id for row in rows if row.person_id})
    shown = [_listed(row, names, persons) | {"in_force": row.in_force(at)} for row in rows]
    return page(
        request,
        "keys.jinja",
        visit,
        title="Keys",
        up=UP,
        done=_DONE.get(done, ""),
        in_force=[row for row in shown if row["in_force"]],
        ended=[row for row in shown if not row["in_force"]],
    )


def _listed(row: ApiKey, names: Names, persons: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "role": names.role(row),
        "scopes": [said[0] for scope, said in SCOPES.items() if scope in row.scopes],
        "person": persons.get(row.person_id, "") if row.person_id else "",
        "made_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }


@router.get("/keys/new")
def describe_key(request: Request, *, visit: CurrentVisit, actor: KeyManager, session: Reading) -> HTMLResponse:
    """The empty form."""
    return _form(request, session, visit, TypedRole(Role.PIPELINE), {"name": "", "person": ""}, scopes=[Scope.READ, Scope.EVENTS])


@router.post("/keys/new")
def make_key(request: Request, *, visit: CurrentVisit, actor: KeyManager, at: Now, sent: Sent) -> Response:
    """Make the key and show its secret, in this answer alone; the same form sent again makes no second one."""
    database: Database = request.app.state.database
    scopes = [each for each in Scope if each in forms.texts(sent, "scopes")]
    with database.reading() as session:
        read, typed, errors = read_role(session, sent)
        person_id, nobody = _in_whose_stead(session, sent)
    errors = [*forms.missing_answers({"name": forms.text(sent, "name")}, {"name": "Say which system uses the key"}), *errors, *nobody]
    errors += [] if scopes else [FormError("scopes", "Choose what the key may be used for")]
    dated = any(forms.text(sent, f"until-{part}").strip() for part in _DATE_PARTS)
    until = forms.day_typed(sent, "until") if dated else None
    errors += [FormError("until", "Enter a day to come, such as 27 3 2027, or leave it empty")] if dated and until is None else []
    if read is not None and not errors:
        wanted: dict[str, Any] = {
            "name": forms.text(sent, "name"),
            "role": read.role,
            "scopes": scopes,
            "expires_at": until + timedelta(days=1) if until else None,
            "place": read.place,
            "organisation_id": read.organisation_id,
            "person_id": person_id,
            "prefix": _prefix(sent),
        }
        try:
            with database.transaction() as session:
                made = managing.add_key(session, actor=actor, at=at, **wanted)
            return _made(request, visit, made)
        except (AccountInvalid, UnknownPlace, UnknownAccount) as error:
            errors = told(error, {"places": "place", "expires_at": "until"})
        except KeyMadeBefore as error:
            return page(
                request, "key_made.jinja", visit, status=http.HTTP_409_CONFLICT, title="That key was made", up=_LIST, told=error.message
            )
    with database.reading() as session:
        return _form(request, session, visit, typed, _as_typed(sent), scopes=scopes, errors=errors)


@router.post("/keys/{key_id}/end")
def end_key(request: Request, *, key_id: UUID, visit: CurrentVisit, actor: KeyManager, at: Now, sent: Sent) -> Response:
    """End a key at once."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        managing.end_key(session, key_id, actor=actor, at=at)
    return see_other("/keys", done="ended")


def _made(request: Request, visit: Visit, made: NewKey) -> HTMLResponse:
    return page(
        request,
        "key_made.jinja",
        visit,
        status=http.HTTP_201_CREATED,
        title="The key is made",
        up=_LIST,
        name=made.row.name,
        secret=made.secret,
    )


def _prefix(sent: FormData) -> str | None:
    said = forms.text(sent, "prefix")
    return said if _PREFIX.fullmatch(said) else None


def _in_whose_stead(session: Session, sent: FormData) -> tuple[UUID | None, list[FormError]]:
    """The person whose address was typed; an error where there is none."""
    address = forms.text(sent, "person").strip()
    if not address:
        return None, []
    found = people.by_email(session, address)
    if found is None:
        return None, [FormError("person", "Nobody has that e-mail address. Look under “People”")]
    return found.id, []


def _as_typed(sent: FormData) -> dict[str, str]:
    return {name: forms.text(sent, name) for name in ("name", "person", "prefix", *(f"until-{part}" for part in _DATE_PARTS))}


def _form(
    request: Request,
    session: Session,
    visit: Visit,
    typed: TypedRole,
    values: dict[str, str],
    *,
    scopes: list[Scope],
    errors: list[FormError] | None = None,
) -> HTMLResponse:
    order = ("name", "role", "place", "organisation", "scopes", "person", "until")
    found = forms.in_order(errors or [], order)
    return page(
        request,
        "key_form.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Make a key",
        up=_LIST,
        values=values | {"prefix": values.get("prefix") or token_hex(4)},
        scopes=[(each.value, *said, each in scopes) for each, said in SCOPES.items()],
        errors=found,
        wrong=forms.by_field(found),
        **role_choices(session, typed),
    )
