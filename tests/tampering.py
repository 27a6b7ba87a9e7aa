"""Somebody with the database's own password: one way after another to alter a history, through raw SQL, the triggers dropped."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from api.services import delivering
from api.services.recording import record
from models.events import GENESIS, HASHED, Event
from models.queries import chain, events
from tests import factories

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KINDS = ("need.opened", "need.changed", "proposal.confirmed", "match.confirmed", "person.password_set")


def write_history(session: Session, count: int, random: Random) -> None:
    """Events of several kinds, sealed in several goes."""
    for number in range(count):
        event = Event.of(
            random.choice(KINDS),
            subject_kind="need",
            subject_id=uuid4(),
            actor=f"person:{uuid4()}",
            at=NOW + timedelta(seconds=number, microseconds=random.choice((0, 17))),
            once_key=f"once:{uuid4()}" if random.random() < 0.3 else None,
            revision=number,
            probability=random.choice((0.5, 1.0, 1e-7)),
            status={"is": ["open", None, True]},
        )
        event.correlation_id = random.choice(("", uuid4().hex))
        record(session, event, at=NOW)
        if random.random() < 0.1:
            delivering.seal(session, at=NOW)
    delivering.seal(session, at=NOW, limit=count + 1)


class Tamperer:
    """Alters one thing of the history in a database; each way is a method, and says what it did."""

    def __init__(self, session: Session, random: Random) -> None:
        self.session, self.random = session, random
        self.last = events.head(session)[0]

    def ways(self) -> Mapping[str, Callable[[], None]]:
        """All of them by name: one for each column, then those that move, add, take away and cover up."""
        columns = {f"alter {column}": self._altering(column) for column in (*HASHED, "hash")}
        others = (self.delete, self.delete_many, self.swap, self.swap_what_is_said, self.insert, self.append, self.cut, self.cut_all)
        covered = (
            self.rehash_one,
            self.rehash_to_the_end,
            self.unseal,
            self.move_the_head_back,
            self.take_the_head,
            self.name_another_head,
        )
        return columns | {way.__name__: way for way in (*others, *covered)}

    def _altering(self, column: str) -> Callable[[], None]:
        return lambda: self.alter(column)

    def alter(self, column: str) -> None:
        """One value of one event, to another of its kind."""
        position = self.any_position()
        row = self.row(position)
        self.set(position, column, self._another(column, row[column]))

    def _another(self, column: str, value: Any) -> Any:
        another = {
            "id": lambda: self._as_id(uuid4()),
            "subject_id": lambda: self._as_id(uuid4()),
            "recorded_at": lambda: self._as_time(NOW + timedelta(days=self.random.randint(1, 400))),
            "data": lambda: self._data(value),
            "position": lambda: self.last + self.random.randint(1, 9),
            "ordinal": lambda: value + self.random.choice((-1, 1, 1000)),
            "hash": lambda: uuid4().hex * 2,
            "previous_hash": lambda: uuid4().hex * 2,
            "once_key": lambda: None if value else f"never:{uuid4()}",
        }
        return another.get(column, lambda: f"{value}x")()

    def _data(self, value: Any) -> str:
        said = json.loads(value) if isinstance(value, str) else dict(value)
        done = self.random.randrange(5)
        if done == 0:
            said["revision"] += 1
        elif done == 1:
            said["probability"] *= 0.999999
        elif done == 2:
            said["status"]["is"].reverse()
        elif done == 3:
            del said["revision"]
        else:
            said["more"] = None
        return json.dumps(said)

    def delete(self) -> None:
        """One event."""
        self.sql("DELETE FROM event WHERE position = :at", at=self.any_position())

    def delete_many(self) -> None:
        """A run of events."""
        at = self.any_position()
        self.sql("DELETE FROM event WHERE position BETWEEN :at AND :until", at=at, until=at + self.random.randint(1, 8))

    def swap(self) -> None:
        """Two events change places, each taking its hashes along or leaving them."""
        one, other = self.two_positions()
        whole = self.random.random() < 0.5
        rows = {one: self.row(other), other: self.row(one)}
        self.sql("UPDATE event SET position = -position WHERE position IN (:one, :other)", one=one, other=other)
        for position, row in rows.items():
            self.sql("UPDATE event SET position = :to WHERE id = :id", to=position, id=row["id"])
            if not whole:
                for column in ("previous_hash", "hash"):
                    self.set(position, column, rows[one if position == other else other][column])

    def swap_what_is_said(self) -> None:
        """Two events change one of their values."""
        one, other = self.two_positions()
        column = self.random.choice(("kind", "subject_id", "actor", "recorded_at", "ordinal", "data"))
        rows = {one: self.row(other)[column], other: self.row(one)[column]}
        if rows[one] == rows[other]:
            column, rows = "ordinal", {one: self.row(other)["ordinal"], other: self.row(one)["ordinal"]}
        for position, value in rows.items():
            self.set(position, column, json.dumps(value) if isinstance(value, dict) else value)

    def insert(self) -> None:
        """A forged event in the place of one in the middle, the others moved up."""
        at = self.random.randint(1, self.last - 1)
        for position in range(self.last, at - 1, -1):
            self.set(position, "position", position + 1)
        self._forge(at, self.row(at - 1)["hash"] if at > 1 else GENESIS)

    def append(self) -> None:
        """A forged event at the end, with the hash that it must have."""
        self._forge(self.last + 1, self.row(self.last)["hash"])

    def cut(self) -> None:
        """The tail."""
        self.sql("DELETE FROM event WHERE position > :at", at=self.last - self.random.randint(1, 9))

    def cut_all(self) -> None:
        """Everything."""
        self.sql("DELETE FROM event")

    def rehash_one(self) -> None:
        """An event says something else, and its own hash is mended."""
        at = self.random.randint(1, self.last - 1)
        self.set(at, "actor", "somebody else")
        self.set(at, "hash", self.hash_of_row(at))

    def rehash_to_the_end(self) -> None:
        """An event says something else, and the chain is mended from there to the end."""
        at = self.any_position()
        self.set(at, "actor", "somebody else")
        self.rehash(at)

    def unseal(self) -> None:
        """An event loses its place, as if it had not been sealed yet."""
        self.sql("UPDATE event SET position = NULL, hash = NULL WHERE position = :at", at=self.any_position())

    def move_the_head_back(self) -> None:
        """The head says that the chain ends earlier."""
        self.sql("UPDATE chain_head SET position = :at", at=self.random.randint(1, self.last - 1))

    def take_the_head(self) -> None:
        """The head is gone."""
        self.sql("DELETE FROM chain_head")

    def name_another_head(self) -> None:
        """The head names another hash."""
        self.sql("UPDATE chain_head SET hash = :hash", hash=uuid4().hex * 2)

    def rewrite(self) -> None:
        """An event says something else, and chain and head are mended: only a head that was kept elsewhere tells."""
        at = self.any_position()
        self.set(at, "actor", "somebody else")
        self.rehash(at, head_too=True)

    def rehash(self, start: int, *, head_too: bool = False) -> None:
        """Mend every hash from a position on, and the head's."""
        previous = self.row(start - 1)["hash"] if start > 1 else GENESIS
        last = self.last_position()
        for position in range(start, last + 1):
            self.set(position, "previous_hash", previous)
            previous = self.hash_of_row(position)
            self.set(position, "hash", previous)
        if head_too:
            self.sql("UPDATE chain_head SET position = :at, hash = :hash", at=last, hash=previous)

    def hash_of_row(self, position: int) -> str:
        """The hash that an event must have to hold."""
        return next(str(link.computed) for link in chain.links(self.session) if link.position == position)

    def any_position(self) -> int:
        """A sealed event."""
        return self.random.randint(1, self.last)

    def two_positions(self) -> tuple[int, int]:
        """Two of them."""
        one, other = self.random.sample(range(1, self.last + 1), 2)
        return one, other

    def last_position(self) -> int:
        """Where the table ends now."""
        return events.head(self.session)[0]

    def row(self, position: int) -> dict[str, Any]:
        """An event as the driver gives it."""
        return dict(self.sql("SELECT * FROM event WHERE position = :at", at=position).mappings().one())

    def set(self, position: int, column: str, value: Any) -> None:
        """Write one value."""
        written = "CAST(:value AS jsonb)" if column == "data" and self._on_postgresql() else ":value"
        self.sql(f"UPDATE event SET {column} = {written} WHERE position = :at", value=value, at=position)  # noqa: S608 -- our own columns

    def sql(self, statement: str, **values: Any) -> Any:
        """Run one statement as it stands."""
        return self.session.execute(text(statement), values)

    def _forge(self, position: int, previous: str) -> None:
        forged = Event.of("match.confirmed", subject_kind="need", subject_id=uuid4(), actor="system", at=NOW, revision=1)
        forged.ordinal, forged.correlation_id = 0, ""
        forged.seal(position=position, previous_hash=previous)
        self.session.add(forged)
        self.session.flush()

    def _as_id(self, value: UUID) -> Any:
        return value if self._on_postgresql() else value.hex

    def _as_time(self, value: datetime) -> Any:
        return value if self._on_postgresql() else value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")

    def _on_postgresql(self) -> bool:
        return self.session.get_bind().dialect.name == "postgresql"


@contextmanager
def tampering(session: Session, random: Random) -> Iterator[Tamperer]:
    """A tamperer whose doing is taken back when the block ends."""
    doing = session.begin_nested()
    factories.drop_guards(session)
    try:
        yield Tamperer(session, random)
    finally:
        doing.rollback()
        session.expire_all()
