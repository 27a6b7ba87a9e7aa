"""Needs that nothing answers, and the form that publishes one of them as a call."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import documents as shared
from api.pages import filters, forms, records, wording
from api.pages.forms import FormError, Sent
from api.pages.matches import ALL_PLACES, EVERYWHERE
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.schemas.calls import CallIn
from api.security import CallPublisher, CurrentVisit, UnmetReader, Visit
from api.services import calling
from api.services.calling import Unmet
from models.actors import Actor
from models.calls import CallDatePassed, CallRefused, publishable
from models.documents import Side
from models.needs import Need
from models.policies import CALL_PUBLISH
from models.queries import calls, documents, places, unmet
from models.subjects import subject_of
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

PATH: Final = "/unmet-needs"
_DAY: Final = ("closes-day", "closes-month", "closes-year")


@router.get("/unmet-needs")
def unmet_list(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: UnmetReader,
    session: Reading,
    at: Now,
    place: str | None = None,
    theme: Annotated[str, Query(max_length=100)] = "",
    after: str | None = None,
) -> HTMLResponse:
    """The open needs that nothing answers, the oldest first, with what is known of the search for each."""
    names = {row.key: row.name for row in places.all_places(session)}
    chosen = shared.chosen(place, list(names))
    found = calling.unmet_needs(session, actor=actor, place=chosen, theme=theme or None, after=after or None, limit=shared.LISTED)
    by_place = unmet.counts_by_place(session, actor, theme=theme or None)
    by_theme = unmet.counts_by_theme(session, actor, place=chosen)
    themes = filters.themes(by_theme, theme)
    return page(
        request,
        "unmet_needs.jinja",
        visit,
        title="Needs that nothing answers",
        up={"href": "/reports", "text": "Reports"} if not actor.is_hub else {"href": "/proposals", "text": "Matches to decide"},
        rows=[_listed(row, names, actor, at) for row in found.rows],
        selects=[
            filters.choice("place", "Place", chosen or "", everything=("", "All places"), options=list(names.items()), counts=by_place),
            filters.choice("theme", "Theme", theme, everything=("", "All themes"), options=themes, counts=by_theme),
        ],
        filtered=bool(chosen or theme),
        turning=shared.turning(found, PATH, {"place": chosen, "theme": theme}, after),
    )


def _listed(found: Unmet, names: dict[str, str], actor: Actor, at: datetime) -> dict[str, Any]:
    need, search = found.need, found.search
    days = (day_of(at) - day_of(search.since)).days
    may = found.call is None and publishable(need) and CALL_PUBLISH.allows(actor, subject_of(need))
    return {
        "href": f"/needs/{need.id}",
        "title": need.title,
        "asked_by": EVERYWHERE if len(found.asked_by) == ALL_PLACES else ", ".join(names[key] for key in found.asked_by),
        "theme": need.theme or "",
        "since": search.since,
        "days": filters.counted(days, "day", "days") if days else "less than a day",
        "looked_at": filters.counted(search.looked_at, "innovation", "innovations"),
        "best": wording.BANDS[search.band] if search.band is not None else None,
        "stale": need.is_stale(at),
        "call": found.call.reference if found.call is not None else "",
        "publish": f"/needs/{need.id}/call" if may else "",
    }


@router.get("/needs/{need_id}/call")
def call_form(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: CallPublisher, session: Reading, at: Now) -> HTMLResponse:
    """What will be published, and the form that does it."""
    return _form(request, session, visit, _own(session, need_id, actor), at=at)


@router.post("/needs/{need_id}/call")
def publish(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: CallPublisher, at: Now, sent: Sent) -> Response:
    """Publish the need under a reference of its own; what is missing or not possible is told, and what was typed is kept."""
    database: Database = request.app.state.database
    with database.reading() as session:
        _own(session, need_id, actor)
    content, errors = _read(sent)
    if content is not None:
        try:
            with database.transaction() as session:
                call = calling.publish(session, need_id, introduction=content.introduction, closes_on=content.closes_on, actor=actor, at=at)
            return see_other(f"/calls/{call.reference}")
        except CallDatePassed as error:
            errors = [FormError("closes", error.message)]
        except CallRefused as error:
            standing = error.details.get("reference")
            errors = [FormError("", error.message, href=f"/calls/{standing}" if standing else "")]
    with database.reading() as session:
        return _form(request, session, visit, _own(session, need_id, actor), at=at, errors=errors, sent=sent)


def _own(session: Session, need_id: UUID, actor: Actor) -> Need:
    need = documents.need(session, need_id, actor)
    CALL_PUBLISH.check(actor, subject_of(need))
    return need


def _read(sent: FormData) -> tuple[CallIn | None, list[FormError]]:
    """The call that the form makes, or what is wrong with it; no last day at all is right too."""
    closes_on, errors = None, []
    if any(forms.text(sent, name).strip() for name in _DAY):
        closes_on = _day(sent)
        if closes_on is None:
            errors.append(FormError("closes", "Enter the last day, like 27 3 2027, or leave it empty"))
    try:
        content = CallIn.model_validate({"introduction": forms.text(sent, "introduction"), "closes_on": closes_on})
    except ValidationError as error:
        told = forms.errors_of(error, missing={}, labels={"introduction": "Introduction", "closes_on": "Last day"})
        return None, [*(FormError(each.field.replace("closes_on", "closes"), each.message) for each in told), *errors]
    return (None, errors) if errors else (content, [])


def _day(sent: FormData) -> date | None:
    found = forms.day_typed(sent, "closes")
    return found.date() if found is not None else None


def _form(
    request: Request,
    session: Session,
    visit: Visit,
    need: Need,
    *,
    at: datetime,
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
) -> HTMLResponse:
    standing = calls.open_for(session, [need.id]).get(need.id)
    refused = bool(errors) and not any(each.field for each in errors)
    status = http.HTTP_409_CONFLICT if refused else http.HTTP_422_UNPROCESSABLE_CONTENT
    return page(
        request,
        "call_form.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title="Publish a need as a call",
        up={"href": PATH, "text": "Needs that nothing answers"},
        need=need,
        sections=records.sections(need),
        standing=standing.reference if standing is not None and standing.ending(at=at) is None else "",
        possible=publishable(need),
        visibility=wording.VISIBILITIES[Side.NEED][need.visibility],
        status_shown=wording.STATUSES[Side.NEED][need.status],
        errors=errors,
        wrong=forms.by_field(errors),
        typed={name: forms.text(sent, name) for name in ("introduction", *_DAY)} if sent else {},
    )
