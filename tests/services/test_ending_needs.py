"""A need ends with its result, or with a reason, or is renewed."""

from datetime import timedelta

import pytest

from api.services import calling, ending_needs, intake, joining
from api.services.ending_needs import Result, ResultRefused
from models.actors import NotAllowed
from models.calls import CallClosure
from models.clocks import ClockKind
from models.documents import Side, StaleVersion, TransitionRefused
from models.needs import NeedStatus
from models.people import Role
from models.place_answers import Closing, QuestionState
from models.proposals import ProposalState
from models.queries import calls, events, joint_needs, need_results
from models.queries import clocks as clock_rows
from models.working_days import day_of
from tests import factories
from tests.factories import NOW
from tests.place_answers import ANNOUNCED, announced, confirm, introduced, questions, staff

pytestmark = pytest.mark.both

TODAY = day_of(NOW)
RESULT = Result("Most people wait eighteen weeks at most.", measured_value="17 weeks", on_date=TODAY)


@pytest.fixture
def need(session):
    leeds = factories.make_place(session)
    return factories.make_need(
        session, owner_place_id=leeds.id, baseline="150 weeks", target="18 weeks", review_date=TODAY, proposed_revision=1
    )


@pytest.fixture
def lead(session):
    return staff(session, Role.PLACE, name="Place lead of Leeds")


def kinds_of(session, need):
    return sorted(event.kind for event in events.of_subject(session, need.id))


def test_a_need_is_met_with_its_result_against_metric_baseline_and_target(session, need, lead):
    row = ending_needs.meet(session, need.id, RESULT, actor=lead, at=NOW, version=1)

    found = need_results.of_need(session, need.id, lead)
    assert (found.id, found.outcome, found.text, found.measured_value) == (row.id, NeedStatus.MET, RESULT.text, "17 weeks")
    assert (found.metric, found.baseline, found.target) == ("Weeks from referral to decision", "150 weeks", "18 weeks")
    assert (found.on_date, found.recorded_by_name, need.status, need.version) == (TODAY, "Place lead of Leeds", NeedStatus.MET, 2)
    assert kinds_of(session, need) == ["need.met"]


def test_a_result_names_the_match_that_met_it(session, need, lead):
    proposal = announced(session, need)

    row = ending_needs.meet(session, need.id, Result("It is met.", proposal_id=proposal.id), actor=lead, at=ANNOUNCED)

    assert (row.proposal_id, row.on_date) == (proposal.id, day_of(ANNOUNCED))


def test_a_match_of_another_need_or_one_that_is_not_announced_met_nothing(session, need, lead):
    foreign, early = announced(session), factories.make_proposal(session, need)
    confirm(session, early)

    for proposal in (foreign, early):
        with pytest.raises(ResultRefused, match="confirmed match of this need"):
            ending_needs.meet(session, need.id, Result("Met.", proposal_id=proposal.id), actor=lead, at=NOW)
    with pytest.raises(ResultRefused, match="still to come"):
        ending_needs.meet(session, need.id, Result("Met.", on_date=TODAY + timedelta(days=1)), actor=lead, at=NOW)

    assert need.status is NeedStatus.OPEN


@pytest.mark.parametrize("how", ["met", "closed"])
def test_what_is_open_on_a_need_ends_with_it_and_announced_matches_go_on(session, need, lead, how):
    standing = announced(session, need)
    met = introduced(session, standing)
    waiting = announced(session, need)
    opened, rejected = factories.make_proposal(session, need), factories.make_proposal(session, need, state=ProposalState.REJECTED)
    unannounced = factories.make_proposal(session, need)
    confirm(session, unannounced, at=ANNOUNCED)

    if how == "met":
        ending_needs.meet(session, need.id, RESULT, actor=lead, at=ANNOUNCED)
    else:
        ending_needs.close(session, need.id, "The clinic moved.", actor=lead, at=ANNOUNCED)

    asked = questions(session, waiting)["LDS"]
    assert (asked.state, asked.closing, met.state) == (QuestionState.CLOSED, Closing.NEED_ENDED, QuestionState.ANSWERED)
    assert clock_rows.of(session, ClockKind.PLACE_ANSWER, asked.id).stopped_at == ANNOUNCED
    assert [each.state for each in (standing, waiting, opened, rejected, unannounced)] == [
        ProposalState.CONFIRMED,
        ProposalState.CONFIRMED,
        ProposalState.SUPERSEDED,
        ProposalState.REJECTED,
        ProposalState.SUPERSEDED,
    ]


def test_a_need_is_closed_with_a_reason(session, need, lead):
    row = ending_needs.close(session, need.id, "The clinic moved.", actor=lead, at=NOW)

    assert (row.outcome, row.text, row.on_date, need.status) == (NeedStatus.CLOSED, "The clinic moved.", TODAY, NeedStatus.CLOSED)
    assert kinds_of(session, need) == ["need.closed"]


def test_a_need_ends_once(session, need, lead):
    ending_needs.close(session, need.id, "The clinic moved.", actor=lead, at=NOW)

    with pytest.raises(TransitionRefused):
        ending_needs.meet(session, need.id, RESULT, actor=lead, at=NOW)
    with pytest.raises(TransitionRefused):
        ending_needs.renew(session, need.id, TODAY + timedelta(days=9), actor=lead, at=NOW)
    with pytest.raises(TransitionRefused):
        intake.change(session, Side.NEED, need.id, {"metric": "Days"}, actor=lead, at=NOW)


def test_a_need_that_is_met_leaves_its_joint_need_and_the_others_are_still_asked(session, need, lead):
    other = factories.make_need(session, places=("CAL",), owner_place_id=factories.make_place(session, "CAL").id)
    joining.join(session, need.id, other.id, actor=staff(session, Role.PLACE, place="CAL"), at=NOW)
    third = factories.make_need(session, places=("KIR",), owner_place_id=factories.make_place(session, "KIR").id)
    joining.join(session, other.id, third.id, actor=staff(session, Role.PLACE, place="KIR"), at=NOW)
    proposal = announced(session, other)

    ending_needs.meet(session, need.id, RESULT, actor=lead, at=ANNOUNCED)

    assert {key: row.state for key, row in questions(session, proposal).items()} == {
        "CAL": QuestionState.ASKED,
        "KIR": QuestionState.ASKED,
        "LDS": QuestionState.CLOSED,
    }
    assert {each.id for each in joint_needs.together(session, other.id)} == {other.id, third.id}


def test_the_call_of_a_need_that_is_met_is_closed(session, need, lead):
    call = calling.publish(session, need.id, introduction="Who can help?", closes_on=None, actor=lead, at=NOW)

    ending_needs.meet(session, need.id, RESULT, actor=lead, at=NOW)

    assert calls.by_reference(session, call.reference, lead).closed_reason is CallClosure.MET


def test_a_place_that_meets_them_closes_the_call(session, need, lead):
    call = calling.publish(session, need.id, introduction="Who can help?", closes_on=None, actor=lead, at=NOW)

    introduced(session, announced(session, need))

    assert calls.by_reference(session, call.reference, lead).closed_reason is CallClosure.ANSWERED


def test_an_open_need_is_renewed_until_a_later_day(session, need, lead):
    row = ending_needs.renew(session, need.id, TODAY + timedelta(days=180), actor=lead, at=NOW + timedelta(days=3), version=1)

    assert (row.review_date, row.version, row.revision) == (TODAY + timedelta(days=180), 2, 1)
    assert not row.is_stale(NOW + timedelta(days=3))
    assert kinds_of(session, need) == ["need.renewed"]


@pytest.mark.parametrize("days", [0, 1])
def test_a_need_is_renewed_for_no_day_that_is_over_nor_an_earlier_one(session, need, lead, days):
    need.review_date = TODAY + timedelta(days=1) if days else None

    with pytest.raises(ResultRefused, match="day to come"):
        ending_needs.renew(session, need.id, TODAY + timedelta(days=days), actor=lead, at=NOW)


def test_only_who_owns_a_need_or_the_hub_ends_it(session, need, lead):
    wakefield, hub = staff(session, Role.PLACE, place="WAK"), staff(session)

    for act in (
        lambda who: ending_needs.meet(session, need.id, RESULT, actor=who, at=NOW),
        lambda who: ending_needs.close(session, need.id, "Over.", actor=who, at=NOW),
        lambda who: ending_needs.renew(session, need.id, TODAY + timedelta(days=9), actor=who, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            act(wakefield)
    with pytest.raises(StaleVersion):
        ending_needs.close(session, need.id, "Over.", actor=lead, at=NOW, version=7)
    assert ending_needs.close(session, need.id, "Over.", actor=hub, at=NOW).outcome is NeedStatus.CLOSED


def test_no_need_was_met_before_it_was_there_and_none_is_renewed_for_more_than_three_years(session, need, lead):
    early = Result("Met.", on_date=day_of(need.created_at) - timedelta(days=1))

    with pytest.raises(ResultRefused, match="was written down on 02 November 2026"):
        ending_needs.meet(session, need.id, early, actor=lead, at=NOW)
    with pytest.raises(ResultRefused, match="within three years"):
        ending_needs.renew(session, need.id, TODAY + timedelta(days=1097), actor=lead, at=NOW)
    assert ending_needs.renew(session, need.id, TODAY + timedelta(days=1096), actor=lead, at=NOW).version == 2


def test_an_open_need_has_no_result(session, need, lead):
    assert need_results.of_need(session, need.id, lead) is None
