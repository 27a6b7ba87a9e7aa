"""People with accounts, calls and watches, for the tests of both."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from api.db import Database
from api.services import accounts, calling
from models.actors import SYSTEM, Actor
from models.calls import Call
from models.documents import Side
from models.events import Event
from models.mail import Message
from models.people import Person, Role
from models.queries import calls, documents
from models.watches import Watch
from tests import factories

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def somebody(database: Database) -> Callable[..., Actor]:
    """`somebody(Role.PLACE, place="LDS")`: the actor of a new account that holds the role."""

    def make(role: Role | None = Role.HUB, **values: Any) -> Actor:
        with database.transaction() as session:
            return accounts.actor_of_person(factories.make_person(session, role, **values))

    return make


@pytest.fixture
def need(database: Database) -> Callable[..., UUID]:
    """`need(places=("LDS",))`: the id of a new open need that everybody may read and that nothing answers; it is not embedded."""

    def make(**values: Any) -> UUID:
        with database.transaction() as session:
            found: UUID = factories.make_need(session, **{"proposed_revision": 1} | values).id
            return found

    return make


def publish(
    database: Database, need_id: UUID, *, by: Actor = SYSTEM, at: datetime = AT, closes_on: date | None = None, introduction: str = ""
) -> Call:
    """Publish a need as a call."""
    with database.transaction() as session:
        return calling.publish(session, need_id, introduction=introduction, closes_on=closes_on, actor=by, at=at)


def call_of(database: Database, reference: str) -> Call:
    """A call as it stands."""
    with database.reading() as session:
        return calls.by_reference(session, reference, SYSTEM)


def read_need(database: Database, need_id: UUID) -> Any:
    """A need as it stands."""
    with database.reading() as session:
        return documents.find(session, Side.NEED, need_id)


def rows_of(database: Database, table: type[Any]) -> list[Any]:
    """Every row of a table."""
    with database.reading() as session:
        return list(session.query(table))


def mails(database: Database) -> list[Message]:
    """Every mail that is owed."""
    return rows_of(database, Message)


def events_of(database: Database, kind: str) -> list[Event]:
    """The events of a kind."""
    return [event for event in rows_of(database, Event) if event.kind == kind]


def watch(database: Database, actor: Actor, **values: Any) -> Watch:
    """Begin a watch of somebody."""
    with database.transaction() as session:
        return factories.make_watch(session, session.get_one(Person, actor.person_id), **values)
