"""Rankers over the API: the lead reads the report, has one judge, and goes back; a changed file answers 503 and says so."""

from datetime import date

import pytest

from api.services.library import trained_file
from models.need_results import NeedResult
from models.needs import NeedStatus
from models.people import Role
from models.pipeline import StageChange
from models.proposals import ProposalState
from tests import factories, rankers
from tests.factories import ANY_VERSION, NOW

ALIKE = {"population": "Adults in Bradford waiting for an ADHD assessment", "places": ("BDC",), "title": "Waits for adult ADHD assessment"}


@pytest.fixture
def lead(client_as):
    return client_as(Role.LEAD)


@pytest.fixture
def libraries(app, runner):
    """The app's, with the encoder."""
    return app.state.libraries


@pytest.fixture
def taught(make, libraries):
    """A trained ranker that does not judge."""
    return make(rankers.trained, libraries)


def test_the_lead_reads_what_came_of_a_training(lead, taught):
    listed = lead.get("/api/v1/rankers").json()
    shown = lead.get("/api/v1/rankers/taught")

    assert (listed["trained"], [each["name"] for each in listed["items"]]) == (False, ["taught"])
    assert "report" not in listed["items"][0]
    assert shown.headers["etag"] == '"1"'
    report = shown.json()["report"]
    assert report["other_needs"]["log_loss"]["needs"] == 20
    assert report["decisions"]["n"] == shown.json()["decisions"] == 60
    assert any("nobody was shown" in each for each in report["notices"])


def test_a_ranker_judges_from_its_activation_until_it_is_taken_back(lead, taught, make):
    need = make(factories.make_need)
    make(factories.make_innovation)
    before = lead.get(f"/api/v1/needs/{need.id}/matches").json()["ranker"]

    activated = lead.post("/api/v1/rankers/taught/activate", headers={"If-Match": '"1"'})
    after = lead.get(f"/api/v1/needs/{need.id}/matches").json()["ranker"]
    version = activated.headers["etag"]
    back = lead.post("/api/v1/ranker-rollback", headers={"If-Match": version})

    assert (activated.status_code, activated.json()["state"], after) == (200, "active", taught.ranker_id)
    assert (back.status_code, back.json()["in_use"], back.json()["trained"]) == (200, before, False)
    assert lead.get(f"/api/v1/needs/{need.id}/matches").json()["ranker"] == before != after
    assert lead.get("/api/v1/rankers/taught").json()["state"] == "retired"


def test_the_second_lead_is_told(lead, taught):
    lead.post("/api/v1/rankers/taught/activate", headers=ANY_VERSION)

    assert lead.post("/api/v1/rankers/taught/activate", headers={"If-Match": '"1"'}).status_code == 412
    assert lead.post("/api/v1/rankers/taught/activate", headers=ANY_VERSION).json()["title"] == "AlreadyActive"
    assert lead.post("/api/v1/ranker-rollback", headers={"If-Match": '"1"'}).status_code == 412
    assert lead.post("/api/v1/ranker-rollback", headers=ANY_VERSION).status_code == 200
    assert lead.post("/api/v1/ranker-rollback", headers=ANY_VERSION).json()["title"] == "NoWayBack"


@pytest.mark.parametrize("act", ["rankers/taught/activate", "ranker-rollback"])
def test_what_judges_is_not_changed_unread(lead, taught, act):
    assert lead.post(f"/api/v1/{act}").status_code == 428


@pytest.mark.parametrize("name", ["none", "rollback"])
def test_a_ranker_that_is_not_there_is_not_found(lead, libraries, name):
    assert lead.get(f"/api/v1/rankers/{name}").status_code == 404
    assert lead.post(f"/api/v1/rankers/{name}/activate", headers=ANY_VERSION).status_code == 404


@pytest.mark.parametrize("name", ["Capital", "..%2Fup", "a" * 41])
def test_what_is_no_name_is_refused(lead, name):
    assert lead.get(f"/api/v1/rankers/{name}").status_code in {404, 422}


def test_a_changed_file_stops_the_ranking_and_is_told(app, lead, hub, taught, make, libraries):
    need = make(factories.make_need)
    lead.post("/api/v1/rankers/taught/activate", headers=ANY_VERSION)
    path = trained_file(libraries.rankers_folder, "taught")
    path.write_text(path.read_text().replace('"whole"', '"hole"'))
    libraries._trained.clear()  # as in a process that begins
    app.state.lookout.forget()

    refused = hub.get(f"/api/v1/needs/{need.id}/matches")
    ready = hub.get("/health/ready")

    assert (refused.status_code, refused.json()["title"]) == (503, "RankingUnavailable")
    assert any("The ranker is missing or damaged" in each for each in ready.json()["reasons"])
    assert lead.get("/api/v1/rankers").json()["in_use"] == taught.ranker_id
    assert lead.post("/api/v1/ranker-rollback", headers=ANY_VERSION).status_code == 200
    assert hub.get(f"/api/v1/needs/{need.id}/matches").status_code == 200


def test_a_ranker_that_cannot_be_used_is_not_activated(lead, taught, libraries):
    trained_file(libraries.rankers_folder, "taught").unlink()

    assert lead.post("/api/v1/rankers/taught/activate", headers=ANY_VERSION).status_code == 503
    assert lead.get("/api/v1/rankers").json()["trained"] is False


def test_a_place_sees_what_was_adopted_for_a_similar_need(client_as, make, libraries):
    need = make(factories.make_need)
    proposal = make(make_adopted)

    shown = client_as(Role.PLACE).get(f"/api/v1/needs/{need.id}/precedents").json()

    (precedent,) = shown["precedents"]
    assert (precedent["proposal_id"], precedent["place"], precedent["stage"]) == (str(proposal.id), "BDC", "adopted")
    assert (precedent["since"], precedent["need"]["title"], precedent["result"]["measured_value"]) == ("2026-09-14", ALIKE["title"], "22")
    assert precedent["reason"]["apart"] == []


def make_adopted(session):
    """A match that Bradford adopted, and met a need like Leeds's by."""
    proposal = factories.make_proposal(session, factories.make_need(session, **ALIKE), state=ProposalState.CONFIRMED)
    place, on = proposal.need.places[0], date(2026, 9, 14)
    session.add(StageChange(proposal_id=proposal.id, place_id=place.id, stage="adopted", on_date=on, changed_at=NOW, changed_by="system"))
    session.add(
        NeedResult(
            need_id=proposal.need_id,
            outcome=NeedStatus.MET,
            text="Half the visits.",
            measured_value="22",
            on_date=on,
            proposal_id=proposal.id,
            recorded_at=NOW,
            recorded_by="system",
            recorded_by_name="Hub",
        )
    )
    session.flush()
    return proposal
