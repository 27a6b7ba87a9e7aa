"""A whole service with rows of every kind, and a run of Schemathesis over it as one asker."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import schemathesis
from fastapi import FastAPI
from schemathesis.engine import Status, events, from_schema
from sqlalchemy.orm import Session

from api.routes.documentation import describe
from api.security import COOKIE, CSRF_HEADER
from api.services import accounts
from api.settings import Settings
from models.jobs import JobRow, JobState
from models.keys import Scope
from models.people import Role
from tests import factories
from tests.serving import served

SEED: Final = 20261121
PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
BROWSER: Final = "hub in a browser"
ASKERS: Final = ("anonymous", *(role.value for role in Role), BROWSER)
# What these checks count as an answer as it should be, beside what Schemathesis expects.
CHECKS: Final[dict[str, Any]] = {
    # A schema cannot say which codes, page markers, versions and pairs of fields there are: 412 and 422 are their answers;
    # nor which secrets of links still work: 410 is; nor how many mails an address has had within the hour: 429 is.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "410", "412", "422", "429"]},
    # An If-Match that is no ETag is one that no row has, as RFC 9110 wants it.
    "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "405", "409", "410", "412", "413", "415", "422", "428"]},
    "missing_required_header": {"expected-statuses": ["401", "403", "415", "422", "428"]},
    "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx"]},
}


@dataclass(frozen=True)
class Service:
    """A running service: where, and the rows that there are by the parameter that names them."""

    url: str
    app: FastAPI
    ids: dict[str, list[str]]

    def headers_of(self, asker: str) -> dict[str, str]:
        """What an asker signs in with, made anew: a lead who was let loose before may have closed every account and ended every key."""
        with self.app.state.database.transaction() as session:
            return _askers(session)[asker]


@dataclass
class Run:
    """What a run did: cases by phase, answers by status, and what was wrong, each kind once with how to see it again."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def note(self, event: events.EngineEvent) -> None:
        """Write down what an event of the engine tells."""
        if isinstance(event, events.NonFatalError):
            self.errors.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.ScenarioFinished):
            asked = event.recorder.interactions.values()
            self.cases[event.phase.value] += len(asked)
            self.statuses.update(each.response.status_code for each in asked if each.response)
            for check in (each for checks in event.recorder.checks.values() for each in checks):
                if check.status is Status.FAILURE and check.failure_info is not None:
                    failure = check.failure_info.failure
                    told = f"{failure.message}\n{check.failure_info.code_sample}"
                    self.failures.setdefault(f"{check.name} at {failure.operation}", told)


@contextmanager
def running(home: Path, encoder_folder: Path) -> Iterator[Service]:
    """The service with its jobs and its encoder, and nothing to limit how much is asked."""
    unlimited = {"reads_per_minute": 0, "writes_per_minute": 0, "links_per_hour": 0, "sign_in_attempts": 10**6}
    settings = Settings(home=home, encoder=encoder_folder.name, log_level="ERROR", **unlimited)
    settings.encoder_folder.parent.mkdir(parents=True)
    settings.encoder_folder.symlink_to(encoder_folder, target_is_directory=True)
    with served(settings) as service:
        with service.app.state.database.transaction() as session:
            ids = _rows(session)
        describe(service.app)  # made once and kept: a second of work that no reader of it waits for here
        yield Service(service.url, service.app, ids)


def fuzz(service: Service, asker: str, *, examples: int, seed: int, phases: Sequence[str] = PHASES) -> Run:
    """Every operation of the description, in these phases, with every check."""
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "headers": service.headers_of(asker),
            "checks": CHECKS,
            "continue-on-failure": True,
            "request-timeout": 30.0,  # whether answers are quick is asked where nothing else runs: tests/api/test_hostile_inputs.py
            "generation": {"max-examples": examples, "no-shrink": True},
            "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
            "dictionaries": {name: {"values": values} for name, values in service.ids.items()},
            "parameters": {f"path.{name}": {"dictionary": name, "probability": 0.7} for name in service.ids},
        }
    )
    schema = schemathesis.openapi.from_url(f"{service.url}/api/v1/openapi.json", config=config)
    if asker == BROWSER:  # signing out, or deleting the account, would leave nothing to try
        schema = schema.exclude(path="/api/v1/session").exclude(path="/api/v1/me", method="DELETE")
    run = Run()
    for event in from_schema(schema).execute():
        run.note(event)
    return run


def assert_well(service: Service, run: Run, *, least: int) -> None:
    """Everything was as described, nothing was a failure of ours, and nothing that was accepted broke a job."""
    assert run.errors == []
    assert run.failures == {}, "\n\n".join(f"{kind}: {told}" for kind, told in run.failures.items())
    assert [status for status in run.statuses if status >= HTTPStatus.INTERNAL_SERVER_ERROR] == []
    assert run.cases.total() >= least
    with service.app.state.database.reading() as session:
        assert session.query(JobRow).filter(JobRow.state == JobState.DEAD).count() == 0


def _rows(session: Session) -> dict[str, list[str]]:
    made = []
    for number, place in enumerate(factories.PLACES):
        need = factories.make_need(session, title=f"Need {number}", places=(place,))
        made.append(factories.make_proposal(session, need, factories.make_innovation(session, name=f"Innovation {number}")))
    return {
        "need_id": [str(row.need_id) for row in made],
        "innovation_id": [str(row.innovation_id) for row in made],
        "proposal_id": [str(row.id) for row in made],
    }


def _askers(session: Session) -> dict[str, dict[str, str]]:
    made: dict[str, dict[str, str]] = {"anonymous": {}}
    for role in Role:
        scopes = set(Scope) if role in {Role.HUB, Role.LEAD} else None
        made[role.value] = {"Authorization": f"Bearer {factories.make_key(session, role, scopes)}"}
    person = factories.make_person(session, Role.HUB)
    begun = accounts.start_session(session, person.id, at=datetime.now(UTC), hours=1)
    made[BROWSER] = {"Cookie": f"{COOKIE}={begun.token}", CSRF_HEADER: begun.csrf_token}
    return made
