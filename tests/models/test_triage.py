"""What the database itself refuses of a submission: none leaves triage without an outcome, and one is open at a time."""

import pytest
from sqlalchemy.exc import IntegrityError

from models.decisions import NotUndoable
from models.triage import Leaving, Outcome, OutcomeKind, Submission, SubmissionState
from tests import factories
from tests.triage import ACTIVE, ASK, MONDAY, conclude, officer, submission

pytestmark = pytest.mark.both


@pytest.mark.parametrize(
    "said",
    [
        {"state": SubmissionState.CLOSED},
        {"state": SubmissionState.CLOSED, "ended_at": MONDAY},
        {"state": SubmissionState.CLOSED, "outcome": OutcomeKind.ACTIVE},
        {"state": SubmissionState.CLOSED, "outcome": OutcomeKind.ASK, "ended_at": MONDAY},
        {"state": SubmissionState.CLOSED, "outcome": OutcomeKind.ACTIVE, "left_by": Leaving.MERGED, "ended_at": MONDAY},
        {"outcome": OutcomeKind.ACTIVE, "ended_at": MONDAY},
        {"ended_at": MONDAY},
        {"taken_at": MONDAY},
        {"number": 0},
    ],
)
def test_no_submission_leaves_triage_without_an_outcome(session, said):
    row = submission(session)
    for name, value in said.items():
        setattr(row, name, value)

    with pytest.raises(IntegrityError):
        session.flush()


def test_one_submission_of_an_innovation_is_open_at_a_time(session):
    row = submission(session)
    session.add(
        Submission(
            innovation=row.innovation, number=2, revision=1, submitted_at=MONDAY, state=SubmissionState.WAITING, outcomes=[], asks=[]
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    "said",
    [
        {"kind": OutcomeKind.UNDONE},
        {"kind": OutcomeKind.ARCHIVE},
        {"kind": OutcomeKind.REFER},
        {"kind": OutcomeKind.ACTIVE, "settled_at": MONDAY},
        {"kind": OutcomeKind.ACTIVE, "left_undecided": -1},
    ],
)
def test_an_outcome_has_all_that_its_kind_needs(session, said):
    row, by = submission(session), factories.make_person(session)
    row.outcomes.append(Outcome(**{"given_by": by.id, "given_by_name": by.name, "given_at": MONDAY, "note": "", "letter": ""} | said))

    with pytest.raises(IntegrityError):
        session.flush()


def test_one_question_is_open_at_a_time(session):
    row = submission(session)
    by = officer(session)
    conclude(session, row, ASK, by)
    first = row.asks[0]
    first.closed_at = MONDAY
    conclude(session, row, ASK, by)
    first.closed_at = None

    with pytest.raises(IntegrityError):
        session.flush()


def test_what_left_by_itself_has_no_outcome_to_undo(session):
    row, by = submission(session), officer(session)
    conclude(session, row, ASK, by)
    row.leave(Leaving.WITHDRAWN, at=MONDAY)

    with pytest.raises(NotUndoable):
        row.undoable(by=by.person_id, at=MONDAY, window_seconds=600)
    assert row.in_short["outcome"] == "ask"


def test_who_looks_is_told_how_a_submission_stands_in_words(session):
    row, by = submission(session), officer(session)
    assert row.in_words == "Nobody has this submission."
    conclude(session, row, ACTIVE, by)

    assert row.in_words == "Hub triage officer made this submission active at 9:00am on 2 November 2026."
