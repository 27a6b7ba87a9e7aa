"""Saved views: a person's own, over one list or all."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.actors import Actor
from models.queries.documents import NotFound
from models.saved_views import SavedView


def of_list(session: Session, actor: Actor, path: str) -> Sequence[SavedView]:
    """The actor's views of one list, by name; a key has none."""
    query = select(SavedView).where(SavedView.person_id == actor.person_id, SavedView.path == path)
    return session.scalars(query.order_by(SavedView.name, SavedView.id)).all()


def count(session: Session, person_id: UUID) -> int:
    """How many views a person has."""
    return session.scalar(select(func.count()).select_from(SavedView).where(SavedView.person_id == person_id)) or 0


def named(session: Session, person_id: UUID, path: str, name: str) -> SavedView | None:
    """A person's view of that name; None when there is none."""
    query = select(SavedView).where(SavedView.person_id == person_id, SavedView.path == path, SavedView.name == name)
    return session.scalars(query).first()


def add(session: Session, row: SavedView) -> bool:
    """Keep a new view; False when there is one of that name already, which of two at once is known only then."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def own(session: Session, view_id: UUID, actor: Actor) -> SavedView:
    """The actor's own view; raises NotFound."""
    query = select(SavedView).where(SavedView.id == view_id, SavedView.person_id == actor.person_id)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("You have no view of that id. Open the list again: it shows your views.")
    return found


def forget_of_person(session: Session, person_id: UUID) -> None:
    """Delete every view of a person."""
    session.execute(delete(SavedView).where(SavedView.person_id == person_id))
