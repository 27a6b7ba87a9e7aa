"""Pages on which a need is written and changed: four answers, a coach, other places' similar needs before it is opened."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import coaching, coding, forms, need_fields, wording
from api.pages import documents as shared
from api.pages.coaching import Coach
from api.pages.forms import FormError, Sent
from api.pages.need_fields import Typed
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, NeedChanger, NeedWriter, Visit
from api.services import intake, joining
from api.services.codes import code_lists
from api.services.content import NeedContent
from api.services.library import Libraries
from models.actors import NotAllowed
from models.documents import Side, StaleVersion
from models.joint_needs import JoinRefused
from models.needs import CriterionKind, Need
from models.queries import places
from models.queries.documents import NotFound
from models.queries.places import UnknownOrganisation, UnknownPlace

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

ALONE: Final = "alone"
_LOOK_FIRST: Final = (
    "Other places have said something like this. Look at their needs below, then open yours: with one of them, or on its own."
)
_UNKNOWN_BODY: Final = "Choose an organisation by its ODS code, such as RR8, or leave this empty"


@router.get("/needs/new")
def write_need(request: Request, *, visit: CurrentVisit, actor: NeedWriter, session: Reading) -> HTMLResponse:
    """The empty form; the places of who writes are ticked."""
    own = [row.key for row in places.all_places(session) if row.id in actor.place_ids]
    return _form(request, session, visit, need_fields.blank(own))


@router.post("/needs/new")
def keep_need(request: Request, *, visit: CurrentVisit, actor: NeedWriter, libraries: SharedLibraries, at: Now, sent: Sent) -> Response:
    """Keep the need as a draft, or open it, joined with another place's if so chosen; or only say what strikes, and keep nothing."""
    database: Database = request.app.state.database
    then, shown = forms.text(sent, "then"), need_fields.typed(sent)
    content, errors = need_fields.read(sent)
    if then == "check":
        with database.reading() as session:
            return _checked(request, session, visit, libraries, sent, errors=errors)
    join, opened = _chosen(sent), then == "submit"
    if content is not None and join and not opened:
        content, errors = None, [FormError("join", "Only an open need joins another. Open this need, or keep it on its own")]
    if content is not None and opened:
        with database.reading() as session:
            found = coaching.coach(session, libraries, content, actor=actor)
            if {*found.joinable} - {*forms.texts(sent, "seen")}:
                return _form(request, session, visit, shown, coach=found, look_first=_LOOK_FIRST, join=forms.text(sent, "join"))
    if content is not None:
        try:
            with database.transaction() as session:
                row = intake.create(session, Side.NEED, content, actor=actor, at=at, submit_too=opened)
                if join:
                    joining.join(session, join, row.id, actor=actor, at=at)
            return see_other(f"/needs/{row.id}", done="joined" if join else "submitted" if opened else "saved")
        except (JoinRefused, NotFound) as error:
            errors = [FormError("join", error.message)]
        except (NotAllowed, UnknownPlace, UnknownOrganisation) as error:
            errors = [_refused(error, joins=join is not None)]
    with database.reading() as session:
        coach = _coach(session, libraries, sent, visit) if forms.texts(sent, "seen") else None
        return _form(request, session, visit, shown, errors=errors, coach=coach, join=forms.text(sent, "join"))


@router.get("/needs/{need_id}/change")
def change_need(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedChanger, session: Reading) -> HTMLResponse:
    """The form with what is stored."""
    need: Need = shared.own(session, Side.NEED, need_id, actor)
    return _form(request, session, visit, need_fields.stored(need), need=need)


@router.post("/needs/{need_id}/change")
def keep_change(
    request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedChanger, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Keep what was changed; what somebody else changed meanwhile is not overwritten."""
    database: Database = request.app.state.database
    with database.reading() as session:
        need: Need = shared.own(session, Side.NEED, need_id, actor)
    shown = need_fields.typed(sent)
    content, errors = need_fields.read(sent)
    if forms.text(sent, "then") == "check":
        with database.reading() as session:
            return _checked(request, session, visit, libraries, sent, errors=errors, need=need)
    if content is not None:
        changes = content.model_dump(include=need_fields.asked_for(sent))
        try:
            with database.transaction() as session:
                intake.change(session, Side.NEED, need_id, changes, actor=actor, at=at, version=forms.version(sent))
            return see_other(f"/needs/{need_id}", done="changed")
        except StaleVersion as error:
            errors, shown = [forms.meanwhile_typed("need", f"/needs/{need_id}")], replace(shown, version=str(error.details["version"]))
        except (NotAllowed, UnknownPlace, UnknownOrganisation) as error:
            errors = [_refused(error, joins=False)]
    with database.reading() as session:
        return _form(request, session, visit, shown, errors=errors, need=need)


def _chosen(sent: FormData) -> UUID | None:
    """The need that this one joins; None for none, or for what no page offered."""
    return forms.uuid(forms.text(sent, "join"))


def _refused(error: NotAllowed | UnknownPlace | UnknownOrganisation, *, joins: bool) -> FormError:
    """Who may open this form may write needs, so that only places, the owner or the joining are refused."""
    if isinstance(error, UnknownOrganisation):
        return FormError("owning_organisation", _UNKNOWN_BODY)
    if isinstance(error, UnknownPlace):
        return FormError("places", "Choose places from the list on this page")
    return FormError("join" if joins and "join" in error.message else "places", error.message)


def _checked(
    request: Request,
    session: Session,
    visit: Visit,
    libraries: Libraries,
    sent: FormData,
    *,
    errors: Sequence[FormError],
    need: Need | None = None,
) -> HTMLResponse:
    """The form with what strikes; what is missing is told apart from advice, and only what could not be kept is an error."""
    hard = [each for each in errors if each.message != need_fields.MISSING.get(each.field)]
    missing = [each for each in forms.in_order(errors, need_fields.ORDER) if each not in hard]
    coach = None if hard else _coach(session, libraries, sent, visit, need=need)
    if coach is not None:  # what must be said is told once, as what it is
        coach = replace(coach, advice=[each for each in coach.advice if each.field not in {one.field for one in missing}])
    shown = need_fields.typed(sent)
    return _form(request, session, visit, shown, errors=hard, need=need, coach=coach, missing=missing, join=forms.text(sent, "join"))


def _coach(session: Session, libraries: Libraries, sent: FormData, visit: Visit, *, need: Need | None = None) -> Coach | None:
    """What is told of the text as it is typed; None where it breaks a rule of the content."""
    found, _ = need_fields.said(sent)
    every = [row.key for row in places.all_places(session)]
    found["title"] = found["title"].strip() or "Without a title"
    found["places"] = [key for key in found["places"] if key in every] or every[:1]
    try:
        content = NeedContent.model_validate(found)
    except ValueError:
        return None
    return coaching.coach(session, libraries, content, actor=visit.actor, but=need.id if need else None)


def _form(
    request: Request,
    session: Session,
    visit: Visit,
    shown: Typed,
    *,
    errors: Sequence[FormError] = (),
    need: Need | None = None,
    coach: Coach | None = None,
    missing: Sequence[FormError] = (),
    look_first: str = "",
    join: str = "",
) -> HTMLResponse:
    return page(
        request,
        "need_form.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Change this need" if need else "Write a need",
        up={"href": f"/needs/{need.id}", "text": need.title} if need else {"href": "/needs", "text": "All needs"},
        need=need,
        coach=coach,
        missing=[{"field": each.field, "label": wording.FIELDS[Side.NEED][each.field], "says": each.message} for each in missing],
        look_first=look_first,
        join=join or ALONE,
        errors=forms.in_order(errors, need_fields.ORDER),
        wrong=forms.by_field(errors),
        **asked(session, shown, errors, need),
    )


def asked(session: Session, shown: Typed, errors: Sequence[FormError], need: Need | None) -> dict[str, Any]:
    """What the questions of the form show: what was typed, what may be chosen, and which groups stand open."""
    lists = code_lists()
    return {
        "typed": shown,
        "all_places": places.all_places(session),
        "visibilities": wording.VISIBILITIES[Side.NEED],
        "coded": coding.questions(
            Side.NEED, coding.texts_of(need, {name: shown.values.get(name, "") for name in need_fields.ANSWERS}), shown.codes
        ),
        "labels": wording.FIELDS[Side.NEED],
        "unfolded": need_fields.unfolded(errors, shown),
        "lists": {name: lists[name] for name in ("patients_range", "said_by", "stages", "care_settings")},
        "kinds": {row["value"]: row for row in lists["criterion_kinds"]},
        "flags": [kind.value for kind in CriterionKind if not kind.takes_value],
        "lines": [kind.value for kind in need_fields.LINES],
    }
