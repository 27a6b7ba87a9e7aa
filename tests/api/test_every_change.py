"""Every change is one event, by the actor and in the same transaction; what fails leaves none."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.db import Database
from api.services import accounts, importing, retrying
from matcher.encoding import OnnxEncoder
from models.actors import SYSTEM
from models.keys import Scope
from models.people import Role
from models.queries import keys, people
from tests import factories
from tests.changes import LEFT_ALONE, NOW, ROUTES, STRANGERS, World, everything, make_dead_job
from tests.factories import PASSWORD


@pytest.fixture
def world(
    app: FastAPI, client_as: Callable[..., TestClient], make: Callable[..., Any], encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> World:
    monkeypatch.setattr(app.state.libraries, "_encoder", encoder)
    return World(app, client_as(Role.LEAD), make)


def test_the_table_holds_every_route_that_changes_something(app: FastAPI) -> None:
    changing = {
        f"{method} {each.path}"
        for each in iter_route_contexts(app.routes)
        for method in each.methods or ()
        if method not in {"GET", "HEAD", "OPTIONS"}
    }

    assert changing == ROUTES.keys() | LEFT_ALONE


@pytest.mark.parametrize("route", ROUTES)
def test_a_change_is_one_event(world: World, route: str) -> None:
    kind, change = ROUTES[route]

    reply = change(world)

    (event,) = world.events()
    assert reply.status_code < 400, reply.text
    by = {"POST /referrals/{token}": "body", "POST /shared-needs/{token}": "share"} | dict.fromkeys(STRANGERS, "anonymous")
    assert (event.kind, event.actor.split(":")[0]) == (kind, by.get(route, "person"))
    assert event.correlation_id == reply.headers["x-correlation-id"]


@pytest.mark.parametrize("route", ROUTES)
def test_a_change_that_cannot_be_written_down_is_not_made(world: World, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, change = ROUTES[route]
    world.writing_fails = monkeypatch

    if "{" not in route:  # the others put something there first
        world.on(None)
    reply = change(world)

    assert reply.status_code == 500
    assert world.make(everything) == world.rows


ACCOUNTS: dict[str, Callable[[Session, Any], Any]] = {
    "person.created": lambda session, _: accounts.create_person(
        session, email="new@example.org", name="New officer", password=PASSWORD, at=NOW, actor=SYSTEM
    ),
    "person.role_granted": lambda session, person: accounts.grant(session, person, Role.HUB, at=NOW, actor=SYSTEM),
    "person.role_revoked": lambda session, person: accounts.revoke(session, person, Role.BOARD, at=NOW, actor=SYSTEM),
    "person.password_set": lambda session, person: accounts.set_password(session, person, PASSWORD, at=NOW, actor=SYSTEM),
    "person.deactivated": lambda session, person: accounts.deactivate(session, person, at=NOW, actor=SYSTEM),
    "session.begun": lambda session, person: accounts.start_session(session, person.id, at=NOW, hours=1),
    "key.created": lambda session, _: accounts.create_key(
        session, name="A system", role=Role.PIPELINE, scopes={Scope.READ}, at=NOW, actor=SYSTEM
    ),
    "key.revoked": lambda session, _: accounts.revoke_key(session, keys.every_key(session)[0].prefix, at=NOW, actor=SYSTEM),
    "job.retried": lambda session, _: retrying.retry_all(session, actor=SYSTEM, at=NOW),
}


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_a_change_by_command_is_one_event(world: World, database: Database, kind: str) -> None:
    world.make(factories.make_key)
    world.make(make_dead_job)
    world.on(None)

    with database.transaction() as session:
        ACCOUNTS[kind](session, people.by_id(session, world.person.id))

    (event,) = world.events()
    assert event.kind == kind


def test_twice_is_one_event(world: World, database: Database) -> None:
    with database.transaction() as session:
        person = people.by_id(session, world.person.id)
        for _ in range(2):
            accounts.grant(session, person, Role.HUB, at=NOW, actor=SYSTEM)
            accounts.revoke(session, person, Role.BOARD, at=NOW, actor=SYSTEM)
            accounts.end_sessions(session, person.id, at=NOW, actor=SYSTEM)
            accounts.end_session(session, "no token of ours", at=NOW, actor=SYSTEM)

    assert [event.kind for event in world.events()] == ["person.role_granted", "person.role_revoked"]


def test_a_sign_in_over_another_ends_that_one_and_a_sign_out_everywhere_all(world: World) -> None:
    said = {"email": world.person.email, "password": PASSWORD}
    world.lead.post("/api/v1/session", json=said)
    TestClient(world.stranger.app).post("/api/v1/session", json=said)
    signed_in = world.stranger.post("/api/v1/session", json=said)
    world.stranger.delete("/api/v1/session?everywhere=true", headers={"X-CSRF-Token": signed_in.json()["csrf_token"]})

    told = [(event.kind, event.actor == f"person:{world.person.id}", event.data) for event in world.events()]
    assert told == [
        ("session.ended", True, {}),
        *[("session.begun", True, {})] * 3,
        ("session.ended", True, {}),
        ("session.ended", True, {"browsers": 2}),
    ]


def test_rows_of_an_import_come_into_force_with_an_event_each_and_one_for_all(world: World, database: Database) -> None:
    import_id = UUID(world.import_file().json()["id"])
    for _ in range(2):
        with database.reading() as session:
            step = importing.next_step(session, import_id, at=NOW)
        world.on(None)
        with database.transaction() as session:
            importing.take(session, step, at=NOW)

    assert [event.kind for event in world.events()] == ["need.opened", "import.completed"]
