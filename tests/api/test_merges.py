"""Merging over the API: addresses of merged innovations lead on, both histories are read together, and it can be undone."""

import pytest

from models.innovations import ExternalId, Innovation
from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION
from tests.place_answers import announced

pytestmark = pytest.mark.both
API = "/api/v1/innovations"


@pytest.fixture
def two(make):
    return [make(factories.make_innovation, name=name) for name in ("Attention test", "Computer test")]


def merge(client, merged, kept, headers=ANY_VERSION, **said):
    return client.post(f"{API}/{merged.id}/merge", json={"into": str(kept.id)} | said, headers=headers)


def test_the_addresses_of_a_merged_innovation_lead_to_the_one_that_stands_for_it(hub, two):
    merged, kept = two

    reply = merge(hub, merged, kept, note="The same test.")

    assert (reply.status_code, reply.json()["kept_id"], reply.json()["note"]) == (201, str(kept.id), "The same test.")
    assert reply.headers["etag"] == '"2"'
    for part in ("", "/history", "/routes", "/matches"):
        moved = hub.get(f"{API}/{merged.id}{part}", follow_redirects=False)
        assert (moved.status_code, moved.headers["location"].partition("?")[0]) == (308, f"{API}/{kept.id}{part}")
    page = hub.get(f"/innovations/{merged.id}", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (308, f"/innovations/{kept.id}")
    assert [row["id"] for row in hub.get(API).json()["items"]] == [str(kept.id)]
    assert hub.get(f"{API}/{merged.id}").json()["name"] == "Computer test"


def test_external_ids_and_histories_of_both_are_found_under_the_kept_one(hub, make, two):
    merged, kept = two
    for row, value in ((merged, "INN-2501-0007-5"), (kept, "INN-2502-0008-9")):
        make(lambda session, row=row, value=value: session.add(ExternalId(innovation_id=row.id, system="innovation-service", value=value)))
    match = make(lambda session: announced(session, innovation=session.get(Innovation, merged.id)))
    merge(hub, merged, kept)

    shown = hub.get(f"{API}/{kept.id}").json()
    history = hub.get(f"{API}/{kept.id}/history").json()

    assert sorted(each["id"] for each in shown["external_ids"]) == ["INN-2501-0007-5", "INN-2502-0008-9"]
    assert [part["id"] for part in history["parts"]] == [str(kept.id), str(merged.id)]
    assert [each["proposal_id"] for each in history["matches"]] == [str(match.id)]
    assert history["matches"][0]["announced_at"] is not None
    assert {"innovation.merged", "match.confirmed"} <= {each["kind"] for each in history["happened"]}
    assert history["merges"][0]["merged_by"] == "Hub officer"


def test_a_history_is_read_page_by_page(hub, two):
    merged, kept = two
    merge(hub, merged, kept)
    hub.post(f"{API}/{merged.id}/unmerge", headers=ANY_VERSION)

    first = hub.get(f"{API}/{merged.id}/history?limit=1").json()
    second = hub.get(f"{API}/{merged.id}/history", params={"limit": 1, "after": first["next"]}).json()

    assert [first["happened"][0]["kind"], second["happened"][0]["kind"]] == ["innovation.unmerged", "innovation.merged"]
    assert second["next"] is None
    assert [each["undone_at"] is None for each in first["merges"]] == [False]


def test_a_merge_is_undone(hub, two):
    merged, kept = two
    version = merge(hub, merged, kept).headers["etag"]

    reply = hub.post(f"{API}/{merged.id}/unmerge", headers={"If-Match": version})

    assert (reply.status_code, reply.json()["undone_by"]) == (201, "Hub officer")
    assert hub.get(f"{API}/{merged.id}", follow_redirects=False).status_code == 200
    assert len(hub.get(API).json()["items"]) == 2


NHS_NUMBER = "NHS number 943 476 5919"


@pytest.mark.parametrize(
    "said", [{"into": "x"}, {"into": None}, {"two_organisations": "yes"}, {"colour": "red"}, {"note": NHS_NUMBER}, {"note": 7}]
)
def test_what_cannot_be_read_is_refused_and_nothing_is_merged(hub, two, said):
    reply = merge(hub, *two, **said)

    assert (reply.status_code, reply.json()["title"]) == (422, "InvalidRequest")
    assert len(hub.get(API).json()["items"]) == 2


def test_a_version_must_be_named_and_be_the_present_one(hub, two):
    assert merge(hub, *two, headers={}).status_code == 428
    stale = merge(hub, *two, headers={"If-Match": '"9"'})

    assert (stale.status_code, stale.json()["title"], stale.headers["etag"]) == (412, "StaleVersion", '"1"')


def test_the_same_request_sent_twice_merges_once(hub, two):
    headers = ANY_VERSION | {"Idempotency-Key": "once"}

    first, second = (merge(hub, *two, headers=headers) for _ in range(2))

    assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())


def test_who_comes_second_is_told_who_merged_and_when(hub, client_as, two, make):
    merge(hub, *two)

    reply = merge(client_as(Role.LEAD), two[0], make(factories.make_innovation))

    assert (reply.status_code, reply.json()["title"], reply.json()["into"]) == (409, "MergeRefused", str(two[1].id))
    assert "Hub officer merged it at" in reply.json()["detail"]


def test_the_pipeline_finds_a_match_that_was_handed_on_under_the_kept_one(hub, client_with_key, make, two):
    merged, kept = two
    make(lambda session: announced(session, innovation=session.get(Innovation, merged.id)))
    make(lambda session: setattr(session.get(Innovation, kept.id), "visibility", "hub_only"))
    merge(hub, merged, kept)

    reply = client_with_key().get(f"{API}/{merged.id}")

    assert (reply.status_code, reply.json()["id"]) == (200, str(kept.id))


def test_another_organisation_goes_on_reading_its_own(hub, client_as, make):
    ours, theirs = make(factories.make_innovation), make(factories.make_innovation, supplier="Rival")
    innovator = client_as(Role.INNOVATOR)
    assert merge(hub, ours, theirs).json()["state"] == "two_organisations"
    merge(hub, ours, theirs, two_organisations=True)

    reply = innovator.get(f"{API}/{ours.id}", follow_redirects=False)

    assert (reply.status_code, reply.json()["merged_into"]) == (200, str(theirs.id))
    assert innovator.get(f"{API}/{theirs.id}").status_code == 404
    refused = innovator.patch(f"{API}/{ours.id}", json={"benefits": "Fewer visits"}, headers=ANY_VERSION)
    assert (refused.status_code, refused.json()["title"]) == (409, "TransitionRefused")


TEXT = {
    "name": "Attention test",
    "problems_tackled": "Assessments for ADHD wait on clinician time and on questionnaires that say little.",
    "how_it_works": "The person takes the test at the clinic and the clinician reads a report on the same day.",
    "consent_by": "Managing director",
    "submit": True,
}


def test_who_hands_in_again_is_told_of_their_own_and_never_of_a_rivals(client_as, make):
    own = make(factories.make_innovation)
    make(factories.make_innovation, supplier="Rival")

    reply = client_as(Role.INNOVATOR).post(API, json=TEXT)

    (before,) = reply.json()["seen_before"]
    assert (before["id"], before["likeness"], before["status"]) == (str(own.id), "nearly_the_same", "submitted")


def test_who_hands_in_a_draft_is_told_too(client_as):
    innovator = client_as(Role.INNOVATOR)
    first = innovator.post(API, json=TEXT).json()
    draft = innovator.post(API, json=TEXT | {"submit": False}).json()

    reply = innovator.post(f"{API}/{draft['id']}/submit", headers=ANY_VERSION)

    assert [each["id"] for each in reply.json()["seen_before"]] == [first["id"]]


def test_the_hub_is_told_of_all(hub, make, runner):
    rival = hub.post(API, json=TEXT | {"supplier": "Rival"}).json()
    runner.run_due()

    reply = hub.post(API, json=TEXT | {"supplier": "Example supplier"})

    assert [each["id"] for each in reply.json()["seen_before"]] == [rival["id"]]
