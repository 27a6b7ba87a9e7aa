"""Submissions leave triage with one outcome, which can be undone until its letter leaves."""

from datetime import timedelta

import pytest

from api.queue import Job
from api.services import concluding, deciding, following, intake, triaging
from api.services.concluding import OutcomeContradicts, Undecided
from api.services.following import Turn
from api.services.letters import Choice
from models.actors import SYSTEM
from models.clocks import ClockKind
from models.decisions import NotUndoable, Reason, ReasonCode, ReasonMissing, Verdict
from models.documents import Readability, Side, StaleVersion
from models.innovations import InnovationStatus
from models.proposals import Band, ProposalState
from models.queries import events, triage
from models.queries.triage import Wanted
from models.triage import AlreadyAsked, Leaving, OutcomeKind, SubmissionClosed, SubmissionState
from models.working_days import day_of
from tests import factories
from tests.triage import (
    ACTIVE,
    ARCHIVE,
    ASK,
    LATER,
    MONDAY,
    WINDOW,
    actor,
    clock,
    conclude,
    innovator,
    mails,
    officer,
    owed,
    settle,
    submission,
)

pytestmark = pytest.mark.both


@pytest.fixture
def by(session):
    return officer(session)


def propose(session, row, probability=0.9, *, band=Band.STRONG, **values):
    return factories.make_proposal(session, factories.make_need(session), row.innovation, probability=probability, band=band, **values)


def queue(session, by, **wanted):
    return triage.queue(session, by, Wanted(**wanted), today=day_of(MONDAY)).rows


# Outcomes


def test_an_outcome_ends_triage_with_clock_status_event_and_a_letter_owed(session, by):
    row = submission(session)

    outcome = conclude(session, row, ACTIVE, by)

    assert (row.state, row.outcome, row.assigned_to) == (SubmissionState.CLOSED, OutcomeKind.ACTIVE, by.person_id)
    assert row.innovation.status is InnovationStatus.ACTIVE
    assert clock(session, ClockKind.TRIAGE, row.id).stopped_at == MONDAY
    assert [(job.arguments, job.due_at) for job in owed(session, Job.LETTER)] == [({"outcome": str(outcome.id)}, MONDAY + LATER)]
    (event,) = events.of_subject(session, row.innovation_id)
    assert (event.kind, event.data["outcome"], event.data["number"]) == ("submission.outcome", "active", 1)
    assert triage.without_outcome(session) == []


def test_the_first_outcome_stands_and_the_second_person_is_told_who_when_and_what(session, by):
    row = submission(session)
    conclude(session, row, ARCHIVE, by)

    with pytest.raises(SubmissionClosed, match="archived this submission at 9:00am on 2 November 2026") as refused:
        conclude(session, row, ACTIVE, officer(session, name="Second officer"))
    assert (refused.value.details["given_by"], refused.value.details["outcome"]) == ("Hub triage officer", "archive")


def test_each_shown_proposal_is_decided_or_skipped_or_knowingly_left(session, by):
    row = submission(session)
    rejected, skipped, left = (propose(session, row, 0.9 - n / 100) for n in range(3))
    deciding.decide(
        session, rejected.id, Verdict.REJECTED, actor=by, at=MONDAY, reason=Reason(code=ReasonCode.SKILLS), undo_window_seconds=WINDOW
    )
    deciding.skip(session, skipped.id, actor=by, at=MONDAY)

    with pytest.raises(Undecided, match="still to be decided: 1") as refused:
        conclude(session, row, ACTIVE, by)
    assert refused.value.details["proposals"] == [str(left.id)]
    assert conclude(session, row, ACTIVE, by, leave_undecided=True).left_undecided == 1


def test_while_matches_are_being_looked_for_an_outcome_wants_to_be_said_knowingly(session, by):
    row = submission(session, ranked=False)

    with pytest.raises(Undecided, match="still being looked for"):
        conclude(session, row, ACTIVE, by)
    assert "none was near" not in conclude(session, row, ARCHIVE, by, leave_undecided=True).letter


def test_what_is_confirmed_is_not_archived(session, by):
    row = submission(session)
    propose(session, row, state=ProposalState.CONFIRMED)

    with pytest.raises(OutcomeContradicts, match="stands confirmed"):
        conclude(session, row, ARCHIVE, by)


def test_a_weak_match_that_is_confirmed_is_not_archived_either(session, by):
    row = submission(session)
    propose(session, row, 0.2, band=Band.WEAK, state=ProposalState.CONFIRMED)

    with pytest.raises(OutcomeContradicts, match="stands confirmed"):
        conclude(session, row, ARCHIVE, by)


@pytest.mark.parametrize(
    ("said", "why"), [({"consent_at": None, "consent_by": ""}, "consented"), ({"readability": Readability.EMPTY}, "cannot be read")]
)
def test_what_is_compared_with_no_need_is_not_called_active(session, by, said, why):
    row = submission(session, **said)

    with pytest.raises(OutcomeContradicts, match=why):
        conclude(session, row, ACTIVE, by)
    assert conclude(session, row, ARCHIVE, by).kind is OutcomeKind.ARCHIVE


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(kind=OutcomeKind.ARCHIVE), "reason"),
        (Choice(kind=OutcomeKind.ASK, answer_by=ASK.answer_by), "question"),
        (Choice(kind=OutcomeKind.ASK, question="Why?"), "answer_by"),
        (Choice(kind=OutcomeKind.ASK, question="Why?", answer_by=MONDAY.date()), "answer_by"),
        (Choice(kind=OutcomeKind.ASK, question="Why?", answer_by=MONDAY.date() + timedelta(days=400)), "answer_by"),
        (Choice(kind=OutcomeKind.REFER, reason=Reason(note="They help.")), "body_id"),
        (Choice(kind=OutcomeKind.UNDONE), "outcome"),
    ],
)
def test_an_outcome_that_lacks_something_is_refused(session, by, choice, field):
    with pytest.raises(ReasonMissing) as refused:
        conclude(session, submission(session), choice, by)
    assert refused.value.details["field"] == field


def test_a_stale_page_gives_no_outcome(session, by):
    row = submission(session)
    triaging.take(session, row.id, actor=by, at=MONDAY)

    with pytest.raises(StaleVersion, match="Hub triage officer took"):
        conclude(session, row, ACTIVE, by, version=1)


def test_withdrawing_takes_a_submission_out_of_the_queue(session, by):
    row = submission(session)

    intake.withdraw(session, Side.INNOVATION, row.innovation_id, actor=SYSTEM, at=MONDAY)

    assert (row.state, row.left_by, queue(session, by)) == (SubmissionState.CLOSED, Leaving.WITHDRAWN, [])
    assert clock(session, ClockKind.TRIAGE, row.id).stopped_at == MONDAY
    for choice in (ACTIVE, ASK):
        with pytest.raises(SubmissionClosed, match="was withdrawn at 9:00am"):
            conclude(session, row, choice, by)
    assert triage.without_outcome(session) == []


def test_a_submission_that_left_without_an_outcome_is_found(session, by):
    row, ahead = submission(session), submission(session)
    conclude(session, row, ACTIVE, by)
    row.outcomes[0].kind = OutcomeKind.REFER
    row.outcomes[0].body_id = row.id
    ahead.innovation.status = InnovationStatus.ARCHIVED
    session.flush()

    assert set(triage.without_outcome(session)) == {row.id, ahead.id}


# Undoing


def test_an_outcome_is_undone_within_the_window_and_no_letter_leaves(session, by):
    innovator(session)
    row = submission(session)
    outcome = conclude(session, row, ARCHIVE, by)

    undoing = concluding.undo(session, row.id, actor=by, at=MONDAY + LATER / 2, undo_window_seconds=WINDOW, version=row.version)

    assert (undoing.kind, undoing.undoes_id, undoing.in_words[:44]) == (
        OutcomeKind.UNDONE, outcome.id, "Hub triage officer took the outcome back at ",
    )  # fmt: skip
    assert (row.state, row.innovation.status) == (SubmissionState.IN_TRIAGE, InnovationStatus.IN_TRIAGE)
    assert clock(session, ClockKind.TRIAGE, row.id).is_running
    assert settle(session, outcome) is None
    assert mails(session) == []
    assert triage.without_outcome(session) == []
    assert triage.unsettled(session, MONDAY + LATER) == []
    assert conclude(session, row, ACTIVE, by, at=MONDAY + LATER).kind is OutcomeKind.ACTIVE


def test_only_who_gave_it_undoes_it_and_only_within_the_window(session, by):
    row = submission(session)

    def undo(who=by, at=MONDAY):
        return concluding.undo(session, row.id, actor=who, at=at, undo_window_seconds=WINDOW)

    with pytest.raises(NotUndoable, match="no outcome"):
        undo()
    outcome = conclude(session, row, ACTIVE, by)
    with pytest.raises(NotUndoable, match="Only Hub triage officer"):
        undo(officer(session, name="Second officer"))
    with pytest.raises(NotUndoable, match="ended 10 minutes"):
        undo(at=MONDAY + LATER)
    settle(session, outcome)
    with pytest.raises(NotUndoable, match="letter has left"):
        undo()


def test_what_was_withdrawn_since_is_not_undone_and_nobody_is_mailed(session, by):
    innovator(session)
    row = submission(session)
    outcome = conclude(session, row, ACTIVE, by)
    intake.withdraw(session, Side.INNOVATION, row.innovation_id, actor=SYSTEM, at=MONDAY)

    with pytest.raises(NotUndoable, match="withdrawn"):
        concluding.undo(session, row.id, actor=by, at=MONDAY, undo_window_seconds=WINDOW)
    assert settle(session, outcome).mailed_to == 0
    assert mails(session) == []


def test_undoing_what_ended_a_question_asks_it_again(session, by):
    row = submission(session)
    settle(session, conclude(session, row, ASK, by))
    (asked,) = row.asks
    conclude(session, row, ARCHIVE, by, at=MONDAY + LATER)
    assert (asked.is_open, clock(session, ClockKind.ASK, asked.id).is_running) == (False, False)

    concluding.undo(session, row.id, actor=by, at=MONDAY + LATER, undo_window_seconds=WINDOW)

    assert (row.state, asked.is_open) == (SubmissionState.ASKED, True)
    assert clock(session, ClockKind.ASK, asked.id).is_running
    assert not clock(session, ClockKind.TRIAGE, row.id).is_running


def test_a_question_is_undone_and_its_link_never_mailed(session, by):
    innovator(session)
    row = submission(session)
    outcome = conclude(session, row, ASK, by)
    with pytest.raises(AlreadyAsked, match="asked the innovator"):
        conclude(session, row, ASK, by)

    concluding.undo(session, row.id, actor=by, at=MONDAY, undo_window_seconds=WINDOW)

    assert (row.state, row.open_ask, settle(session, outcome)) == (SubmissionState.IN_TRIAGE, None, None)
    assert clock(session, ClockKind.ASK, row.asks[0].id).stopped_at == MONDAY
    assert clock(session, ClockKind.TRIAGE, row.id).is_running
    with pytest.raises(NotUndoable):
        concluding.undo(session, row.id, actor=by, at=MONDAY, undo_window_seconds=WINDOW)


def test_a_question_that_is_asked_again_before_its_letter_has_left_is_mailed(session, by):
    founder = innovator(session)
    row = submission(session)
    question = conclude(session, row, ASK, by)
    conclude(session, row, ARCHIVE, by, at=MONDAY + LATER / 2)

    early = settle(session, question)
    shown = following.whereabouts(session, row.innovation_id, actor=actor(founder), at=MONDAY + LATER, undo_window_seconds=WINDOW)
    concluding.undo(session, row.id, actor=by, at=MONDAY + LATER, undo_window_seconds=WINDOW)

    assert (early.id, shown.turn, shown.ask) == (question.id, Turn.HUB, None)
    assert triage.unsettled(session, MONDAY) == [question.id]
    assert settle(session, question).mailed_to == 1
    assert [mail.template for mail in mails(session)] == ["outcome_ask_link"]


def test_a_question_that_is_asked_again_after_its_letter_has_left_is_not_mailed_twice(session, by):
    innovator(session)
    row = submission(session)
    settle(session, conclude(session, row, ASK, by))
    conclude(session, row, ARCHIVE, by, at=MONDAY + LATER)
    concluding.undo(session, row.id, actor=by, at=MONDAY + LATER, undo_window_seconds=WINDOW)

    assert (triage.unsettled(session, MONDAY + LATER), len(mails(session))) == ([], 1)


def test_a_question_that_another_outcome_ended_for_good_is_never_mailed(session, by):
    innovator(session)
    row = submission(session)
    question = conclude(session, row, ASK, by)
    settle(session, conclude(session, row, ARCHIVE, by, at=MONDAY + LATER / 2), at=MONDAY + LATER * 2)

    assert settle(session, question, at=MONDAY + LATER * 2).mailed_to == 0
    assert [mail.template for mail in mails(session)] == ["outcome_archive_link"]
