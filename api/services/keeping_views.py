"""Views of lists: a person keeps a list with its filters under a name, and finds it there again."""

from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, unquote_plus, urlencode
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from api.services.content import shown_title
from api.services.privacy import patient_identifier
from api.services.recording import record
from models.actors import Actor
from models.events import Event
from models.grants import Subject
from models.policies import VIEW_DELETE, VIEW_SAVE
from models.queries import saved_views
from models.saved_views import MOST_VIEWS, SavedView, ViewRefused
from models.subjects import subject_of

LONGEST_NAME: Final = 60
LONGEST_QUERY: Final = 1000
PASSING: Final = frozenset({"after", "seen", "done", "count", "one"})
"""Parameters of an address that say where one is in a list, or what was done, and not what is wanted."""


def as_kept(query: str) -> str:
    """The filters of an address: sorted, without those that are empty or passing, so that the same view has one address."""
    return urlencode(sorted((name, value) for name, value in parse_qsl(query) if name not in PASSING))


def save(session: Session, *, path: str, name: str, query: str, actor: Actor, at: datetime) -> SavedView:
    """Keep a list with its filters; the same again is kept once. Raises ViewRefused."""
    person_id = VIEW_SAVE.person(actor, Subject())
    called, kept = shown_title(name), as_kept(query)
    if kind := patient_identifier(f"{called} {unquote_plus(kept)}"):
        raise ViewRefused(f"Remove {kind}: patient details may not be kept here.", field="name")
    if not called or len(called) > LONGEST_NAME:
        raise ViewRefused(f"Give the view a name of at most {LONGEST_NAME} characters.", field="name")
    if len(kept) > LONGEST_QUERY:
        raise ViewRefused("These filters are too long to be kept. Use fewer words.", field="name")
    there = saved_views.named(session, person_id, path, called)
    if there is not None and there.query == kept:
        return there
    if saved_views.count(session, person_id) >= MOST_VIEWS:
        raise ViewRefused(f"You keep {MOST_VIEWS} views. Delete one that you no longer use.", field="name")
    row = SavedView(id=uuid4(), person_id=person_id, path=path, name=called, query=kept, saved_at=at)
    if there is not None or not saved_views.add(session, row):
        raise ViewRefused("You have a view of that name. Choose another name, or delete that view first.", field="name")
    _record(session, "view.saved", row, actor, at)
    return row


def delete(session: Session, view_id: UUID, *, actor: Actor, at: datetime) -> SavedView:
    """Keep a view no longer; raises NotFound."""
    row = saved_views.own(session, view_id, actor)
    VIEW_DELETE.check(actor, subject_of(row))
    _record(session, "view.deleted", row, actor, at)
    session.delete(row)
    session.flush()
    return row


def _record(session: Session, kind: str, row: SavedView, actor: Actor, at: datetime) -> None:
    record(session, Event.of(kind, subject_kind="view", subject_id=row.id, actor=actor.name, at=at), at=at)
