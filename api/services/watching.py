"""opened, published, searchable -> found: what is new is held against what people watch, and waits for their digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.accounts import actor_of_person
from api.services.library import Libraries
from api.services.proposing import encoded_of
from api.services.recording import record
from api.services.writing import Entry, Section
from matcher.embedding import encode_document
from matcher.encoding import Encoder
from matcher.types import Band, Document, EncodedDocument
from matcher.types import Side as MatcherSide
from models.actors import SYSTEM, Actor
from models.calls import Call
from models.documents import Side, StaleVersion
from models.events import Event
from models.grants import Subject
from models.innovations import Innovation
from models.needs import Need
from models.people import Person
from models.policies import WATCH_CHANGE, WATCH_CREATE, WATCH_CREATE_FOR_INNOVATIONS, WATCH_END
from models.queries import documents, people, places, watches
from models.subjects import subject_of
from models.watches import MOST_WATCHES, SubjectKind, Watch, Watched, WatchEmpty, WatchHit, WatchKind, WatchRefused, folded

LATE: Final = timedelta(days=1)
"""What was found so long before a digest's beginning may have been committed after the digest before; it is told now, once."""
_HEADINGS: Final[Mapping[SubjectKind, str]] = MappingProxyType(
    {
        SubjectKind.CALL: "Calls for answers",
        SubjectKind.NEED: "New needs",
        SubjectKind.INNOVATION: "New innovations",
    }
)
_NAME: Final = {MatcherSide.NEED: "title", MatcherSide.INNOVATION: "name"}


@dataclass(frozen=True, slots=True)
class Found:
    """For which watches a thing was found, in the version that was looked at; nothing is written yet."""

    kind: SubjectKind
    subject_id: UUID
    version: int
    watch_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that somebody is told of: whose it is, where it can be read, and for which watches it was found."""

    kind: SubjectKind
    title: str
    who: str
    path: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """What a person is told at once; `told` writes down that they were."""

    items: tuple[Item, ...]
    hit_ids: tuple[UUID, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The items by kind, as a mail tells them."""
        grouped = {kind: [item for item in self.items if item.kind is kind] for kind in _HEADINGS}
        return tuple(
            Section(_HEADINGS[kind], [Entry(_in_words(item), item.path) for item in items]) for kind, items in grouped.items() if items
        )


def begin(session: Session, *, kind: WatchKind, what: Watched, value: str, actor: Actor, at: datetime) -> Watch:
    """Watch from now on.

    Raises WatchEmpty for a value without a letter or figure, UnknownPlace for a place that there is not, WatchRefused
    when it is watched already or there are too many.
    """
    person_id = WATCH_CREATE.person(actor, Subject())
    if what is Watched.INNOVATIONS:
        WATCH_CREATE_FOR_INNOVATIONS.check(actor)
    if not folded(value):
        raise WatchEmpty("Say what you want to watch, in words.", field="value")
    if kind is WatchKind.PLACE:
        places.by_keys(session, [value])
    row = Watch(person_id=person_id, kind=kind, what=what, value=value, folded=folded(value), muted=False, created_at=at, version=1)
    many = watches.count_of(session, person_id)
    if (before := watches.like(session, row)) is not None:
        raise WatchRefused("You watch that already.", watch=str(before.id))
    if many >= MOST_WATCHES:
        raise WatchRefused(f"You have {many} watches, and that is the most. End one that you need no more.", watches=many)
    session.add(row)
    session.flush()
    _record(session, "watch.begun", row, actor, at)
    return row


def mute(session: Session, watch_id: UUID, muted: bool, *, actor: Actor, at: datetime, version: int | None = None) -> Watch:
    """Be told of nothing, or again, without ending the watch; twice is once. Raises StaleVersion when somebody was faster."""
    row = watches.own(session, watch_id, actor, lock=True)
    WATCH_CHANGE.check(actor, subject_of(row))
    if version is not None and version != row.version:
        raise StaleVersion("You changed this watch after you read it. Read it again.", version=row.version)
    if row.mute(muted):
        _record(session, "watch.changed", row, actor, at, muted=muted)
    session.flush()
    return row


def end(session: Session, watch_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Watch no more, and forget what was found."""
    row = watches.own(session, watch_id, actor, lock=True)
    WATCH_END.check(actor, subject_of(row))
    watches.end(session, row.id)
    _record(session, "watch.ended", row, actor, at)


def forget(session: Session, person_id: UUID) -> None:
    """End all watches of a person whose account is deleted."""
    watches.forget(session, person_id)


def example(session: Session, libraries: Libraries, watch: Watch, *, actor: Actor, limit: int) -> Sequence[Item]:
    """What a watch would have found of all that is there now and the actor may read, by the rule by which it finds what is new.

    Raises RankingUnavailable for a text when the matching is not there.
    """
    side = Side.NEED if watch.what is Watched.NEEDS else Side.INNOVATION
    if side is Side.INNOVATION and not WATCH_CREATE_FOR_INNOVATIONS.admits(actor):
        return ()
    if watch.kind is WatchKind.TEXT:
        rows: Sequence[Need | Innovation] = _fits_now(session, libraries, side, watch.value, actor=actor, limit=limit)
    else:
        rows = watches.there_now(session, watch, actor, limit=limit)
    return [_item(SubjectKind(side.value), row, ()) for row in rows]


def look(session: Session, libraries: Libraries, kind: SubjectKind, subject_id: UUID, *, at: datetime) -> int:
    """Hold a thing against the watches, and keep for which it was found; returns for how many that is new."""
    found = find(session, libraries, kind, subject_id)
    return keep(session, found, at=at) if found is not None else 0


def find(session: Session, libraries: Libraries, kind: SubjectKind, subject_id: UUID) -> Found | None:
    """For which watches a thing is found by those who may read it; None when it may not be found now. Writes nothing.

    A text is judged as the other side's text would be: at or above *possible* is found (docs/decisions/0034).
    """
    row = watches.is_ready(session, kind, subject_id)
    if row is None:
        return None
    document: Need | Innovation = row.need if isinstance(row, Call) else row
    themes, keys = watches.themes_and_places(session, kind, document, SYSTEM)
    since = _since(row)
    waiting = watches.waiting_for(session, kind, subject_id, since=since, themes={folded(theme) for theme in themes}, places=keys)
    readers = _readers(session, document, {person.id: person for _, person in waiting}, kind)
    asked = [watch for watch, person in waiting if person.id in readers and _finds(session, watch, document, readers[person.id])]
    texts = [watch for watch in asked if watch.kind is WatchKind.TEXT]
    unfit = {watch.id for watch in texts} - _fitting(session, libraries, document, texts)
    return Found(kind, subject_id, row.version, tuple(watch.id for watch in asked if watch.id not in unfit))


def keep(session: Session, found: Found, *, at: datetime) -> int:
    """Write down for which watches a thing was found, once each, and that it was looked at; returns for how many that is new."""
    there = watches.still_there(session, found.watch_ids)
    watches.mark_looked(session, found.kind, found.subject_id, found.version, at=at)
    return watches.keep_hits(session, found.kind, found.subject_id, there, at=at)


def digest_of(session: Session, person_id: UUID, *, since: datetime, until: datetime) -> Digest | None:
    """What was found for a person in that time and not told, as far as they may read it now; None when that is nothing.

    Whoever posts it calls `told` in the same transaction, so that nothing is told twice.
    """
    person = people.by_id(session, person_id)
    if person is None or not person.active:
        return None
    hits = watches.untold(session, person_id, since=since - LATE, until=until)
    actor = actor_of_person(person)
    shown = _readable(session, hits, actor)
    grouped: dict[tuple[SubjectKind, UUID], list[WatchHit]] = {}
    for hit in hits:
        if hit.subject in shown:
            grouped.setdefault(hit.subject, []).append(hit)
    if not grouped:
        return None
    called = {row.need_id for row in shown.values() if isinstance(row, Call)}
    items = [
        _item(kind, shown[kind, subject], of)
        for (kind, subject), of in grouped.items()
        if kind is not SubjectKind.NEED or subject not in called
    ]
    return Digest(tuple(items), tuple(hit.id for of in grouped.values() for hit in of))


def told(session: Session, digest: Digest, *, at: datetime) -> None:
    """Write down that a digest went out, so that nothing of it is told again."""
    watches.mark_told(session, digest.hit_ids, at=at)


def _since(row: Need | Call | Innovation) -> datetime:
    """When it came, after which a watch that begins finds it no more."""
    if isinstance(row, Call):
        return row.published_at
    came = row.opened_at if isinstance(row, Need) else row.submitted_at
    return came or row.created_at


def _readers(session: Session, document: Need | Innovation, asking: Mapping[UUID, Person], kind: SubjectKind) -> dict[UUID, Actor]:
    """Which of these people may read it, in the roles that they hold now."""
    may = {}
    for person_id, person in asking.items():
        actor = actor_of_person(person)
        watching = kind is not SubjectKind.INNOVATION or WATCH_CREATE_FOR_INNOVATIONS.admits(actor)
        if watching and documents.readable(session, document.side, document.id, actor):
            may[person_id] = actor
    return may


def _finds(session: Session, watch: Watch, document: Need | Innovation, actor: Actor) -> bool:
    """Whether its theme or place is that of a need which whoever watches may read too: an innovation has those of others' needs."""
    if watch.kind is WatchKind.TEXT or isinstance(document, Need):
        return True
    themes, keys = watches.themes_and_places(session, SubjectKind.INNOVATION, document, actor)
    return watch.value in keys if watch.kind is WatchKind.PLACE else watch.folded in {folded(theme) for theme in themes}


def _fitting(session: Session, libraries: Libraries, document: Need | Innovation, texts: Sequence[Watch]) -> set[UUID]:
    """The watches whose text, taken for a text of the other side, the ranker finds to fit."""
    if not texts:
        return set()
    encoded = encoded_of(session, libraries, document.side, document)
    asks, ranker = document.side is Side.NEED, libraries.ranker_for(session)
    fitting = set()
    for watch in texts:
        phrase = _encoded(libraries.encoder, MatcherSide(document.side.other.value), watch.value)
        judged = ranker.judge(encoded, phrase) if asks else ranker.judge(phrase, encoded)
        if judged.band is not Band.WEAK:
            fitting.add(watch.id)
    return fitting


def _fits_now(session: Session, libraries: Libraries, side: Side, value: str, *, actor: Actor, limit: int) -> Sequence[Need | Innovation]:
    phrase = _encoded(libraries.encoder, MatcherSide(side.other.value), value)
    judged = libraries.ranker_for(session).rank(phrase, libraries.view(session, side, actor), limit=limit).judgements
    ids = [UUID(each.need_id if side is Side.NEED else each.innovation_id) for each in judged if each.band is not Band.WEAK]
    rows = documents.of_ids(session, side, ids, actor)
    return [rows[each] for each in ids if each in rows]


@lru_cache(maxsize=2000)
def _encoded(encoder: Encoder, side: MatcherSide, phrase: str) -> EncodedDocument:
    """The phrase of a watch as a text of that side, which says no more than its name."""
    return encode_document(Document(id="watch", side=side, fields=MappingProxyType({_NAME[side]: phrase})), encoder)


def _readable(session: Session, hits: Sequence[WatchHit], actor: Actor) -> dict[tuple[SubjectKind, UUID], Any]:
    """What was found and can still be, as far as the actor may read it now."""
    ids = {kind: {subject for each, subject in (hit.subject for hit in hits) if each is kind} for kind in SubjectKind}
    calls = watches.open_calls(session, ids[SubjectKind.CALL])
    needs = documents.of_ids(session, Side.NEED, ids[SubjectKind.NEED] | {row.need_id for row in calls.values()}, actor)
    innovations = documents.of_ids(session, Side.INNOVATION, ids[SubjectKind.INNOVATION], actor)
    shown: dict[tuple[SubjectKind, UUID], Any] = {}
    shown |= {(SubjectKind.CALL, row.id): row for row in calls.values() if row.need_id in needs}
    shown |= {(SubjectKind.NEED, row.id): row for row in needs.values() if row.searchable}
    shown |= {(SubjectKind.INNOVATION, row.id): row for row in innovations.values() if row.searchable}
    return shown


def _item(kind: SubjectKind, row: Any, hits: Sequence[WatchHit]) -> Item:  # noqa: ANN401 -- a Need, Call or Innovation
    why = tuple(dict.fromkeys(hit.watch.value for hit in hits))
    if isinstance(row, Innovation):
        return Item(kind, row.name, row.supplier.name if row.supplier else "", f"/innovations/{row.id}", why)
    need: Need = row.need if isinstance(row, Call) else row
    title = f"{row.reference}: {need.title}" if isinstance(row, Call) else need.title
    return Item(kind, title, ", ".join(place.name for place in need.places), f"/needs/{need.id}", why)


def _in_words(item: Item) -> str:
    whose = f" ({item.who})" if item.who else ""
    return f"{item.title}{whose}. You watch: {'; '.join(item.why)}."


def _record(session: Session, kind: str, row: Watch, actor: Actor, at: datetime, **data: bool) -> None:
    said: dict[str, Any] = {"by": row.kind.value, "what": row.what.value} | data
    record(session, Event.of(kind, subject_kind="watch", subject_id=row.id, actor=actor.name, at=at, **said), at=at)
