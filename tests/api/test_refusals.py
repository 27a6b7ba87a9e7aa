"""Every refused attempt of somebody known, or on somebody known, is one event; what a stranger tries is none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.db import Database
from api.services.refusing import Repeats
from models.documents import Visibility
from models.events import ACCESS_REFUSED, PIPELINE_KINDS, Event
from models.keys import Scope
from models.needs import NeedStatus
from models.people import Role
from models.queries import events
from tests import factories
from tests.factories import ANY_VERSION, PASSWORD

PAGE = {"Accept": "text/html"}
Refusals = Callable[[], list[Event]]
FOREIGN = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def refusals(database: Database) -> Refusals:
    """The events of refused attempts, in the order of their writing."""

    def found() -> list[Event]:
        with database.reading() as session:
            return list(session.scalars(select(Event).where(Event.kind == ACCESS_REFUSED).order_by(Event.recorded_at, Event.ordinal)))

    return found


def said(event: Event) -> tuple[str, str, str]:
    return event.data["error"], event.data["method"], event.data["route"]


def test_an_act_that_needs_another_role_is_an_event_of_the_thing(client_as, make, refusals: Refusals) -> None:
    proposal = make(factories.make_proposal)
    place = client_as(Role.PLACE)

    reply = place.post(f"/api/v1/proposals/{proposal.id}/decision", json={"verdict": "confirmed"}, headers=ANY_VERSION)

    (event,) = refusals()
    assert reply.status_code == 403
    assert said(event) == ("NotAllowed", "POST", "/api/v1/proposals/{proposal_id}/decision")
    assert (event.subject_kind, event.subject_id) == ("proposal", proposal.id)
    assert event.actor.startswith("person:")
    assert event.data["left_out"] == 0
    assert event.correlation_id == reply.json()["correlation_id"]


def test_an_act_on_nothing_is_an_event_of_who_tried(client_as, make, refusals: Refusals) -> None:
    place = client_as(Role.PLACE)

    place.post(f"/api/v1/proposals/{uuid4()}/decision", json={"verdict": "confirmed"}, headers=ANY_VERSION)
    place.get("/api/v1/events")

    assert [(event.subject_kind, f"person:{event.subject_id}") for event in refusals()] == [("person", event.actor) for event in refusals()]
    assert len(refusals()) == 2


def test_a_missing_scope_is_an_event_of_the_key(client_with_key, database: Database, refusals: Refusals) -> None:
    machine = client_with_key(Role.PIPELINE, {Scope.EVENTS})

    machine.get("/api/v1/needs")

    (event,) = refusals()
    assert said(event) == ("ScopeMissing", "GET", "/api/v1/needs")
    assert event.subject_kind == "key"
    assert event.actor.startswith("key:")


@pytest.mark.parametrize("page", [False, True], ids=["api", "page"])
def test_a_look_at_what_is_hidden_is_an_event_and_one_at_nothing_is_none(
    client_as: Callable[..., TestClient], make: Callable[..., Any], refusals: Refusals, page: bool
) -> None:
    rival = make(factories.make_innovation, supplier="A rival", visibility=Visibility.HUB_ONLY)
    innovator = client_as(Role.INNOVATOR)
    root, headers = ("", PAGE) if page else ("/api/v1", {})

    replies = [innovator.get(f"{root}/innovations/{each}", headers=headers) for each in (rival.id, uuid4())]

    (event,) = refusals()
    assert [reply.status_code for reply in replies] == [404, 404]
    assert said(event) == ("NotFound", "GET", f"{root}/innovations/{{innovation_id}}")
    assert event.subject_id == rival.id


def test_a_change_from_another_site_is_an_event(client_as, make, refusals: Refusals) -> None:
    need = make(factories.make_need, status=NeedStatus.DRAFT)
    place = client_as(Role.PLACE)

    assert place.post(f"/needs/{need.id}/submit", headers=FOREIGN).status_code == 403
    assert place.delete("/api/v1/session", headers={"X-CSRF-Token": "guessed"}).status_code == 403

    submit, sign_out = refusals()
    assert said(submit) == ("CrossSiteRefused", "POST", "/needs/{need_id}/submit")
    assert (submit.subject_kind, submit.subject_id) == ("need", need.id)
    assert said(sign_out) == ("CrossSiteRefused", "DELETE", "/api/v1/session")


def test_a_key_that_is_no_key_is_an_event_of_the_one_whose_prefix_it_has(client: TestClient, make, refusals: Refusals) -> None:
    secret = make(factories.make_key)
    forged = f"{secret[:12]}{'A' * 43}"
    for bearer in (forged, "mk_00000000_" + "A" * 43, "nothing of ours"):
        assert client.get("/api/v1/needs", headers={"Authorization": f"Bearer {bearer}"}).status_code == 401

    (event,) = refusals()
    assert said(event) == ("KeyRefused", "GET", "/api/v1/needs")
    assert (event.subject_kind, event.actor) == ("key", "anonymous")
    assert secret[12:] not in str(event.data)


@pytest.mark.parametrize("page", [False, True], ids=["api", "page"])
def test_a_wrong_password_is_an_event_of_the_account_and_tells_nothing(client: TestClient, make, refusals: Refusals, page: bool) -> None:
    person = make(factories.make_person, Role.HUB)

    def attempt(email: str) -> Any:
        if page:
            return client.post("/sign-in", data={"email": email, "password": "wrong" * 4}, headers=PAGE)
        return client.post("/api/v1/session", json={"email": email, "password": "wrong" * 4})

    known, unknown = attempt(person.email.upper()), attempt("nobody@example.org")

    (event,) = refusals()
    assert (known.status_code, [*known.headers]) == (unknown.status_code, [*unknown.headers])
    assert (event.subject_kind, event.subject_id, event.actor) == ("person", person.id, "anonymous")
    assert said(event) == ("SignInRefused", "POST", "/sign-in" if page else "/api/v1/session")
    assert person.email not in str(event.data)


def test_too_many_sign_ins_are_an_event_of_the_account(app: FastAPI, client: TestClient, make, refusals: Refusals) -> None:
    person = make(factories.make_person, Role.HUB)
    for email in (person.email, "nobody@example.org"):
        for _ in range(12):
            last = client.post("/api/v1/session", json={"email": email, "password": "wrong" * 4})
        assert last.status_code == 429

    assert [event.data["error"] for event in refusals()] == ["SignInRefused", "TooManyAttempts"]
    assert {event.subject_id for event in refusals()} == {person.id}


def test_what_a_stranger_may_not_is_no_event(client: TestClient, make, refusals: Refusals) -> None:
    hidden = make(factories.make_need, visibility=Visibility.HUB_ONLY)

    client.get(f"/api/v1/needs/{hidden.id}")
    client.get("/api/v1/proposals")
    client.get(f"/needs/{hidden.id}", headers=PAGE)
    client.post("/api/v1/session", json={"email": "nobody@example.org", "password": PASSWORD}, headers=FOREIGN)
    client.get("/nowhere")

    assert refusals() == []


def test_of_the_same_attempt_one_is_written_a_minute_and_the_others_are_counted(
    app: FastAPI, client_as, refusals: Refusals, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = client_as(Role.PLACE)
    for _ in range(5):
        place.get("/api/v1/events")
    place.get("/events", headers=PAGE)
    attempts = app.state.repeats._seen
    for attempt, (since, left_out) in list(attempts.items()):
        attempts[attempt] = (since - timedelta(minutes=1), left_out)

    place.get("/api/v1/events")

    assert [(event.data["route"], event.data["left_out"]) for event in refusals()] == [
        ("/api/v1/events", 0),
        ("/events", 0),
        ("/api/v1/events", 4),
    ]


def test_only_the_latest_attempts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.services.refusing.MOST_REMEMBERED", 2)
    repeats, now = Repeats(), datetime.now(UTC)

    assert [repeats.admit((name,), at=now) for name in ("one", "two", "three", "one", "three")] == [0, 0, 0, 0, None]


def test_a_record_that_is_away_changes_no_answer_and_is_told_by_the_log(
    database: Database, client_as, refusals: Refusals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = client_as(Role.PLACE)
    with monkeypatch.context() as away:
        away.setattr("api.services.refusing.record", _away)
        reply = place.get("/api/v1/events")
    log = capsys.readouterr().err

    place.get("/api/v1/events")

    assert (reply.status_code, reply.json()["title"]) == (403, "NotAllowed")
    assert "refusal.unrecorded" in log
    assert [event.data["left_out"] for event in refusals()] == [1]


def _away(*_args: object, **_values: object) -> None:
    raise OperationalError("INSERT", {}, Exception("gone"))


def test_refusals_reach_neither_the_pipeline_nor_the_index(client_as, database: Database, make, refusals: Refusals) -> None:
    need = make(factories.make_need, visibility=Visibility.HUB_ONLY)
    with database.reading() as session:
        before = events.changed_since(session, "need", 0), events.changes_since(session, 0, ["need"])

    client_as(Role.INNOVATOR).get(f"/api/v1/needs/{need.id}")

    assert len(refusals()) == 1
    assert ACCESS_REFUSED not in PIPELINE_KINDS
    with database.reading() as session:
        assert (events.changed_since(session, "need", 0), events.changes_since(session, 0, ["need"])) == before
