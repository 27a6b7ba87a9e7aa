"""Whoever offers an innovation is told whose turn it is after its outcome: theirs, the places', a body's or the Hub's."""

from datetime import timedelta

import pytest

from api.services import asking, concluding, following, referring, stages
from api.services.following import Turn
from api.services.letters import Choice
from api.services.stages import Step
from models.clocks import ClockKind
from models.decisions import Reason, ReasonCode
from models.documents import Visibility
from models.people import Role
from models.pipeline import PipelineStage
from models.proposals import ProposalState
from models.referrals import Answered, DeclineCode, ReferralOutcome
from models.triage import OutcomeKind
from tests import factories
from tests.place_answers import MEET, NO, NOT_NOW, announced, introduce, introduced, questions, say, staff
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
    make_body,
    settle,
)

pytestmark = pytest.mark.both
DAY = timedelta(days=1)
TUESDAY = MONDAY + DAY
ASKED = TUESDAY + LATER
"""When places are asked about a match that was confirmed on Tuesday; they have until the Tuesday after."""
LISTED = "It is on our list. We compare it with every new need, and write to you when one fits."


@pytest.fixture
def active(session, row, by):
    settle(session, conclude(session, row, ACTIVE, by))
    return row


def whereabouts(session, row, founder, *, at=ASKED):
    return following.whereabouts(session, row.innovation_id, actor=actor(founder), at=at, undo_window_seconds=WINDOW)


def told(session, row, founder, *, at=ASKED):
    found = whereabouts(session, row, founder, at=at)
    return found.turn, str(found.by) if found.by else None, found.says


def matched(session, row, *, places=("LDS", "WAK"), at=TUESDAY):
    return announced(session, factories.make_need(session, places=places), row.innovation, at=at)


# Places


def test_while_places_are_asked_it_is_their_turn_by_the_day_that_they_were_told(session, active, founder):
    proposal = matched(session, active)
    matched(session, active, places=("BDC",), at=TUESDAY + DAY)

    turn, day, says = told(session, active, founder, at=ASKED + DAY)

    assert (turn, day) == (Turn.PLACES, "2026-11-11")
    assert {str(each.answer_by) for each in questions(session, proposal).values()} == {"2026-11-10"}
    assert ("asked places" in says, "Leeds" in says, LISTED in says) == (True, False, False)


@pytest.mark.parametrize(
    ("answer", "said"), [(NO, {"code": ReasonCode.NO_BUDGET}), (NOT_NOW, {"until": (TUESDAY + 30 * DAY).date()}), (MEET, {})]
)
def test_an_answer_that_can_still_be_changed_is_not_told(session, active, founder, answer, said):
    (question,) = questions(session, matched(session, active, places=("LDS",))).values()
    before = told(session, active, founder)

    say(session, question, answer, by=staff(session, Role.PLACE, place="LDS"), at=ASKED, **said)

    assert told(session, active, founder, at=ASKED + LATER - timedelta(seconds=1)) == before
    after = told(session, active, founder, at=ASKED + LATER)
    assert after == (before if answer is MEET else (Turn.HUB, None, LISTED))


def test_after_an_introduction_it_is_the_turn_of_who_offers_it_while_other_places_answer(session, active, founder):
    proposal = matched(session, active)
    introduced(session, proposal, "LDS", at=ASKED)

    turn, day, says = told(session, active, founder, at=ASKED + LATER)

    assert (turn, day, says.startswith("You were introduced to Leeds.")) == (Turn.YOU, None, True)
    assert "asked places" in says


def test_west_yorkshire_as_one_voice_is_introduced_until_a_place_begins(session, active, founder):
    proposal = matched(session, active, places=tuple(factories.PLACES))
    (question,) = questions(session, proposal).values()
    say(session, question, MEET, by=staff(session), at=ASKED, note="Their lead told me.")
    introduce(session, question, at=ASKED + LATER)
    assert told(session, active, founder, at=ASKED + LATER)[2].startswith("You were introduced to West Yorkshire.")

    stages.change(session, proposal.id, Step("LDS", PipelineStage.INTRODUCED), actor=staff(session), at=ASKED + DAY)

    assert told(session, active, founder, at=ASKED + DAY)[2].startswith("You were introduced to Leeds.")


@pytest.mark.parametrize(
    ("stage", "turn", "says"),
    [
        (PipelineStage.EVALUATING, Turn.PLACES, "They look at whether it works for them: Leeds."),
        (PipelineStage.PILOTING, Turn.PLACES, "They try it out: Leeds."),
        (PipelineStage.ADOPTED, Turn.HUB, f"They use it: Leeds. {LISTED}"),
        (PipelineStage.SPREAD, Turn.HUB, f"They use it, and others begin to: Leeds. {LISTED}"),
        (PipelineStage.STOPPED, Turn.HUB, f"They go no further with it: Leeds. {LISTED}"),
    ],
)
def test_how_far_it_has_come_in_a_place_is_told_in_words(session, active, founder, stage, turn, says):
    proposal = matched(session, active, places=("LDS",))
    introduced(session, proposal, at=ASKED)
    reason = Reason(code=ReasonCode.NO_BUDGET) if stage is PipelineStage.STOPPED else Reason()
    stages.change(session, proposal.id, Step("LDS", stage, reason=reason), actor=staff(session), at=ASKED + DAY)

    assert told(session, active, founder, at=ASKED + DAY) == (turn, None, says)


def test_who_keeps_it_for_the_hub_alone_is_told_that_places_wait(session, active, founder):
    active.innovation.visibility = Visibility.HUB_ONLY
    matched(session, active)

    turn, day, says = told(session, active, founder)

    assert (turn, day, "only the Hub may read" in says) == (Turn.YOU, None, True)


# Bodies


@pytest.fixture
def referred(session, row, by):
    body = make_body(session)
    choice = Choice(kind=OutcomeKind.REFER, body_id=body.id, reason=Reason(note="They help."))
    outcome = conclude(session, row, choice, by)
    settle(session, outcome)
    return outcome.referral_id


def test_a_referral_is_followed_from_its_offer_to_its_end(session, row, founder, by, referred):
    assert told(session, row, founder)[:2] == (Turn.BODY, "2026-11-10")

    referring.answer(session, referred, Answered.ACCEPTED, actor=by, at=TUESDAY)
    turn, day, says = told(session, row, founder)
    assert (turn, day, says.startswith("Evaluation centre can help you. Get in touch")) == (Turn.YOU, None, True)

    referring.close(session, referred, ReferralOutcome.HELPED, actor=by, at=TUESDAY)
    assert told(session, row, founder) == (Turn.HUB, None, f"We had asked Evaluation centre to help you. That has ended. {LISTED}")


def test_after_a_no_the_hub_looks_on_and_a_second_body_is_followed(session, row, founder, by, referred):
    referring.answer(session, referred, Answered.DECLINED, actor=by, at=TUESDAY, code=DeclineCode.NO_CAPACITY)
    turn, day, says = told(session, row, founder)
    assert (turn, day, says.startswith("Evaluation centre cannot help now.")) == (Turn.HUB, None, True)

    referring.offer(session, row.innovation_id, make_body(session, name="Funder").id, reason="They pay.", actor=by, at=TUESDAY)
    turn, day, says = told(session, row, founder)
    assert (turn, day, "passed it on to Funder" in says) == (Turn.BODY, "2026-11-11", True)


def test_a_match_is_told_beside_a_referral(session, row, founder, by, referred):
    matched(session, row)

    turn, day, says = told(session, row, founder)

    assert (turn, day) == (Turn.PLACES, "2026-11-10")
    assert ("asked places" in says, "passed it on to Evaluation centre" in says) == (True, True)


# Nothing hints at an outcome


@pytest.mark.parametrize("days", [0, 1, 5, 8, 9, 12])
@pytest.mark.parametrize("choice", [ACTIVE, ARCHIVE, ASK])
def test_an_outcome_that_can_be_undone_changes_nothing_that_is_told(session, row, founder, by, choice, days):
    at = MONDAY + days * DAY
    choice = choice if choice is not ASK else Choice(kind=OutcomeKind.ASK, question="For whom?", answer_by=(at + 7 * DAY).date())
    before = told(session, row, founder, at=at)
    assert before == (Turn.HUB, str(clock(session, ClockKind.TRIAGE, row.id).overdue_on), "We are reading it. We tell you what we decided.")

    conclude(session, row, choice, by, at=at)
    assert told(session, row, founder, at=at) == before

    concluding.undo(session, row.id, actor=by, at=at, undo_window_seconds=WINDOW)
    assert told(session, row, founder, at=at) == before


def test_a_question_is_told_on_while_an_outcome_that_ends_it_can_be_undone(session, row, founder, by):
    settle(session, conclude(session, row, ASK, by))
    before = whereabouts(session, row, founder)
    assert (before.turn, before.by) == (Turn.YOU, ASK.answer_by)

    outcome = conclude(session, row, ARCHIVE, by, at=TUESDAY)
    meanwhile = whereabouts(session, row, founder)
    assert (meanwhile.says, meanwhile.by, meanwhile.ask) == (before.says, before.by, before.ask)

    settle(session, outcome, at=TUESDAY + LATER)
    after = whereabouts(session, row, founder)
    assert (after.turn, after.ask, after.letter.kind, "Our letter says why" in after.says) == (Turn.YOU, None, OutcomeKind.ARCHIVE, True)


def test_an_answer_after_the_last_day_keeps_the_day_through_the_next_outcome(session, row, founder, by):
    asked_at = MONDAY + 9 * DAY  # overdue since the day before
    choice = Choice(kind=OutcomeKind.ASK, question="For whom?", answer_by=(asked_at + 7 * DAY).date())
    settle(session, conclude(session, row, choice, by, at=asked_at), at=asked_at + LATER)
    answered_at = asked_at + 5 * DAY
    asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=answered_at)
    before = told(session, row, founder, at=answered_at)
    assert (before[0], before[1] is not None) == (Turn.HUB, True)

    conclude(session, row, ARCHIVE, by, at=answered_at)

    assert told(session, row, founder, at=answered_at) == before


def test_one_without_a_clock_has_no_day(session, row, founder):
    session.delete(clock(session, ClockKind.TRIAGE, row.id))
    session.flush()

    assert told(session, row, founder, at=MONDAY)[:2] == (Turn.HUB, None)


# Merged


@pytest.mark.parametrize(
    ("supplier", "says"),
    [
        ("Example supplier", "another innovation of yours or of a colleague"),
        ("Rival", "an innovation of another organisation"),
        (None, "another innovation that we know"),
    ],
)
def test_a_merged_one_tells_whose_goes_on_in_its_place(session, row, founder, supplier, says):
    row.innovation.merged_into_id = factories.make_innovation(session, supplier=supplier).id
    session.flush()

    assert told(session, row, founder) == (Turn.NOBODY, None, f"It is the same as {says}, which goes on in its place.")


# Letters


def drafted(session, row, by, choice, *, at=ASKED):
    return concluding.draft(session, row.id, choice, actor=by, at=at)


def test_a_letter_names_the_day_that_places_were_told(session, row, by):
    assert "answers by" not in drafted(session, row, by, ACTIVE)
    proposal = matched(session, row, places=("LDS",))
    assert "It answers by Tuesday 10 November 2026." in drafted(session, row, by, ACTIVE, at=ASKED + DAY)

    (question,) = questions(session, proposal).values()
    say(session, question, MEET, by=staff(session, Role.PLACE, place="LDS"), at=ASKED)

    letter = drafted(session, row, by, ACTIVE, at=ASKED + DAY)
    assert ("the turn of the place that has this need" in letter, "answers by" in letter) == (True, False)


def test_a_letter_names_the_day_that_places_would_be_told_today_and_none_while_they_may_not_be_asked(session, row, by):
    proposal = factories.make_proposal(session, None, row.innovation, state=ProposalState.CONFIRMED)
    assert "It answers by Wednesday 11 November 2026." in drafted(session, row, by, ACTIVE, at=ASKED + DAY)

    proposal.innovation.visibility = Visibility.HUB_ONLY
    session.flush()
    assert "answers by" not in drafted(session, row, by, ACTIVE, at=ASKED + DAY)


def test_a_letter_that_is_drafted_too_early_leaves_no_gap(session, row, by):
    unnamed = drafted(session, row, by, Choice(kind=OutcomeKind.REFER))
    named = drafted(session, row, by, Choice(kind=OutcomeKind.REFER, body_id=make_body(session).id))
    archive = drafted(session, row, by, Choice(kind=OutcomeKind.ARCHIVE))

    assert "passed it on to a body that may help you.\n" in unnamed
    assert "passed it on to Evaluation centre, who may be able to help you.\n" in named
    assert ("Why:" in archive, "now.\n\nWhat would change this" in archive) == (False, True)
    assert "now.\n\nWhy: There is not enough proof" in drafted(session, row, by, ARCHIVE)
