"""Two people at once: one merges or answers, the other is told who did, and no circle is ever made."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from models.innovations import Innovation
from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION
from tests.merges import referral

pytestmark = pytest.mark.both
API = "/api/v1"


def at_once(*requests):
    """The answers of requests that are sent at the same moment."""
    ready = Barrier(len(requests))

    def send(request):
        ready.wait()
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def test_two_people_merge_two_innovations_each_into_the_other(client_as, make):
    one, other = (make(factories.make_innovation).id for _ in range(2))
    people = [client_as(Role.HUB), client_as(Role.LEAD)]

    def merge(client, merged, kept):
        return lambda: client.post(f"{API}/innovations/{merged}/merge", json={"into": str(kept)}, headers=ANY_VERSION)

    replies = at_once(merge(people[0], one, other), merge(people[1], other, one))

    assert sorted(reply.status_code for reply in replies) == [201, 409]
    (refused,) = [reply.json() for reply in replies if reply.status_code == 409]
    assert (refused["title"], "merged it at" in refused["detail"]) == ("MergeRefused", True)
    stored = [make(lambda session, key=key: session.get(Innovation, key)).merged_into_id for key in (one, other)]
    assert sum(each is None for each in stored) == 1


def test_two_people_answer_one_referral(client_as, make):
    found = make(referral).id
    people = [client_as(Role.HUB), client_as(Role.LEAD)]

    def answer(client, **said):
        return lambda: client.post(f"{API}/referrals/{found}/answer", json=said, headers=ANY_VERSION)

    replies = at_once(answer(people[0], answer="accepted"), answer(people[1], answer="declined", code="no_capacity"))

    assert sorted(reply.status_code for reply in replies) == [200, 409]
    steps = people[0].get(f"{API}/referrals/{found}").json()["steps"]
    assert len(steps) == 2
