"""Calls, unmet needs and the needs for what one offers, over the API."""

from datetime import UTC, datetime, timedelta

import pytest

from models.documents import Side, Visibility
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Role
from models.proposals import Band, ProposalState
from models.queries import documents
from tests import factories
from tests.factories import ANY_VERSION
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING

CALLS = "/api/v1/calls"


@pytest.fixture
def need(make):
    return make(factories.make_need, proposed_revision=1)


def publish(client, need, **said):
    return client.post(f"/api/v1/needs/{need.id}/call", json=said)


def test_a_published_need_stands_on_the_board_for_everybody(hub, client, need):
    reply = publish(hub, need, introduction="None fits yet.", closes_on="2199-03-31")
    told = reply.json()
    (shown,) = client.get(CALLS).json()["items"]

    assert (reply.status_code, reply.headers["location"]) == (201, f"{CALLS}/{told['reference']}")
    assert client.get(reply.headers["location"]).json() == shown == told
    assert (told["need"]["title"], told["need"]["problem"], told["introduction"]) == (need.title, need.problem, "None fits yet.")
    assert (told["asked_by"], told["open"], told["closed_reason"], told["closes_on"]) == (["LDS"], True, None, "2199-03-31")
    assert told["reference"] == f"WYC-{datetime.now(UTC).year}-0001"
    assert not {"published_by", "owner_place_id", "created_by"} & told.keys() | told["need"].keys() & {"source", "funding"}


def test_who_publishes_what_is_published_is_told_the_call_that_stands(hub, client_as, need):
    first = publish(client_as(Role.PLACE, place="LDS"), need).json()

    second = publish(hub, need)

    assert (second.status_code, second.json()["title"], second.json()["reference"]) == (409, "CallRefused", first["reference"])


def test_a_need_that_is_answered_or_not_yet_matched_is_refused(hub, make, need):
    make(lambda session: factories.make_proposal(session, documents.find(session, Side.NEED, need.id)))

    answered, unmatched = publish(hub, need), publish(hub, make(factories.make_need))

    assert [(reply.status_code, reply.json()["title"]) for reply in (answered, unmatched)] == [(409, "CallRefused")] * 2
    assert "Decide on them first" in answered.json()["detail"]
    assert "not been matched" in unmatched.json()["detail"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"closes_on": "2020-01-01"}, 422),
        ({"closes_on": "31/12/2199"}, 422),
        ({"closes_on": 1_900_000_000}, 422),
        ({"introduction": "Her NHS number is 943 476 5919."}, 422),
        ({"introduction": "x" * 100_001}, 422),
        ({"intro": "Now"}, 422),
        ({"introduction": None}, 201),
    ],
)
def test_what_a_call_may_not_say_is_refused(hub, need, said, status):
    assert publish(hub, need, **said).status_code == status


@pytest.mark.parametrize("values", [{"visibility": Visibility.PARTNERS}, {"status": NeedStatus.MET}, {"status": NeedStatus.DRAFT}])
def test_a_need_that_is_not_open_to_everybody_is_not_published(hub, make, values):
    reply = publish(hub, make(factories.make_need, **values))

    assert (reply.status_code, reply.json()["title"]) == (409, "CallRefused")


def test_a_call_that_was_taken_back_is_gone_from_the_board_and_can_still_be_read(hub, client, need):
    reference = publish(hub, need).json()["reference"]

    closed = hub.post(f"{CALLS}/{reference}/close", headers={"If-Match": '"1"'})
    again = hub.post(f"{CALLS}/{reference}/close", headers=ANY_VERSION)

    assert (closed.status_code, closed.json()["closed_reason"], closed.headers["etag"]) == (200, "taken_back", '"2"')
    assert (again.status_code, again.json()["title"], again.json()["closed_reason"]) == (409, "CallEnded", "taken_back")
    assert client.get(CALLS).json()["items"] == []
    assert [row["open"] for row in client.get(f"{CALLS}?closed=true").json()["items"]] == [False]
    assert client.get(f"{CALLS}/{reference}").json()["open"] is False


def test_a_call_whose_last_day_is_over_is_shown_as_ended_before_anybody_closed_it(client, make):
    yesterday = datetime.now(UTC).date() - timedelta(days=2)
    row = make(factories.make_call, closes_on=yesterday)

    told = client.get(f"{CALLS}/{row.reference}").json()

    assert (told["open"], told["closed_reason"], told["closed_at"]) == (False, "expired", None)
    assert client.get(CALLS).json()["items"] == []


@pytest.mark.parametrize("reference", ["WYC-2026-9999", "nothing", "x" * 41, "%00"])
def test_there_is_no_such_call(client, reference):
    assert client.get(f"{CALLS}/{reference}").status_code in {404, 422}


def test_calls_are_filtered_by_place_and_theme_and_paged(client, make):
    for number, (place, theme) in enumerate((("LDS", "Frailty"), ("WAK", "Frailty"), ("WAK", "Stroke"))):
        row = make(factories.make_need, places=(place,), theme=theme)
        make(lambda session, row=row, number=number: factories.make_call(
            session, session.merge(row), published_at=factories.NOW + timedelta(days=number)))  # fmt: skip

    def found(**wanted):
        return [each["need"]["theme"] for each in client.get(CALLS, params=wanted).json()["items"]]

    assert found() == ["Stroke", "Frailty", "Frailty"]
    assert found(place="WAK") == ["Stroke", "Frailty"]
    assert found(place="WAK", theme="Frailty") == ["Frailty"]
    first = client.get(f"{CALLS}?limit=2").json()
    assert [each["need"]["theme"] for each in client.get(CALLS, params={"limit": 2, "after": first["next"]}).json()["items"]] == ["Frailty"]


def test_what_may_answer_a_call_is_for_its_place_and_the_hub(hub, client, client_as, make, need):
    reference = publish(hub, need).json()["reference"]
    make(lambda session: factories.make_proposal(session, session.merge(need), factories.make_innovation(session)))

    def ask(who):
        return who.get(f"{CALLS}/{reference}/candidates")

    (row,) = ask(client_as(Role.PLACE, place="LDS")).json()["items"]
    assert row["innovation"]["name"] == "Computer test of attention and activity"
    assert [row["id"]] == [each["id"] for each in ask(hub).json()["items"]]
    assert [ask(who).status_code for who in (client, client_as(Role.INNOVATOR), client_as(Role.PLACE, place="WAK"))] == [401, 403, 403]


def test_unmet_needs_say_since_when_and_whether_they_are_published(hub, client, make):
    def searched(session):
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        row = factories.make_need(session, theme="Neurodiversity", proposed_revision=1, review_date=yesterday)
        factories.make_proposal(session, row, state=ProposalState.SUPERSEDED, band=Band.POSSIBLE)
        return row

    need = make(searched)
    publish(hub, need)

    (row,) = hub.get("/api/v1/unmet-needs?theme=Neurodiversity&place=LDS").json()["items"]

    assert row["need"] == {"id": str(need.id), "title": need.title, "places": ["LDS"]}
    assert (row["best_band"], row["looked_at"], row["stale"], row["asked_by"]) == ("possible", 1, True, ["LDS"])
    assert row["call"].startswith("WYC-")
    assert hub.get("/api/v1/unmet-needs?place=WAK").json()["items"] == []
    assert client.get("/api/v1/unmet-needs").status_code == 401


def test_innovators_see_the_needs_for_what_they_offer_and_nothing_of_others(client_as, make):
    founder = client_as(Role.INNOVATOR)
    adhd = {"theme": "Neurodiversity"}

    def stored(session):
        own, rival = factories.make_innovation(session, proposed_revision=1), factories.make_innovation(session, supplier="Rival")
        public = factories.make_need(session, **adhd)
        for asked, offer, values in (
            (public, own, {}),
            (factories.make_need(session, visibility=Visibility.PARTNERS), own, {}),
            (factories.make_need(session), own, {"state": ProposalState.REJECTED}),
            (factories.make_need(session, status=NeedStatus.CLOSED), own, {}),
            (factories.make_need(session), rival, {}),
        ):
            factories.make_proposal(session, asked, offer, **values)
        factories.make_call(session, public)
        factories.make_innovation(session, status=InnovationStatus.WITHDRAWN)
        return public

    public = make(stored)

    (offer,) = founder.get("/api/v1/me/needs").json()["items"]

    (row,) = offer["needs"]
    assert (offer["innovation"]["supplier"], row["need"]["id"]) == ("Example supplier", str(public.id))
    assert (row["band"], row["call"]) == ("strong", "WYC-2026-0001")
    assert row["gap_report"] == {"fits": ["The problem"], "steps": []}
    assert "probability" not in repr(offer)


def test_a_draft_is_held_against_the_open_needs_when_it_is_asked_for(client_as, hub, make, runner):
    make(factories.make_place)
    hub.post("/api/v1/needs", json=ADHD_NEED | {"submit": True})
    runner.run_due()
    founder = client_as(Role.INNOVATOR)
    for said in (ADHD_TEST, WOUND_DRESSING, {"name": "Nothing more said"}):
        assert founder.post("/api/v1/innovations", json=said).status_code == 201

    offers = founder.get("/api/v1/me/needs").json()["items"]

    found = {each["innovation"]["name"]: [row["need"]["title"] for row in each["needs"]] for each in offers}
    assert found == {"Attention test": [ADHD_NEED["title"]], "Wound dressing": [], "Nothing more said": []}
    (row,) = next(each["needs"] for each in offers if each["needs"])
    assert row["gap_report"]["fits"]
    assert {"about", "next"} <= row["gap_report"]["steps"][0].keys()


def test_a_draft_without_the_matching_is_told_so(client_as, make):
    founder = client_as(Role.INNOVATOR)
    make(factories.make_innovation, status=InnovationStatus.DRAFT)

    assert founder.get("/api/v1/me/needs").status_code == 503


def test_a_call_is_gone_with_its_need(hub, client, make, need, database):
    reference = publish(hub, need).json()["reference"]

    hub.post(f"/api/v1/needs/{need.id}/withdraw", headers=ANY_VERSION)

    assert client.get(f"{CALLS}/{reference}").status_code == 404
    assert hub.get(f"{CALLS}/{reference}").json()["closed_reason"] == "withdrawn"
    with database.reading() as session:
        assert documents.find(session, Side.NEED, need.id).status is NeedStatus.WITHDRAWN


def test_the_board_is_searched_by_words_and_by_reference(client, make):
    falls, waits = (make(factories.make_call, make(factories.make_need, title=title)) for title in ("Falls at home", "Long waits"))

    def found(words):
        return [item["reference"] for item in client.get(CALLS, params={"q": words}).json()["items"]]

    assert (found("falls"), found(waits.reference.lower()), found("zebra")) == ([falls.reference], [waits.reference], [])
