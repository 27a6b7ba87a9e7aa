"""Lists as tables: every row that a page would list, with its filters and over all its pages, in columns for a file."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from api.pages import documents as shared
from api.pages import inbox, matches, wording
from api.pages.calls import CallsAsked
from api.pages.events import Asked as EventsAsked
from api.pages.events import listed as events_listed
from api.pages.inbox import Filters
from api.pages.innovations import InnovationsAsked
from api.pages.open_needs import NeedsAsked
from api.services import showing
from api.services.tabulating import Cell, Report, columns
from api.statuses import InvalidRequest
from models.actors import Actor
from models.calls import Call
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need
from models.proposals import Band, Proposal, ProposalState
from models.queries import calls, documents, places, proposals, triage
from models.queries.pages import Page
from models.working_days import day_of

MOST_ROWS: Final = 10_000
"""Of one file; a longer list is narrowed first."""
_AT_ONCE: Final = 200
_TO_DECIDE: Final = "to_decide"
_STATES: Final = (_TO_DECIDE, ProposalState.DEFERRED, ProposalState.CONFIRMED, ProposalState.REJECTED)
Row = dict[str, Cell]


class MatchesAsked(BaseModel):
    """Which matches a visitor wants to see, as the address of their list says it."""

    model_config = ConfigDict(extra="forbid")

    state: str | None = None
    band: str | None = None
    place: str | None = None

    def narrowed(self, places_known: list[str]) -> dict[str, Any]:
        """The filters as queries take them; raises InvalidRequest for what is not on offer."""
        state = shared.chosen(self.state, _STATES) or _TO_DECIDE
        band = shared.chosen(self.band, list(Band))
        return {
            "state": None if state == _TO_DECIDE else ProposalState(state),
            "band": Band(band) if band else None,
            "place": shared.chosen(self.place, places_known),
        }


def triage_table(session: Session, actor: Actor, at: datetime, filters: Filters) -> Report:
    """The inbox, line by line."""
    wanted, today = filters.wanted(actor), day_of(at)
    pages = _pages(lambda after: triage.queue(session, actor, wanted, today=today, after=after, limit=_AT_ONCE))
    return Report(
        name="triage",
        title="Submissions in triage",
        question="What innovators handed in, in the order in which it is worth a look.",
        columns=columns(
            name="Innovation",
            supplier="Offered by",
            kind="Kind",
            state="Where it stands",
            holder="Who has it",
            sent_in="Sent in on",
            waited="Working days waited",
            due="Due by",
            overdue="Overdue",
            strong="Strong matches to decide",
            possible="Possible matches to decide",
            flags="Take care",
            put_off="Put off until",
            notes="Notes",
            address="Address",
        ),
        rows=[row for rows in pages for row in inbox.lines(session, rows, at=at)],
    )


def needs_table(session: Session, actor: Actor, _at: datetime, asked: NeedsAsked) -> Report:
    """Needs with their four answers."""
    filters = asked.narrowed(actor, [row.key for row in places.all_places(session)])
    pages = _pages(lambda after: documents.page(session, Side.NEED, actor, filters=filters, text=asked.q, after=after, limit=_AT_ONCE))
    said = wording.FIELDS[Side.NEED]
    texts = ("title", "problem", "population", "desired_outcome", "metric", "baseline", "target", "theme")
    return Report(
        name="needs",
        title="Needs",
        question="What the health and care system of West Yorkshire needs solved.",
        columns=columns(
            **{name: said[name] for name in texts},
            status="Status",
            places=said["places"],
            by_when=said["by_when"],
            review_date=said["review_date"],
            address="Address",
        ),
        rows=[_need(row, texts) for rows in pages for row in rows],
    )


def _need(row: Need, texts: tuple[str, ...]) -> Row:
    return {
        **{name: getattr(row, name) for name in texts},
        "status": wording.STATUSES[Side.NEED][row.status][0],
        "places": ", ".join(place.name for place in row.places),
        "by_when": _day(row.by_when),
        "review_date": _day(row.review_date),
        "address": f"/needs/{row.id}",
    }


def innovations_table(session: Session, actor: Actor, _at: datetime, asked: InnovationsAsked) -> Report:
    """Innovations with what they say of themselves."""
    pages = _pages(
        lambda after: documents.page(session, Side.INNOVATION, actor, filters=asked.narrowed, text=asked.q, after=after, limit=_AT_ONCE)
    )
    said = wording.FIELDS[Side.INNOVATION]
    texts = ("name", "description", "problems_tackled", "how_it_works", "benefits")
    return Report(
        name="innovations",
        title="Innovations",
        question="What is offered to the health and care system of West Yorkshire.",
        columns=columns(
            **{name: said[name] for name in texts},
            supplier=said["supplier"],
            kind=said["kind"],
            stage=said["stage"],
            status="Status",
            care_settings=said["care_settings"],
            held="Held, because nobody has consented",
            sent_in="Sent in on",
            address="Address",
        ),
        rows=[_innovation(row, texts) for rows in pages for row in rows],
    )


def _innovation(row: Innovation, texts: tuple[str, ...]) -> Row:
    return {
        **{name: getattr(row, name) for name in texts},
        "supplier": row.supplier.name if row.supplier else "",
        "kind": wording.code("kinds", row.kind),
        "stage": wording.code("stages", row.stage) if row.stage else "",
        "status": wording.STATUSES[Side.INNOVATION][row.status][0],
        "care_settings": ", ".join(wording.code("care_settings", each) for each in row.care_settings),
        "held": row.held,
        "sent_in": _day(row.submitted_at),
        "address": f"/innovations/{row.id}",
    }


def matches_table(session: Session, actor: Actor, at: datetime, asked: MatchesAsked) -> Report:
    """Proposed matches with what speaks for each; a band and never a number."""
    wanted = asked.narrowed([row.key for row in places.all_places(session)])
    pages = _pages(lambda after: proposals.queue(session, actor, at=at, **wanted, after=after, limit=_AT_ONCE))
    return Report(
        name="matches",
        title="Proposed matches",
        question="Pairs of a need and an innovation, the most likely first.",
        columns=columns(
            innovation="Innovation",
            supplier="Offered by",
            need="Need",
            places="Places",
            band="Match",
            state="State",
            words="What speaks for it",
            must_haves="Must-haves",
            flags="Take care",
            decided_by="Decided by",
            decided_on="Decided on",
            address="Address",
        ),
        rows=[_proposal(row, actor) for rows in pages for row in rows],
    )


def _proposal(row: Proposal, actor: Actor) -> Row:
    need, innovation = showing.need_shown(row, actor), showing.innovation_shown(row, actor)
    found = matches.findings_shown(row.findings)
    lead, decision = matches.leading(found), row.closing_decision
    return {
        "innovation": innovation.name_shown,
        "supplier": innovation.supplier.name if innovation.supplier else "",
        "need": need.name_shown,
        "places": ", ".join(place.name for place in need.places),
        "band": wording.BANDS[row.band][0],
        "state": wording.PROPOSAL_STATES[row.state][0],
        "words": f"{lead.need_quote} | {lead.innovation_quote}" if lead else "",
        "must_haves": matches.must_haves(found),
        "flags": ", ".join(each.kind for each in matches.flags_shown(row.flags, actor)),
        "decided_by": decision.decided_by_name if decision else "",
        "decided_on": _day(decision.decided_at) if decision else "",
        "address": f"/proposals/{row.id}",
    }


def calls_table(session: Session, actor: Actor, at: datetime, asked: CallsAsked) -> Report:
    """Calls for answers."""
    wanted = asked.narrowed([row.key for row in places.all_places(session)])
    pages = _pages(lambda after: calls.page(session, actor, day=day_of(at), **wanted, after=after, limit=_AT_ONCE))
    return Report(
        name="calls",
        title="Calls for answers",
        question="Needs that nothing answers yet, published for everybody to answer.",
        columns=columns(
            reference="Reference",
            title="Need",
            introduction="Introduction",
            places="Places",
            theme="Theme",
            published="Published on",
            closes="Last day",
            open="Open",
            address="Address",
        ),
        rows=[_call(row, at) for rows in pages for row in rows],
    )


def _call(row: Call, at: datetime) -> Row:
    return {
        "reference": row.reference,
        "title": row.need.title,
        "introduction": row.introduction,
        "places": ", ".join(place.name for place in row.need.places),
        "theme": row.need.theme or "",
        "published": _day(row.published_at),
        "closes": _day(row.closes_on),
        "open": (row.closed_reason or row.ending(at=at)) is None,
        "address": f"/calls/{row.reference}",
    }


def events_table(session: Session, actor: Actor, _at: datetime, asked: EventsAsked) -> Report:
    """What happened; raises InvalidRequest for more than a file is made of."""
    found = events_listed(session, actor, asked, limit=MOST_ROWS + 1)
    _must_be_bounded(len(found))
    named = columns(position="Position", when="When", what="What", subject="About", actor="Who", href="Address")
    rows = [{column.name: _cell(row[column.name]) for column in named} for row in found]
    return Report(name="events", title="Activity", question="What happened, the latest first.", columns=named, rows=rows)


def _cell(value: object) -> Cell:
    return value.isoformat() if isinstance(value, datetime) else value if isinstance(value, str | int) else ""


def _pages(fetch: Callable[[str | None], Page[Any]]) -> Iterator[Any]:
    """The rows of a list, page by page to its end; raises InvalidRequest for more than a file is made of."""
    after, read = None, 0
    while True:
        found = fetch(after)
        read += len(found.rows)
        _must_be_bounded(read + (found.following is not None and read >= MOST_ROWS))
        yield found.rows
        if (after := found.following) is None:
            return


def _must_be_bounded(many: int) -> None:
    if many > MOST_ROWS:
        raise InvalidRequest(f"This list has more than {MOST_ROWS:,} rows. Narrow it by its filters, and take it away in parts.")


def _day(value: date | datetime | None) -> date | str:
    return day_of(value) if isinstance(value, datetime) else value if value is not None else ""
