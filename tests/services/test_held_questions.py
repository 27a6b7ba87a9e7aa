"""What an innovation is for the Hub alone, the places are not asked about; a question that was put is held, and goes on."""

from datetime import timedelta

import pytest

from api.services import accounts, intake, introducing, place_answers
from models.clocks import ClockKind
from models.decisions import ReasonCode
from models.documents import Side, Visibility
from models.people import Role
from models.place_answers import AnswerClosed, Closing, QuestionState
from models.queries import clocks as clock_rows
from models.queries import place_answers as rows
from models.queries import proposals
from models.queries.documents import NotFound
from models.working_days import add_working_days, day_of
from tests import factories
from tests.place_answers import (
    AFTER,
    ANNOUNCED,
    MEET,
    NO,
    NOT_NOW,
    UNTIL,
    WINDOW,
    announced,
    introduce,
    kinds_of,
    mails,
    people,
    questions,
    say,
    staff,
)

pytestmark = pytest.mark.both


def test_while_the_innovation_is_for_the_hub_alone_the_places_are_not_asked_until_partners_may_read_it(session):
    director, lead = factories.make_person(session, Role.INNOVATOR), people(session, ("LDS",))["LDS"]
    innovation = factories.make_innovation(session, visibility=Visibility.HUB_ONLY)
    proposal = announced(session, None, innovation)
    row = questions(session, proposal)["LDS"]
    leeds = accounts.actor_of_person(lead)

    assert (row.state, mails(session, "place_asked", "place_held")) == (QuestionState.HELD, [("place_held", director.email)])
    assert place_answers.ask_what_waits(session, row.id, at=ANNOUNCED) is None
    with pytest.raises(NotFound):
        rows.get(session, row.id, leeds)
    with pytest.raises(AnswerClosed, match="not been asked yet"):
        say(session, row, MEET, by=staff(session), note="By telephone.")

    innovation.visibility = Visibility.PARTNERS
    session.flush()
    assert place_answers.to_ask(session, at=ANNOUNCED, limit=10) == [row.id]
    place_answers.ask_what_waits(session, row.id, at=ANNOUNCED)

    assert mails(session, "place_asked") == [("place_asked", lead.email)]
    assert rows.get(session, row.id, leeds).state is QuestionState.ASKED


def test_an_older_text_that_was_for_the_hub_alone_is_never_put_to_a_place(session):
    innovation = factories.make_innovation(session, visibility=Visibility.HUB_ONLY)
    row = questions(session, announced(session, None, innovation))["LDS"]
    innovation.revision, innovation.visibility = 2, Visibility.PUBLIC
    session.flush()

    assert place_answers.to_ask(session, at=ANNOUNCED, limit=10) == []
    assert place_answers.ask_what_waits(session, row.id, at=ANNOUNCED) is None


def test_a_question_held_and_closed_stays_the_hubs_own(session):
    innovation = factories.make_innovation(session, visibility=Visibility.HUB_ONLY)
    row = questions(session, announced(session, None, innovation))["LDS"]

    intake.withdraw(session, Side.INNOVATION, innovation.id, actor=staff(session), at=ANNOUNCED)

    assert row.closing is Closing.MATCH_REVERSED
    assert mails(session, "match_ended") == []
    with pytest.raises(NotFound):
        rows.get(session, row.id, staff(session, Role.PLACE))


def visibility(session, proposal, to, *, at=ANNOUNCED, **more):
    """Whoever offers it says who may read it."""
    innovator = staff(session, Role.INNOVATOR)
    intake.change(session, Side.INNOVATION, proposal.innovation_id, {"visibility": to} | more, actor=innovator, at=at)
    session.expire_all()


def test_what_is_for_the_hub_alone_again_is_taken_back_from_the_place_and_goes_on_when_it_is_opened(session):
    proposal = announced(session)
    leeds, hub, row = staff(session, Role.PLACE), staff(session), questions(session, proposal)["LDS"]
    days = [ANNOUNCED + timedelta(days=day) for day in range(0, 15, 7)]

    visibility(session, proposal, Visibility.HUB_ONLY, at=days[1])

    clock = clock_rows.of(session, ClockKind.PLACE_ANSWER, row.id)
    assert (row.state, clock.is_paused, clock.counted, kinds_of(session, proposal).count("place.held")) == (QuestionState.HELD, True, 5, 1)
    for read in (proposals.get, rows.get):
        with pytest.raises(NotFound):
            read(session, proposal.id if read is proposals.get else row.id, leeds)
    with pytest.raises(NotFound):
        say(session, row, MEET, by=leeds)
    with pytest.raises(AnswerClosed, match="for the Hub alone again"):
        say(session, row, MEET, by=hub, note="By telephone.")
    assert rows.get(session, row.id, hub).state is QuestionState.HELD
    assert place_answers.to_ask(session, at=days[2], limit=10) == []
    assert place_answers.ask_what_waits(session, row.id, at=days[2]) is None

    visibility(session, proposal, Visibility.PARTNERS, at=days[2])
    assert place_answers.to_ask(session, at=days[2], limit=10) == [row.id]
    place_answers.ask_what_waits(session, row.id, at=days[2])

    assert (row.state, row.asked_at, row.answer_by, clock.is_running) == (QuestionState.ASKED, ANNOUNCED, day_of(days[2]), True)
    assert proposals.get(session, proposal.id, leeds).id == proposal.id
    assert say(session, row, MEET, by=leeds, at=days[2]).late is False


@pytest.mark.parametrize(("days", "left"), [(0, 5), (2, 3), (7, 0)])
def test_a_question_that_goes_on_has_the_days_that_it_had_left(session, days, left):
    proposal = announced(session)
    row = questions(session, proposal)["LDS"]
    held, opened = ANNOUNCED + timedelta(days=days), ANNOUNCED + timedelta(days=28)
    visibility(session, proposal, Visibility.HUB_ONLY, at=held)
    visibility(session, proposal, Visibility.PUBLIC, at=opened)

    place_answers.ask_what_waits(session, row.id, at=opened)

    assert row.answer_by == (add_working_days(day_of(opened), left) if left else day_of(opened))


def test_a_question_that_was_overdue_when_it_was_held_is_still_overdue(session):
    proposal = announced(session)
    row = questions(session, proposal)["LDS"]
    before, opened = row.answer_by, ANNOUNCED + timedelta(days=28)
    visibility(session, proposal, Visibility.HUB_ONLY, at=ANNOUNCED + timedelta(days=14))
    visibility(session, proposal, Visibility.PUBLIC, at=opened)

    place_answers.ask_what_waits(session, row.id, at=opened)

    assert (row.answer_by, clock_rows.of(session, ClockKind.PLACE_ANSWER, row.id).is_overdue(opened)) == (before, True)


def test_a_text_that_was_shown_once_goes_on_although_it_was_changed_while_it_was_hidden(session):
    innovation = factories.make_innovation(session, visibility=Visibility.HUB_ONLY)
    proposal = announced(session, None, innovation)
    row = questions(session, proposal)["LDS"]
    visibility(session, proposal, Visibility.PARTNERS)
    place_answers.ask_what_waits(session, row.id, at=ANNOUNCED)
    visibility(session, proposal, Visibility.HUB_ONLY, how_it_works="In a new way.")
    visibility(session, proposal, Visibility.PARTNERS)

    assert place_answers.to_ask(session, at=ANNOUNCED, limit=10) == [row.id]
    assert place_answers.ask_what_waits(session, row.id, at=ANNOUNCED).state is QuestionState.ASKED


def test_a_meet_introduces_nobody_while_the_innovation_is_for_the_hub_alone_again(session):
    proposal = announced(session)
    leeds, row = staff(session, Role.PLACE), questions(session, proposal)["LDS"]
    say(session, row, MEET, by=leeds)
    visibility(session, proposal, Visibility.HUB_ONLY)

    assert (introduce(session, row), mails(session, "introduction_place"), row.state) == (None, [], QuestionState.ANSWERED)
    assert introducing.to_introduce(session, at=ANNOUNCED + AFTER, after_seconds=WINDOW) == []
    with pytest.raises(NotFound):
        rows.get(session, row.id, leeds)
    with pytest.raises(AnswerClosed, match="for the Hub alone again"):
        say(session, row, NO, by=staff(session), code=ReasonCode.SKILLS, note="By telephone.")

    visibility(session, proposal, Visibility.PARTNERS)
    assert introducing.to_introduce(session, at=ANNOUNCED + AFTER, after_seconds=WINDOW) == [row.id]
    assert introduce(session, row).introduced_at == ANNOUNCED + AFTER


def shown_and_set_aside(session):
    """A match and its question, which was held, then put, and answered with *not now*."""
    innovation = factories.make_innovation(session, visibility=Visibility.HUB_ONLY)
    proposal = announced(session, None, innovation)
    row = questions(session, proposal)["LDS"]
    visibility(session, proposal, Visibility.PARTNERS)
    place_answers.ask_what_waits(session, row.id, at=ANNOUNCED)
    say(session, row, NOT_NOW, by=staff(session, Role.PLACE), until=UNTIL)
    return proposal, row


def test_a_place_that_was_shown_the_match_is_asked_again_on_its_day_although_the_text_was_changed_since(session):
    proposal, row = shown_and_set_aside(session)
    visibility(session, proposal, Visibility.PARTNERS, how_it_works="In a new way.")

    again = place_answers.ask_what_waits(session, row.id, at=ANNOUNCED + timedelta(days=70))

    assert (again.asking, again.state) == (2, QuestionState.ASKED)


def test_a_day_that_comes_while_the_innovation_is_hidden_asks_again_when_it_is_opened_although_the_text_was_changed(session):
    proposal, row = shown_and_set_aside(session)
    visibility(session, proposal, Visibility.HUB_ONLY, how_it_works="In a new way.")
    come = ANNOUNCED + timedelta(days=70)

    again = place_answers.ask_what_waits(session, row.id, at=come)
    hidden = again.state, place_answers.to_ask(session, at=come, limit=10)
    visibility(session, proposal, Visibility.PARTNERS)

    assert hidden == (QuestionState.HELD, [])
    assert place_answers.to_ask(session, at=come, limit=10) == [again.id]
    assert place_answers.ask_what_waits(session, again.id, at=come).state is QuestionState.ASKED
