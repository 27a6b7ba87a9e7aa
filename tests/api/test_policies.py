"""Who may do what at every route, for every role, on what is theirs and what is not; `docs/authorisation.md` tells it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

import migrations
from api.db import Database
from api.main import create_app
from api.settings import Settings
from tests import authorisation, authorisation_table, place_pages, triage_pages
from tests.authorisation import ALLOWED, HIDDEN, REFUSED, SIGN_IN, Case, World
from tests.factories import ANY_VERSION

CHECKED_IN = Path(__file__).parents[2] / "docs" / "authorisation.md"
AGAIN = "Who may do what changed. Look at the change, then write it down by: python -m tests.api.test_policies"
TEXT = {"side": "need", "content": {"title": "A need", "places": ["LDS"], "problem": "People wait too long."}}
FIVE_ANSWERS = {
    "name": "Attention test",
    "problems_tackled": "Assessment takes many appointments.",
    "how_it_works": "A computer test.",
    "care_settings": ["MENTAL_HEALTH"],
    "stage": "ADOPTION",
}
SENDER = {"email": "new@example.org", "organisation": "New firm", "consent_by": "Managing director"}
SENT: dict[str, dict[str, Any]] = {
    "POST /api/v1/session": {"json": {"email": "nobody@example.org", "password": "wrong"}},
    "PATCH /api/v1/needs/{need_id}": {"json": {"metric": "Weeks"}},
    "PATCH /api/v1/innovations/{innovation_id}": {"json": {"benefits": "Fewer visits"}},
    "POST /api/v1/matches": {"json": TEXT},
    "POST /api/v1/similar-needs": {"json": {"content": TEXT["content"]}},
    "POST /api/v1/front-door/matches": {"json": FIVE_ANSWERS},
    "POST /api/v1/front-door/submissions": {"json": FIVE_ANSWERS | SENDER},
    "POST /api/v1/session/link": {"json": {"email": "nobody@example.org"}},
    "POST /api/v1/links/{token}": {"json": {}},
    "POST /api/v1/people": {"json": {"email": "new@example.org", "name": "New officer"}},
    "POST /api/v1/people/{person_id}/grants": {"json": {"role": "hub"}},
    "POST /api/v1/organisations/{organisation_id}/confirm": {"json": {}},
    "PUT /api/v1/organisations/{organisation_id}/profile": {"json": {"size": None, "origin": None}},
    "POST /api/v1/keys": {"json": {"name": "A system", "role": "pipeline", "scopes": ["read"]}},
    "POST /api/v1/needs/{need_id}/call": {"json": {}},
    "PATCH /api/v1/watches/{watch_id}": {"json": {"muted": True}},
    "POST /api/v1/needs/{need_id}/met": {"json": {"result": "It is met."}},
    "POST /api/v1/needs/{need_id}/close": {"json": {"reason": "It is over."}},
    "POST /api/v1/needs/{need_id}/renew": {"json": {"review_date": "2099-01-01"}},
    "POST /api/v1/proposals/{proposal_id}/stages": {"json": {"place": "LDS", "stage": "introduced"}},
    "POST /api/v1/place-answers/{place_answer_id}/answer": {"json": {"answer": "meet"}},
    "POST /api/v1/submissions/{submission_id}/outcome": {"json": {"outcome": "active"}},
    "POST /api/v1/submissions/{submission_id}/notes": {"json": {"text": "They call back."}},
    "POST /api/v1/submissions/{submission_id}/answer": {"json": {"answer": "Adults."}},
    "POST /api/v1/bodies": {"json": {"name": "A body", "kind": "funder"}},
    "PATCH /api/v1/bodies/{body_id}": {"json": {"active": False}},
    "POST /api/v1/referrals/{referral_id}/answer": {"json": {"answer": "accepted"}},
    "POST /api/v1/referrals/{referral_id}/close": {"json": {"outcome": "helped"}},
    "POST /referrals/{token}": {"data": {"answer": "accepted"}},
    "POST /api/v1/proposals/{proposal_id}/decision": {"json": {"verdict": "confirmed"}},
    "POST /proposals/{proposal_id}/decision": {"data": {"verdict": "confirmed", "version": "1"}},
    **triage_pages.SENT,
    **place_pages.SENT,
}

NAME_A_VERSION = (
    "/submit",
    "/withdraw",
    "/decision",
    "/undo",
    "/close",
    "/met",
    "/renew",
    "/answer",
    "/leave",
    "/merge",
    "/unmerge",
    "/activate",
    "/rollback",
)


def quiet_app(home: Path) -> FastAPI:
    """An app on a database of its own that counts no requests."""
    settings = Settings(home=home, reads_per_minute=0, writes_per_minute=0, links_per_hour=0)
    migrations.upgrade(settings.url)
    return create_app(settings)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, World]]:
    """The app with its rows; what a request writes is rolled back, so that the next one finds them as they were."""
    app = quiet_app(tmp_path_factory.mktemp("home"))
    database: Database = app.state.database
    with database.transaction() as session:
        world = authorisation.make_world(session)

    @contextmanager
    def forgetting() -> Iterator[Session]:
        with database._writers() as session:
            yield session
            session.flush()
            session.rollback()

    database.transaction = forgetting
    yield app, world
    database.dispose()


def found_by(reply: Any) -> str:
    """The outcome of a request, in the words of the table."""
    title = reply.json()["title"] if reply.headers.get("content-type") == "application/problem+json" else ""
    if reply.status_code == 401 and title != "SignInRefused":
        return SIGN_IN
    if reply.status_code == 403 and title != "CrossSiteRefused":
        return REFUSED
    if reply.status_code == 404:
        return HIDDEN
    if reply.status_code == 403 or (reply.status_code >= 500 and reply.status_code != 503):
        return f"{reply.status_code} {title}"
    return ALLOWED


def ask(client: TestClient, method: str, path: str, case: Case, headers: dict[str, str]) -> str:
    sent = case.sent or SENT.get(f"{method} {path}", {})
    if path.endswith(NAME_A_VERSION) or method in {
        "PATCH",
        "DELETE",
    }:
        headers = headers | ANY_VERSION
    url = path if case.id is None else path[: path.index("{")] + str(case.id) + path[path.index("}") + 1 :]
    client.cookies.clear()
    return found_by(client.request(method, url, headers=headers, follow_redirects=False, **sent))


PLACES = [f"{method} {path}" for method, path, _ in authorisation.routes(create_app(Settings(reads_per_minute=0)))]


@pytest.mark.parametrize("route", PLACES)
def test_every_role_is_let_in_where_the_table_says_and_nowhere_else(walked, route):
    app, world = walked
    method, path = route.split()
    ((policy,),) = [doors for *at, doors in authorisation.routes(app) if at == [method, path]]

    client = TestClient(app, raise_server_exceptions=False)
    cases = authorisation.cases_of(world, method, path)

    found = {(case.words, name): ask(client, method, path, case, asker.headers) for case in cases for name, asker in world.askers.items()}

    assert found == {
        (case.words, name): authorisation.expected(policy, who.actor, case) for case in cases for name, who in world.askers.items()
    }


def test_every_route_has_one_policy(app):
    assert [(method, path, doors) for method, path, doors in authorisation.routes(app) if len(doors) != 1] == []


def test_the_table_is_the_one_that_is_checked_in(walked):
    assert authorisation_table.as_markdown(*walked) == CHECKED_IN.read_text(encoding="utf-8"), AGAIN


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        made = quiet_app(Path(folder))
        with made.state.database.transaction() as opened:
            told = authorisation_table.as_markdown(made, authorisation.make_world(opened))
        made.state.database.dispose()
    CHECKED_IN.write_text(told, encoding="utf-8")
