"""The places are asked about a confirmed match, answer it, and are introduced."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from api.jobs.clocks import CHASERS
from api.services import accounts, clocks, deciding, ending_needs, intake, joining, place_answers
from api.services import stages as steps
from models.actors import SYSTEM, NotAllowed
from models.clocks import ClockKind, Due
from models.decisions import ReasonCode, ReasonMissing
from models.documents import Side, StaleVersion, Visibility
from models.mail import Message
from models.people import Role
from models.pipeline import PipelineStage
from models.place_answers import AnswerClosed, Closing, QuestionState
from models.queries import clocks as clock_rows
from models.queries import events, proposals, stages
from models.queries import place_answers as rows
from models.queries.documents import NotFound
from models.working_days import day_of
from tests import factories
from tests.factories import NOW
from tests.place_answers import (
    AFTER,
    ALL_PLACES,
    ANNOUNCED,
    MEET,
    NO,
    NOT_NOW,
    UNTIL,
    WINDOW,
    announced,
    body,
    confirm,
    introduce,
    introduced,
    kinds_of,
    mails,
    people,
    questions,
    say,
    staff,
)

pytestmark = pytest.mark.both


def test_every_place_of_the_need_is_asked_once_when_the_match_is_announced(session):
    leads = people(session, ("LDS", "WAK"))
    proposal = announced(session, factories.make_need(session, places=("LDS", "WAK")))

    place_answers.ask_places(session, proposal, at=ANNOUNCED)

    asked = questions(session, proposal)
    assert {key: (row.state, row.asked_at, row.asking) for key, row in asked.items()} == {
        "LDS": (QuestionState.ASKED, ANNOUNCED, 1),
        "WAK": (QuestionState.ASKED, ANNOUNCED, 1),
    }
    assert mails(session) == sorted(("place_asked", lead.email) for lead in leads.values())
    assert all(clock_rows.of(session, ClockKind.PLACE_ANSWER, row.id).is_running for row in asked.values())
    assert kinds_of(session, proposal) == ["match.confirmed", "place.asked", "place.asked", "proposal.confirmed"]


def test_the_mail_says_what_it_is_about_whose_turn_it_is_and_by_when(session):
    lead = people(session, ("LDS",))["LDS"]
    proposal = announced(session)

    told = body(session, "place_asked", lead)

    assert "Computer test of attention and activity, offered by Example supplier" in told
    assert "People wait too long for an ADHD assessment" in told
    assert "It is your turn" in told
    assert "by Monday 9 November 2026" in told  # asked on Monday the 2nd
    assert f"/place-answers/{questions(session, proposal)['LDS'].id}\n" in told
    assert "/proposals/" not in told


def test_nobody_is_asked_before_the_match_is_announced_or_when_it_was_undone(session):
    hub = staff(session)
    proposal = factories.make_proposal(session)
    confirm(session, proposal, by=hub)
    place_answers.ask_places(session, proposal, at=NOW)
    deciding.undo(session, proposal.id, actor=hub, at=NOW, undo_window_seconds=WINDOW)

    place_answers.ask_places_of(session, [proposal.need_id], at=ANNOUNCED)

    assert questions(session, proposal) == {}


def test_a_need_of_all_five_places_asks_the_one_that_owns_it(session):
    owner = factories.make_place(session, "KIR")
    proposal = announced(session, factories.make_need(session, places=ALL_PLACES, owner_place_id=owner.id))

    assert list(questions(session, proposal)) == ["KIR"]


def test_a_need_of_all_five_places_that_none_owns_asks_west_yorkshire_once_and_the_hub_answers(session):
    officer = factories.make_person(session, name="Hub officer")
    proposal = announced(session, factories.make_need(session, places=ALL_PLACES))
    row = questions(session, proposal)["WY"]
    leeds, hub = staff(session, Role.PLACE, place="LDS"), staff(session)

    with pytest.raises(NotFound):
        say(session, row, MEET, by=leeds)
    say(session, row, MEET, by=hub, note="The ICB's board said so on Tuesday.")
    introduce(session, row)

    assert "for West Yorkshire" not in row.in_short
    assert "one voice for all of West Yorkshire" in body(session, "place_asked", officer)
    assert row.introduced_at is not None
    assert stages.history(session, proposal.id, SYSTEM) == []  # which place begins is for the Hub to say
    assert proposals.get(session, proposal.id, leeds).id == proposal.id


def test_places_that_joined_are_asked_about_the_one_match_each_for_its_own_need(session):
    own = factories.make_need(session, places=("KIR",), owner_place_id=factories.make_place(session, "KIR").id)
    other = factories.make_need(
        session, places=("CAL",), title="Calderdale's own words", owner_place_id=factories.make_place(session, "CAL").id
    )
    leads = people(session, ("KIR", "CAL"))
    joining.join(session, own.id, other.id, actor=staff(session, Role.PLACE, place="CAL"), at=NOW)

    proposal = announced(session, own)

    asked = questions(session, proposal)
    assert {key: row.need_id for key, row in asked.items()} == {"KIR": own.id, "CAL": other.id}
    assert "Calderdale's own words" in body(session, "place_asked", leads["CAL"])
    calderdale = staff(session, Role.PLACE, place="CAL")
    assert proposals.get(session, proposal.id, calderdale).id == proposal.id
    assert introduced(session, proposal, "CAL").introduced_at is not None


def test_a_place_that_joins_later_is_asked_then_and_one_that_leaves_no_more(session):
    own = factories.make_need(session, places=("KIR",), owner_place_id=factories.make_place(session, "KIR").id)
    other = factories.make_need(session, places=("CAL",), owner_place_id=factories.make_place(session, "CAL").id)
    calderdale = staff(session, Role.PLACE, place="CAL")
    proposal = announced(session, own)

    joining.join(session, own.id, other.id, actor=calderdale, at=ANNOUNCED)
    place_answers.ask_places_of(session, [own.id, other.id], at=ANNOUNCED)
    first = questions(session, proposal)["CAL"]
    joining.leave(session, other.id, actor=calderdale, at=ANNOUNCED)

    assert (first.state, first.closing) == (QuestionState.CLOSED, Closing.PLACE_LEFT)
    assert questions(session, proposal)["KIR"].state is QuestionState.ASKED
    assert clock_rows.of(session, ClockKind.PLACE_ANSWER, first.id).stopped_at == ANNOUNCED
    with pytest.raises(NotFound):
        proposals.get(session, proposal.id, calderdale)

    joining.join(session, own.id, other.id, actor=calderdale, at=ANNOUNCED)
    place_answers.ask_places_of(session, [own.id, other.id], at=ANNOUNCED)

    assert (questions(session, proposal)["CAL"].state, questions(session, proposal)["CAL"].asking) == (QuestionState.ASKED, 2)


def test_what_a_leaving_place_has_settled_stays(session):
    own = factories.make_need(session, places=("KIR",), owner_place_id=factories.make_place(session, "KIR").id)
    other = factories.make_need(session, places=("CAL",), owner_place_id=factories.make_place(session, "CAL").id)
    calderdale = staff(session, Role.PLACE, place="CAL")
    joining.join(session, own.id, other.id, actor=calderdale, at=NOW)
    row = introduced(session, announced(session, own), "CAL")

    joining.leave(session, other.id, actor=calderdale, at=ANNOUNCED + AFTER)

    assert (row.state, row.closing) == (QuestionState.ANSWERED, None)


def test_west_yorkshire_is_waited_for_no_more_when_its_need_leaves_the_joint_need(session):
    own = factories.make_need(session, places=("CAL",), owner_place_id=factories.make_place(session, "CAL").id)
    regional = factories.make_need(session, places=ALL_PLACES)
    hub = staff(session)
    joining.join(session, own.id, regional.id, actor=hub, at=NOW)
    asked = questions(session, announced(session, own))

    joining.leave(session, regional.id, actor=hub, at=ANNOUNCED)

    assert (asked["WY"].state, asked["WY"].closing) == (QuestionState.CLOSED, Closing.PLACE_LEFT)
    assert asked["CAL"].state is QuestionState.ASKED


@pytest.mark.parametrize("met", [False, True])
def test_a_place_with_two_needs_in_a_joint_need_is_asked_for_the_one_that_stays(session, met):
    matched = factories.make_need(session, places=("KIR",), owner_place_id=factories.make_place(session, "KIR").id)
    calderdale, place = staff(session, Role.PLACE, place="CAL"), factories.make_place(session, "CAL")
    leaving, staying = sorted(
        (factories.make_need(session, places=("CAL",), owner_place_id=place.id) for _ in range(2)), key=lambda need: need.id
    )
    for each in (leaving, staying):
        joining.join(session, matched.id, each.id, actor=calderdale, at=NOW)
    proposal = announced(session, matched)
    first = questions(session, proposal)["CAL"]

    if met:
        ending_needs.meet(session, leaving.id, ending_needs.Result("It is."), actor=calderdale, at=ANNOUNCED)
    else:
        joining.leave(session, leaving.id, actor=calderdale, at=ANNOUNCED)

    asked = questions(session, proposal)["CAL"]
    assert (first.need_id, first.state) == (leaving.id, QuestionState.CLOSED)
    assert (asked.need_id, asked.state, asked.asking) == (staying.id, QuestionState.ASKED, 2)
    assert not any('not now" before' in row.body for row in session.scalars(select(Message)))


@pytest.mark.parametrize(
    ("answer", "said", "missing"),
    [
        (NO, {}, "reason code"),
        (NO, {"code": ReasonCode.OTHER}, "note"),
        (NOT_NOW, {}, "day to come"),
        (NOT_NOW, {"until": day_of(ANNOUNCED)}, "day to come"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(session, answer, said, missing):
    row = questions(session, announced(session))["LDS"]

    with pytest.raises(ReasonMissing, match=missing):
        say(session, row, answer, by=staff(session, Role.PLACE), **said)

    assert (row.answer, row.state) == (None, QuestionState.ASKED)


def test_a_place_answers_only_for_itself(session):
    row = questions(session, announced(session))["LDS"]

    with pytest.raises(NotFound):
        say(session, row, MEET, by=staff(session, Role.PLACE, place="WAK"))
    with pytest.raises(NotAllowed):
        say(session, row, MEET, by=staff(session, Role.BOARD))
    with pytest.raises(NotAllowed, match="a person's"):
        say(session, row, MEET, by=SYSTEM)


def test_the_first_of_two_people_of_a_place_wins_and_the_other_is_told(session):
    row = questions(session, announced(session))["LDS"]
    version = row.version
    say(session, row, MEET, by=staff(session, Role.PLACE, name="First lead"), version=version)

    with pytest.raises(AnswerClosed, match="First lead answered “meet” for Leeds") as refused:
        say(session, row, NO, by=staff(session, Role.PLACE), code=ReasonCode.SKILLS, version=version)

    assert refused.value.details["answer"] == "meet"


def test_who_answered_may_change_it_within_the_window_and_nothing_leaves_of_the_first(session):
    proposal = announced(session)
    row, lead = questions(session, proposal)["LDS"], staff(session, Role.PLACE)
    say(session, row, MEET, by=lead)

    say(session, row, NO, by=lead, at=ANNOUNCED + timedelta(minutes=9), code=ReasonCode.NO_BUDGET)
    introduce(session, row, at=ANNOUNCED + AFTER + AFTER)

    assert (row.answer, row.introduced_at, mails(session, "introduction_place")) == (NO, None, [])
    assert [event.data["answer"] for event in events.of_subject(session, proposal.id) if event.kind == "place.answered"] == ["no", "meet"]
    with pytest.raises(AnswerClosed):
        say(session, row, MEET, by=lead, at=ANNOUNCED + timedelta(minutes=19))


def test_a_change_of_what_was_not_read_is_refused(session):
    row, lead = questions(session, announced(session))["LDS"], staff(session, Role.PLACE)
    say(session, row, MEET, by=lead)

    with pytest.raises(StaleVersion, match="answered “meet”"):
        say(session, row, NO, by=lead, code=ReasonCode.SKILLS, version=1)


def test_a_not_now_asks_again_on_its_day_with_a_new_clock(session):
    lead = people(session, ("LDS",))["LDS"]
    proposal = announced(session)
    first = questions(session, proposal)["LDS"]
    say(session, first, NOT_NOW, by=accounts.actor_of_person(lead), until=UNTIL)
    day = NOW + timedelta(days=70)

    before = place_answers.to_ask(session, at=day - timedelta(days=1), limit=10)
    due = place_answers.to_ask(session, at=day, limit=10)
    too_early = place_answers.ask_what_waits(session, first.id, at=day - timedelta(days=1))
    second = place_answers.ask_what_waits(session, first.id, at=day)
    twice = place_answers.ask_what_waits(session, first.id, at=day)

    assert (list(before), list(due), too_early, twice) == ([], [first.id], None, None)
    assert place_answers.to_ask(session, at=day.replace(hour=6), limit=10) == []  # nobody is mailed in the night
    assert (second.asking, second.state, second.asked_at) == (2, QuestionState.ASKED, day)
    assert (first.answer, first.asked_again_at) == (NOT_NOW, day)
    assert clock_rows.of(session, ClockKind.PLACE_ANSWER, second.id).started_at == day
    assert mails(session, "place_asked") == [("place_asked", lead.email)] * 2
    assert ['Leeds said "not now" before' in row.body for row in session.scalars(select(Message).order_by(Message.created_at))] == [
        False,
        True,
    ]
    with pytest.raises(AnswerClosed, match="asked again since"):
        say(session, first, MEET, by=accounts.actor_of_person(lead), at=day)


def test_a_not_now_may_become_a_meet_before_its_day_by_anybody_of_the_place_after_the_window(session):
    row = questions(session, announced(session))["LDS"]
    say(session, row, NOT_NOW, by=staff(session, Role.PLACE), until=UNTIL)
    colleague = staff(session, Role.PLACE)

    with pytest.raises(AnswerClosed):
        say(session, row, MEET, by=colleague, at=ANNOUNCED + timedelta(minutes=1))
    say(session, row, MEET, by=colleague, at=ANNOUNCED + timedelta(days=3))

    assert (row.answer, row.until) == (MEET, None)


def test_an_answer_after_the_last_day_is_taken_and_marked(session):
    row = questions(session, announced(session))["LDS"]
    other = questions(session, announced(session))["LDS"]
    lead = staff(session, Role.PLACE)

    say(session, row, MEET, by=lead, at=NOW + timedelta(days=7))  # Monday the 9th
    say(session, other, MEET, by=lead, at=NOW + timedelta(days=8))

    assert (row.late, other.late) == (False, True)


def test_a_place_is_reminded_on_the_fourth_day_and_the_hub_told_on_the_sixth(session):
    lead, officer = people(session, ("LDS",))["LDS"], factories.make_person(session, name="Hub officer")
    row = questions(session, announced(session))["LDS"]
    clock = clock_rows.of(session, ClockKind.PLACE_ANSWER, row.id)

    told = [clocks.chase(session, clock.id, CHASERS, at=NOW + timedelta(days=days)) for days in (3, 4, 5, 8, 9)]

    assert told == [None, Due.REMINDER, None, Due.OVERDUE, None]
    assert mails(session, "place_reminder") == [("place_reminder", lead.email)]
    overdue = mails(session, "place_overdue")
    assert ("place_overdue", lead.email) in overdue
    assert ("place_overdue", officer.email) in overdue
    assert "You may want to call them" in body(session, "place_overdue", officer)


def test_nobody_is_chased_for_what_was_answered(session):
    row = questions(session, announced(session))["LDS"]
    clock = clock_rows.of(session, ClockKind.PLACE_ANSWER, row.id)
    say(session, row, MEET, by=staff(session, Role.PLACE))

    place_answers.chase(session, clock, Due.REMINDER, at=ANNOUNCED)

    assert mails(session, "place_reminder") == []


def test_a_day_to_ask_again_is_within_a_year(session):
    row, leeds = questions(session, announced(session))["LDS"], staff(session, Role.PLACE)

    with pytest.raises(ReasonMissing, match="within a year"):
        say(session, row, NOT_NOW, by=leeds, until=day_of(ANNOUNCED) + timedelta(days=367))

    assert say(session, row, NOT_NOW, by=leeds, until=day_of(ANNOUNCED) + timedelta(days=366)).answer is NOT_NOW


def test_a_place_that_was_introduced_keeps_the_match_as_it_was_judged_when_the_innovation_is_changed_and_hidden(session):
    proposal = announced(session)
    introduced(session, proposal)
    leeds = staff(session, Role.PLACE)
    change = {"name": "A new name", "how_it_works": "A secret new way.", "visibility": Visibility.HUB_ONLY}
    intake.change(session, Side.INNOVATION, proposal.innovation_id, change, actor=staff(session), at=ANNOUNCED)
    session.expire_all()

    seen = proposals.get(session, proposal.id, leeds)

    assert seen.innovation_as_judged.content["fields"]["name"] == "Computer test of attention and activity"
    assert seen.need_as_judged.content["fields"]["title"] == "People wait too long for an ADHD assessment"
    with pytest.raises(NotFound):
        proposals.get(session, proposal.id, staff(session, Role.PLACE, place="WAK"))


def test_reasons_are_told_of_every_no_and_every_stop(session):
    proposal = announced(session, factories.make_need(session, places=("LDS", "WAK")))
    introduced(session, proposal, "LDS")
    row = questions(session, proposal)["WAK"]
    say(session, row, NO, by=staff(session, Role.PLACE, place="WAK"), code=ReasonCode.NO_BUDGET)
    stop = steps.Step("LDS", PipelineStage.STOPPED, reason=place_answers.Reason(code=ReasonCode.SKILLS))
    steps.change(session, proposal.id, stop, actor=staff(session), at=ANNOUNCED + AFTER + AFTER)

    found = rows.reasons(session)

    wakefield, leeds = (factories.make_place(session, key).id for key in ("WAK", "LDS"))
    assert [(row.place_id, row.code, row.given_with) for row in found] == [(wakefield, "no_budget", "no"), (leeds, "skills", "stopped")]
    assert {(row.need_id, row.innovation_id) for row in found} == {(proposal.need_id, proposal.innovation_id)}
    assert rows.reasons(session, since=ANNOUNCED + timedelta(days=1)) == []
    assert [row.code for row in rows.reasons(session, until=ANNOUNCED + timedelta(minutes=1))] == ["no_budget"]


def test_a_job_finds_nothing_of_an_unknown_question(session):
    with pytest.raises(NotFound):
        place_answers.ask_what_waits(session, uuid4(), at=NOW)
