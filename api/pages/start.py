"""The first page: what this is, what to do next in one's role, and where to go from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api import browsers
from api.pages import wording
from api.pages.following import TURNS
from api.pages.rendering import page
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.security import Anyone, CurrentVisit
from api.services import drafting, starting
from api.services.following import Turn, Whereabouts
from api.services.starting import Todo, Waiting
from models.actors import ANONYMOUS, Actor
from models.documents import Side
from models.policies import (
    ACCOUNT_READ,
    INNOVATION_CREATE,
    INNOVATION_READ,
    NEED_CREATE,
    OWN_NEEDS_READ,
    PROPOSAL_READ,
    REPORT_READ,
    SUBMISSION_READ,
    WATCH_READ,
)
from models.queries import documents

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_DONE: Final[Mapping[str, str]] = {"deleted": "It is deleted. Nothing of what it said is left."}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to do: where, what, and a line on it."""

    href: str
    name: str
    about: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What waits of one kind, with the way to all of it; `empty` says what comes next when nothing does."""

    heading: str
    rows: Sequence[Row]
    empty: str
    more: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A way on."""

    href: str
    name: str
    about: str


@router.get("/")
def start(
    request: Request, *, visit: CurrentVisit, actor: Anyone, session: Reading, settings: CurrentSettings, at: Now, done: str = ""
) -> HTMLResponse:
    """What waits for who has signed in, and the ways on; to others what the service is for."""
    found = starting.waiting_for(session, actor, at=at, undo_window_seconds=settings.undo_window_seconds)
    begun = drafting.find(session, browsers.draft_token(request), at=at) is not None if actor.is_anonymous else False
    return page(
        request,
        "start.jinja",
        visit,
        title="What to do next" if found else "Needs of the health and care system, and what may answer them",
        open_needs=documents.searchable_count(session, Side.NEED, ANONYMOUS),
        sections=[_SECTIONS[kind](rows) for kind, rows in found.items() if rows or kind not in _ONLY_IF_ANY],
        cards=_cards(actor, begun=begun),
        may_watch=WATCH_READ.admits(actor),
        done=_DONE.get(done, ""),
    )


def _offers(rows: Sequence[Waiting]) -> Section:
    told = [(row, row.where) for row in rows if row.where is not None]
    return Section(
        "Where your innovations are",
        [Row(f"/innovations/{row.id}/status", row.name, _told(where), urgent=where.turn is Turn.YOU) for row, where in told],
        "You have nothing on offer yet. Offer an innovation, and we look for needs that it may answer.",
        ("/innovations", "All your innovations"),
    )


def _told(where: Whereabouts) -> str:
    by = f", by {wording.day(where.by)}" if where.by is not None else ""
    return f"{where.says} Whose turn it is: {TURNS[where.turn]}{by}."


def _questions(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/place-answers/{row.id}", f"{row.name} for: {row.other}", f"Do you want to meet?{_answer_by(row)}") for row in rows]
    return Section(
        "Questions to your place",
        shown,
        "No question whether your place wants to meet somebody waits for an answer now.",
        ("/place-answers", "All that you were asked"),
    )


def _questions_for_all(rows: Sequence[Waiting]) -> Section:
    shown = [
        Row(f"/place-answers/{row.id}", f"{row.name} for: {row.other}", f"Do we want to meet?{_answer_by(row)}", urgent=True)
        for row in rows
    ]
    return Section(
        "Questions for all West Yorkshire, which the Hub answers", shown, "", ("/place-answers", "All questions to places and to the Hub")
    )


def _sign_offs(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/sign-offs/{row.id}", row.name, f"{row.other} asks you to sign this need off, or to send it back.") for row in rows]
    return Section("Needs to sign off", shown, "")


def _answer_by(row: Waiting) -> str:
    return f" Please answer by {wording.day(row.by)}." if row.by is not None else ""


def _joined(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/needs/{row.id}", row.name, f"It has joined your need “{row.other}”. You need not do anything.") for row in rows]
    return Section("Needs that joined yours", shown, "")


def _renewals(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/needs/{row.id}", row.name, f"Its review was due on {wording.day(row.by)}.") for row in rows if row.by is not None]
    return Section("Needs to renew or close", shown, "")


def _drafts(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/needs/{row.id}", row.name, "A draft. Open it when it is ready.") for row in rows]
    return Section("Needs that you have begun", shown, "")


def _triage(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/triage/{row.id}", row.name, row.other) for row in rows]
    return Section("Next in triage", shown, "Nothing waits in triage. What is sent in appears here.", ("/triage", "All in triage"))


def _matches(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/proposals/{row.id}", f"{row.name} for: {row.other}") for row in rows]
    return Section("Next to decide", shown, "No match waits for a decision.", ("/proposals", "All matches to decide"))


def _declined(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/innovations/{row.id}", row.name, f"{row.other} cannot help. Pass it on to another, or end it.") for row in rows]
    return Section("Passed on, and declined", shown, "")


def _organisations(rows: Sequence[Waiting]) -> Section:
    shown = [Row(f"/organisations/{row.id}", row.name, "Somebody gave this name. Confirm it, or say which one it is.") for row in rows]
    return Section("New organisations", shown, "", ("/organisations", "All organisations"))


_SECTIONS: Final = {
    Todo.OFFERS: _offers,
    Todo.QUESTIONS: _questions,
    Todo.QUESTIONS_FOR_ALL: _questions_for_all,
    Todo.SIGN_OFFS: _sign_offs,
    Todo.JOINED: _joined,
    Todo.RENEWALS: _renewals,
    Todo.DRAFTS: _drafts,
    Todo.TRIAGE: _triage,
    Todo.MATCHES: _matches,
    Todo.DECLINED: _declined,
    Todo.ORGANISATIONS: _organisations,
}
_ONLY_IF_ANY: Final = frozenset(
    {Todo.QUESTIONS_FOR_ALL, Todo.SIGN_OFFS, Todo.JOINED, Todo.RENEWALS, Todo.DRAFTS, Todo.DECLINED, Todo.ORGANISATIONS}
)


def _cards(actor: Actor, *, begun: bool) -> list[Card]:
    """The ways that are open to somebody, the likeliest first."""
    if actor.is_anonymous:
        tell = ("Go on where you stopped", "This browser has your answers.") if begun else _TELL
        ways_in = [] if actor.is_known else [Card("/sign-in", "Sign in", "For the Hub, the places and innovators.")]
        return [Card("/begin", *tell), _READ_NEEDS, _CALLS, *ways_in]
    ways = [
        (
            OWN_NEEDS_READ.admits(actor),
            Card("/my-needs", "Needs that you may answer", "For what you offer, and what is missing."),
        ),
        (NEED_CREATE.admits(actor), Card("/needs/new", "Write a need", "Four answers, a title and the places that it concerns.")),
        (
            INNOVATION_CREATE.admits(actor) and not SUBMISSION_READ.admits(actor),
            Card("/innovations/new", "Offer an innovation", "Five questions are enough to begin with."),
        ),
        (REPORT_READ.admits(actor), Card("/reports", "Reports", "Needs by place, unmet needs, time to decision, adoption by place.")),
        (ACCOUNT_READ.admits(actor), Card("/manage", "Manage the service", "People, keys, bodies that help, and how it runs.")),
        (
            PROPOSAL_READ.admits(actor) and not SUBMISSION_READ.admits(actor),
            Card("/proposals", "Proposed matches", "What may answer the needs of your place, and how far it has come."),
        ),
        (True, _READ_NEEDS),
        (INNOVATION_READ.admits(actor), Card("/innovations", "See the innovations", "What is offered, and how far it has come.")),
    ]
    return [card for is_open, card in ways if is_open]


_TELL: Final = ("Tell us what you offer", "Five questions, and no account. You see at once which needs it may answer.")
_READ_NEEDS: Final = Card("/needs", "Read the needs", "What goes wrong, for whom, and what better would look like.")
_CALLS: Final = Card("/calls", "Calls for answers", "Needs that nothing answers yet.")
