"""The letter of an outcome says what became of a submission, and leaves with what follows when it can no longer be undone."""

import pytest

from api.services import concluding, deciding, intake
from api.services.letters import Choice
from models.actors import SYSTEM
from models.clocks import ClockKind
from models.decisions import NotUndoable, Reason, ReasonCode, ReasonMissing, Verdict
from models.documents import Side
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.proposals import ProposalState
from models.queries import events, triage
from models.queries.documents import NotFound
from models.referrals import ReferralRefused
from models.triage import OutcomeKind, SubmissionState
from tests import factories
from tests.triage import (
    ACTIVE,
    ARCHIVE,
    LATER,
    MONDAY,
    WINDOW,
    clock,
    conclude,
    innovator,
    mails,
    make_body,
    officer,
    settle,
    submission,
)

pytestmark = pytest.mark.both
WITHOUT_MARK = {
    "aspect": None,
    "criterion": {"kind": "ukca_ce", "value": ""},
    "verdict": "gap",
    "need_quote": None,
    "innovation_quote": None,
    "missing": "",
}


@pytest.fixture
def by(session):
    return officer(session)


def propose(session, row, probability=0.9, **values):
    return factories.make_proposal(session, factories.make_need(session), row.innovation, probability=probability, **values)


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
    gone.findings = [*gone.findings, WITHOUT_MARK]
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
    near.findings = [*near.findings, WITHOUT_MARK]
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
    assert "send it in again" in letter


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


def test_a_match_that_a_letter_is_about_to_tell_of_is_undone_after_the_outcome_only(session, by):
    row = submission(session)
    match, refused = propose(session, row), propose(session, row)
    given = {"actor": by, "at": MONDAY, "undo_window_seconds": WINDOW}
    deciding.decide(session, match.id, Verdict.CONFIRMED, reason=Reason(), **given)
    deciding.decide(session, refused.id, Verdict.REJECTED, reason=Reason(ReasonCode.NO_CAPACITY), **given)
    conclude(session, row, ACTIVE, by)

    with pytest.raises(NotUndoable, match=r"made this submission active .* Its letter tells of this match"):
        deciding.undo(session, match.id, **given)
    deciding.undo(session, refused.id, **given)
    concluding.undo(session, row.id, **given)
    deciding.undo(session, match.id, **given)

    assert (match.state, refused.state) == (ProposalState.OPEN, ProposalState.OPEN)
