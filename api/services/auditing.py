"""Whether the history is whole: every event hashed anew, in order, up to the heads that were kept elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from api.services import heads
from api.services.heads import HeadUnreadable, KeptHead
from models.events import GENESIS, ChainHead
from models.queries import chain, events
from models.queries.chain import Link

MOST_TOLD = 100
LATE_MINUTES = 10
_log = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the history, and the position of the chain at which it is."""

    position: int
    what: str
    said: str


@dataclass(slots=True)
class Verification:
    """What was found: how much was read, and what is wrong, of which the first hundred are told."""

    sealed: int = 0
    unsealed: int = 0
    kept: int = 0
    position: int = 0
    hash: str = GENESIS
    count: int = 0
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether nothing is wrong; warnings are no wrong."""
        return not self.count

    def add(self, found: Iterable[Finding]) -> None:
        """Take findings in."""
        for each in found:
            self.count += 1
            if len(self.findings) < MOST_TOLD:
                self.findings.append(each)


def verify(
    session: Session, kept: Iterable[KeptHead], *, at: datetime, on_progress: Callable[[int], None] = lambda _read: None
) -> Verification:
    """Read the whole chain and compare it with its head and with the kept heads.

    These must have been read before the session's first question: a head that is younger than what the session sees
    would look like a tail that was cut off.
    """
    result = Verification()
    head = chain.head(session)
    by_position: dict[int, list[KeptHead]] = {}
    for each in kept:
        by_position.setdefault(each.position, []).append(each)
        result.kept += 1
    first = events.chain_id(session)
    for link in chain.links(session):
        result.add(_of_link(link, result))
        result.add(_of_kept(by_position.pop(result.position, ()), link.hash, first))
        if result.sealed % chain.BATCH == 0:
            on_progress(result.sealed)
    result.add(_of_head(head, result))
    result.add(_cut_off(by_position, result.position))
    result.unsealed, late = chain.unsealed(session, at - timedelta(minutes=LATE_MINUTES))
    if late:
        result.warnings.append(f"{late} events have waited for more than {LATE_MINUTES} minutes to be sealed. Start the service.")
    if not result.kept:
        result.warnings.append("No kept head was read, so that a history written anew as a whole would not be found. Give --heads FILE.")
    return result


def keep_head(session: Session, folder: Path, *, at: datetime) -> KeptHead | None:
    """Keep the head of the chain outside the database: a line a day, and the latest; returns what is kept now, if anything.

    Costs two questions and one small file while nothing changes. The session must see committed rows only, so that it
    is not the one that seals. What was kept is never replaced by a head that does not continue it: that is logged,
    and a person must look.
    """
    head = chain.head(session)
    if head is None:
        return None
    now = KeptHead(date=at.astimezone(UTC).date(), position=head.position, hash=head.hash, chain_id=events.chain_id(session))
    try:
        if heads.latest(folder) == now:
            return now
        with heads.locked(folder):
            before = heads.latest(folder)
            if before is not None and before.position > now.position:  # kept by a faster process, or the tail was cut off
                _log.warning("audit.head_behind", position=now.position, kept=before.position)
                return before
            if disagreement := _disagreement(session, before, head):
                _log.error("audit.head_disagrees", position=disagreement)
                return before
            heads.keep(folder, now)
    except HeadUnreadable as error:
        _log.error("audit.head_unreadable", file=str(error))
        return None
    _log.info("audit.head_kept", position=now.position, hash=now.hash)
    return now


def end_of_chain(session: Session, kept: KeptHead | None) -> str:
    """What is wrong at the end of the chain, without reading all of it; empty when nothing is. `kept` was read before the session began."""
    position, last = events.head(session)
    head = chain.head(session)
    if (head.position, head.hash) != (position, last) if head else position:
        return f"The last event is {position}, and the head of the chain says {head.position if head else 'nothing'}."
    if kept is not None and chain.hash_at(session, kept.position) != kept.hash:
        return f"Event {kept.position} is not the one whose hash was kept on {kept.date:%d %B %Y}."
    return ""


def _of_link(link: Link, result: Verification) -> Iterator[Finding]:
    """What is wrong with one event and its place after those before; it is counted in."""
    expected, previous = result.position + 1, result.hash
    result.sealed += 1
    if not isinstance(link.position, int):
        yield Finding(expected, "unreadable", f"After event {expected - 1} stands one whose position is no number.")
        return
    if link.position > expected:
        missing = f"Events {expected} to {link.position - 1} are" if link.position > expected + 1 else f"Event {expected} is"
        yield Finding(expected, "missing", f"{missing} missing.")
    elif link.position < expected:
        yield Finding(link.position, "out of order", f"An event stands at position {link.position}, where none belongs.")
    elif link.previous_hash != previous:
        yield Finding(
            link.position, "out of order", f"Event {link.position} was sealed after another event than the one that stands before it."
        )
    if link.computed is None:
        yield Finding(link.position, "altered", f"Event {link.position} holds a value that cannot be read.")
    elif link.computed != link.hash:
        yield Finding(link.position, "altered", f"Event {link.position} is not as it was sealed.")
    result.position, result.hash = link.position, str(link.hash)


def _of_kept(kept: Sequence[KeptHead], hash: str, chain_id: str) -> Iterator[Finding]:
    for each in kept:
        if each.hash != hash:
            said = f"Event {each.position} is not the one whose hash was kept on {each.date:%d %B %Y}: it, or what was before it, is new."
            other = "" if each.chain_id == chain_id else " The first event of that history was another one, too."
            yield Finding(each.position, "written anew", said + other)


def _cut_off(kept: Mapping[int, Sequence[KeptHead]], last: int) -> Iterator[Finding]:
    """Of the kept heads that no event was found for."""
    for position, each in sorted(kept.items()):
        said = f"The chain ends at event {last}" if position > last else "It is not there"
        yield Finding(position, "missing", f"Event {position} was kept on {each[0].date:%d %B %Y}. {said}.")


def _of_head(head: ChainHead | None, result: Verification) -> Iterator[Finding]:
    last = result.position
    if head is None:
        if result.sealed:
            yield Finding(last, "head", "The row that says where the chain ends is missing.")
    elif head.position > last:
        yield Finding(
            last, "missing", f"The chain ends at event {last}, and its head says {head.position}: the events after {last} were cut off."
        )
    elif head.position < last:
        yield Finding(last, "head", f"The chain ends at event {last}, and its head says {head.position}.")
    elif head.hash != result.hash:
        yield Finding(last, "head", f"Event {last} is not the one that the head of the chain names.")


def _disagreement(session: Session, kept: KeptHead | None, head: ChainHead) -> int:
    """The position at which a head names another event than stands there; 0 when none does."""
    named = [(head.position, head.hash), *([(kept.position, kept.hash)] if kept else [])]
    return next((position for position, hash in named if chain.hash_at(session, position) != hash), 0)
