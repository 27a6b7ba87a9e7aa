"""Referrals as the Hub sees to them: which body was asked, what it said, what is next; innovators read those of their own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import documents as shared
from api.pages import filters, forms, tables
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.schemas.referrals import CloseIn, ReferralAnswerIn, ReferralIn
from api.security import CurrentVisit, ReferralAnswerer, ReferralCloser, ReferralReader, Referrer, Visit
from api.services import referral_mail, referring
from models.actors import Actor
from models.clocks import Clock, ClockKind
from models.decisions import ReasonMissing
from models.documents import StaleVersion
from models.policies import REFERRAL_ANSWER, REFERRAL_CLOSE, REFERRAL_OFFER
from models.queries import clocks, referrals
from models.referrals import Answered, DeclineCode, Referral, ReferralOutcome, ReferralRefused, ReferralState
from models.subjects import subject_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

PATH: Final = "/referrals"
STATES: Final[Mapping[str, tuple[str, str]]] = {
    ReferralState.OFFERED: ("Asked", "blue"),
    ReferralState.ACCEPTED: ("Helps", "green"),
    ReferralState.DECLINED: ("Declined", "orange"),
    ReferralState.CLOSED: ("Ended", "grey"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    ReferralOutcome.HELPED: "The body helped",
    ReferralOutcome.ADVISED_ONLY: "The body gave advice",
    ReferralOutcome.NO_CONTACT: "They did not come together",
    ReferralOutcome.REFERRED_ON: "Passed on to another body",
    ReferralOutcome.TAKEN_BACK: "Taken back",
    ReferralOutcome.INNOVATION_GONE: "The innovation is gone",
    ReferralOutcome.OTHER: "Another end: say which in the note",
}
_TO_CHOOSE: Final = (ReferralOutcome.HELPED, ReferralOutcome.ADVISED_ONLY, ReferralOutcome.NO_CONTACT, ReferralOutcome.TAKEN_BACK)
_DONE: Final = {
    "answer": "The answer is written down. The innovator is told",
    "close": "The referral has ended. The innovator is told",
    "on": "The other body is asked by mail, and the innovator is told",
}
_SAID: Final = {ReferralState.OFFERED: "asked", ReferralState.ACCEPTED: "said yes", ReferralState.DECLINED: "said no"}
_FIELDS: Final = ("answer", "code", "note", "outcome", "body_id", "reason")


@router.get("/referrals")
def referral_list(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: ReferralReader,
    session: Reading,
    at: Now,
    state: str | None = None,
    after: str | None = None,
) -> HTMLResponse:
    """The referrals that the visitor may read, newest first, with who is waited for and how long."""
    chosen = shared.chosen(state, list(ReferralState))
    in_state = ReferralState(chosen) if chosen else None
    found = referrals.page(session, actor, state=in_state, after=after or None, limit=shared.LISTED)
    counts = referrals.counts(session, actor)
    running = clocks.of_many(session, ClockKind.REFERRAL, [row.id for row in found.rows])
    options = [(each.value, STATES[each][0]) for each in ReferralState]
    return page(
        request,
        "referrals.jinja",
        visit,
        title="Referrals",
        up={"href": "/proposals", "text": "Matches to decide"} if actor.is_hub else {"href": "/innovations", "text": "Your innovations"},
        rows=[_listed(row, running.get(row.id), actor, at) for row in found.rows],
        select=filters.choice(
            "state", "Show", chosen or "", everything=("", f"All ({sum(counts.values())})"), options=options, counts=counts
        ),
        declined=counts.get(ReferralState.DECLINED, 0) if REFERRAL_CLOSE.admits(actor) else 0,
        filtered=bool(chosen),
        turning=shared.turning(found, PATH, {"state": chosen}, after),
    )


@router.get("/referrals/{referral_id}/steps")
def referral_page(
    request: Request, *, referral_id: UUID, visit: CurrentVisit, actor: ReferralReader, session: Reading, at: Now, done: str = ""
) -> HTMLResponse:
    """One referral: every step of it, and what may be done next."""
    return _show(request, session, visit, referrals.get(session, referral_id, actor), at=at, done=_DONE.get(done, ""))


@router.post("/referrals/{referral_id}/answer")
def write_answer(request: Request, *, referral_id: UUID, visit: CurrentVisit, actor: ReferralAnswerer, at: Now, sent: Sent) -> Response:
    """Write down what the body said, by telephone say."""
    answered, code = forms.text(sent, "answer"), forms.text(sent, "code")
    said = {"answer": answered, "code": code if answered == Answered.DECLINED and code else None, "note": forms.text(sent, "note")}
    missing = {"answer": "Choose what the body said", "": "Choose why the body declined"}
    content, errors = _read(ReferralAnswerIn, said, missing, {"": "code"})

    def give(session: Session) -> None:
        referring.answer(
            session, referral_id, content.answer, code=content.code, note=content.note, actor=actor, at=at, version=forms.version(sent)
        )

    return _take("answer", give, request, referral_id, visit=visit, at=at, errors=errors, sent=sent)


@router.post("/referrals/{referral_id}/close")
def end(request: Request, *, referral_id: UUID, visit: CurrentVisit, actor: ReferralCloser, at: Now, sent: Sent) -> Response:
    """End it, with how it ended."""
    said = {"outcome": forms.text(sent, "outcome"), "note": forms.text(sent, "note")}
    content, errors = _read(CloseIn, said, {"outcome": "Choose how it ended"}, {"note": "end-note"})

    def give(session: Session) -> None:
        referring.close(session, referral_id, content.outcome, note=content.note, actor=actor, at=at, version=forms.version(sent))

    return _take("close", give, request, referral_id, visit=visit, at=at, errors=errors, sent=sent)


@router.post("/referrals/{referral_id}/on")
def refer_on(request: Request, *, referral_id: UUID, visit: CurrentVisit, actor: Referrer, at: Now, sent: Sent) -> Response:
    """Ask another body about the same innovation; what declined it before is ended by that."""
    database: Database = request.app.state.database
    with database.reading() as session:
        innovation_id = referrals.get(session, referral_id, actor).innovation_id
    said = {"body_id": forms.text(sent, "body_id"), "reason": forms.text(sent, "reason")}
    missing = {"body_id": "Choose a body", "reason": "Say why this body may help, in a sentence"}
    content, errors = _read(ReferralIn, said, missing, {})

    def give(session: Session) -> None:
        referring.offer(session, innovation_id, content.body_id, reason=content.reason, actor=actor, at=at)

    return _take("on", give, request, referral_id, visit=visit, at=at, errors=errors, sent=sent)


def _read(kind: type[Any], said: dict[str, Any], missing: Mapping[str, str], fields: Mapping[str, str]) -> tuple[Any, list[FormError]]:
    """What a form says by the rules of the API, or what is wrong with it; `fields` are ids that differ from the names."""
    try:
        return kind.model_validate(said), []
    except ValidationError as error:
        found = forms.errors_of(error, missing=missing, labels={"note": "Note", "reason": "Why this body"})
        return None, [FormError(fields.get(each.field, each.field), missing.get(each.field, each.message)) for each in found]


def _take(
    what: str,
    give: Callable[[Session], None],
    request: Request,
    referral_id: UUID,
    *,
    visit: Visit,
    at: datetime,
    errors: Sequence[FormError],
    sent: FormData,
) -> Response:
    """Do what the form asks and show it; what is wrong, or was done meanwhile, is told with what was typed kept."""
    database: Database = request.app.state.database
    refused = False
    if not errors:
        try:
            with database.transaction() as session:
                give(session)
            return see_other(f"{PATH}/{referral_id}/steps", done=what)
        except ReasonMissing as error:
            errors = [FormError("end-note" if what == "close" else "note", error.message)]
        except (ReferralRefused, StaleVersion) as error:
            errors, refused = [FormError("", error.message)], True
    with database.reading() as session:
        row = referrals.get(session, referral_id, visit.actor)
        return _show(request, session, visit, row, at=at, what=what, errors=errors, sent=sent, refused=refused)


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    row: Referral,
    *,
    at: datetime,
    done: str = "",
    what: str = "",
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
    refused: bool = False,
) -> HTMLResponse:
    actor, subject = visit.actor, subject_of(row)
    may_refer = row.state is not ReferralState.CLOSED and REFERRAL_OFFER.allows(actor, subject_of(row.innovation))
    clock = clocks.of(session, ClockKind.REFERRAL, row.id)
    status = http.HTTP_409_CONFLICT if refused else http.HTTP_422_UNPROCESSABLE_CONTENT
    return page(
        request,
        "referral_steps.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title=f"{_name(row, actor)}: {row.body.name}",
        up={"href": PATH, "text": "All referrals"},
        referral=row,
        name=_name(row, actor),
        state=STATES[row.state],
        waiting=_waiting(row, clock, at),
        steps=[_step(each) for each in row.steps],
        may_answer=row.state is ReferralState.OFFERED and REFERRAL_ANSWER.allows(actor, subject),
        may_close=row.state is not ReferralState.CLOSED and REFERRAL_CLOSE.allows(actor, subject),
        bodies=_bodies(session, row) if may_refer else [],
        codes=[(each.value, tables.DECLINED[each]) for each in DeclineCode],
        outcomes=[(each.value, OUTCOMES[each]) for each in (*_TO_CHOOSE, ReferralOutcome.OTHER)],
        what=what,
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
        typed={name: forms.text(sent, name) for name in _FIELDS} if sent else {},
    )


def _bodies(session: Session, row: Referral) -> list[tuple[str, str, str]]:
    """The bodies that may be asked next: those that fit best first, each with the reason, then all others that were not tried."""
    routes = referring.propose_route(session, row.innovation)
    known = referrals.tried(session, row.innovation_id) | {each.body.id for each in routes}
    others = [each for each in referrals.active_bodies(session) if each.id not in known]
    return [(str(each.body.id), each.body.name, each.reason) for each in routes] + [(str(each.id), each.name, "") for each in others]


def _listed(row: Referral, clock: Clock | None, actor: Actor, at: datetime) -> dict[str, Any]:
    return {
        "href": f"{PATH}/{row.id}/steps",
        "name": _name(row, actor),
        "body": row.body.name,
        "state": STATES[row.state],
        "offered_by": row.offered_by_name,
        "offered_at": row.created_at,
        "why_not": tables.DECLINED[row.decline_code] if row.decline_code is not None else "",
        "ended": OUTCOMES[row.outcome].partition(":")[0] if row.outcome is not None else "",
        "waiting": _waiting(row, clock, at),
    }


def _waiting(row: Referral, clock: Clock | None, at: datetime) -> dict[str, Any] | None:
    """How long the body has been waited for, and whether it was reminded; None when nobody waits for it."""
    if row.state is not ReferralState.OFFERED or clock is None:
        return None
    days = filters.counted(clock.working_days(at), "working day", "working days")
    return {"days": days, "reminded": clock.reminded_at, "overdue": clock.is_overdue(at), "by": clock.overdue_on}


def _step(step: Any) -> dict[str, Any]:  # noqa: ANN401 -- a row of its table
    code = OUTCOMES.get(step.code, "").partition(":")[0] if step.state is ReferralState.CLOSED else tables.DECLINED.get(step.code, "")
    return {"who": step.by_name, "what": _SAID.get(step.state, "ended it"), "at": step.at, "code": code, "note": step.note}


def _name(row: Referral, actor: Actor) -> str:
    """The innovation's name for those who may know it."""
    return row.innovation.name_shown if referral_mail.is_named_to(actor, row.innovation) else referral_mail.name_for_body(row.innovation)
