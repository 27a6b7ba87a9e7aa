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
from models.needs import NeedStatus
from models.proposals import Band, ProposalState
from models.queries import events, triage
from models.queries.documents import NotFound
from models.queries.triage import Wanted
from models.referrals import ReferralRefused
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
    make_body,
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

    with pytest.raises(SubmissionClosed, match="gave this submission the outcome 'archive' at 09:00 on 02 November 2026") as refused:
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
        with pytest.raises(SubmissionClosed, match="was withdrawn at 09:00"):
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


# Letters


def test_a_letter_about_what_was_handed_in_again_and_has_another_outcome_never_leaves(session, by):
    innovator(session)
    row = submission(session)
    first = conclude(session, row, ARCHIVE, by)
    intake.submit(session, Side.INNOVATION, row.innovation_id, actor=SYSTEM, at=MONDAY)
    again = triage.current(session, row.innovation_id)
    match = propose(session, again)
    conclude(session, again, ACTIVE, by, at=MONDAY, leave_undecided=True)

    assert settle(session, first).mailed_to == 0
    assert (mails(session), match.state) == ([], ProposalState.OPEN)


def test_the_letter_of_a_refusal_names_no_need_that_is_no_longer_open(session, by):
    row = submission(session)
    gone = propose(session, row, state=ProposalState.REJECTED)
    gone.findings = [
        *gone.findings,
        {
            "aspect": None,
            "criterion": {"kind": "ukca_ce", "value": ""},
            "verdict": "gap",
            "need_quote": None,
            "innovation_quote": None,
            "missing": "",
        },
    ]
    gone.need.status = NeedStatus.CLOSED
    session.flush()

    assert gone.need.title not in concluding.draft(session, row.id, ARCHIVE, actor=by, at=MONDAY)


def test_the_letter_leaves_once_when_the_window_has_passed(session, by):
    person = innovator(session)
    row = submission(session)
    outcome = conclude(session, row, ACTIVE, by, letter="Dear founder.")

    assert settle(session, outcome, at=MONDAY) is None  # too early: it is owed anew
    assert settle(session, outcome).mailed_to == 1
    assert settle(session, outcome) is None
    (mail,) = mails(session)
    assert (mail.address, mail.template, mail.subject) == (person.email, "outcome_active_link", f"{row.innovation.name}: it is on our list")
    assert "Dear founder." in mail.body
    assert concluding.settle(session, row.id, at=MONDAY, undo_window_seconds=WINDOW) is None  # no outcome of that id


def test_without_an_address_the_letter_is_kept_to_be_printed(session, by):
    row = submission(session, supplier=None, created_by=by.name)  # typed in by the Hub, of whom it is not

    outcome = settle(session, conclude(session, row, ARCHIVE, by))

    assert (outcome.mailed_to, mails(session)) == (0, [])
    assert "Whom to ask: Hub triage officer at the Hub." in outcome.letter


def test_the_letter_of_a_refusal_says_why_and_what_would_change_it(session, by):
    row = submission(session)
    near = propose(session, row, state=ProposalState.REJECTED)
    near.findings = [
        *near.findings,
        {
            "aspect": None,
            "criterion": {"kind": "ukca_ce", "value": ""},
            "verdict": "gap",
            "need_quote": None,
            "innovation_quote": None,
            "missing": "",
        },
    ]
    elsewhere = propose(session, row, 0.85, state=ProposalState.REJECTED)
    elsewhere.need.title, elsewhere.findings = "Another problem", [elsewhere.findings[0] | {"verdict": "gap"}]
    hidden = propose(session, row, 0.8, state=ProposalState.REJECTED)
    hidden.need.title, hidden.need.visibility = "A secret of the Hub", "hub_only"
    session.flush()

    letter = concluding.draft(session, row.id, ARCHIVE, actor=by, at=MONDAY)

    assert "There is not enough proof yet" in letter
    assert "Send us results" in letter
    assert near.need.title in letter
    assert "It must carry a UKCA or CE mark" in letter
    assert "secret" not in letter
    assert "Another problem" not in letter
    assert "hand it in again" in letter


def test_the_letter_names_the_confirmed_needs_that_are_public_and_when_their_places_answer(session, by):
    row = submission(session)
    first = propose(session, row, state=ProposalState.CONFIRMED)
    second = propose(session, row, 0.8, state=ProposalState.CONFIRMED)
    second.need.visibility = "partners"
    session.flush()

    letter = concluding.draft(session, row.id, ACTIVE, actor=by, at=MONDAY)

    assert f"- {first.need.title} (Leeds)" in letter
    assert "- a need that is not public yet" in letter
    assert "by Monday 9 November 2026" in letter


def test_the_letter_of_one_that_nothing_fits_says_so_and_a_note_stands_for_another_reason(session, by):
    row = submission(session)
    other = Choice(kind=OutcomeKind.ARCHIVE, reason=Reason(code=ReasonCode.OTHER, note="It is a book."))

    letter = concluding.draft(session, row.id, other, actor=by, at=MONDAY)

    assert "Why: It is a book." in letter
    assert "none was near to it" in letter
    assert "a body that may help you" in concluding.draft(session, row.id, Choice(kind=OutcomeKind.REFER), actor=by, at=MONDAY)


# Referring


def test_a_referral_is_offered_when_the_window_has_passed(session, by):
    innovator(session)
    row, body = submission(session), make_body(session)
    choice = Choice(kind=OutcomeKind.REFER, body_id=body.id, reason=Reason(note="They help firms to plan an evaluation."))

    outcome = conclude(session, row, choice, by)

    assert (row.innovation.status, outcome.referral_id) == (InnovationStatus.REFERRED, None)
    assert settle(session, outcome).referral_id is not None
    (mail,) = [each for each in mails(session) if each.template == "outcome_refer_link"]
    assert body.name in mail.body


@pytest.mark.parametrize("how", ["inactive", "held"])
def test_a_referral_that_can_no_longer_be_offered_comes_back_to_the_hub(session, by, how):
    innovator(session)
    row, body = submission(session), make_body(session)
    outcome = conclude(session, row, Choice(kind=OutcomeKind.REFER, body_id=body.id, reason=Reason(note="They help.")), by)
    if how == "inactive":
        body.active = False
    else:
        row.innovation.consent_at, row.innovation.consent_by = None, ""
    session.flush()

    assert settle(session, outcome) is None
    undoing = row.outcomes[-1]
    assert (undoing.kind, undoing.given_by_name, "Choose another" in undoing.note or "consented" in undoing.note) == (
        OutcomeKind.UNDONE, "The service", True,
    )  # fmt: skip
    assert (row.state, row.innovation.status, mails(session)) == (SubmissionState.IN_TRIAGE, InnovationStatus.IN_TRIAGE, [])
    assert clock(session, ClockKind.TRIAGE, row.id).is_running
    assert {event.kind: event.actor for event in events.of_subject(session, row.innovation_id)}["submission.undone"] == SYSTEM.name
    assert (triage.unsettled(session, MONDAY + LATER), triage.without_outcome(session)) == ([], [])


def test_a_referral_that_is_under_way_is_not_offered_twice(session, by):
    from api.services import referring

    row, body = submission(session), make_body(session)
    choice = Choice(kind=OutcomeKind.REFER, body_id=body.id, reason=Reason(note="They help."))
    outcome = conclude(session, row, choice, by)
    standing = referring.refer(session, row.innovation_id, body.id, reason="They help.", actor=by, at=MONDAY)

    assert settle(session, outcome).referral_id == standing.id


@pytest.mark.parametrize("how", ["nowhere", "without reason", "inactive", "held"])
def test_one_is_referred_to_a_body_that_is_asked_and_with_consent_only(session, by, how):
    row = submission(session, **({"consent_at": None, "consent_by": ""} if how == "held" else {}))
    body = make_body(session, active=how != "inactive")
    note = "" if how == "without reason" else "They help."
    choice = Choice(kind=OutcomeKind.REFER, body_id=row.id if how == "nowhere" else body.id, reason=Reason(note=note))

    with pytest.raises((NotFound, ReferralRefused, ReasonMissing)):
        conclude(session, row, choice, by)
