"""Which of several judgements of one innovation and one joint need is put forward."""

from datetime import timedelta

import pytest

from api.services.choosing import put_forward
from models.decisions import Reason, ReasonCode, Verdict
from models.proposals import Proposal, ProposalState
from tests import factories, joint_needs
from tests.factories import NOW

REASON = Reason(code=ReasonCode.NO_BUDGET, until=NOW + timedelta(days=9))


@pytest.fixture
def needs(session):
    """Two needs that are one."""
    found = [joint_needs.owned(session, place) for place in ("CAL", "KIR")]
    joint_needs.joint(session, *found)
    return found


@pytest.fixture
def innovation(session):
    return factories.make_innovation(session)


def judged(need, innovation, standing, probability, **values):
    """A new judgement, not stored; of the run of another one, whose columns it takes."""
    said = {
        "run_id": standing.run_id,
        "need_id": need.id,
        "innovation_id": innovation.id,
        "need_revision": need.revision,
        "innovation_revision": innovation.revision,
        "rank": 1,
        "probability": probability,
        "band": standing.band,
        "features": [],
        "findings": [],
        "flags": [],
        "state": ProposalState.OPEN,
        "created_at": NOW,
    }
    return Proposal(**said | values)


def test_a_better_member_takes_the_place_of_one_that_is_deferred(session, needs, innovation):
    standing = factories.make_proposal(session, needs[0], innovation, probability=0.5)
    standing.decide(Verdict.DEFERRED, by=factories.make_person(session).id, by_name="Hub", at=NOW, reason=REASON)
    new = judged(needs[1], innovation, standing, 0.7)

    stored = put_forward(session, [new, judged(needs[0], innovation, standing, 0.5)])

    assert stored == [new]
    assert standing.state is ProposalState.SUPERSEDED


def test_one_that_was_not_ranked_this_time_stays_when_it_is_better(session, needs, innovation):
    standing = factories.make_proposal(session, needs[0], innovation, probability=0.8)

    assert put_forward(session, [judged(needs[1], innovation, standing, 0.6)]) == []
    assert standing.state is ProposalState.OPEN


def test_one_that_was_not_ranked_this_time_goes_when_it_is_not(session, needs, innovation):
    standing = factories.make_proposal(session, needs[0], innovation, probability=0.5)

    (new,) = put_forward(session, [judged(needs[1], innovation, standing, 0.6)])

    assert (new.need_id, standing.state) == (needs[1].id, ProposalState.SUPERSEDED)


def test_what_is_confirmed_stands_and_what_is_open_beside_it_goes(session, needs, innovation):
    confirmed = factories.make_proposal(session, needs[0], innovation, state=ProposalState.CONFIRMED)
    double = factories.make_proposal(session, needs[1], innovation)

    assert put_forward(session, [judged(needs[1], innovation, double, 0.9, need_revision=2)]) == []
    assert (confirmed.state, double.state) == (ProposalState.CONFIRMED, ProposalState.SUPERSEDED)


def test_a_rejection_stands_for_the_others_until_its_own_text_changes(session, needs, innovation):
    rejected = factories.make_proposal(session, needs[0], innovation, probability=0.6)
    rejected.decide(Verdict.REJECTED, by=factories.make_person(session).id, by_name="Hub", at=NOW, reason=REASON)
    session.flush()

    assert put_forward(session, [judged(needs[1], innovation, rejected, 0.9), judged(needs[0], innovation, rejected, 0.6)]) == []
    needs[0].revision = 2
    (new,) = put_forward(session, [judged(needs[1], innovation, rejected, 0.9)])

    assert (new.need_id, rejected.state) == (needs[1].id, ProposalState.REJECTED)


def test_a_rejected_pair_whose_text_changed_is_judged_anew(session, innovation):
    need = factories.make_need(session)
    rejected = factories.make_proposal(session, need, innovation, state=ProposalState.REJECTED)

    another = factories.make_proposal(session)

    (new,) = put_forward(session, [judged(need, innovation, rejected, 0.6, innovation_revision=2, run_id=another.run_id)])

    assert (new.state, rejected.state) == (ProposalState.OPEN, ProposalState.SUPERSEDED)


def test_needs_that_are_not_one_have_one_each(session, innovation):
    needs = [factories.make_need(session) for _ in range(2)]
    first = factories.make_proposal(session, needs[0], innovation)

    stored = put_forward(session, [judged(need, innovation, first, 0.6) for need in needs])

    assert [row.need_id for row in stored] == [needs[1].id]
    assert first.state is ProposalState.OPEN


def test_nothing_worth_a_look_stores_nothing(session):
    assert put_forward(session, []) == []
