"""Needs are met, closed and renewed over the API."""

from datetime import UTC, datetime, timedelta

import pytest

from models.people import Role
from tests import factories, place_answers
from tests.factories import ANY_VERSION

pytestmark = pytest.mark.both

NEEDS = "/api/v1/needs"
TODAY = datetime.now(UTC).date()


def test_a_need_is_met_over_the_api_and_its_result_read_by_who_may_read_it(client_as, client, make):
    leeds = client_as(Role.PLACE)
    owner = make(factories.make_place, "LDS").id
    need = make(factories.make_need, owner_place_id=owner, baseline="150 weeks")
    proposal = make(lambda session: place_answers.announced(session, session.merge(need), at=datetime.now(UTC) - timedelta(minutes=11)))
    url = f"{NEEDS}/{proposal.need_id}"
    before = client.get(f"{url}/result")

    reply = leeds.post(
        f"{url}/met",
        json={"result": "Most wait less.", "measured_value": "17 weeks", "on_date": TODAY.isoformat(), "proposal_id": str(proposal.id)},
        headers={"If-Match": '"1"'},
    )

    told = reply.json()
    assert (before.json()["result"], reply.status_code, reply.headers["etag"]) == (None, 201, '"2"')
    assert (told["outcome"], told["baseline"], told["measured_value"], told["proposal_id"]) == (
        "met",
        "150 weeks",
        "17 weeks",
        str(proposal.id),
    )
    assert client.get(f"{url}/result").json() == {"need_id": str(proposal.need_id), "result": told}
    assert leeds.get(url).json()["status"] == "met"


@pytest.mark.parametrize(
    ("what", "said", "status", "title"),
    [
        ("met", {}, 422, "InvalidRequest"),
        ("met", {"result": "   "}, 422, "InvalidRequest"),
        ("met", {"result": "Met.", "on_date": "2099-01-01"}, 422, "ResultRefused"),
        ("met", {"result": "Met.", "proposal_id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55"}, 404, "NotFound"),
        ("met", {"result": "NHS number 943 476 5919"}, 422, "InvalidRequest"),
        ("close", {"reason": ""}, 422, "InvalidRequest"),
        ("met", {"result": "Met.", "on_date": "2019-01-01"}, 422, "ResultRefused"),
        ("renew", {"review_date": "2020-01-01"}, 422, "ResultRefused"),
        ("renew", {"review_date": "2099-01-01"}, 422, "ResultRefused"),
        ("renew", {"review_date": None}, 422, "InvalidRequest"),
    ],
)
def test_an_end_that_says_nothing_or_cannot_be_is_refused(hub, make, what, said, status, title):
    need = make(factories.make_need)

    reply = hub.post(f"{NEEDS}/{need.id}/{what}", json=said, headers=ANY_VERSION)

    assert (reply.status_code, reply.json()["title"]) == (status, title)
    assert hub.get(f"{NEEDS}/{need.id}").json()["status"] == "open"


def test_a_need_is_closed_with_a_reason_or_renewed(hub, make):
    closed, renewed = make(factories.make_need), make(factories.make_need)

    end = hub.post(f"{NEEDS}/{closed.id}/close", json={"reason": "The clinic moved."}, headers=ANY_VERSION)
    later_on = (TODAY + timedelta(days=200)).isoformat()
    later = hub.post(f"{NEEDS}/{renewed.id}/renew", json={"review_date": later_on}, headers=ANY_VERSION)

    assert (end.status_code, end.json()["text"], hub.get(f"{NEEDS}/{closed.id}").json()["status"]) == (201, "The clinic moved.", "closed")
    assert (later.status_code, later.json()["review_date"], later.headers["etag"]) == (200, later_on, '"2"')
    assert hub.post(f"{NEEDS}/{closed.id}/close", json={"reason": "Again."}, headers=ANY_VERSION).status_code == 409
