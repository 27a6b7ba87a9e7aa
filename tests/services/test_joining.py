"""A place joins another place's need, and leaves: one list for both, one proposal of an innovation, nothing lost."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.services import deciding, intake, joining, joint_matching, proposing
from models.actors import ANONYMOUS, SYSTEM, NotAllowed
from models.decisions import Reason, ReasonCode, Verdict
from models.documents import Readability, Side, StaleVersion
from models.events import Event
from models.joint_needs import MOST_MEMBERS, JoinRefused, NotJoint
from models.people import Role
from models.proposals import ProposalState
from models.queries import documents, joint_needs, proposals
from models.queries.documents import NotFound
from tests import factories
from tests.walk import ADHD_NEED, ADHD_TEST, now

pytestmark = pytest.mark.both

KIRKLEES = {**ADHD_NEED, "places": ["KIR"], "patients_range": "UP_10000"}
CALDERDALE = {
    **ADHD_NEED,
    "title": "Adults wait for an ADHD diagnosis",
    "problem": "Grown-ups wait for years to learn whether they have ADHD, since each assessment takes many appointments.",
    "metric": "People waiting",
    "places": ["CAL"],
    "patients_range": "UP_10000",
}
REASON = Reason(code=ReasonCode.NO_BUDGET)


@pytest.fixture
def team(person):
    """The team of a place."""
    return lambda key: person(Role.PLACE, place=key, shown_as=f"Team {key}")


@pytest.fixture
def pair(said, team, runner):
    """An open need of Kirklees and one of Calderdale that say the same, ranked, with their teams."""
    kirklees, calderdale = team("KIR"), team("CAL")
    found = said(Side.NEED, KIRKLEES, actor=kirklees), said(Side.NEED, CALDERDALE, actor=calderdale)
    runner.run_due()
    return *found, kirklees, calderdale


@pytest.fixture
def joined(database):
    """Join the second need to the first, as somebody."""

    def join(other: UUID, own: UUID, actor):
        with database.transaction() as session:
            return joining.join(session, other, own, actor=actor, at=now()).id

    return join


@pytest.fixture
def leave(database):
    def part(need_id, actor, **options):
        with database.transaction() as session:
            return joining.leave(session, need_id, actor=actor, at=now(), **options).id

    return part


def in_force(database, *need_ids):
    with database.transaction() as session:  # which locks them
        return list(proposals.of_needs(session, list(need_ids)))


def members(database, joint_id):
    with database.reading() as session:
        return [need.id for need in joint_needs.members(session, joint_id)]


def told(database, kind):
    with database.reading() as session:
        return session.query(Event).filter(Event.kind == kind).order_by(Event.ordinal).all()


def decide(database, hub, proposal_id, verdict, reason=REASON):
    with database.transaction() as session:
        deciding.decide(session, proposal_id, verdict, actor=hub, at=now(), reason=reason, undo_window_seconds=600)


def test_a_place_joins_with_its_own_words_and_each_keeps_them(database, pair, joined):
    first, second, _, calderdale = pair

    joint_id = joined(first, second, calderdale)

    with database.reading() as session:
        assert {need.id for need in joint_needs.together(session, first)} == {first, second}
        assert joint_needs.joint_of(session, second).id == joint_id
        assert [place.key for place in joint_needs.places_of(session, first)] == ["CAL", "KIR"]
        assert (documents.need(session, second, SYSTEM).metric, documents.need(session, first, SYSTEM).metric) == ("People waiting", "")
    (event,) = told(database, "need.joined")
    assert (event.subject_id, event.data) == (second, {"joint_need": str(joint_id), "with": str(first), "members": 2})


def test_a_need_in_none_stands_alone(database, pair):
    first, *_ = pair

    with database.reading() as session:
        assert [need.id for need in joint_needs.together(session, first)] == [first]
        assert joint_needs.joint_of(session, first) is None
        assert joint_needs.together(session, uuid4()) == []


def test_what_answers_both_is_proposed_once_by_the_member_that_it_answers_best(database, libraries, pair, joined, said, runner):
    first, second, _, calderdale = pair
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    doubles = in_force(database, first, second)

    joint_id = joined(first, second, calderdale)
    kept = in_force(database, first, second)
    runner.run_due()

    assert len(doubles) == 2
    best = max(doubles, key=lambda row: row.probability)
    assert [row.id for row in kept] == [best.id]
    assert [row.id for row in in_force(database, first, second)] == [best.id]
    with database.reading() as session:
        found = joint_matching.matches_of(session, libraries, joint_id, actor=SYSTEM)
        alone = proposing.matches_of(session, libraries, Side.NEED, best.need_id, actor=SYSTEM)
    assert [(each.member.id, each.match.judgement) for each in found.matches] == [(best.need_id, alone.matches[0].judgement)]
    assert (found.nothing_fits, found.candidate_count) == (False, 1)
    assert {row.need_id for row in doubles} == {first, second}


@pytest.mark.parametrize("side", Side)
def test_an_innovation_that_comes_later_is_proposed_once_whoever_is_ranked(database, libraries, pair, joined, said, runner, side):
    first, second, _, calderdale = pair
    joined(first, second, calderdale)
    runner.run_due()

    innovation = said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    (before,) = in_force(database, first, second)
    for each in (first, second) if side is Side.NEED else (innovation,):
        with database.reading() as session:
            ranked = proposing.rank(session, libraries, side, each, limit=20)
        with database.transaction() as session:
            proposing.propose(session, ranked, at=now())

    (after,) = in_force(database, first, second)
    assert after.id == before.id


@pytest.mark.parametrize("verdict", [Verdict.CONFIRMED, Verdict.REJECTED])
def test_a_decision_on_one_member_stands_for_all(database, hub, pair, joined, said, runner, verdict):
    first, second, _, calderdale = pair
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    weaker = min(in_force(database, first, second), key=lambda row: row.probability)
    decide(database, hub, weaker.id, verdict)

    joined(first, second, calderdale)
    runner.run_due()

    (left,) = in_force(database, first, second)
    assert (left.id, left.state.value) == (weaker.id, verdict.value)


def test_a_rejection_holds_no_longer_for_a_member_whose_text_changed_since(database, hub, pair, joined, said, runner):
    first, second, _, calderdale = pair
    joined(first, second, calderdale)
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    (open_one,) = in_force(database, first, second)
    decide(database, hub, open_one.id, Verdict.REJECTED)
    other = second if open_one.need_id == first else first

    with database.transaction() as session:
        intake.change(session, Side.NEED, other, {"desired_outcome": "A decision in weeks"}, actor=SYSTEM, at=now())
    runner.run_due()

    assert {(row.need_id, row.state) for row in in_force(database, first, second)} == {
        (open_one.need_id, ProposalState.REJECTED),
        (other, ProposalState.OPEN),
    }


def test_who_leaves_and_who_stays_are_ranked_each_for_itself(database, pair, joined, leave, said, runner):
    first, second, _, calderdale = pair
    joint_id = joined(first, second, calderdale)
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()

    leave(second, calderdale)
    runner.run_due()

    assert sorted(row.need_id for row in in_force(database, first, second)) == sorted([first, second])
    assert members(database, joint_id) == []
    assert [(event.subject_id, event.actor) for event in told(database, "need.left")] == [(second, calderdale.name), (first, SYSTEM.name)]


def test_what_was_confirmed_stays_confirmed_for_who_stays(database, hub, pair, joined, leave, said, runner):
    first, second, kirklees, calderdale = pair
    joined(first, second, calderdale)
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    (proposal,) = in_force(database, first, second)
    decide(database, hub, proposal.id, Verdict.CONFIRMED)
    leaver, team = (second, calderdale) if proposal.need_id == first else (first, kirklees)

    leave(leaver, team)
    runner.run_due()

    assert {(row.need_id, row.state) for row in in_force(database, first, second)} == {
        (proposal.need_id, ProposalState.CONFIRMED),
        (leaver, ProposalState.OPEN),
    }


def test_joins_never_form_a_circle(database, pair, joined, said, team):
    first, second, kirklees, calderdale = pair
    joint_id = joined(first, second, calderdale)

    with pytest.raises(JoinRefused, match="in one joint need already") as again:
        joined(second, first, kirklees)
    assert again.value.details == {"joint_need": str(joint_id)}
    with pytest.raises(JoinRefused, match="cannot join itself"):
        joined(first, first, kirklees)
    leeds = team("LDS")
    third = said(Side.NEED, {**ADHD_NEED, "title": "Third"}, actor=leeds)
    fourth = said(Side.NEED, {**ADHD_NEED, "title": "Fourth"}, actor=leeds)
    joined(third, fourth, leeds)
    with pytest.raises(JoinRefused, match="another joint need"):
        joined(first, third, leeds)
    assert set(members(database, joint_id)) == {first, second}


def test_a_third_joins_by_any_member_or_by_the_joint_need(database, pair, joined, said, team):
    first, second, _, calderdale = pair
    joint_id = joined(first, second, calderdale)
    leeds = team("LDS")
    third, fourth = (said(Side.NEED, {**ADHD_NEED, "title": title}, actor=leeds) for title in ("Third", "Fourth"))

    assert joined(second, third, leeds) == joint_id
    with database.transaction() as session:
        assert joining.join_joint(session, joint_id, fourth, actor=leeds, at=now()).id == joint_id

    assert set(members(database, joint_id)) == {first, second, third, fourth}


def test_only_who_owns_a_need_joins_it_and_the_hub_one_that_no_place_owns(database, hub, pair, joined, said):
    first, second, kirklees, _ = pair
    imported = said(Side.NEED, {**ADHD_NEED, "places": ["LDS", "WAK"]}, actor=hub)

    for actor in (kirklees, hub):
        with pytest.raises(NotAllowed, match="Only who owns"):
            joined(first, second, actor)
    joined(first, imported, hub)

    with database.reading() as session:
        assert joint_needs.joint_of(session, imported) is not None


@pytest.mark.parametrize("status", ["draft", "withdrawn"])
def test_only_open_needs_are_joined(database, pair, joined, said, status):
    first, _, kirklees, _ = pair
    own = said(Side.NEED, KIRKLEES, actor=kirklees, submit=status != "draft")
    if status == "withdrawn":
        with database.transaction() as session:
            intake.withdraw(session, Side.NEED, own, actor=kirklees, at=now())

    with pytest.raises(JoinRefused, match="Only open needs"):
        joined(first, own, kirklees)


def test_a_joint_need_has_a_most(database, pair, joined, said, team):
    first, _, _, _ = pair
    leeds = team("LDS")
    others = [said(Side.NEED, {**ADHD_NEED, "title": f"Need {number}"}, actor=leeds) for number in range(MOST_MEMBERS)]
    for each in others[:-1]:
        joined(first, each, leeds)

    with pytest.raises(JoinRefused, match="at most"):
        joined(first, others[-1], leeds)


def test_a_need_that_may_not_be_read_is_not_there_to_join(pair, joined, said, hub):
    first, second, _, calderdale = pair
    hidden = said(Side.NEED, {**ADHD_NEED, "visibility": "hub_only"}, actor=hub)

    with pytest.raises(NotFound):
        joined(hidden, second, calderdale)
    with pytest.raises(NotFound):
        joined(first, hidden, calderdale)


def test_a_need_that_is_withdrawn_leaves(database, pair, joined, runner):
    first, second, _, calderdale = pair
    joint_id = joined(first, second, calderdale)

    with database.transaction() as session:
        intake.withdraw(session, Side.NEED, second, actor=calderdale, at=now())

    assert members(database, joint_id) == []
    with database.reading() as session:
        assert not joint_needs.get(session, joint_id).in_force


def test_leaving_twice_or_by_a_stranger_or_by_an_old_reading_is_told(pair, joined, leave):
    first, second, kirklees, calderdale = pair
    with pytest.raises(NotJoint):
        leave(second, calderdale)
    joined(first, second, calderdale)

    with pytest.raises(NotAllowed):
        leave(second, kirklees)
    with pytest.raises(StaleVersion):
        leave(second, calderdale, version=99)
    leave(second, calderdale)
    with pytest.raises(NotJoint):
        leave(second, calderdale)


def test_a_dissolved_joint_need_is_not_joined_but_its_needs_are(database, hub, pair, joined, leave, said, team):
    first, second, _, calderdale = pair
    joint_id = joined(first, second, calderdale)
    leave(second, calderdale)

    with database.transaction() as session, pytest.raises(JoinRefused, match="All members have left"):
        joining.join_joint(session, joint_id, second, actor=hub, at=now())
    assert joined(first, second, calderdale) != joint_id


def test_a_joint_need_is_read_by_whoever_may_read_a_member_and_shows_them_those(database, hub, pair, joined, said, person):
    first, second, kirklees, calderdale = pair
    joint_id = joined(first, second, calderdale)
    hidden = said(Side.NEED, {**ADHD_NEED, "places": ["LDS", "WAK"], "visibility": "hub_only"}, actor=hub)
    joined(first, hidden, hub)

    with database.reading() as session:
        joint = joining.get(session, joint_id, actor=kirklees)
        assert {need.id for need in joining.members_shown(session, joint, actor=kirklees)} == {first, second}
        assert {need.id for need in joining.members_shown(session, joint, actor=hub)} == {first, second, hidden}
        with pytest.raises(NotFound):
            joining.get(session, joint_id, actor=ANONYMOUS)
        with pytest.raises(NotFound):
            joining.get(session, uuid4(), actor=hub)


def test_a_membership_never_ends_before_it_began(database):
    with database.transaction() as session:
        at = now()
        needs = [factories.make_need(session) for _ in range(3)]
        joint = joining._begun(session, needs[0], SYSTEM, at)
        for need in needs[1:]:
            joint.take_in(need, by="system", at=at)
        session.flush()

        gone = joint.let_go(needs[1].id, by="system", at=at - timedelta(seconds=1))

        assert (gone.left_at, gone.left_by, joint.in_force, len(joint.present)) == (gone.joined_at, "system", True, 2)
        assert [row.need_id for row in joint.present] == [needs[0].id, needs[2].id]


def test_nobody_joins_needs_of_which_one_has_just_joined_and_is_not_locked(database, pair, joined):
    first, second, _, calderdale = pair
    joint_id = joined(first, second, calderdale)

    with database.transaction() as session, pytest.raises(JoinRefused, match="at the same moment") as refused:
        joining._kept(session, joint_needs.get(session, joint_id), [first])

    assert refused.value.details == {"joint_need": str(joint_id)}


def test_a_member_whose_text_cannot_be_read_any_more_hides_the_list_of_the_others_from_nobody(
    database, libraries, pair, joined, said, runner
):
    first, second, _, calderdale = pair
    joint_id = joined(first, second, calderdale)
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    with database.transaction() as session:
        documents.find(session, Side.NEED, second).readability = Readability.EMPTY

    with database.reading() as session:
        found = joint_matching.matches_of(session, libraries, joint_id, actor=SYSTEM)

    assert [each.member.id for each in found.matches] == [first]
