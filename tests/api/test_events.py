"""Events after a position: how other systems follow."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from models.events import GENESIS, PIPELINE_KINDS, Event
from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION, NOW

pytestmark = pytest.mark.both

EVENTS = "/api/v1/events"


@pytest.fixture
def happened(database, make):
    """Five sealed events, two of them in the pipeline's catalogue."""
    need = make(factories.make_need)
    previous = GENESIS
    with database.transaction() as session:
        for position, kind in enumerate(["need.created", "need.opened", "need.embedded", "need.changed", "need.closed"], start=1):
            event = Event.of(kind, subject_kind="need", subject_id=need.id, actor="system", at=NOW)
            session.add(event)
            session.flush()
            previous = event.seal(position=position, previous_hash=previous)
    return need


def kinds(reply):
    return [event["kind"] for event in reply.json()["events"]]


def test_the_hub_reads_everything_in_order_and_the_chain_holds(hub, happened):
    reply = hub.get(EVENTS)

    told = reply.json()
    assert [event["position"] for event in told["events"]] == [1, 2, 3, 4, 5]
    assert (told["position"], told["more"]) == (5, False)
    links = [GENESIS, *(event["hash"] for event in told["events"])]
    assert [event["previous_hash"] for event in told["events"]] == links[:-1]


def test_the_pipeline_reads_the_kinds_of_its_catalogue_and_skips_the_rest(client_with_key, happened):
    pipeline = client_with_key(Role.PIPELINE)

    first = pipeline.get(f"{EVENTS}?limit=1")
    second = pipeline.get(EVENTS, params={"after": first.json()["position"]})

    assert kinds(first) + kinds(second) == ["need.opened", "need.closed"]
    assert first.json()["more"] is True
    assert second.json()["position"] == 5
    assert pipeline.get(f"{EVENTS}?after=5").json() == {"events": [], "position": 5, "more": False}


def test_kinds_can_be_chosen_several_at_once(hub, client_with_key, happened):
    query = [("kind", "need.created"), ("kind", "need.closed")]

    assert kinds(hub.get(EVENTS, params=query)) == ["need.created", "need.closed"]
    assert kinds(client_with_key(Role.PIPELINE).get(EVENTS, params=query)) == ["need.closed"]


def test_what_is_not_sealed_yet_is_not_told(hub, happened):
    hub.patch(f"/api/v1/needs/{happened.id}", json={"metric": "Weeks"}, headers=ANY_VERSION)

    assert len(kinds(hub.get(EVENTS))) == 5


def test_a_confirmed_match_is_announced_when_the_window_has_passed(hub, runner, make):
    proposal = make(factories.make_proposal)
    hub.post(f"/api/v1/proposals/{proposal.id}/decision", json={"verdict": "confirmed"}, headers=ANY_VERSION)
    runner.run_due()
    before = kinds(hub.get(EVENTS))

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        runner.run_due()

    after = hub.get(EVENTS).json()["events"]
    assert "match.confirmed" not in before
    announced = [event for event in after if event["kind"] == "match.confirmed"]
    assert [event["subject_id"] for event in announced] == [str(proposal.id)]
    assert announced[0]["data"]["need"] == str(proposal.need_id)


def test_events_never_carry_texts_or_addresses(hub, runner, make):
    make(factories.make_place)
    hub.post("/api/v1/needs", json={"title": "SECRET-7731", "problem": "SECRET-7731 waits.", "places": ["LDS"], "submit": True})
    runner.run_due()

    told = hub.get(EVENTS).text

    assert "need.opened" in told
    assert "SECRET" not in told
    assert "@" not in told


def test_the_catalogue_of_the_pipeline_is_what_it_was():
    assert {
        "submission.received",
        "submission.withdrawn",
        "need.opened",
        "need.closed",
        "match.confirmed",
        "match.reversed",
        "need.joined",
        "need.met",
        "place.answered",
        "referral.accepted",
        "referral.closed",
        "referral.declined",
        "referral.offered",
        "stage.changed",
    } == PIPELINE_KINDS
