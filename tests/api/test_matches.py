"""Ranked matches over the API, with the real encoder and the shipped ranker."""

import pytest

from api.services.library import Libraries
from models.documents import Visibility
from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING

NEEDS, INNOVATIONS, MATCHES = "/api/v1/needs", "/api/v1/innovations", "/api/v1/matches"


@pytest.fixture
def walked(runner, hub, make):
    """A need with an innovation that answers it and one that does not, embedded and proposed."""
    make(factories.make_place)
    made = {
        "need": hub.post(NEEDS, json={**ADHD_NEED, "submit": True}),
        "fitting": hub.post(INNOVATIONS, json={**ADHD_TEST, "supplier": "Small Firm Ltd", "submit": True}),
        "other": hub.post(INNOVATIONS, json={**WOUND_DRESSING, "supplier": "A rival", "visibility": "partners", "submit": True}),
    }
    runner.run_due()
    return {name: reply.json()["id"] for name, reply in made.items()}


def test_the_answer_to_a_need_is_ranked_and_explained_in_quoted_words(hub, walked):
    reply = hub.get(f"{NEEDS}/{walked['need']}/matches")

    told = reply.json()
    assert (told["side"], told["id"], told["candidates"], told["nothing_fits"]) == ("need", walked["need"], 2, False)
    assert [match["innovation"]["id"] for match in told["matches"]] == [walked["fitting"], walked["other"]]
    best = told["matches"][0]
    assert (best["rank"], best["need"], best["band"] in {"strong", "possible"}) == (1, None, True)
    problem = next(finding for finding in best["findings"] if finding["aspect"] == "problem")
    quote = problem["innovation_quote"]
    assert ADHD_TEST[quote["field"]][quote["start"] : quote["end"]] == quote["text"]


def test_both_sides_give_the_pair_the_same_probability(hub, walked):
    from_need = hub.get(f"{NEEDS}/{walked['need']}/matches").json()["matches"]
    from_innovation = hub.get(f"{INNOVATIONS}/{walked['other']}/matches").json()["matches"]

    assert from_need[1]["probability"] == from_innovation[0]["probability"]
    assert from_innovation[0]["need"] == {"id": walked["need"], "title": ADHD_NEED["title"], "places": ["LDS"]}


def test_a_text_is_matched_without_being_stored(hub, walked):
    before = hub.get(NEEDS).json()

    told = hub.post(MATCHES, json={"side": "need", "content": ADHD_NEED, "limit": 1}).json()

    assert (told["id"], [match["innovation"]["id"] for match in told["matches"]]) == (None, [walked["fitting"]])
    assert hub.get(NEEDS).json() == before


def test_an_unstored_innovation_finds_its_need(hub, walked):
    content = {**ADHD_TEST, "stage": "ADOPTION", "evidences": [{"submit_type": "REAL_WORLD", "dated_on": "2024-05-01"}]}

    told = hub.post(MATCHES, json={"side": "innovation", "content": content}).json()

    assert [match["need"]["id"] for match in told["matches"]] == [walked["need"]]


def test_nothing_fits_is_an_answer(hub, walked):
    told = hub.post(
        MATCHES, json={"side": "need", "content": {"title": "Parking", "places": ["LDS"], "problem": "The car park floods when it rains."}}
    ).json()

    assert told["nothing_fits"] is True


def test_an_innovator_sees_bands_of_public_needs_and_no_probability(client_as, walked):
    innovator = client_as(Role.INNOVATOR, organisation="Small Firm Ltd")

    told = innovator.get(f"{INNOVATIONS}/{walked['fitting']}/matches").json()["matches"]

    assert [match["need"]["id"] for match in told] == [walked["need"]]
    assert (told[0]["probability"], told[0]["flags"]) == (None, [])
    assert told[0]["band"] in {"strong", "possible"}


def test_an_innovator_is_told_in_plain_words_what_would_change_the_verdicts(client_as, walked):
    innovator = client_as(Role.INNOVATOR, organisation="Small Firm Ltd")

    report = innovator.get(f"{INNOVATIONS}/{walked['fitting']}/matches").json()["matches"][0]["gap_report"]
    page = innovator.get(f"/innovations/{walked['fitting']}", headers={"accept": "text/html"}).text

    assert report["steps"]
    assert {step["verdict"] for step in report["steps"]} <= {"partly", "gap", "unknown", "excluded"}
    assert "What would change this" in page
    assert report["steps"][0]["next"] in page


def test_partners_are_not_told_what_to_write(hub, walked):
    assert "What would change this" not in hub.get(f"/innovations/{walked['fitting']}", headers={"accept": "text/html"}).text


def test_an_innovator_finds_no_rival_among_the_answers_to_a_need(client_as, walked):
    innovator = client_as(Role.INNOVATOR, organisation="Small Firm Ltd")

    told = innovator.get(f"{NEEDS}/{walked['need']}/matches").json()

    assert ([match["innovation"]["id"] for match in told["matches"]], told["candidates"]) == ([walked["fitting"]], 1)


def test_a_hidden_candidate_is_not_among_the_answers(hub, client_as, walked):
    hub.patch(f"{INNOVATIONS}/{walked['fitting']}", json={"visibility": Visibility.HUB_ONLY}, headers=ANY_VERSION)

    told = client_as(Role.PLACE).get(f"{NEEDS}/{walked['need']}/matches").json()

    assert [match["innovation"]["id"] for match in told["matches"]] == [walked["other"]]


def test_a_withdrawn_candidate_is_gone_at_once(hub, walked):
    hub.post(f"{INNOVATIONS}/{walked['fitting']}/withdraw", headers=ANY_VERSION)

    told = hub.get(f"{NEEDS}/{walked['need']}/matches").json()

    assert [match["innovation"]["id"] for match in told["matches"]] == [walked["other"]]


def test_the_walk_ends_in_a_proposal_that_can_be_confirmed(hub, walked):
    row = hub.get("/api/v1/proposals").json()["items"][0]

    reply = hub.post(f"/api/v1/proposals/{row['id']}/decision", json={"verdict": "confirmed"}, headers=ANY_VERSION)

    assert (row["need"]["id"], row["innovation"]["id"]) == (walked["need"], walked["fitting"])
    assert reply.status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"side": "need", "content": {"title": "Only a title", "places": ["LDS"]}},
        {"side": "innovation", "content": {"name": "Only a name"}},
    ],
)
def test_a_text_that_says_nothing_is_told_so(hub, walked, body):
    reply = hub.post(MATCHES, json=body)

    assert (reply.status_code, reply.json()["title"]) == (422, "NothingToRank")


@pytest.mark.parametrize(
    "body",
    [
        {"side": "both", "content": ADHD_NEED},
        {"content": ADHD_NEED},
        {"side": "innovation", "content": ADHD_NEED},
        {"side": "need", "content": ADHD_NEED, "limit": 0},
        {"side": "need", "content": ADHD_NEED, "store": True},
    ],
)
def test_a_question_that_may_not_be_is_refused(hub, body):
    reply = hub.post(MATCHES, json=body)

    assert (reply.status_code, reply.json()["title"]) == (422, "InvalidRequest")


@pytest.mark.parametrize("limit", [0, 101, "many"])
def test_a_list_has_a_sensible_length(hub, make, limit):
    assert hub.get(f"{NEEDS}/{make(factories.make_need).id}/matches", params={"limit": limit}).status_code == 422


def test_without_an_encoder_the_service_says_so(app, hub, make, tmp_path, monkeypatch):
    monkeypatch.setitem(app.state._state, "libraries", Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path))
    need = make(factories.make_need)

    replies = [hub.get(f"{NEEDS}/{need.id}/matches"), hub.post(MATCHES, json={"side": "need", "content": ADHD_NEED})]

    for reply in replies:
        assert (reply.status_code, reply.json()["title"], reply.headers["retry-after"]) == (503, "RankingUnavailable", "2")
        assert "matches" not in reply.json()
        assert str(tmp_path) not in reply.text
