"""What must hold at the end of every simulated day; each rule is worked out anew here, from other rows than the service uses.

The working days are counted by a calendar of this file's own: bank holidays of England as gov.uk lists them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api.services import delivering
from bench.year_world import World, same
from models.actors import Actor
from models.clocks import Clock, ClockKind
from models.decisions import Decision
from models.innovations import Innovation
from models.mail import Message, MessageState
from models.needs import Need
from models.proposals import Proposal, ProposalState
from models.queries import triage
from models.triage import Ask, Submission, SubmissionState
from models.working_days import LONDON

BANK_HOLIDAYS: Final = frozenset(
    date.fromisoformat(day)
    for day in (
        *("2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28"),
        *("2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31"),
    )
)
_FRIDAY: Final = 4
_DAY: Final = timedelta(days=1)
_IN_TRIAGE: Final = ("submitted", "in_triage")


class Broken(AssertionError):
    """Something does not hold that must."""


@dataclass
class Follower:
    """One who follows the feed from its beginning, and believes nothing else."""

    actor: Actor
    position: int = 0
    status: dict[tuple[str, UUID], str] = field(default_factory=dict)
    confirmed: set[UUID] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)

    def follow(self, session: Session) -> None:
        """Read on to the end; a gap or a step back in the positions breaks it."""
        while True:
            feed = delivering.events_after(session, self.position, actor=self.actor, limit=1000)
            for event in feed.events:
                if event.position is None or event.position <= self.position:
                    raise Broken(f"An event at {event.position} follows {self.position}.")
                self.position = event.position
                self._take(event)
            self.position = feed.position
            if not feed.more:
                return

    def _take(self, event: Any) -> None:  # noqa: ANN401 -- an event row
        self.kinds[event.kind] += 1
        if "status" in event.data:
            self.status[event.subject_kind, event.subject_id] = event.data["status"]
        if event.kind == "match.confirmed":
            self.confirmed.add(event.subject_id)
        elif event.kind == "match.reversed":
            self.confirmed.discard(event.subject_id)


@dataclass
class Checks:
    """All that is held; `held` counts how often each rule was looked at."""

    hub: Follower
    pipeline: Follower
    held: Counter[str] = field(default_factory=Counter)
    _told: set[tuple[UUID, str]] = field(default_factory=set)

    def hold(self, session: Session, made: World) -> None:
        """Look at everything; raises Broken."""
        self._outcomes(session)
        self._mails(session, made)
        self._clocks(session, made.at)
        self._events(session)

    def _outcomes(self, session: Session) -> None:
        if lost := triage.without_outcome(session):
            raise Broken(f"{len(lost)} submissions left triage without an outcome.")
        waiting = set(session.scalars(select(Innovation.id).where(Innovation.status.in_(_IN_TRIAGE), Innovation.merged_into_id.is_(None))))
        queued = set(session.scalars(select(Submission.innovation_id).where(Submission.state != SubmissionState.CLOSED)))
        if waiting - queued:
            raise Broken(f"{len(waiting - queued)} innovations wait for triage and stand in no queue.")
        self.held["no submission without outcome"] += session.scalar(select(func.count()).select_from(Submission)) or 0

    def _mails(self, session: Session, made: World) -> None:
        query = select(Message.address, Message.subject, Message.body, Message.sent_at).where(Message.created_at >= made.at - _DAY * 2)
        rows = session.execute(query).all()
        said = Counter((row.address, row.subject, same(row.body), _day(row.sent_at)) for row in rows if row.body and row.sent_at)
        if twice := [each for each, count in said.items() if count > 1]:
            raise Broken(f"{len(twice)} mails were sent twice in a day, such as “{twice[0][1]}”.")
        written = sum(1 for _ in (made.context.settings.home / "mail").glob("*.eml"))
        sent = session.scalar(select(func.count()).where(Message.state == MessageState.SENT)) or 0
        if written != sent:
            raise Broken(f"{written} mails lie in the folder and {sent} are told to have left.")
        self.held["no mail twice"] += len(rows)

    def _clocks(self, session: Session, at: datetime) -> None:
        asks: dict[UUID, list[Ask]] = {}
        for ask in session.scalars(select(Ask).order_by(Ask.asked_at)):
            asks.setdefault(ask.submission_id, []).append(ask)
        # What stopped before yesterday was looked at as it stands now; a clock that starts anew has not stopped.
        for clock in session.scalars(select(Clock).where(or_(Clock.stopped_at.is_(None), Clock.stopped_at >= at - 2 * _DAY))):
            pauses = [(ask.asked_at, ask.answered_at or ask.closed_at) for ask in asks.get(clock.subject_id, [])]
            self._clock(clock, pauses if clock.kind is ClockKind.TRIAGE else [], at)

    def _clock(self, clock: Clock, pauses: Sequence[tuple[datetime, datetime | None]], at: datetime) -> None:
        ended = clock.stopped_at or at
        days = list(counted_days(clock.started_at, pauses, ended))
        if clock.kind is not ClockKind.PLACE_ANSWER and clock.working_days(ended) != len(days):
            raise Broken(f"A clock of {clock.kind} shows {clock.working_days(ended)} working days, and there were {len(days)}.")
        for told, after in ((clock.reminded_at, 4), (clock.overdue_told_at, 6)):
            if told is None or (clock.id, str(after)) in self._told or clock.kind is ClockKind.PLACE_ANSWER:
                continue
            self._told.add((clock.id, str(after)))
            if len(days) < after or days[after - 1] != _day(told):
                raise Broken(f"A clock of {clock.kind} told of {after} working days on {_day(told)}; its days were {days}.")
            self.held["told on the right working day"] += 1
        self.held["clocks right to the working day"] += 1

    def _events(self, session: Session) -> None:
        for follower in (self.hub, self.pipeline):
            follower.follow(session)
        for kind, table in (("need", Need), ("innovation", Innovation)):
            rows = {(kind, row.id): row.status.value for row in session.execute(select(table.id, table.status))}
            told = {key: status for key, status in self.hub.status.items() if key[0] == kind}
            if rows != told:
                differ = [key for key in rows.keys() | told.keys() if rows.get(key) != told.get(key)]
                raise Broken(f"{len(differ)} {kind}s stand otherwise than the feed says: {rows.get(differ[0])}, {told.get(differ[0])}.")
        announced = select(Decision.proposal_id).where(Decision.announced_at.is_not(None))
        handed_on = set(session.scalars(select(Proposal.id).where(Proposal.state == ProposalState.CONFIRMED, Proposal.id.in_(announced))))
        for follower in (self.hub, self.pipeline):
            if follower.confirmed != handed_on:
                raise Broken(f"{len(follower.confirmed ^ handed_on)} matches are handed on for {follower.actor.name} alone, or not.")
        self.held["the feed tells what the rows say"] += len(self.hub.status)


def counted_days(start: datetime, pauses: Iterable[tuple[datetime, datetime | None]], end: datetime) -> Iterator[date]:
    """Each working day that a clock counts: those after a day on which it began to run, up to the day on which it rests or ends."""
    for begun, rested in running(start, pauses, end):
        day = _day(begun) + _DAY
        while day <= _day(rested):
            if day.weekday() <= _FRIDAY and day not in BANK_HOLIDAYS:
                yield day
            day += _DAY


def running(start: datetime, pauses: Iterable[tuple[datetime, datetime | None]], end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From when until when a clock ran."""
    begun = start
    for paused, resumed in pauses:
        yield begun, min(paused, end)
        if resumed is None or resumed >= end:
            return
        begun = resumed
    yield begun, end


def _day(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()
