"""The page on which a need is renewed or ends: met with its result against the baseline, closed with a reason, or withdrawn."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import documents as shared
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.schemas.need_results import NeedCloseIn, NeedMetIn, NeedRenewIn
from api.security import CurrentVisit, NeedCloser, NeedMeeter, NeedRenewer, Visit
from api.services import ending_needs
from api.services.ending_needs import ResultRefused
from api.services.place_answers import name_as_judged
from models.actors import Actor
from models.documents import Side, StaleVersion, TransitionRefused
from models.needs import Need
from models.proposals import ProposalState
from models.queries import proposals

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_FIELDS: Final = (
    "result",
    "measured_value",
    "proposal_id",
    "reason",
    "review-day",
    "review-month",
    "review-year",
    "on-day",
    "on-month",
    "on-year",
)
_LABELS: Final = {
    "result": "What became better",
    "measured_value": "Where we are now",
    "reason": "Why it is closed",
    "review_date": "When to look at it again",
    "on_date": "On which day it was measured",
    "proposal_id": "Which match met it",
}
_MISSING: Final = {"result": "Say what became better", "reason": "Say why the need is closed"}
_NAMED: Final = {"review_date": "review", "on_date": "on"}
"""Fields of which the form has three: the errors lead to the first."""


@router.get("/needs/{need_id}/end")
def end_page(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedMeeter, session: Reading) -> HTMLResponse:
    """What may be done with an open need: renew it, or end it."""
    return _show(request, session, visit, shared.own(session, Side.NEED, need_id, actor))


@router.post("/needs/{need_id}/renew")
def renew_need(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedRenewer, at: Now, sent: Sent) -> Response:
    """Say that an open need still stands, until another day."""
    said, errors = _days(sent, "review", "review_date", must=True)

    def renew(session: Session, body: NeedRenewIn) -> None:
        ending_needs.renew(session, need_id, body.review_date, actor=actor, at=at, version=forms.version(sent))

    return _done(request, visit, need_id, sent, read=_read(NeedRenewIn, said, errors), take=renew, done="renewed")


@router.post("/needs/{need_id}/met")
def meet_need(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedMeeter, at: Now, sent: Sent) -> Response:
    """End a need with its result against the baseline."""
    said, errors = _days(sent, "on", "on_date", must=False)
    said |= {name: forms.text(sent, name) for name in ("result", "measured_value")} | {
        "proposal_id": forms.text(sent, "proposal_id") or None
    }

    def meet(session: Session, body: NeedMetIn) -> None:
        ending_needs.meet(session, need_id, body.content, actor=actor, at=at, version=forms.version(sent))

    return _done(request, visit, need_id, sent, read=_read(NeedMetIn, said, errors), take=meet, done="met")


@router.post("/needs/{need_id}/close")
def close_need(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedCloser, at: Now, sent: Sent) -> Response:
    """End a need that was not met, with the reason."""

    def close(session: Session, body: NeedCloseIn) -> None:
        ending_needs.close(session, need_id, body.reason, actor=actor, at=at, version=forms.version(sent))

    return _done(
        request, visit, need_id, sent, read=_read(NeedCloseIn, {"reason": forms.text(sent, "reason")}, []), take=close, done="closed"
    )


def _days(sent: FormData, prefix: str, name: str, *, must: bool) -> tuple[dict[str, Any], list[FormError]]:
    """The day of a form, None for none, or what is wrong with it."""
    day = forms.day_typed(sent, prefix)
    typed = any(forms.text(sent, f"{prefix}-{part}").strip() for part in ("day", "month", "year"))
    wrong = day is None and (typed or must)
    told = "Enter a day, like 27 3 2027" + ("" if must else ", or leave it empty for today")
    return {name: day.date() if day else None}, [FormError(prefix, told)] if wrong else []


def _read(schema: type[BaseModel], said: dict[str, Any], errors: list[FormError]) -> tuple[Any, list[FormError]]:
    """What a form says by the rules of the API, or what is wrong with it."""
    try:
        body = schema.model_validate(said)
    except ValidationError as error:
        told = {each.field for each in errors}
        found = [
            FormError(
                _NAMED.get(each.field, each.field),
                each.message if str(said.get(each.field)).strip() else _MISSING.get(each.field, each.message),
            )
            for each in forms.errors_of(error, missing=_MISSING, labels=_LABELS)
        ]
        return None, errors + [each for each in found if each.field not in told]
    return (None, errors) if errors else (body, [])


def _done(
    request: Request,
    visit: Visit,
    need_id: UUID,
    sent: FormData,
    *,
    read: tuple[Any, list[FormError]],
    take: Callable[[Session, Any], None],
    done: str,
) -> Response:
    """Do it and show the need; what is refused comes back on the page with what was typed."""
    database: Database = request.app.state.database
    body, errors = read
    status = http.HTTP_422_UNPROCESSABLE_CONTENT
    if body is not None:
        try:
            with database.transaction() as session:
                take(session, body)
            return see_other(f"/needs/{need_id}", done=done)
        except ResultRefused as error:
            field = str(error.details["field"])
            errors = [FormError(_NAMED.get(field, field), error.message)]
        except StaleVersion:
            errors, status = [forms.meanwhile("need")], http.HTTP_409_CONFLICT
        except TransitionRefused as error:
            errors, status = [FormError("", f"{error.message} Go back to the need to see how it ended.")], http.HTTP_409_CONFLICT
    with database.reading() as session:
        need = shared.own(session, Side.NEED, need_id, visit.actor)
        return _show(request, session, visit, need, errors=errors, sent=sent, status=status, tried=done)


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    need: Need,
    *,
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
    tried: str = "",
) -> HTMLResponse:
    return page(
        request,
        "need_end.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title=f"Renew or end: {need.title}",
        up={"href": f"/needs/{need.id}", "text": need.title},
        need=need,
        is_open=need.status == "open",
        matches=_confirmed(session, need, visit.actor),
        tried=tried,
        errors=errors,
        wrong=forms.by_field(errors),
        typed={name: forms.text(sent, name) for name in _FIELDS} if sent else {},
    )


def _confirmed(session: Session, need: Need, actor: Actor) -> list[dict[str, str]]:
    """The announced matches of the need, by which it may have been met."""
    rows = proposals.of_document(session, actor, need_id=need.id)
    return [{"value": str(row.id), "text": name_as_judged(row)} for row in rows if row.state is ProposalState.CONFIRMED and row.handed_on]
