"""Calderdale writes a need, finds Kirklees's, joins it and leaves; the Hub sees, dismisses and proposes."""

import pytest

from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION, PLACES
from tests.walk import ADHD_NEED, ADHD_TEST

NEEDS, JOINT, ALIGNMENTS = "/api/v1/needs", "/api/v1/joint-needs", "/api/v1/alignments"
SIMILAR = "/api/v1/similar-needs"
KIRKLEES = {**ADHD_NEED, "places": ["KIR"], "patients_range": "UP_10000"}
CALDERDALE = {
    **ADHD_NEED,
    "title": "Adults wait for an ADHD diagnosis",
    "problem": "Grown-ups wait for years to learn whether they have ADHD, since each assessment takes many appointments.",
    "metric": "People waiting",
    "places": ["CAL"],
    "patients_range": "UP_10000",
}


@pytest.fixture
def teams(client_as, make):
    """A browser of each place's team."""
    for key in PLACES:
        make(factories.make_place, key)
    return {key: client_as(Role.PLACE, place=key) for key in ("KIR", "CAL")}


@pytest.fixture
def needs(runner, teams, hub):
    """Kirklees's open need, Calderdale's open need, and an innovation that answers both."""
    found = {key: teams[key].post(NEEDS, json={**said, "submit": True}).json()["id"] for key, said in STATED.items()}
    found["innovation"] = hub.post("/api/v1/innovations", json={**ADHD_TEST, "supplier": "Small Firm Ltd", "submit": True}).json()["id"]
    runner.run_due()
    return found


STATED = {"KIR": KIRKLEES, "CAL": CALDERDALE}


def joined(teams, needs):
    return teams["CAL"].post(f"{NEEDS}/{needs['KIR']}/join", json={"need_id": needs["CAL"]})


def test_from_a_like_need_to_one_list_for_two_places(teams, needs, hub, runner):
    (found,) = teams["CAL"].post(SIMILAR, json={"content": CALDERDALE}).json()["similar"]
    (stored,) = teams["CAL"].get(f"{NEEDS}/{needs['CAL']}/similar").json()["similar"]

    reply = joined(teams, needs)
    runner.run_due()
    joint = reply.json()
    listed = teams["KIR"].get(f"{JOINT}/{joint['id']}/matches").json()
    proposed = hub.get("/api/v1/proposals").json()["items"]

    assert found == stored
    assert (found["need"]["id"], found["may_join"], found["joint_need"]) == (needs["KIR"], True, None)
    assert found["reason"]["concepts"]
    assert (reply.status_code, reply.headers["etag"]) == (201, f'"{joint["version"]}"')
    assert joint["scale"] == {"voices": 2, "places": ["CAL", "KIR"], "people": {"at_least": 0, "at_most": 20000, "not_told": 0}}
    assert {row["need"]["id"]: row["metric"] for row in joint["members"]} == {needs["KIR"]: "", needs["CAL"]: "People waiting"}
    assert teams["KIR"].get(f"{JOINT}/{joint['id']}").json() == joint
    assert [row["match"]["innovation"]["id"] for row in listed["matches"]] == [needs["innovation"]]
    assert [row["innovation"]["id"] for row in proposed] == [needs["innovation"]]
    assert proposed[0]["need"]["id"] == listed["matches"][0]["answers"]["id"]


def test_a_place_leaves_when_it_likes(teams, needs):
    alone = teams["CAL"].get(f"{NEEDS}/{needs['CAL']}/joint-need")
    joint = joined(teams, needs).json()
    found = teams["CAL"].get(f"{NEEDS}/{needs['CAL']}/joint-need")

    unconditional = teams["CAL"].post(f"{NEEDS}/{needs['CAL']}/leave")
    left = teams["CAL"].post(f"{NEEDS}/{needs['CAL']}/leave", headers=ANY_VERSION)
    again = teams["CAL"].post(f"{NEEDS}/{needs['CAL']}/leave", headers=ANY_VERSION)

    assert (alone.status_code, alone.json()) == (200, None)
    assert (found.json(), found.headers["etag"]) == (joint, f'"{joint["version"]}"')
    assert unconditional.status_code == 428
    assert (left.status_code, left.json()["in_force"], left.json()["members"]) == (201, False, [])
    assert (again.status_code, again.json()["title"]) == (409, "NotJoint")
    assert teams["KIR"].get(f"{JOINT}/{joint['id']}").status_code == 404


def test_a_circle_is_told_clearly(teams, needs):
    joint = joined(teams, needs).json()

    reply = teams["KIR"].post(f"{NEEDS}/{needs['CAL']}/join", json={"need_id": needs["KIR"]})

    assert (reply.status_code, reply.json()["title"], reply.json()["joint_need"]) == (409, "JoinRefused", joint["id"])


def test_a_join_that_is_sent_again_is_done_once(teams, needs):
    sent = {"json": {"need_id": needs["CAL"]}, "headers": {"Idempotency-Key": "join-1"}}

    first, again = (teams["CAL"].post(f"{NEEDS}/{needs['KIR']}/join", **sent) for _ in range(2))

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


def test_a_place_joins_by_the_joint_need_too(teams, needs, client_as, runner):
    joint = joined(teams, needs).json()
    leeds = client_as(Role.PLACE, place="LDS")
    own = leeds.post(NEEDS, json={**ADHD_NEED, "submit": True}).json()["id"]

    reply = leeds.post(f"{JOINT}/{joint['id']}/join", json={"need_id": own})

    assert [row["need"]["id"] for row in reply.json()["members"]][-1] == own
    assert (reply.json()["id"], reply.json()["scale"]["voices"]) == (joint["id"], 3)


def test_the_hub_sees_groups_dismisses_and_proposes(teams, needs, hub):
    before = hub.get(ALIGNMENTS).json()
    proposed = hub.post(f"{ALIGNMENTS}/propose", json={"with_need_id": needs["KIR"], "need_ids": [needs["CAL"]]})
    dismissed = hub.post(f"{ALIGNMENTS}/dismiss", json={"need_ids": [needs["KIR"], needs["CAL"]]})
    after = hub.get(ALIGNMENTS).json()

    (group,) = before["groups"]
    assert (before["needs"], before["unread"], before["total"], group["is_joint"]) == (2, 0, 1, False)
    assert {row["need"]["id"] for row in group["members"]} == {needs["KIR"], needs["CAL"]}
    assert group["members"][0]["reason"] is None
    assert group["members"][1]["reason"]["codes"]
    assert (proposed.status_code, proposed.json()["proposed"][0]["need_id"]) == (201, needs["CAL"])
    assert dismissed.status_code == 201
    assert (after["groups"], after["dismissed"]) == ([], dismissed.json()["dismissed"])
    assert teams["KIR"].get(ALIGNMENTS).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{ALIGNMENTS}/dismiss", {"need_ids": []}),
        (f"{ALIGNMENTS}/dismiss", {"need_ids": ["x", "y"]}),
        (f"{ALIGNMENTS}/propose", {"with_need_id": None, "need_ids": []}),
        (SIMILAR, {"content": {**ADHD_NEED, "problem": "NHS number 943 476 5919"}}),
        (SIMILAR, {"content": {"title": "ADHD", "places": ["LDS"]}}),
        (SIMILAR, {"content": ADHD_NEED, "more": 1}),
    ],
)
def test_what_cannot_be_read_is_refused(hub, runner, path, body):
    assert hub.post(path, json=body).status_code == 422


def test_a_need_that_is_not_there_is_not_joined(teams, needs):
    nowhere = "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11"

    assert teams["CAL"].post(f"{NEEDS}/{nowhere}/join", json={"need_id": needs["CAL"]}).status_code == 404
    assert teams["CAL"].post(f"{NEEDS}/{needs['KIR']}/join", json={"need_id": nowhere}).status_code == 404
    assert teams["CAL"].post(f"{JOINT}/{nowhere}/join", json={"need_id": needs["CAL"]}).status_code == 404
