"""Proposals over the API: the queue, decisions, undoing them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from api.services import delivering
from models.decisions import ReasonCode
from models.documents import Visibility
from models.innovations import InnovationStatus
from models.keys import Scope
from models.needs import NeedStatus
from models.people import Role
from models.proposals import Band, Proposal, ProposalState
from tests import factories
from tests.factories import ANY_VERSION

pytestmark = pytest.mark.both

PROPOSALS = "/api/v1/proposals"
LATER = (datetime.now(UTC) + timedelta(days=30)).isoformat()


def decide(client, proposal, verdict, **said):
    return client.post(f"{PROPOSALS}/{proposal.id}/decision", json={"verdict": verdict, **said}, headers=ANY_VERSION)


def undo(client, proposal):
    return client.post(f"{PROPOSALS}/{proposal.id}/undo", headers=ANY_VERSION)


def ids(reply):
    return [row["id"] for row in reply.json()["items"]]


def test_a_proposal_tells_the_pair_its_probability_and_why(hub, make):
    proposal = make(factories.make_proposal)

    reply = hub.get(f"{PROPOSALS}/{proposal.id}")

    told = reply.json()
    assert (told["need"]["id"], told["innovation"]["id"]) == (str(proposal.need_id), str(proposal.innovation_id))
    assert (told["band"], told["probability"], told["state"], told["decisions"]) == ("strong", 0.9, "open", [])
    assert told["findings"][0]["need_quote"]["text"] == proposal.need.problem[:20]
    assert reply.headers["etag"] == '"1"'


def test_a_confirmed_match_can_be_undone_for_ten_minutes(hub, make):
    proposal = make(factories.make_proposal)

    reply = decide(hub, proposal, "confirmed")

    told = reply.json()
    assert (reply.status_code, told["verdict"], told["announced_at"]) == (201, "confirmed", None)
    assert datetime.fromisoformat(told["undo_until"]) - datetime.fromisoformat(told["decided_at"]) == timedelta(minutes=10)
    assert hub.get(f"{PROPOSALS}/{proposal.id}").json()["state"] == "confirmed"


def test_the_first_decision_stands(hub, client_as, make):
    proposal = make(factories.make_proposal)
    decide(hub, proposal, "rejected", reason="already_in_use")

    reply = decide(client_as(Role.HUB, name="Second officer"), proposal, "confirmed")

    assert (reply.status_code, reply.json()["title"]) == (409, "ProposalClosed")
    assert (reply.json()["decided_by"], reply.json()["verdict"]) == ("Hub officer", "rejected")


def test_of_many_who_decide_at_once_one_wins_and_the_others_are_told_who(client_as, make):
    proposal = make(factories.make_proposal)
    officers = [client_as(Role.HUB, name=f"Officer {number}") for number in range(6)]

    with ThreadPoolExecutor(len(officers)) as pool:
        replies = list(pool.map(lambda officer: decide(officer, proposal, "confirmed"), officers))

    winners = [reply.json()["decided_by"] for reply in replies if reply.status_code == 201]
    losers = [reply.json() for reply in replies if reply.status_code == 409]
    assert (len(winners), len(losers)) == (1, 5)
    assert {loser["decided_by"] for loser in losers} == set(winners)
    assert len(officers[0].get(f"{PROPOSALS}/{proposal.id}").json()["decisions"]) == 1


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({"verdict": "rejected"}, "ReasonMissing"),
        ({"verdict": "rejected", "reason": "other"}, "ReasonMissing"),
        ({"verdict": "rejected", "reason": "other", "note": "  "}, "ReasonMissing"),
        ({"verdict": "deferred", "reason": "no_capacity"}, "ReasonMissing"),
        ({"verdict": "deferred", "until": LATER}, "ReasonMissing"),
        ({"verdict": "deferred", "reason": "no_capacity", "until": "2020-01-01T00:00:00Z"}, "ReasonMissing"),
        ({"verdict": "deferred", "reason": "no_capacity", "until": "2099-01-01T00:00:00"}, "InvalidRequest"),
        ({"verdict": "rejected", "reason": "because"}, "InvalidRequest"),
        ({"verdict": "undone"}, "InvalidRequest"),
        ({"verdict": "confirmed", "note": "NHS number 943 476 5919"}, "InvalidRequest"),
        ({"verdict": "confirmed", "by": "somebody else"}, "InvalidRequest"),
        ({}, "InvalidRequest"),
    ],
)
def test_a_verdict_that_is_not_whole_is_refused(hub, make, said, title):
    proposal = make(factories.make_proposal)

    reply = hub.post(f"{PROPOSALS}/{proposal.id}/decision", json=said, headers=ANY_VERSION)

    assert (reply.status_code, reply.json()["title"]) == (422, title)
    assert hub.get(f"{PROPOSALS}/{proposal.id}").json()["decisions"] == []


@pytest.mark.parametrize("reason", sorted(set(ReasonCode) - {ReasonCode.OTHER}))
def test_every_reason_is_kept(hub, make, reason):
    proposal = make(factories.make_proposal)

    reply = decide(hub, proposal, "rejected", reason=reason, note="As the board said.")

    assert (reply.json()["reason"], reply.json()["note"]) == (reason, "As the board said.")


def test_a_deferred_proposal_comes_back_when_its_day_has_come(hub, make):
    proposal = make(factories.make_proposal)
    decide(hub, proposal, "deferred", reason="no_capacity", until=LATER)

    before = hub.get(PROPOSALS)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        waiting = hub.get(f"{PROPOSALS}?state=deferred")
    make(factories.make_proposal, deferred_until=datetime.now(UTC) - timedelta(minutes=1), state=ProposalState.DEFERRED)

    assert ids(before) == []
    assert waiting.status_code == 401  # the sign-in is over by then
    assert len(ids(hub.get(PROPOSALS))) == 1
    assert len(ids(hub.get(f"{PROPOSALS}?state=deferred"))) == 2


def test_a_skipped_proposal_is_hidden_from_whoever_skipped_it_only(hub, client_as, make):
    proposal = make(factories.make_proposal)

    reply = decide(hub, proposal, "skipped")

    assert (reply.status_code, reply.json()["verdict"], reply.json()["undo_until"]) == (201, "skipped", None)
    assert ids(hub.get(PROPOSALS)) == []
    assert ids(client_as(Role.HUB).get(PROPOSALS)) == [str(proposal.id)]
    assert decide(hub, proposal, "skipped").json()["id"] == reply.json()["id"]


def test_an_undone_decision_leaves_two_rows_and_an_open_proposal(hub, make):
    proposal = make(factories.make_proposal)
    decided = decide(hub, proposal, "confirmed").json()

    undone = undo(hub, proposal)

    assert (undone.status_code, undone.json()["verdict"], undone.json()["undoes"]) == (201, "undone", decided["id"])
    told = hub.get(f"{PROPOSALS}/{proposal.id}").json()
    assert (told["state"], [row["verdict"] for row in told["decisions"]]) == ("open", ["confirmed", "undone"])
    assert decide(hub, proposal, "rejected", reason="not_ready").status_code == 201


def test_only_who_decided_may_undo_it(hub, client_as, make):
    proposal = make(factories.make_proposal)
    decide(hub, proposal, "confirmed")

    reply = undo(client_as(Role.HUB), proposal)

    assert (reply.status_code, reply.json()["title"]) == (409, "NotUndoable")


def test_nothing_can_be_undone_twice_or_before_it_was_done(hub, make):
    proposal = make(factories.make_proposal)
    first = undo(hub, proposal)
    decide(hub, proposal, "confirmed")
    undo(hub, proposal)

    assert [first.status_code, undo(hub, proposal).status_code] == [409, 409]


def test_the_time_to_undo_ends(hub, make):
    proposal = make(factories.make_proposal)
    decide(hub, proposal, "confirmed")

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        reply = undo(hub, proposal)

    assert (reply.status_code, reply.json()["title"]) == (409, "NotUndoable")


def test_a_decision_on_what_was_read_is_taken_and_on_what_was_not_is_refused(hub, make):
    proposal = make(factories.make_proposal)
    url = f"{PROPOSALS}/{proposal.id}/decision"

    stale = hub.post(url, json={"verdict": "confirmed"}, headers={"If-Match": '"9"'})
    fresh = hub.post(url, json={"verdict": "confirmed"}, headers={"If-Match": '"1"'})

    assert [stale.status_code, fresh.status_code] == [412, 201]


def test_a_match_with_a_withdrawn_side_cannot_be_confirmed(hub, make):
    need = make(factories.make_need)
    proposal = make(factories.make_proposal, need)
    hub.post(f"/api/v1/needs/{need.id}/withdraw", headers=ANY_VERSION)

    reply = decide(hub, proposal, "confirmed")

    assert (reply.status_code, reply.json()["title"]) == (409, "ProposalClosed")
    assert ids(hub.get(PROPOSALS)) == []


def test_the_queue_is_most_probable_first_and_paged(hub, make):
    made = [make(factories.make_proposal, probability=probability).id for probability in (0.2, 0.9, 0.5)]

    first = hub.get(f"{PROPOSALS}?limit=2")
    second = hub.get(PROPOSALS, params={"limit": 2, "after": first.json()["next"]})

    assert ids(first) + ids(second) == [str(made[1]), str(made[2]), str(made[0])]
    assert second.json()["next"] is None


def test_the_queue_can_be_narrowed(hub, make):
    need, innovation = make(factories.make_need, places=("WAK",)), make(factories.make_innovation)
    weak = make(factories.make_proposal, band=Band.WEAK)
    of_need = make(factories.make_proposal, need)
    of_innovation = make(factories.make_proposal, None, innovation)
    closed = make(factories.make_proposal, state=ProposalState.SUPERSEDED)

    def found(**query):
        return set(ids(hub.get(PROPOSALS, params=query)))

    assert found() == {str(weak.id), str(of_need.id), str(of_innovation.id)}
    assert found(band="weak") == {str(weak.id)}
    assert found(need_id=need.id) == found(place="WAK") == {str(of_need.id)}
    assert found(innovation_id=innovation.id) == {str(of_innovation.id)}
    assert found(state="superseded") == {str(closed.id)}
    assert found(band="strong", place="LDS") == {str(of_innovation.id)}


@pytest.mark.parametrize("values", [{"status": NeedStatus.CLOSED}, {"live": False}])
def test_what_is_no_longer_open_to_matching_is_not_in_the_queue(hub, make, values):
    make(factories.make_proposal, make(factories.make_need, **values))
    make(factories.make_proposal, None, make(factories.make_innovation, status=InnovationStatus.ARCHIVED))

    assert ids(hub.get(PROPOSALS)) == []


def test_a_place_reads_proposals_on_its_own_needs_of_what_it_may_know(client_as, make):
    own = make(factories.make_proposal)
    other = make(factories.make_proposal, make(factories.make_need, places=("WAK",)))
    hidden = make(factories.make_proposal, None, make(factories.make_innovation, visibility=Visibility.HUB_ONLY))
    leeds = client_as(Role.PLACE, place="LDS")

    assert ids(leeds.get(PROPOSALS)) == [str(own.id)]
    assert leeds.get(f"{PROPOSALS}/{own.id}").status_code == 200
    assert [leeds.get(f"{PROPOSALS}/{row.id}").status_code for row in (other, hidden)] == [404, 404]
    assert decide(leeds, own, "confirmed").status_code == 403


def test_a_key_decides_in_the_name_of_its_person(client_with_key, make):
    proposal = make(factories.make_proposal)

    reply = decide(client_with_key(Role.HUB, {Scope.DECIDE}), proposal, "confirmed")

    assert (reply.status_code, reply.json()["decided_by"]) == (201, "Hub officer")


def test_an_unknown_proposal_is_not_found(hub, make):
    unknown = make(factories.make_place)

    replies = [hub.get(f"{PROPOSALS}/{unknown.id}"), decide(hub, unknown, "confirmed"), undo(hub, unknown)]

    assert [reply.status_code for reply in replies] == [404] * 3


def test_a_pipeline_resolves_the_match_that_was_handed_on_and_no_other(hub, client_with_key, make, transaction):
    innovation = make(factories.make_innovation, visibility=Visibility.HUB_ONLY)
    proposal, other = make(factories.make_proposal, None, innovation), make(factories.make_proposal)
    pipeline = client_with_key(Role.PIPELINE, {Scope.READ})
    decide(hub, proposal, "confirmed")
    assert pipeline.get(f"{PROPOSALS}/{proposal.id}").status_code == 404

    with transaction() as session:
        (decision,) = session.get(Proposal, proposal.id).decisions
        delivering.announce(session, decision.id, at=datetime.now(UTC), undo_window_seconds=0)

    assert pipeline.get(f"{PROPOSALS}/{proposal.id}").json()["state"] == "confirmed"
    assert pipeline.get(f"/api/v1/innovations/{innovation.id}").status_code == 200
    assert pipeline.get(f"{PROPOSALS}/{other.id}").status_code == 404
