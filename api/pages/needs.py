"""Pages of needs: one need with its matches, writing and changing one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import coding, forms, wording
from api.pages import documents as shared
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, NeedChanger, NeedReader, NeedSubmitter, NeedWithdrawer, NeedWriter, Visit
from api.services import intake
from api.services.content import NeedContent
from api.services.suggesting import FACETS
from models.actors import NotAllowed
from models.documents import Side, StaleVersion, Visibility
from models.needs import Need
from models.queries import documents, places
from models.queries.places import UnknownPlace

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

ANSWERS: Final = ("title", "population", "problem", "desired_outcome", "metric")
MISSING: Final = {
    "title": "Enter a title for the need",
    "population": "Say whose problem it is",
    "problem": "Say what goes wrong",
    "desired_outcome": "Say what better looks like",
    "metric": "Say how we would know that it is better",
    "places": "Choose at least one place",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: as typed, or as stored."""

    values: Mapping[str, str]
    places: list[str]
    visibility: str
    codes: coding.Codes
    version: str = ""


@router.get("/needs/new")
def write_need(request: Request, *, visit: CurrentVisit, actor: NeedWriter, session: Reading) -> HTMLResponse:
    """The empty form; the places of who writes are ticked."""
    own = [row.key for row in places.all_places(session) if row.id in actor.place_ids]
    return _form(request, session, visit, Typed(dict.fromkeys(ANSWERS, ""), own, Visibility.PUBLIC, dict.fromkeys(FACETS, ())))


@router.post("/needs/new")
def keep_need(request: Request, *, visit: CurrentVisit, actor: NeedWriter, at: Now, sent: Sent) -> Response:
    """Keep the need as a draft, or open it; bad input comes back with what is wrong beside it."""
    database: Database = request.app.state.database
    content, errors = _read(sent)
    if content is not None:
        opened = forms.text(sent, "then") == "submit"
        try:
            with database.transaction() as session:
                row = intake.create(session, Side.NEED, content, actor=actor, at=at, submit_too=opened)
            return see_other(f"/needs/{row.id}", done="submitted" if opened else "saved")
        except (NotAllowed, UnknownPlace) as error:
            errors = [_place_refused(error)]
    with database.reading() as session:
        return _form(request, session, visit, _typed(sent), errors=errors)


@router.get("/needs/{need_id}")
def need_page(
    request: Request,
    *,
    need_id: UUID,
    visit: CurrentVisit,
    actor: NeedReader,
    session: Reading,
    libraries: SharedLibraries,
    at: Now,
    done: str = "",
) -> HTMLResponse:
    """One need: what it says, and the innovations that may answer it."""
    return shared.show(request, session, libraries, documents.need(session, need_id, actor), visit=visit, at=at, done=done)


@router.get("/needs/{need_id}/change")
def change_need(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedChanger, session: Reading) -> HTMLResponse:
    """The form with what is stored."""
    need: Need = shared.own(session, Side.NEED, need_id, actor)
    values = {name: getattr(need, name) for name in ANSWERS}
    typed = Typed(values, [row.key for row in need.places], need.visibility, coding.stored_codes(need), str(need.version))
    return _form(request, session, visit, typed, need=need)


@router.post("/needs/{need_id}/change")
def keep_change(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedChanger, at: Now, sent: Sent) -> Response:
    """Keep what was changed; what somebody else changed meanwhile is not overwritten."""
    database: Database = request.app.state.database
    with database.reading() as session:
        need: Need = shared.own(session, Side.NEED, need_id, actor)
    typed = _typed(sent)
    content, errors = _read(sent)
    if content is not None:
        changes = content.model_dump(include={*ANSWERS, "places", "visibility", *coding.asked(sent)})
        try:
            with database.transaction() as session:
                intake.change(session, Side.NEED, need_id, changes, actor=actor, at=at, version=forms.version(sent))
            return see_other(f"/needs/{need_id}", done="changed")
        except StaleVersion as error:
            errors, typed = [forms.meanwhile_typed("need", f"/needs/{need_id}")], replace(typed, version=str(error.details["version"]))
        except (NotAllowed, UnknownPlace) as error:
            errors = [_place_refused(error)]
    with database.reading() as session:
        return _form(request, session, visit, typed, errors=errors, need=need)


@router.post("/needs/{need_id}/submit")
def open_need(
    request: Request, *, need_id: UUID, visit: CurrentVisit, _actor: NeedSubmitter, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Open a draft."""
    taken = shared.Step(intake.submit, "submitted")
    return shared.take(taken, request, Side.NEED, need_id, visit=visit, libraries=libraries, at=at, sent=sent)


@router.post("/needs/{need_id}/withdraw")
def withdraw_need(
    request: Request, *, need_id: UUID, visit: CurrentVisit, _actor: NeedWithdrawer, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Take a need back."""
    taken = shared.Step(intake.withdraw, "withdrawn")
    return shared.take(taken, request, Side.NEED, need_id, visit=visit, libraries=libraries, at=at, sent=sent)


def _place_refused(error: NotAllowed | UnknownPlace) -> FormError:
    """Who may open this form may write needs, so that only the choice of places is refused."""
    return FormError("places", error.message if isinstance(error, NotAllowed) else "Choose places from the list on this page")


def _typed(sent: FormData) -> Typed:
    values = {name: forms.text(sent, name) for name in ANSWERS}
    return Typed(values, forms.texts(sent, "places"), forms.text(sent, "visibility"), coding.sent_codes(sent), forms.text(sent, "version"))


def _read(sent: FormData) -> tuple[NeedContent | None, list[FormError]]:
    """The content that the form makes, or what is wrong with it."""
    typed = _typed(sent)
    errors = forms.missing_answers(typed.values, MISSING)
    try:
        said = {**typed.values, **typed.codes, "places": typed.places, "visibility": typed.visibility or Visibility.PUBLIC}
        content = NeedContent.model_validate(said)
    except ValidationError as error:
        found = forms.errors_of(error, missing=MISSING, labels={**wording.FIELDS[Side.NEED], "visibility": "Who may read it"})
        told = {each.field for each in errors}
        return None, errors + [each for each in found if each.field not in told]
    return (None, errors) if errors else (content, [])


def _form(
    request: Request, session: Session, visit: Visit, typed: Typed, *, errors: Sequence[FormError] = (), need: Need | None = None
) -> HTMLResponse:
    return page(
        request,
        "need_form.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Change this need" if need else "Write a need",
        up={"href": f"/needs/{need.id}", "text": need.title} if need else {"href": "/needs", "text": "All needs"},
        need=need,
        typed=typed,
        errors=forms.in_order(errors, (*ANSWERS, "places", *FACETS, "visibility")),
        wrong=forms.by_field(errors),
        all_places=places.all_places(session),
        visibilities=wording.VISIBILITIES[Side.NEED],
        coded=coding.questions(Side.NEED, coding.texts_of(need, typed.values), typed.codes),
    )
