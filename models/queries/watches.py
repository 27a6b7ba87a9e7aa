"""Watches: a person's own, those that something may be found for, what was found, and what nobody has looked at yet."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.actors import Actor
from models.calls import Call
from models.documents import searchable_text
from models.innovations import Innovation
from models.needs import Need
from models.people import Person
from models.places import Place
from models.proposals import Proposal, ProposalState
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of
from models.queries.visibility import INNOVATION_IS_SEARCHABLE, NEED_IS_SEARCHABLE, innovations_visible_to, needs_visible_to
from models.watches import Looked, SubjectKind, Watch, Watched, WatchHit, WatchKind

_ANSWERING = (ProposalState.OPEN, ProposalState.DEFERRED, ProposalState.CONFIRMED)
_TABLES: dict[SubjectKind, Any] = {SubjectKind.NEED: Need, SubjectKind.CALL: Call, SubjectKind.INNOVATION: Innovation}
_SINCE: dict[SubjectKind, Any] = {
    SubjectKind.NEED: Need.opened_at,
    SubjectKind.CALL: Call.published_at,
    SubjectKind.INNOVATION: Innovation.submitted_at,
}
_READY: dict[SubjectKind, ColumnElement[bool]] = {
    SubjectKind.NEED: and_(NEED_IS_SEARCHABLE, Need.embedded_revision == Need.revision),
    SubjectKind.CALL: and_(Call.closed_at.is_(None), Call.need.has(and_(NEED_IS_SEARCHABLE, Need.embedded_revision == Need.revision))),
    SubjectKind.INNOVATION: and_(
        INNOVATION_IS_SEARCHABLE, Innovation.embedded_revision == Innovation.revision, Innovation.proposed_revision == Innovation.revision
    ),
}
_HIT: dict[SubjectKind, Any] = {
    SubjectKind.NEED: WatchHit.need_id,
    SubjectKind.CALL: WatchHit.call_id,
    SubjectKind.INNOVATION: WatchHit.innovation_id,
}


def page(session: Session, actor: Actor, *, after: str | None, limit: int) -> Page[Watch]:
    """The actor's own watches, latest first; a key has none, whomever it acts for."""
    query = select(Watch).where(_is_own(actor)).order_by(Watch.created_at.desc(), Watch.id)
    return page_of(session, query, after=after, limit=limit, kinds=(datetime, UUID))


def own(session: Session, watch_id: UUID, actor: Actor, *, lock: bool = False) -> Watch:
    """The actor's own watch; raises NotFound."""
    query = select(Watch).where(Watch.id == watch_id, _is_own(actor))
    if lock:
        query = query.with_for_update(of=Watch).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("You have no watch of that id. GET /api/v1/watches lists yours.")
    return found


def _is_own(actor: Actor) -> ColumnElement[bool]:
    return Watch.person_id == (actor.person_id if actor.key_id is None else None)


def like(session: Session, watch: Watch) -> Watch | None:
    """The watch of the same person that asks for the same; None when there is none."""
    same = and_(Watch.person_id == watch.person_id, Watch.kind == watch.kind, Watch.what == watch.what, Watch.folded == watch.folded)
    return session.scalars(select(Watch).where(same)).first()


def count_of(session: Session, person_id: UUID) -> int:
    """How many watches a person has; counting keeps others that are begun by the same person out."""
    session.scalars(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True)).first()
    return session.scalar(select(func.count()).select_from(Watch).where(Watch.person_id == person_id)) or 0


def themes_and_places(session: Session, kind: SubjectKind, subject: Need | Innovation, actor: Actor) -> tuple[set[str], set[str]]:
    """The themes, as written, and the place keys of a need; of an innovation those of needs that it may answer and the actor may read."""
    if kind is not SubjectKind.INNOVATION:
        asked = Need.id == subject.id
    else:
        answers = select(Proposal.need_id).where(Proposal.innovation_id == subject.id, Proposal.state.in_(_ANSWERING))
        asked = and_(Need.id.in_(answers), NEED_IS_SEARCHABLE, needs_visible_to(actor))
    themes = session.scalars(select(Need.theme).where(asked, Need.theme.is_not(None))).all()
    places = session.scalars(select(Place.key).where(Place.id.in_(select(Place.id).join(Need.places.of_type(Place)).where(asked)))).all()
    return {theme for theme in themes if theme}, set(places)


def there_now(session: Session, watch: Watch, actor: Actor, *, limit: int) -> Sequence[Need | Innovation]:
    """What is there now of the watch's theme or place, as far as the actor may read it, latest first."""
    mine = and_(NEED_IS_SEARCHABLE, needs_visible_to(actor))
    if watch.kind is WatchKind.PLACE:
        asked = and_(mine, Need.places.any(Place.key == watch.value))
    else:
        themes = session.scalars(select(Need.theme).where(mine, Need.theme.is_not(None)).distinct()).all()
        asked = and_(mine, Need.theme.in_([theme for theme in themes if searchable_text(theme) == watch.folded]))
    if watch.what is Watched.NEEDS:
        needs = select(Need).where(asked).order_by(Need.opened_at.desc(), Need.id)
        return session.scalars(needs.limit(limit)).unique().all()
    answers = select(Proposal.innovation_id).join(Need, Need.id == Proposal.need_id).where(asked, Proposal.state.in_(_ANSWERING))
    offers = select(Innovation).where(INNOVATION_IS_SEARCHABLE, innovations_visible_to(actor), Innovation.id.in_(answers))
    return session.scalars(offers.order_by(Innovation.submitted_at.desc(), Innovation.id).limit(limit)).unique().all()


def waiting_for(
    session: Session, kind: SubjectKind, subject_id: UUID, *, since: datetime, themes: Collection[str], places: Collection[str]
) -> Sequence[tuple[Watch, Person]]:
    """Watches of open accounts, begun before a thing was there, that it may be found for and was not; by person."""
    what = Watched.INNOVATIONS if kind is SubjectKind.INNOVATION else Watched.NEEDS
    by = or_(
        Watch.kind == WatchKind.TEXT,
        and_(Watch.kind == WatchKind.THEME, Watch.folded.in_(themes)),
        and_(Watch.kind == WatchKind.PLACE, Watch.value.in_(places)),
    )
    found = select(WatchHit.watch_id).where(_HIT[kind] == subject_id)
    query = (
        select(Watch, Person)
        .join(Person, Person.id == Watch.person_id)
        .where(Person.active, ~Watch.muted, Watch.what == what, Watch.created_at <= since, by, Watch.id.not_in(found))
    )
    return [(row.Watch, row.Person) for row in session.execute(query.order_by(Watch.person_id, Watch.id))]


def still_there(session: Session, watch_ids: Collection[UUID]) -> Sequence[UUID]:
    """Those of these watches that were not ended meanwhile, kept until the end of the transaction."""
    query = select(Watch.id).where(Watch.id.in_(watch_ids)).order_by(Watch.id)
    return session.scalars(query.with_for_update(read=True, key_share=True)).all()


def keep_hits(session: Session, kind: SubjectKind, subject_id: UUID, watch_ids: Collection[UUID], *, at: datetime) -> int:
    """Write down that a thing was found for these watches, once each; returns for how many that is new."""
    there = set(session.scalars(select(WatchHit.watch_id).where(WatchHit.watch_id.in_(watch_ids), _HIT[kind] == subject_id)))
    new = sorted(set(watch_ids) - there)
    session.add_all(WatchHit(watch_id=watch_id, found_at=at, **{_HIT[kind].key: subject_id}) for watch_id in new)
    session.flush()
    return len(new)


def mark_looked(session: Session, kind: SubjectKind, subject_id: UUID, version: int, *, at: datetime) -> None:
    """Write down which version the watches were held against."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Looked).values(kind=kind, subject_id=subject_id, version=version, looked_at=at)
    latest = {"version": row.excluded.version, "looked_at": row.excluded.looked_at}
    session.execute(row.on_conflict_do_update(index_elements=[Looked.kind, Looked.subject_id], set_=latest))


def to_look_at(session: Session, kind: SubjectKind, limit: int) -> Sequence[UUID]:
    """Things that came when somebody was watching, and have not been held against the watches as they now stand."""
    table = _TABLES[kind]
    what = Watched.INNOVATIONS if kind is SubjectKind.INNOVATION else Watched.NEEDS
    first = select(func.min(Watch.created_at)).where(Watch.what == what, ~Watch.muted).scalar_subquery()
    seen = and_(Looked.kind == kind, Looked.subject_id == table.id)
    query = select(table.id).outerjoin(Looked, seen).where(_READY[kind], _SINCE[kind] >= first)
    query = query.where(or_(Looked.version.is_(None), Looked.version != table.version))
    return session.scalars(query.order_by(_SINCE[kind], table.id).limit(limit)).all()


def is_ready(session: Session, kind: SubjectKind, subject_id: UUID) -> Any:  # noqa: ANN401 -- a Need, Call or Innovation
    """The thing, when it may be found now; None when not, or not yet."""
    table = _TABLES[kind]
    return session.scalars(select(table).where(table.id == subject_id, _READY[kind])).unique().first()


def untold(session: Session, person_id: UUID, *, since: datetime, until: datetime) -> Sequence[WatchHit]:
    """What was found for a person's watches in that time and not told, latest first; nothing of watches that are muted."""
    query = (
        select(WatchHit)
        .join(Watch)
        .where(
            Watch.person_id == person_id, ~Watch.muted, WatchHit.told_at.is_(None), WatchHit.found_at > since, WatchHit.found_at <= until
        )
    )
    return session.scalars(query.order_by(WatchHit.found_at.desc(), WatchHit.id)).all()


def mark_told(session: Session, hit_ids: Collection[UUID], *, at: datetime) -> None:
    """Write down that these went out."""
    session.execute(update(WatchHit).where(WatchHit.id.in_(hit_ids), WatchHit.told_at.is_(None)).values(told_at=at))


def open_calls(session: Session, call_ids: Collection[UUID]) -> dict[UUID, Call]:
    """Those of these calls that are open, by id."""
    rows = session.scalars(select(Call).where(Call.id.in_(call_ids), Call.closed_at.is_(None), Call.need.has(NEED_IS_SEARCHABLE))).unique()
    return {row.id: row for row in rows}


def end(session: Session, watch_id: UUID) -> None:
    """End a watch, with what was found for it."""
    session.execute(delete(WatchHit).where(WatchHit.watch_id == watch_id))
    session.execute(delete(Watch).where(Watch.id == watch_id))


def forget(session: Session, person_id: UUID) -> None:
    """End every watch of a person, with what was found for them."""
    mine = select(Watch.id).where(Watch.person_id == person_id)
    session.execute(delete(WatchHit).where(WatchHit.watch_id.in_(mine)))
    session.execute(delete(Watch).where(Watch.person_id == person_id))
