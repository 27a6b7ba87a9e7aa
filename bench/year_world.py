"""The simulated year's installation: a database of its own, the real encoder and ranker, people in their roles, and one clock."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

import time_machine
from sqlalchemy.orm import Session

import migrations
from api.db import Database
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.services import accounts, demo
from api.services.library import Libraries
from api.settings import Settings
from bench.stability import encoder_folder
from bench.year_texts import PLACES, innovations, needs
from models.actors import SYSTEM, Actor
from models.keys import Scope
from models.organisations import CompanySize, Origin
from models.people import Person, Role
from models.queries import places
from models.working_days import LONDON

FIRST_DAY: Final = date(2026, 4, 1)
"""The year holds Easter, Christmas, and both changes of the clock."""
FIRST_MOMENT: Final = datetime.combine(FIRST_DAY, time(6), LONDON)
UNDO_SECONDS: Final = 600
SUPPLIERS: Final = 400
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- where there is one: a year that is thrown away need not wait for a disk
_SIZES: Final = (*CompanySize, None)
_ORIGINS: Final = (Origin.WEST_YORKSHIRE, Origin.UK, Origin.UK, Origin.OVERSEAS, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """How large the year is."""

    needs: int = 500
    submissions: int = 3_000
    staff: int = 12
    days: int = 365
    seed: int = 1


@dataclass
class World:
    """Everything that the year works with; `at` is what everybody's clock shows."""

    plan: Plan
    context: Context
    runner: Runner
    clock: time_machine.Traveller
    chance: Random
    staff: list[Actor] = field(default_factory=list)
    place_people: dict[str, Actor] = field(default_factory=dict)
    innovators: list[Actor] = field(default_factory=list)
    innovator_of: dict[UUID, Actor] = field(default_factory=dict)
    needs_to_come: list[dict[str, Any]] = field(default_factory=list)
    innovations_to_come: list[dict[str, Any]] = field(default_factory=list)
    day: date = FIRST_DAY
    at: datetime = FIRST_MOMENT

    @property
    def database(self) -> Database:
        """The year's own database."""
        return self.context.database

    @property
    def lead(self) -> Actor:
        """The Hub lead, who is one of the staff."""
        return self.staff[0]

    def move_to(self, moment: time) -> None:
        """Let it be that time of the day in London, on every clock of this process."""
        self.at = datetime.combine(self.day, moment, LONDON)
        self.clock.move_to(self.at)

    def wait(self, minutes: float) -> None:
        """Let time pass."""
        self.at += timedelta(minutes=minutes)
        self.clock.move_to(self.at)

    def draw(self, share: float) -> bool:
        """Whether something happens that happens so often."""
        return self.chance.random() < share

    def place_actor(self, place_id: UUID | None) -> Actor | None:
        """Who answers for a place."""
        return next((actor for actor in self.place_people.values() if place_id in actor.place_ids), None)


@contextmanager
def world(plan: Plan) -> Iterator[World]:
    """An installation in a folder that is gone when the block ends; its clock stands at the first morning."""
    with TemporaryDirectory(prefix="matching-year-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as folder:
        home = Path(folder)
        (home / "encoder").mkdir()
        source = encoder_folder()
        (home / "encoder" / source.name).symlink_to(source.resolve())
        settings = Settings(home=home, undo_window_seconds=UNDO_SECONDS, log_level="ERROR", snapshot_after_changes=1_000, encoder_threads=2)
        migrations.upgrade(settings.url)
        database = Database(settings.url)
        context = Context(database=database, libraries=Libraries.of(settings), settings=settings)
        chance, ids = Random(plan.seed), Random(plan.seed)  # noqa: S311 -- reproducible on purpose
        # Ids are drawn too, because what is equal otherwise is ordered by them: two runs of one plan write the same files.
        with time_machine.travel(FIRST_MOMENT, tick=False) as clock, patch("os.urandom", ids.randbytes):
            made = World(plan, context, Runner(context), clock, chance)
            with database.transaction() as session:
                _fill(session, made)
            yield made
        database.dispose()


def _fill(session: Session, made: World) -> None:
    demo.bring_in_places(session)
    at, plan = made.at, made.plan
    made.staff = [_person(session, f"hub.{number}", Role.LEAD if number == 0 else Role.HUB, at) for number in range(plan.staff)]
    for key in PLACES:
        place = places.by_keys(session, [key])[0]
        made.place_people[key] = _person(session, f"place.{key.lower()}", Role.PLACE, at, place_id=place.id)
    for number in range(SUPPLIERS):
        body = places.supplier_named(session, f"Simulated supplier {number}")
        body.size, body.origin = made.chance.choice(_SIZES), made.chance.choice(_ORIGINS)
        made.innovator_of[body.id] = _person(session, f"innovator.{number}", Role.INNOVATOR, at, organisation_id=body.id)
    made.innovators = list(made.innovator_of.values())
    made.needs_to_come = needs(plan.needs, made.chance)
    made.innovations_to_come = innovations(plan.submissions, made.chance)
    made.chance.shuffle(made.needs_to_come)
    made.chance.shuffle(made.innovations_to_come)


def _person(session: Session, name: str, role: Role, at: datetime, **belonging: UUID) -> Actor:
    """Somebody who never signs in: services are asked directly, so that no password is hashed."""
    row = Person(email=f"{name}@example.org", name=name.replace(".", " ").title(), password_hash="", active=True, created_at=at, grants=[])
    session.add(row)
    session.flush()
    accounts.grant(session, row, role, at=at, actor=SYSTEM, **belonging)
    return accounts.actor_of_person(row)


def pipeline_key(session: Session, at: datetime) -> Actor:
    """The pipeline system, which reads the feed and takes stages on."""
    made = accounts.create_key(
        session, name="Simulated pipeline", role=Role.PIPELINE, scopes={Scope.READ, Scope.EVENTS, Scope.WRITE}, at=at, actor=SYSTEM
    )
    return accounts.actor_of_key(session, made.secret, at=at)


def same(text: str) -> str:
    """A short name of a text, to compare by."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
