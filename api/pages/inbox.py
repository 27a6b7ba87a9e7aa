"""The inbox of triage: what waits for the Hub in the order of worth, narrowed by filters that say how many they leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.pages import documents as shared
from api.pages import wording
from api.pages.rendering import page, with_query
from api.pages.views import views_shown
from api.requests import Now, Reading, StrictRoute
from api.security import CurrentVisit, SubmissionReader
from api.services.bulking import MOST, Do
from api.services.codes import labels
from api.services.tabulating import Cell
from models.actors import Actor
from models.clocks import Clock, ClockKind
from models.innovations import InnovationKind
from models.proposals import Band, Proposal, ProposalState
from models.queries import clocks, submission_notes, triage
from models.queries.triage import DECIDED, Age, Wanted
from models.triage import Submission, SubmissionState
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

PATH: Final = "/triage"
FACETS: Final = ("state", "who", "kind", "age", "band", "flagged", "put_off")
"""The filters, in the order in which the tally of submissions names them."""
_STATES: Final = {
    "": "All in triage",
    SubmissionState.WAITING.value: "Waiting for anybody",
    SubmissionState.IN_TRIAGE.value: "Somebody has it",
    SubmissionState.ASKED.value: "Innovator was asked",
    SubmissionState.CLOSED.value: "Left triage",
}
STATE_TAGS: Final = {
    SubmissionState.WAITING: ("Waiting", "blue"),
    SubmissionState.IN_TRIAGE: ("In hand", "purple"),
    SubmissionState.ASKED: ("Asked", "yellow"),
    SubmissionState.CLOSED: ("Left triage", "grey"),
}
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "state": _STATES,
    "who": {"": "All", "me": "Me", "nobody": "Nobody", "colleague": "A colleague"},
    "age": {
        "": "All",
        Age.OVERDUE.value: "Overdue",
        Age.SOON.value: "Due soon",
        Age.IN_TIME.value: "In time",
        Age.PAUSED.value: "Not waiting for us",
    },
    "band": {
        "": "All",
        Band.STRONG.value: "Strong match",
        Band.POSSIBLE.value: "Possible match",
        DECIDED: "All matches decided",
        Band.WEAK.value: "Nothing fits",
    },
    "kind": {"": "All", **{each.value: labels("kinds").get(each.value, each.value) for each in InnovationKind}},
    "flagged": {"": "All", "yes": "Take care", "no": "Nothing to take care of"},
    "put_off": {"": "Not put off", "yes": "Put off", "all": "Both"},
}
_LABELS: Final = {
    "state": "Where it stands",
    "who": "Who has it",
    "age": "How long it waits",
    "band": "Best match to decide",
    "kind": "Kind",
    "flagged": "Take care",
    "put_off": "Put off",
}
_SELDOM: Final = ("kind", "flagged", "put_off")
"""Filters that are folded away until one of them is used."""
_FLAGS: Final[Mapping[str, bool | None]] = {"": None, "yes": True, "no": False}
_TALLIED: Final = {"yes": "1", "no": "0"}
_BANDS: Final = {**{each.value: each for each in Band}, DECIDED: Band.WEAK}
_DONE: Final = {
    Do.TAKE: ("You have this submission now.", "You have these {count} submissions now."),
    Do.GIVE_BACK: ("Anybody can see to this submission now.", "Anybody can see to these {count} submissions now."),
    Do.ASSIGN: ("Your colleague has the submission now.", "Your colleague has these {count} submissions now."),
    Do.SNOOZE: ("The submission is put off. Its clock runs on.", "{count} submissions are put off. Their clocks run on."),
    Do.WAKE: ("The submission is in the list again.", "{count} submissions are in the list again."),
    Do.ARCHIVE: (
        "The submission is archived. Its letter leaves when the time to undo has passed.",
        "{count} submissions are archived. Their letters leave when the time to undo has passed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor wants to see: each filter's value as the address has it, empty where it is left open, and words."""

    values: Mapping[str, str]
    words: str

    @property
    def closed(self) -> bool:
        """Whether what has left triage is wanted; it is counted apart, because there is so much of it."""
        return self.values["state"] == SubmissionState.CLOSED

    @property
    def query(self) -> dict[str, str]:
        """As an address says it."""
        return {**{name: value for name, value in self.values.items() if value}, **({"q": self.words} if self.words else {})}

    def wanted(self, actor: Actor) -> Wanted:
        """As the queue is asked; *me* is whoever looks, so that a view can be shared."""
        said, me = self.values, actor.person_id or UUID(int=0)
        return Wanted(
            state=SubmissionState(said["state"]) if said["state"] else None,
            assigned_to=me if said["who"] == "me" else None,
            unassigned=said["who"] == "nobody",
            of_colleagues=me if said["who"] == "colleague" else None,
            age=Age(said["age"]) if said["age"] else None,
            band=_BANDS.get(said["band"]),
            decided={DECIDED: True, Band.WEAK.value: False}.get(said["band"]),
            kind=InnovationKind(said["kind"]) if said["kind"] else None,
            flagged=_FLAGS[said["flagged"]],
            snoozed={"": False, "yes": True, "all": None}[said["put_off"]],
            text=self.words,
        )


def _filters(
    *,
    q: Annotated[str, Query(max_length=200)] = "",
    state: str | None = None,
    who: str | None = None,
    age: str | None = None,
    band: str | None = None,
    kind: str | None = None,
    flagged: str | None = None,
    put_off: str | None = None,
) -> Filters:
    said = {"state": state, "who": who, "age": age, "band": band, "kind": kind, "flagged": flagged, "put_off": put_off}
    return Filters({name: shared.chosen(value, list(_OPTIONS[name])) or "" for name, value in said.items()}, q)


AskedFor = Annotated[Filters, Depends(_filters)]


@router.get(PATH)
def inbox(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: SubmissionReader,
    session: Reading,
    filters: AskedFor,
    at: Now,
    after: str | None = None,
    seen: Annotated[int, Query(ge=0, le=shared.MOST_LISTED)] = 0,
    done: str = "",
    count: Annotated[int, Query(ge=1, le=MOST)] = 1,
    one: UUID | None = None,
) -> HTMLResponse:
    """What is in triage: what is overdue first, then by the best open match, then what has waited longest."""
    today = day_of(at)
    found = triage.queue(session, actor, filters.wanted(actor), today=today, after=after or None, limit=shared.LISTED)
    tally = triage.tallies(session, actor, text=filters.words, today=today, closed=filters.closed)
    return page(
        request,
        "inbox.jinja",
        visit,
        title="Triage",
        rows=rows_shown(session, found.rows, actor=actor, at=at),
        selects=[(name, _LABELS[name], filters.values[name], _counted(name, filters, tally)) for name in _LABELS],
        seldom=_SELDOM,
        seldom_used=any(filters.values[name] for name in _SELDOM),
        words=filters.words,
        filtered=bool(filters.query),
        most=MOST,
        back=with_query("", filters.query).removeprefix("?"),
        ticking=any(row.is_open for row in found.rows),
        turning=shared.turning(found, PATH, filters.query, after, seen=seen, total=_total(filters, tally)),
        views=views_shown(session, actor, PATH, filters.query),
        done=_done(done, count),
        one=triage.of_ids(session, [one], actor).get(one) if one is not None else None,
    )


def rows_shown(session: Session, rows: Sequence[Submission], *, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Submissions as lines of a list, with their clocks, matches and notes; the number of queries is the same for any number of them."""
    ids = [row.id for row in rows]
    waits, notes = clocks.of_many(session, ClockKind.TRIAGE, ids), submission_notes.counts(session, ids)
    found = triage.proposals_of_many(session, [row.innovation_id for row in rows])
    return [_row(row, waits.get(row.id), found[row.innovation_id], notes.get(row.id, 0), actor=actor, at=at) for row in rows]


def lines(session: Session, rows: Sequence[Submission], *, at: datetime) -> list[dict[str, Cell]]:
    """The same for a file: one cell for each thing that a line says."""
    ids = [row.id for row in rows]
    waits, notes = clocks.of_many(session, ClockKind.TRIAGE, ids), submission_notes.counts(session, ids)
    found = triage.proposals_of_many(session, [row.innovation_id for row in rows])
    return [_line(row, waits.get(row.id), found[row.innovation_id], notes.get(row.id, 0), at=at) for row in rows]


def _line(row: Submission, clock: Clock | None, proposals: Sequence[Proposal], notes: int, *, at: datetime) -> dict[str, Cell]:
    left = _left(proposals)
    return {
        "name": row.innovation.name,
        "supplier": row.innovation.supplier.name if row.innovation.supplier else "",
        "kind": labels("kinds").get(row.innovation.kind, row.innovation.kind),
        "state": STATE_TAGS[row.state][0],
        "holder": row.assigned_to_name,
        "sent_in": day_of(row.submitted_at),
        "waited": clock.working_days(at) if clock is not None else None,
        "due": clock.overdue_on if clock is not None and clock.overdue_on is not None else "",
        "overdue": clock is not None and clock.is_overdue(at),
        "strong": sum(each.band is Band.STRONG for each in left),
        "possible": sum(each.band is Band.POSSIBLE for each in left),
        "flags": ", ".join(_flags(left)),
        "put_off": row.snoozed_until if row.snoozed_until is not None else "",
        "notes": notes,
        "address": f"{PATH}/{row.id}",
    }


def _left(proposals: Sequence[Proposal]) -> list[Proposal]:
    return [each for each in proposals if each.state is ProposalState.OPEN]


def _flags(left: Sequence[Proposal]) -> list[str]:
    kinds = {flag if isinstance(flag, str) else flag["kind"] for each in left for flag in each.flags}
    return sorted(wording.flag_kind(kind) for kind in kinds)


def _row(row: Submission, clock: Clock | None, proposals: Sequence[Proposal], notes: int, *, actor: Actor, at: datetime) -> dict[str, Any]:
    left = _left(proposals)
    return {
        "id": row.id,
        "chosen": f"{row.id}.{row.version}",
        "href": f"{PATH}/{row.id}",
        "name": row.innovation.name,
        "about": _about(row),
        "tags": [STATE_TAGS[row.state], *_matches(row, proposals), *([("Held: no consent", "yellow")] if row.innovation.held else [])],
        "overdue": clock is not None and clock.is_overdue(at),
        "clock": _clock(row, clock, at),
        "holder": "You have it." if row.assigned_to == actor.person_id and row.is_open else row.in_words,
        "put_off": row.snoozed_until if row.snoozed_until is not None and row.snoozed_until > day_of(at) else None,
        "put_off_by": row.snoozed_by_name,
        "flags": _flags(left),
        "notes": notes,
        "open": row.is_open,
        "mine": row.is_open and row.assigned_to == actor.person_id,
        "free": row.is_open and row.assigned_to is None,
    }


def _about(row: Submission) -> str:
    supplier = row.innovation.supplier.name if row.innovation.supplier else ""
    again = f"handed in for the {_ORDINALS.get(row.number, f'{row.number}th')} time" if row.number > 1 else ""
    kind = labels("kinds").get(row.innovation.kind, row.innovation.kind)
    return " · ".join(filter(None, (supplier, kind, f"sent in on {wording.day(row.submitted_at)}", again)))


_ORDINALS: Final = {2: "second", 3: "third"}


def _matches(row: Submission, proposals: Sequence[Proposal]) -> list[tuple[str, str]]:
    """What is left to decide; where nothing is, whether that is because all was decided or because nothing fits."""
    left = _left(proposals)
    strong, possible = (sum(each.band is band for each in left) for band in (Band.STRONG, Band.POSSIBLE))
    shown = ((strong, "strong", "green"), (possible, "possible", "blue"))
    if left:
        return [(f"{many} {band}", colour) for many, band, colour in shown if many]
    if not proposals:
        return [("Nothing fits", "grey")]
    confirmed = sum(each.state is ProposalState.CONFIRMED for each in proposals)
    ready = row.is_open and row.open_ask is None
    told = ("All matches decided: give it an outcome", "orange") if ready else ("All matches decided", "grey")
    return [*([(f"{confirmed} confirmed", "green")] if confirmed else []), told]


def _clock(row: Submission, clock: Clock | None, at: datetime) -> str:
    """How long the Hub has been waited for, and until when it should answer; whose turn it is otherwise."""
    if not row.is_open or clock is None:
        return ""
    waited = clock.working_days(at)
    days = {0: "less than a working day", 1: "1 working day"}.get(waited, f"{waited} working days")
    if (asked := row.open_ask) is not None:
        return f"It is the innovator's turn, by {wording.day(asked.answer_by)}. Before that they waited {days} for us."
    due = f" Due by {wording.day(clock.overdue_on)}." if clock.overdue_on is not None else ""
    return f"Waits {days} for us.{due}" if not clock.is_overdue(at) else f"Overdue: waits {days} for us.{due.replace('Due', 'Was due')}"


def _counted(facet: str, filters: Filters, tally: Mapping[tuple[str, ...], int]) -> list[tuple[str, str]]:
    """The options of one filter, each with how many submissions it leaves beside what the other filters say."""

    def shown(option: str, text: str) -> str:
        if facet == "state" and (option == SubmissionState.CLOSED) is not filters.closed:
            return text  # the tally is of the others
        said = {**filters.values, facet: option}
        return f"{text} ({_total(replace(filters, values=said), tally)})"

    return [(option, shown(option, text)) for option, text in _OPTIONS[facet].items()]


def _total(filters: Filters, tally: Mapping[tuple[str, ...], int]) -> int:
    """How many submissions the filters leave."""
    said = [filters.values[name] for name in FACETS]
    return sum(many for key, many in tally.items() if all(map(_admits, FACETS, said, key)))


def _admits(facet: str, value: str, told: str) -> bool:
    if facet == "state":
        return told == value if value else told != SubmissionState.CLOSED
    if facet == "put_off" and not value:
        return told == "0"
    return value in {"", "all"} or told == _TALLIED.get(value, value)


def _done(what: str, count: int) -> str:
    if what not in set(Do):
        return ""
    one, many = _DONE[Do(what)]
    return one if count == 1 else many.format(count=count)
