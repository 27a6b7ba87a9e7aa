"""Two people at once: one merges, answers or withdraws, the other is told who did, and nobody waits in a ring."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from models.innovations import Innovation
from models.joint_needs import JointNeed
from models.needs import Need, NeedStatus
from models.people import Person, Role
from tests import factories
from tests.factories import ANY_VERSION
from tests.joint_needs import joinable, joint
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


def test_all_members_of_a_joint_need_are_withdrawn_at_once(client_as, make):
    for _ in range(10):
        found = make(lambda session: joint(session, *(joinable(session) for _ in range(3))))
        members = [row.need_id for row in found.memberships]
        people = [client_as(Role.HUB), client_as(Role.LEAD), client_as(Role.HUB)]

        replies = at_once(*(withdrawal(client, each) for client, each in zip(people, members, strict=True)))

        assert [reply.status_code for reply in replies] == [200, 200, 200]
        assert {make(lambda session, key=key: session.get(Need, key)).status for key in members} == {NeedStatus.WITHDRAWN}
        assert not make(lambda session, key=found.id: session.get(JointNeed, key)).in_force


@pytest.mark.parametrize("step", ["merge", "unmerge"])
def test_one_is_withdrawn_while_what_was_merged_is_merged_further_or_parted(client_as, make, step):
    lead, hub = client_as(Role.LEAD), client_as(Role.HUB)

    def ask(client, asked, innovation_id, **said):
        return client.post(f"{API}/innovations/{innovation_id}/{asked}", json=said or None, headers=ANY_VERSION)

    for _ in range(10):
        part, merged, kept = (make(factories.make_innovation).id for _ in range(3))
        ask(lead, "merge", part, into=str(merged))
        if step == "unmerge":
            ask(lead, "merge", merged, into=str(kept))
        into = {"into": str(kept)} if step == "merge" else {}

        withdrawn, other = at_once(
            partial(ask, hub, "withdraw", merged if step == "merge" else kept), partial(ask, lead, step, merged, **into)
        )

        assert (withdrawn.status_code, other.status_code) in {(200, 201), (200, 409)}, other.text


def withdrawal(client, need_id):
    """One request that takes a need back."""
    return lambda: client.post(f"{API}/needs/{need_id}/withdraw", headers=ANY_VERSION)


def test_two_leads_who_close_each_others_account_leave_one(client_of, make):
    people = [make(factories.make_person, Role.LEAD, name=f"Hub lead {number}") for number in range(2)]
    leads = [client_of(person) for person in people]

    replies = at_once(*(closing(lead, other.id) for lead, other in zip(leads, reversed(people), strict=True)))

    assert sorted(reply.status_code for reply in replies)[0] == 204
    assert sum(make(lambda session, key=each.id: session.get(Person, key)).active for each in people) == 1


def closing(client, person_id):
    """One request that closes an account."""
    return lambda: client.post(f"{API}/people/{person_id}/deactivate")
