"""What comes next in triage: the pair, the outcome that the verdicts speak for, the submission after, and what may be taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.services import deciding, stepping
from api.services.stepping import Suggestion
from models.decisions import Decision, Reason, ReasonCode, Verdict
from models.proposals import ProposalState
from models.triage import OutcomeKind
from tests import factories
from tests.triage import ACTIVE, ASK, LATER, MONDAY, WINDOW, conclude, officer, submission

pytestmark = pytest.mark.both
NOT_READY, NO_BUDGET = Reason(code=ReasonCode.NOT_READY), Reason(code=ReasonCode.NO_BUDGET)


@pytest.fixture
def by(session):
    return officer(session)


@pytest.fixture
def row(session):
    return submission(session)


@pytest.fixture
def pairs(session, row):
    return [factories.make_proposal(session, innovation=row.innovation, probability=0.9 - number / 10) for number in range(3)]


def judge(session, proposal, verdict, by, reason=None, *, at=MONDAY):
    said = {"actor": by, "at": at, "reason": reason or Reason(), "undo_window_seconds": WINDOW}
    return deciding.decide(session, proposal.id, verdict, **said)


def step(row, pairs, by, *, at=MONDAY):
    return stepping.last_step(row, pairs, person_id=by.person_id, at=at, window_seconds=WINDOW)


def speaks_for(pairs, by, *, ranked=True):
    return stepping.suggestion(pairs, person_id=by.person_id, ranked=ranked)


def test_the_next_pair_is_the_one_after_and_then_from_the_top(session, pairs, by):
    first, second, third = pairs

    assert stepping.next_pair(pairs, person_id=by.person_id) is first
    assert stepping.next_pair(pairs, person_id=by.person_id, after=first.id) is second
    judge(session, second, Verdict.CONFIRMED, by)
    deciding.skip(session, third.id, actor=by, at=MONDAY)
    assert stepping.next_pair(pairs, person_id=by.person_id, after=second.id) is first
    assert stepping.next_pair(pairs, person_id=officer(session).person_id, after=second.id) is third
    judge(session, first, Verdict.DEFERRED, by, replace(NOT_READY, until=MONDAY + LATER))
    assert stepping.next_pair(pairs, person_id=by.person_id) is None


def test_nothing_is_suggested_while_a_pair_waits_or_all_are_left(session, pairs, by):
    for each in pairs[1:]:
        judge(session, each, Verdict.REJECTED, by, NOT_READY)
    waiting = speaks_for(pairs, by)
    deciding.skip(session, pairs[0].id, actor=by, at=MONDAY)

    assert (waiting, speaks_for(pairs, by), speaks_for([], by)) == (Suggestion(), Suggestion(), Suggestion())


def test_a_confirmed_match_speaks_for_active(session, pairs, by):
    judge(session, pairs[0], Verdict.REJECTED, by, NOT_READY)
    judge(session, pairs[1], Verdict.CONFIRMED, by)
    judge(session, pairs[2], Verdict.REJECTED, by, NOT_READY)

    assert speaks_for(pairs, by) == Suggestion(OutcomeKind.ACTIVE)


def test_rejections_speak_for_the_archive_with_what_most_of_them_say(session, pairs, by):
    for each, reason in zip(pairs, (NO_BUDGET, NOT_READY, NOT_READY), strict=True):
        judge(session, each, Verdict.REJECTED, by, reason)

    assert speaks_for(pairs, by) == Suggestion(OutcomeKind.ARCHIVE, ReasonCode.NOT_READY)
    assert speaks_for(pairs[:2], by).reason is ReasonCode.NO_BUDGET  # the likeliest pair's first


def test_where_no_need_is_near_that_is_the_reason(pairs):
    assert stepping.usual_reason([], ranked=True) is ReasonCode.NOT_THIS_PROBLEM
    assert stepping.usual_reason([], ranked=False) is None
    assert stepping.usual_reason(pairs, ranked=True) is None


def test_the_next_submission_is_one_that_can_be_seen_to_now(session, row, by):
    mine, asked, taken = (submission(session, at=MONDAY + timedelta(minutes=number + 1)) for number in range(3))
    other = officer(session, name="Second officer")
    conclude(session, asked, ASK, by)
    taken.take(by=other.person_id, by_name="Second officer", at=MONDAY)
    mine.take(by=by.person_id, by_name="Hub triage officer", at=MONDAY)
    session.flush()

    def following(after, *, done=False):
        return stepping.next_submission(session, by, at=MONDAY, after=after.id, done=done)

    assert (following(row), following(mine), following(asked)) == (mine, row, row)  # from the top again after the last
    third = submission(session, at=MONDAY + timedelta(hours=1))
    assert (following(mine), following(mine, done=True)) == (third, row)
    conclude(session, third, ACTIVE, by)
    conclude(session, mine, ACTIVE, by)
    assert following(row) is None


def test_the_latest_step_of_ones_own_can_be_taken_back(session, row, pairs, by):
    earlier = judge(session, pairs[0], Verdict.CONFIRMED, by)
    later = judge(session, pairs[1], Verdict.REJECTED, by, NOT_READY, at=MONDAY + timedelta(seconds=1))
    judge(session, pairs[2], Verdict.CONFIRMED, officer(session), at=MONDAY + timedelta(seconds=2))

    assert step(row, pairs, by) is later
    deciding.undo(session, pairs[1].id, actor=by, at=MONDAY + timedelta(seconds=3), undo_window_seconds=WINDOW)
    assert step(row, pairs, by) is earlier
    outcome = conclude(session, row, ACTIVE, by, at=MONDAY + timedelta(seconds=4), leave_undecided=True)
    assert step(row, pairs, by, at=MONDAY + timedelta(seconds=5)) is outcome
    assert step(row, [], by, at=MONDAY + timedelta(seconds=5)) is outcome


def test_what_was_asked_and_answered_is_not_taken_back(session, row, by):
    conclude(session, row, ASK, by)
    (asked,) = row.asks
    asked.answered_at, asked.answered_by_name = MONDAY, "Managing director"
    session.flush()

    assert step(row, [], by) is None


def test_a_submission_offers_nothing_of_another_one_and_the_outcome_given_last_is_known_beside(session, row, pairs, by):
    other = submission(session)
    outcome = conclude(session, other, ACTIVE, by)

    def given(person_id, *, at=MONDAY):
        return stepping.just_given(session, person_id=person_id, at=at, window_seconds=WINDOW)

    assert step(row, pairs, by) is None
    assert (given(by.person_id), given(officer(session).person_id), given(None)) == (outcome, None, None)
    assert given(by.person_id, at=MONDAY + LATER) is None
    outcome.settle(mailed_to=0, at=MONDAY)
    assert given(by.person_id) is None


def test_after_the_window_and_for_nobody_there_is_nothing_to_take_back(session, row, pairs, by):
    assert step(row, pairs, by) is None
    decision = judge(session, pairs[0], Verdict.CONFIRMED, by)

    assert isinstance(decision, Decision)
    assert pairs[0].state is ProposalState.CONFIRMED
    assert step(row, pairs, by, at=MONDAY + LATER) is None
    assert stepping.last_step(row, pairs, person_id=None, at=MONDAY, window_seconds=WINDOW) is None
