"""What still works while a part is away: nothing that was taken is lost, and it is said what waits."""

import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from time_machine import travel

import migrations
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.main import create_app
from api.security import COOKIE, CSRF_HEADER
from api.services import accounts
from api.services.library import Libraries
from api.services.measuring import Lookout
from api.settings import Settings
from models.people import Role
from tests import factories
from tests.modes import Mode
from tests.servers import PostgreSQL, free_port, wait_until
from tests.walk import ADHD_NEED, ADHD_TEST

NEED = ADHD_NEED | {"title": "Assessments for ADHD take years", "places": ["LDS"]}
READY = "/health/ready"


def signed_in(app, role=Role.HUB):
    """A browser of a new person on that app."""
    database = app.state.database
    with database.transaction() as session:
        factories.make_place(session, "LDS")
        begun = accounts.start_session(session, factories.make_person(session, role).id, at=datetime.now(UTC), hours=1)
    client = TestClient(app, raise_server_exceptions=False, headers={CSRF_HEADER: begun.csrf_token, "Sec-Fetch-Site": "same-origin"})
    client.cookies.set(COOKIE, begun.token)
    return client


def state_of(app, client):
    app.state.lookout.forget()
    return client.get(READY).json()["state"]


@pytest.fixture
def without_encoder(app, settings, tmp_path, monkeypatch):
    """The app and its jobs, with a folder for an encoder and none in it."""
    folder = tmp_path / "encoder"
    libraries = Libraries(encoder_folder=folder, snapshot_folder=settings.snapshot_folder)
    runner = Runner(Context(database=app.state.database, libraries=libraries, settings=settings))
    for name, value in {"libraries": libraries, "lookout": Lookout(app.state.database, libraries), "runner": runner}.items():
        monkeypatch.setitem(app.state._state, name, value)
    return folder, runner


def test_without_an_encoder_texts_are_taken_and_read_when_there_is_one(app, without_encoder, encoder_folder, make):
    folder, runner = without_encoder
    client = signed_in(app)
    made = [client.post("/api/v1/needs", json=NEED), client.post("/api/v1/innovations", json=ADHD_TEST)]
    url = made[0].headers["location"]
    submitted = client.post(f"{url}/submit", headers={"If-Match": "*"})
    runner.run_due()
    matches = client.get(f"{url}/matches")
    page = client.get(url.removeprefix("/api/v1")).text

    assert [each.status_code for each in made] == [201, 201]
    assert submitted.status_code == 200
    assert (matches.status_code, matches.json()["title"], matches.headers["retry-after"]) == (503, "RankingUnavailable", "2")
    assert "We cannot look for matches at the moment" in page
    assert "encoder is missing" in client.get(READY).json()["reasons"][0]

    folder.symlink_to(encoder_folder)
    with travel(datetime.now(UTC) + timedelta(seconds=30)):
        runner.run_due()

    assert client.get(f"{url}/matches").status_code == 200
    app.state.lookout.forget()
    assert not [reason for reason in client.get(READY).json()["reasons"] if "encoder" in reason]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("mode", [Mode.SERVICE], indirect=True)
def test_without_a_broker_submissions_are_taken_at_once_and_wait_in_rows(settings):
    app = create_app(settings.model_copy(update={"broker_url": f"redis://127.0.0.1:{free_port()}/0"}))
    seconds = []
    with TestClient(app, raise_server_exceptions=False):
        client = signed_in(app)
        for _ in range(5):
            began = time.perf_counter()
            reply = client.post("/api/v1/needs", json=NEED)
            seconds.append(time.perf_counter() - began)
            assert reply.status_code == 201
        submitted = client.post(f"{reply.headers['location']}/submit", headers={"If-Match": "*"})
        wait_until(lambda: not app.state.warm_up.under_way, 20)
        app.state.lookout.forget()
        told = client.get(READY)

    assert statistics.median(seconds) < 0.5
    assert submitted.status_code == 200
    assert app.state.lookout.figures().jobs["embed"] == {"queued": 1}
    assert (told.status_code, told.json()["state"]) == (200, "degraded")
    assert "The broker does not answer: new work waits in rows and is picked up when it does. Start Redis." in told.json()["reasons"]


NEED_NO_DATABASE = {"/health/live", "/api/v1/openapi.json", "/api/v1/docs"}


def test_while_the_database_is_away_everybody_is_asked_to_come_back_soon(tmp_path):
    with PostgreSQL() as server:
        url = server.url.render_as_string(hide_password=False)
        migrations.upgrade(url)
        app = create_app(Settings(home=tmp_path, database_url=url))
        client = signed_in(app)
        assert client.get("/api/v1/needs").status_code == 200
        assert client.get("/api/v1/openapi.json").status_code == 200  # put together once, which takes seconds of its own
        server.kill()

        answers = {}
        for route in iter_route_contexts(app.routes):
            for method in set(route.methods or ()) - {"HEAD"}:
                path = route.path.format_map(_Ids())
                began = time.perf_counter()
                reply = client.request(method, path, headers={"If-Match": "*"}, **_said(method, path))
                answers[method, path] = (reply.status_code, reply.headers.get("retry-after"), time.perf_counter() - began)

        assert {each: told for each, told in answers.items() if told[2] > 3} == {}
        open_ones = {path for (_, path), (status, retry, _) in answers.items() if (status, retry) != (503, "2")}
        assert open_ones == NEED_NO_DATABASE
        assert client.get(READY).json()["state"] == "down"

        server.start()
        app.state.lookout.forget()
        assert client.get("/api/v1/needs").status_code == 200
        assert client.get(READY).json()["state"] != "down"
        app.state.database.dispose()


def _said(method, path):
    """A body that is read before it is known who asks; the others are not looked at."""
    if method in {"GET", "DELETE"}:
        return {}
    if path == "/api/v1/imports":
        return {"data": {"side": "needs"}, "files": {"file": ("needs.csv", "title,problem,places")}}
    if path == "/api/v1/records":
        return {"files": {"file": ("records.csv", "uniqueId,name")}}
    return {"json": {"email": "somebody@example.org", "password": "a long enough password"} if path == "/api/v1/session" else {}}


class _Ids(dict):
    """An id for every variable part of an address."""

    def __missing__(self, _name):
        return "00000000-0000-4000-8000-000000000000"
