"""Questions to innovators: asked with a link, answered once, late or never, and chased meanwhile."""

import re
from datetime import timedelta

import pytest

from api.jobs.clocks import CHASERS
from api.queue import Job
from api.services import asking, clocks, concluding, following, intake, triaging
from api.services.asking import NothingAnswered
from api.services.following import Turn
from api.services.letters import Choice
from models.actors import NotAllowed
from models.clocks import ClockKind, Due
from models.decisions import Reason
from models.documents import Side, Visibility
from models.innovations import InnovationStatus
from models.links import LinkSpent
from models.people import Role
from models.queries import events
from models.queries.documents import NotFound
from models.triage import AskClosed, Leaving, OutcomeKind, SubmissionState
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
TUESDAY = MONDAY + timedelta(days=1)


def asked(session, row, by):
    """A question whose link has been mailed; the link's token."""
    settle(session, conclude(session, row, ASK, by))
    return token_of(mails(session)[-1])


def token_of(mail):
    return re.search(r"/answers/([\w-]+)", mail.body)[1]


def chase(session, found, *, at):
    return clocks.chase(session, found.id, CHASERS, at=at)


def test_a_question_pauses_the_clock_and_starts_the_innovators(session, row, by):
    asked(session, row, by)

    (question,) = row.asks
    assert (row.state, row.innovation.status) == (SubmissionState.ASKED, InnovationStatus.IN_TRIAGE)
    assert clock(session, ClockKind.TRIAGE, row.id).is_paused
    assert clock(session, ClockKind.ASK, question.id).is_running
    assert [event.kind for event in events.of_subject(session, row.innovation_id)] == ["submission.asked"]
    (mail,) = mails(session)
    assert (mail.template, "For which ages is it?" in mail.body, "Monday 9 November 2026" in mail.body) == ("outcome_ask_link", True, True)


def test_an_answer_by_the_link_is_a_new_version_that_is_ranked_again(session, row, by, founder):
    token = asked(session, row, by)
    assert asking.question(session, token, at=TUESDAY).question == ASK.question

    found = asking.answer_by_link(session, token, "Adults.", {"eligibility": "Adults who wait."}, at=TUESDAY)

    (question,) = row.asks
    assert (found.in_time, question.answer, question.revision, question.late) == (True, "Adults.", 2, False)
    assert (question.answered_by_name, "We have your answer" in found.says) == (founder.name, True)
    assert (row.innovation.eligibility, row.innovation.revision) == ("Adults who wait.", 2)
    assert [job.arguments["id"] for job in owed(session, Job.EMBED)] == [str(row.innovation_id)]
    assert (row.state, row.assigned_to) == (SubmissionState.IN_TRIAGE, by.person_id)
    assert clock(session, ClockKind.ASK, question.id).stopped_at == TUESDAY
    assert clock(session, ClockKind.TRIAGE, row.id).is_running
    with pytest.raises(LinkSpent):
        asking.answer_by_link(session, token, "Children.", {}, at=TUESDAY)


def test_an_answer_in_words_alone_makes_no_version(session, row, by, founder):
    asked(session, row, by)

    found = asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=TUESDAY)

    assert (found.ask.revision, row.innovation.revision) == (None, 1)


def test_a_change_that_says_the_same_makes_no_version(session, row, by, founder):
    asked(session, row, by)

    found = asking.answer(session, row.id, "", {"name": row.innovation.name}, actor=actor(founder), at=TUESDAY)

    assert (found.ask.revision, found.in_time) == (None, True)


def test_one_answer_is_taken(session, row, by, founder):
    token = asked(session, row, by)
    asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=TUESDAY)

    for again in (
        lambda: asking.answer(session, row.id, "Children.", {}, actor=actor(founder), at=TUESDAY),
        lambda: asking.question(session, token, at=TUESDAY),
        lambda: asking.answer_by_link(session, token, "Children.", {}, at=TUESDAY),
    ):
        with pytest.raises(AskClosed, match="Managing director answered at 9:00am"):
            again()


def test_an_answer_says_something(session, row, by, founder):
    asked(session, row, by)

    with pytest.raises(NothingAnswered):
        asking.answer(session, row.id, "", {}, actor=actor(founder), at=TUESDAY)


def test_an_answer_after_its_day_is_taken_and_marked(session, row, by):
    token = asked(session, row, by)

    found = asking.answer_by_link(session, token, "Adults.", {}, at=MONDAY + timedelta(days=60))

    assert (found.in_time, found.ask.late, row.state) == (True, True, SubmissionState.IN_TRIAGE)


def test_of_an_answer_after_the_outcome_nothing_is_lost(session, row, by, founder):
    token = asked(session, row, by)
    settle(session, conclude(session, row, ARCHIVE, by, at=TUESDAY), at=TUESDAY + LATER)

    found = asking.answer_by_link(session, token, "Adults.", {"eligibility": "Adults who wait."}, at=TUESDAY + LATER)

    assert (found.in_time, row.asks[0].answer, row.outcome) == (False, "Adults.", OutcomeKind.ARCHIVE)
    assert "We had decided before your answer came" in found.says
    assert "hand your innovation in again" in found.says
    assert (row.innovation.eligibility, row.innovation.revision, found.ask.revision) == ("Adults who wait.", 2, 2)


def test_whoever_answers_what_is_on_the_list_already_need_not_hand_it_in_again(session, row, by):
    token = asked(session, row, by)
    settle(session, conclude(session, row, ACTIVE, by, at=TUESDAY, leave_undecided=True), at=TUESDAY + LATER)

    found = asking.answer_by_link(session, token, "Adults.", {}, at=TUESDAY + LATER)

    assert (found.in_time, "Our letter says" in found.says, "again" in found.says) == (False, True, False)


def test_an_answer_is_told_of_no_outcome_that_can_be_undone_and_stays_when_it_is(session, row, by):
    token = asked(session, row, by)
    conclude(session, row, ARCHIVE, by, at=TUESDAY)

    says = asking.answer_by_link(session, token, "Adults.", {"eligibility": "Adults who wait."}, at=TUESDAY).says
    concluding.undo(session, row.id, actor=by, at=TUESDAY, undo_window_seconds=WINDOW)

    assert says == "Thank you. We have your answer, and tell you what we decided."
    assert (row.state, row.asks[0].answer, row.innovation.eligibility) == (SubmissionState.IN_TRIAGE, "Adults.", "Adults who wait.")
    assert clock(session, ClockKind.TRIAGE, row.id).is_running


@pytest.mark.parametrize("how", ["withdrawn", "merged"])
def test_what_was_withdrawn_or_merged_after_its_outcome_takes_no_answer(session, row, by, how):
    token = asked(session, row, by)
    conclude(session, row, ARCHIVE, by, at=TUESDAY)
    if how == "withdrawn":
        intake.withdraw(session, Side.INNOVATION, row.innovation_id, actor=by, at=TUESDAY)
    else:
        row.innovation.merged_into_id = factories.make_innovation(session).id
    session.flush()

    with pytest.raises(AskClosed, match=f"was {how}"):
        asking.answer_by_link(session, token, "Adults.", {}, at=TUESDAY)


def test_a_question_about_what_was_withdrawn_is_closed_with_both_clocks(session, row, by, founder):
    token = asked(session, row, by)
    intake.withdraw(session, Side.INNOVATION, row.innovation_id, actor=actor(founder), at=TUESDAY)

    (question,) = row.asks
    assert (row.left_by, question.is_open) == (Leaving.WITHDRAWN, False)
    assert {clock(session, kind, id).stopped_at for kind, id in ((ClockKind.TRIAGE, row.id), (ClockKind.ASK, question.id))} == {TUESDAY}
    with pytest.raises(AskClosed, match="was withdrawn"):
        asking.answer_by_link(session, token, "Adults.", {}, at=TUESDAY)


def test_who_answers_offers_the_innovation(session, row, by, founder):
    asked(session, row, by)
    row.innovation.visibility = Visibility.PARTNERS
    session.flush()

    with pytest.raises(NotFound):
        asking.answer(session, row.id, "Ours.", {}, actor=actor(innovator(session, organisation="Rival")), at=TUESDAY)
    with pytest.raises(NotAllowed):
        asking.answer(session, row.id, "Ours.", {}, actor=officer(session, Role.PLACE), at=TUESDAY)
    assert asking.answer(session, row.id, "Told by telephone.", {}, actor=by, at=TUESDAY).in_time


def test_what_nobody_asked_takes_no_answer(session, row, founder):
    with pytest.raises(AskClosed, match="Nothing was asked"):
        asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=TUESDAY)


def test_a_question_that_was_taken_back_takes_no_answer(session, row, by, founder):
    conclude(session, row, ASK, by)
    concluding.undo(session, row.id, actor=by, at=MONDAY, undo_window_seconds=WINDOW)

    with pytest.raises(AskClosed, match="Nothing was asked"):
        asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=TUESDAY)


def test_an_answer_within_the_window_needs_no_mail(session, row, by, founder):
    outcome = conclude(session, row, ASK, by)
    asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=MONDAY)

    assert settle(session, outcome).mailed_to == 0
    assert mails(session) == []


def test_who_was_asked_by_nobody_still_there_waits_for_anybody(session, row, by, founder):
    asked(session, row, by)
    triaging.give_back(session, row.id, actor=by, at=MONDAY)
    assert row.state is SubmissionState.ASKED

    asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=TUESDAY)

    assert row.state is SubmissionState.WAITING


# Chasing


def test_an_innovator_is_reminded_with_a_new_link_and_the_hub_is_told_at_last(session, row, by, founder):
    asked(session, row, by)
    found = clock(session, ClockKind.ASK, row.asks[0].id)

    assert chase(session, found, at=MONDAY + timedelta(days=4)) is Due.REMINDER
    assert chase(session, found, at=MONDAY + timedelta(days=8)) is Due.OVERDUE
    assert chase(session, found, at=MONDAY + timedelta(days=9)) is None

    _, reminder, *overdue = mails(session)
    assert (reminder.template, reminder.address, "Please answer by Monday 9" in reminder.body) == ("ask_reminder_link", founder.email, True)
    assert {mail.template: mail.person_id for mail in overdue} == {"ask_overdue_link": founder.id, "ask_unanswered": by.person_id}
    assert asking.answer_by_link(session, token_of(reminder), "Adults.", {}, at=MONDAY + timedelta(days=9)).in_time


def test_where_no_innovator_is_known_the_hub_is_told_that_nobody_was_reminded(session, by):
    row = submission(session, supplier=None, created_by=by.name)
    settle(session, conclude(session, row, ASK, by))

    chase(session, clock(session, ClockKind.ASK, row.asks[0].id), at=MONDAY + timedelta(days=8))

    (mail,) = mails(session)
    assert (mail.template, "been reminded by mail" in mail.body) == ("ask_unanswered", False)
    assert "no address" in mail.body


def test_who_has_a_submission_is_reminded_of_it_and_the_lead_when_it_is_overdue(session, row, by):
    lead, other = officer(session, Role.LEAD, "Hub lead"), officer(session, name="Second officer")
    row.take(by=by.person_id, by_name=by.shown_as, at=MONDAY)
    found = clock(session, ClockKind.TRIAGE, row.id)

    chase(session, found, at=MONDAY + timedelta(days=4))
    chase(session, found, at=MONDAY + timedelta(days=8))

    told = [(mail.template, mail.person_id) for mail in mails(session)]
    assert told[:1] == [("triage_reminder", by.person_id)]
    assert set(told[1:]) == {("triage_overdue", by.person_id), ("triage_overdue", lead.person_id)}
    assert other.person_id not in {person for _, person in told}
    assert row.innovation.name in mails(session)[0].body


def test_what_nobody_has_is_one_mail_a_day_to_each_of_the_staff(session, by):
    second = officer(session, name="Second officer")
    rows = [submission(session, name=f"Sensor {n}") for n in range(12)]
    for each in rows:
        chase(session, clock(session, ClockKind.TRIAGE, each.id), at=MONDAY + timedelta(days=4))

    first, other = mails(session)
    assert {first.person_id, other.person_id} == {by.person_id, second.person_id}
    assert first.subject == "Submissions wait for an outcome"
    assert first.body.count("- Sensor") == 10
    assert "and 2 more" in first.body


def test_when_who_has_it_has_left_all_staff_are_told(session, row, by):
    gone = factories.make_person(session, Role.HUB, name="Officer who left", active=False)
    row.take(by=gone.id, by_name=gone.name, at=MONDAY)

    chase(session, clock(session, ClockKind.TRIAGE, row.id), at=MONDAY + timedelta(days=4))

    (mail,) = mails(session)
    assert (mail.person_id, row.innovation.name in mail.body) == (by.person_id, True)


def test_who_is_no_longer_staff_is_told_of_no_submission(session, row, by, founder):
    moved = officer(session, Role.PLACE, "Officer who moved")
    row.take(by=moved.person_id, by_name=moved.shown_as, at=MONDAY)
    chase(session, clock(session, ClockKind.TRIAGE, row.id), at=MONDAY + timedelta(days=4))

    (mail,) = mails(session)
    assert (mail.person_id, row.innovation.name in mail.body) == (by.person_id, True)


def test_nobody_is_chased_for_what_is_done(session, row, by):
    asked(session, row, by)
    waits, answers = clock(session, ClockKind.TRIAGE, row.id), clock(session, ClockKind.ASK, row.asks[0].id)
    row.asks[0].closed_at = MONDAY
    row.leave(Leaving.MERGED, at=MONDAY)
    before = len(mails(session))

    for found in (waits, answers):
        CHASERS[found.kind](session, found, Due.OVERDUE, at=MONDAY)

    assert len(mails(session)) == before


# Where it is


def whereabouts(session, row, founder, *, at=TUESDAY):
    return following.whereabouts(session, row.innovation_id, actor=actor(founder), at=at, undo_window_seconds=WINDOW)


def test_an_innovator_follows_a_submission_from_the_queue_to_its_outcome(session, row, by, founder):
    found = whereabouts(session, row, founder)
    assert (found.turn, str(found.by), found.letter) == (Turn.HUB, "2026-11-10", None)

    outcome = conclude(session, row, ASK, by)
    assert whereabouts(session, row, founder).turn is Turn.HUB  # it can still be undone
    settle(session, outcome)
    found = whereabouts(session, row, founder)
    assert (found.turn, found.by, found.ask.question) == (Turn.YOU, ASK.answer_by, ASK.question)

    asking.answer(session, row.id, "Adults.", {}, actor=actor(founder), at=TUESDAY)
    found = whereabouts(session, row, founder)
    assert (found.turn, found.ask, found.letter.kind) == (Turn.HUB, None, OutcomeKind.ASK)

    outcome = conclude(session, row, ACTIVE, by, at=TUESDAY, leave_undecided=True)
    settle(session, outcome, at=TUESDAY + LATER)
    found = whereabouts(session, row, founder)
    assert (found.turn, found.letter.kind, found.by) == (Turn.HUB, OutcomeKind.ACTIVE, None)


def test_whose_turn_it_is_where_nothing_was_handed_in_or_nothing_follows(session, founder):
    draft = factories.make_innovation(session, status=InnovationStatus.DRAFT)
    held = factories.make_innovation(session, consent_at=None, consent_by="")
    withdrawn = factories.make_innovation(session, status=InnovationStatus.WITHDRAWN)
    merged = factories.make_innovation(session, merged_into_id=held.id)

    documents = (draft, held, withdrawn, merged)
    found = [following.whereabouts(session, each.id, actor=actor(founder), at=MONDAY, undo_window_seconds=WINDOW) for each in documents]

    assert [each.turn for each in found] == [Turn.YOU, Turn.YOU, Turn.NOBODY, Turn.NOBODY]
    assert ["draft" in found[0].says, "agree" in found[1].says] == [True, True]


def test_a_referred_one_waits_for_the_body_until_its_clock_says(session, row, by, founder):
    choice = Choice(kind=OutcomeKind.REFER, body_id=make_body(session).id, reason=Reason(note="They help."))
    settle(session, conclude(session, row, choice, by))

    found = whereabouts(session, row, founder)

    assert (found.turn, str(found.by)) == (Turn.BODY, "2026-11-10")


def test_only_who_offers_it_and_the_hub_follow_an_innovation(session, row):
    row.innovation.visibility = Visibility.PARTNERS
    session.flush()

    with pytest.raises(NotAllowed):
        following.whereabouts(session, row.innovation_id, actor=officer(session, Role.PLACE), at=MONDAY, undo_window_seconds=WINDOW)
