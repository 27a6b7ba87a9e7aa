"""A real database, the real encoder and the shipped ranker, for the tests of the walk."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import make_url

from api.db import Database
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.services import intake
from api.services.content import InnovationContent, NeedContent
from api.services.library import Libraries
from api.settings import Settings
from matcher.encoding import OnnxEncoder
from matcher.ranking import Ranker, load_ranker
from models import Base
from models.actors import Actor
from models.documents import Side
from models.organisations import Organisation, OrganisationKind
from models.people import Person, Role
from models.places import Place
from models.proposals import Band, Proposal
from models.runs import RankingRun
from tests.modes import Mode
from tests.workers import CeleryRunner, celery_runner

ADHD_NEED = {
    "title": "ADHD assessment backlog",
    "problem": "Adults wait years for an ADHD assessment; about 16 assessments a month are done for 4,500 people waiting.",
    "population": "Adults waiting for ADHD assessment",
    "desired_outcome": "Shorter waits and fewer appointments for each decision",
    "places": ["LDS"],
    "diseases_conditions_impact": ["MENTAL_HEALTH_AND_BEHAVIOURAL_CONDITIONS_ATTENTION_DEFICIT_DISORDER"],
    "care_settings": ["MENTAL_HEALTH"],
}
ADHD_TEST = {
    "name": "Attention test",
    "problems_tackled": "Assessment for ADHD takes many appointments and people wait long for a decision.",
    "how_it_works": "A computer test of attention, impulsivity and movement that supports ADHD assessment of adults.",
    "consent_by": "Innovator",
    "consent_scope": "matching",
    "visibility": "partners",
    "diseases_conditions_impact": ["MENTAL_HEALTH_AND_BEHAVIOURAL_CONDITIONS_ATTENTION_DEFICIT_DISORDER"],
    "care_settings": ["MENTAL_HEALTH"],
}
WOUND_DRESSING = {
    "name": "Wound dressing",
    "problems_tackled": "Pressure ulcers heal slowly and dressings are changed too often.",
    "how_it_works": "A foam dressing with silver that stays in place for a week.",
    "consent_by": "Innovator",
    "consent_scope": "matching",
}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path, mode: Mode, request: pytest.FixtureRequest) -> Settings:
    """A home and, in the service mode, a database with the schema: both this test's own."""
    servers = {"database_url": "emptied_postgresql_url", "broker_url": "broker_url"} if mode is Mode.SERVICE else {}
    where = {setting: request.getfixturevalue(fixture) for setting, fixture in servers.items()}
    return Settings(home=tmp_path, sweep_seconds=3600, **where)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and no row, to copy."""
    file = tmp_path_factory.mktemp("template") / "matching.sqlite"
    database = Database(f"sqlite:///{file}")
    Base.metadata.create_all(database.engine)
    database.dispose()
    return file


@pytest.fixture
def database(settings: Settings, sqlite_template: Path) -> Iterator[Database]:
    """A database with the schema and the five places, people of the roles and two organisations."""
    if not settings.database_url:
        copyfile(sqlite_template, make_url(settings.url).database or "")
    database = Database(settings.url)
    with database.transaction() as session:
        session.add_all(Place(key=key, name=name, partnership=name, ods_codes=[]) for key, name in PLACES.items())
        session.add(Organisation(name="Leeds and York Partnership", kind=OrganisationKind.NHS_TRUST, ods_code="RGD", places=[]))
        session.add(Organisation(name="Small Firm Ltd", kind=OrganisationKind.SUPPLIER, places=[]))
    yield database
    database.dispose()


PLACES = {"BDC": "Bradford District and Craven", "CAL": "Calderdale", "KIR": "Kirklees", "LDS": "Leeds", "WAK": "Wakefield"}


@pytest.fixture(scope="session")
def opened(encoder: OnnxEncoder) -> tuple[OnnxEncoder, Ranker]:
    """Encoder and ranker, opened once for all tests; neither ever changes."""
    return encoder, load_ranker()


@pytest.fixture
def libraries(settings: Settings, encoder_folder: Path, opened: tuple[OnnxEncoder, Ranker]) -> Libraries:
    libraries = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)
    libraries._encoder, libraries._ranker = opened
    return libraries


@pytest.fixture
def context(database: Database, libraries: Libraries, settings: Settings) -> Context:
    return Context(database, libraries, settings)


@pytest.fixture
def runner(context: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner | CeleryRunner]:
    """Runs owed jobs when the test says so: here, or in a Celery worker."""
    if not context.settings.service_mode:
        yield Runner(context)
        return
    with celery_runner(context, monkeypatch) as runner:
        yield runner


@pytest.fixture
def person(database: Database) -> Callable[..., Actor]:
    """An actor with an account and the roles named."""

    def make(*roles: Role, place: str | None = None, organisation: str | None = None, shown_as: str = "Hub triage officer") -> Actor:
        with database.transaction() as session:
            row = Person(
                email=f"{shown_as.lower().replace(' ', '.')}@example.org", name=shown_as, password_hash="-", created_at=now(), grants=[]
            )
            session.add(row)
            session.flush()
            place_ids = frozenset(each.id for each in session.query(Place).filter(Place.key == place))
            organisation_ids = frozenset(each.id for each in session.query(Organisation).filter(Organisation.name == organisation))
            return Actor(
                name=f"person:{row.id}",
                shown_as=shown_as,
                roles=frozenset(roles),
                person_id=row.id,
                place_ids=place_ids,
                organisation_ids=organisation_ids,
            )

    return make


@pytest.fixture
def hub(person: Callable[..., Actor]) -> Actor:
    return person(Role.HUB)


@pytest.fixture
def said(database: Database, hub: Actor) -> Callable[..., UUID]:
    """Take a need or an innovation in and submit it; returns its id."""

    def take(side: Side, content: dict[str, Any], *, actor: Actor = hub, submit: bool = True) -> UUID:
        body = (NeedContent if side is Side.NEED else InnovationContent).model_validate(content)
        with database.transaction() as session:
            row = intake.create(session, side, body, actor=actor, at=now(), submit_too=submit)
            found: UUID = row.id
            return found

    return take


@pytest.fixture
def make_proposal(database: Database, said: Callable[..., UUID]) -> Callable[[], UUID]:
    """A stored proposal of a fitting pair, without the ranker: what becomes of it is asked, not how it was found."""

    def make() -> UUID:
        need_id, innovation_id = said(Side.NEED, ADHD_NEED), said(Side.INNOVATION, ADHD_TEST)
        with database.transaction() as session:
            run = RankingRun(
                query_side=Side.NEED,
                need_id=need_id,
                query_revision=1,
                ranker="by-hand",
                ranker_hash="-",
                encoder_id="-",
                event_position=0,
                candidate_count=1,
                best_probability=0.8,
                nothing_fits=False,
                created_at=now(),
            )
            session.add(run)
            session.flush()
            proposal = Proposal(
                run_id=run.id,
                need_id=need_id,
                innovation_id=innovation_id,
                need_revision=1,
                innovation_revision=1,
                rank=1,
                probability=0.8,
                band=Band.STRONG,
                features=[],
                findings=[],
                created_at=now(),
            )
            session.add(proposal)
            session.flush()
            return proposal.id

    return make
