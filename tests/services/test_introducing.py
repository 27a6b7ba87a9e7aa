"""Who will meet are introduced; who was introduced or asked is told when the match ends; and what waits is owed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.jobs.clocks import CHASERS
from api.jobs.working import HANDLERS
from api.queue import Job
from api.services import accounts, clocks, intake, introducing, joining, place_answers
from api.services.sweeping import owe_what_is_missing
from models.actors import SYSTEM
from models.clocks import ClockKind
from models.decisions import ReasonCode, ReasonMissing
from models.documents import Side, Visibility
from models.jobs import JobRow
from models.mail import Message
from models.people import Role
from models.pipeline import PipelineStage
from models.place_answers import AnswerClosed, Closing, PlaceAnswer, QuestionState
from models.queries import clocks as clock_rows
from models.queries import recipients, stages
from models.working_days import day_of
from tests import factories
from tests.factories import NOW
from tests.place_answers import (
    AFTER,
    ANNOUNCED,
    MEET,
    NO,
    NOT_NOW,
    UNTIL,
    WINDOW,
    announced,
    body,
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


def test_meet_introduces_both_sides_by_name_and_opens_the_first_stage_once(session):
    lead = people(session, ("LDS",))["LDS"]
    director = factories.make_person(session, Role.INNOVATOR, name="Managing director")
    proposal = announced(session)
    row = questions(session, proposal)["LDS"]
    say(session, row, MEET, by=accounts.actor_of_person(lead))

    early = introduce(session, row, at=ANNOUNCED)
    done = introduce(session, row)
    again = introduce(session, row)

    assert (early, done, again) == (None, row, None)
    assert mails(session, "introduction_place", "introduction_innovator") == [
        ("introduction_innovator", director.email),
        ("introduction_place", lead.email),
    ]
    to_place, to_innovator = body(session, "introduction_place", lead), body(session, "introduction_innovator", director)
    assert f"Managing director, {director.email}" in to_place
    assert f"Place lead of LDS, {lead.email}" in to_innovator
    (step,) = stages.history(session, proposal.id, SYSTEM)
    assert (step.stage, step.place.key, step.on_date, step.changed_by_name) == (
        PipelineStage.INTRODUCED,
        "LDS",
        day_of(ANNOUNCED),
        "Place lead of LDS",
    )
    assert "stage.changed" in kinds_of(session, proposal)


def test_an_innovator_learns_no_title_of_a_need_that_is_not_public(session):
    director = factories.make_person(session, Role.INNOVATOR)
    need = factories.make_need(session, visibility=Visibility.PARTNERS, title="What only partners may read")

    introduced(session, announced(session, need))

    assert "What only partners may read" not in body(session, "introduction_innovator", director)


@pytest.mark.parametrize(("visibility", "mails_of_a_day"), [(Visibility.PARTNERS, 1), (Visibility.PUBLIC, 2)])
def test_of_two_needs_that_they_may_not_read_innovators_are_told_once_a_day(session, visibility, mails_of_a_day):
    lead = accounts.actor_of_person(people(session, ("LDS",))["LDS"])
    director, innovation = factories.make_person(session, Role.INNOVATOR), factories.make_innovation(session)

    for title in ("Falls at home", "Falls in care homes"):
        need = factories.make_need(session, title=title, visibility=visibility)
        row = questions(session, announced(session, need, innovation))["LDS"]
        say(session, row, MEET, by=lead)
        introduce(session, row)

    told = session.scalars(
        select(Message.body).where(Message.template == "introduction_innovator", Message.address == director.email)
    ).all()
    assert (len(told), len(set(told))) == (mails_of_a_day, mails_of_a_day)
    assert len(mails(session, "introduction_place")) == 2


@pytest.mark.parametrize("needs", [1, 2])
def test_of_two_innovations_of_one_name_for_needs_of_one_name_innovators_are_told_once_a_day(session, needs):
    lead = accounts.actor_of_person(people(session, ("LDS",))["LDS"])
    director, asked = factories.make_person(session, Role.INNOVATOR), [factories.make_need(session) for _ in range(needs)]

    for number in range(2):
        offered = factories.make_innovation(session, name="Bed sensor")
        row = questions(session, announced(session, asked[number % needs], offered))["LDS"]
        say(session, row, MEET, by=lead)
        introduce(session, row)

    told = session.scalars(select(Message).where(Message.template == "introduction_innovator", Message.address == director.email)).all()
    assert len(told) == 1
    assert introducing.reached(session, row).offering


def test_when_nobody_is_known_on_the_other_side_the_hub_is_asked_to_find_a_contact(session):
    lead, officer = people(session, ("LDS",))["LDS"], factories.make_person(session, name="Hub officer")

    introduced(session, announced(session, None, factories.make_innovation(session, supplier=None)))

    assert "It is the Hub's turn to find one: " in body(session, "introduction_place", lead)
    assert "put them in touch with" in body(session, "introduction_missing", officer)


def test_without_anybody_at_the_hub_who_answered_is_named(session):
    lead = people(session, ("LDS",))["LDS"]
    proposal = announced(session, None, factories.make_innovation(session, supplier=None))
    row = questions(session, proposal)["LDS"]
    say(session, row, MEET, by=accounts.actor_of_person(lead))
    for each in recipients.hub_staff(session):
        each.active = False

    introduce(session, row)

    assert f"the Hub's turn to find one: {lead.name}" in body(session, "introduction_place", lead)


def test_the_hub_answers_for_a_place_with_a_note_and_the_place_is_the_contact(session):
    lead = people(session, ("LDS",))["LDS"]
    director = factories.make_person(session, Role.INNOVATOR)
    row = questions(session, announced(session))["LDS"]

    with pytest.raises(ReasonMissing, match="who of the place told you"):
        say(session, row, MEET, by=staff(session))
    say(session, row, MEET, by=staff(session), note="Their lead said so by telephone.")
    introduce(session, row)

    assert row.on_behalf
    assert lead.email in body(session, "introduction_innovator", director)


def test_a_place_without_an_account_is_asked_through_the_hub(session):
    officer = factories.make_person(session, name="Hub officer")

    row = questions(session, announced(session))["LDS"]
    clock = clock_rows.of(session, ClockKind.PLACE_ANSWER, row.id)
    clocks.chase(session, clock.id, CHASERS, at=NOW + timedelta(days=8))

    assert "nobody with an account" in body(session, "place_asked", officer)
    assert mails(session, "place_overdue").count(("place_overdue", officer.email)) == 1


def test_who_answered_and_left_since_is_no_contact(session):
    lead = people(session, ("LDS",))["LDS"]
    director = factories.make_person(session, Role.INNOVATOR)
    row = questions(session, announced(session))["LDS"]
    say(session, row, MEET, by=accounts.actor_of_person(lead))
    lead.active = False
    other = factories.make_person(session, Role.PLACE, place="LDS")

    introduce(session, row)

    assert other.email in body(session, "introduction_innovator", director)


@pytest.mark.parametrize("side", list(Side))
def test_a_reversed_match_waits_for_nobody_and_both_sides_of_an_introduction_are_told(session, side):
    leads = people(session, ("LDS", "WAK", "KIR"))
    director = factories.make_person(session, Role.INNOVATOR)
    proposal = announced(session, factories.make_need(session, places=("LDS", "WAK", "KIR")))
    introduced(session, proposal, "LDS")
    asked = questions(session, proposal)
    say(session, asked["KIR"], NO, by=accounts.actor_of_person(leads["KIR"]), code=ReasonCode.SKILLS)
    document = proposal.need_id if side is Side.NEED else proposal.innovation_id

    intake.withdraw(session, side, document, actor=staff(session), at=ANNOUNCED + AFTER)

    assert {key: row.state for key, row in asked.items()} == {
        "LDS": QuestionState.CLOSED,
        "WAK": QuestionState.CLOSED,
        "KIR": QuestionState.ANSWERED,
    }
    ended = set(mails(session, "match_ended"))
    assert {("match_ended", each.email) for each in (director, leads["LDS"], leads["WAK"])} <= ended
    assert ("match_ended", leads["KIR"].email) not in ended
    assert "no answer is needed any more" in body(session, "match_ended", leads["WAK"])
    assert clock_rows.of(session, ClockKind.PLACE_ANSWER, asked["WAK"].id).stopped_at is not None
    with pytest.raises(AnswerClosed, match="Nobody waits"):
        say(session, asked["WAK"], MEET, by=accounts.actor_of_person(leads["WAK"]))


def test_of_two_matches_of_one_place_that_end_together_each_side_reads_what_it_can_tell_apart(session):
    lead, director = people(session, ("LDS",))["LDS"], factories.make_person(session, Role.INNOVATOR)
    innovation = factories.make_innovation(session)
    for title in ("Falls at home", "Falls in care homes"):
        introduced(session, announced(session, factories.make_need(session, title=title), innovation), "LDS")

    intake.withdraw(session, Side.INNOVATION, innovation.id, actor=staff(session), at=ANNOUNCED + AFTER)

    assert "about the need" not in body(session, "match_ended", director)
    told = session.scalars(select(Message.body).where(Message.template == "match_ended", Message.address == lead.email)).all()
    assert [sum(f"about the need “{title}”" in each for each in told) for title in ("Falls at home", "Falls in care homes")] == [1, 1]


@pytest.mark.parametrize("hidden", [False, True])
def test_a_meet_of_a_match_that_ended_within_the_window_introduces_nobody_and_whoever_waits_is_told(session, hidden):
    lead = people(session, ("LDS",))["LDS"]
    proposal = announced(session)
    row = questions(session, proposal)["LDS"]
    say(session, row, MEET, by=accounts.actor_of_person(lead))
    if hidden:
        intake.change(
            session, Side.INNOVATION, proposal.innovation_id, {"visibility": Visibility.HUB_ONLY}, actor=staff(session), at=ANNOUNCED
        )
    intake.withdraw(session, Side.INNOVATION, proposal.innovation_id, actor=staff(session), at=ANNOUNCED)

    assert introduce(session, row) is None
    assert mails(session, "introduction_place", "match_ended") == ([] if hidden else [("match_ended", lead.email)])


def test_a_not_now_of_a_match_that_ended_never_asks_again(session):
    proposal = announced(session)
    row = questions(session, proposal)["LDS"]
    say(session, row, NOT_NOW, by=staff(session, Role.PLACE), until=UNTIL)
    later = place_answers.ask_what_waits(session, row.id, at=NOW + timedelta(days=70))

    intake.withdraw(session, Side.NEED, proposal.need_id, actor=staff(session), at=NOW + timedelta(days=71))

    assert (row.closing, later.closing) == (None, Closing.MATCH_REVERSED)
    assert place_answers.to_ask(session, at=NOW + timedelta(days=99), limit=10) == []


def test_what_waits_is_owed_by_the_sweep_and_done_by_its_jobs_once(database, context):
    now = datetime.now(UTC)
    with database.transaction() as session:
        lead = staff(session, Role.PLACE)
        met, waiting = announced(session, at=now - timedelta(days=9)), announced(session, at=now - timedelta(days=9))
        say(session, questions(session, met)["LDS"], MEET, by=lead, at=now - timedelta(days=8))
        yesterday = day_of(now) - timedelta(days=1)
        say(session, questions(session, waiting)["LDS"], NOT_NOW, by=lead, at=now - timedelta(days=8), until=yesterday)
        for job in session.query(JobRow).filter(JobRow.name.in_([Job.INTRODUCE, Job.ASK_PLACE])):
            session.delete(job)  # the queue forgot them

    with database.transaction() as session:
        sweep(session, context, at=now.replace(hour=12))
        sweep(session, context, at=now.replace(hour=12))
        owed = sorted(job.name for job in session.query(JobRow) if job.name in {Job.INTRODUCE, Job.ASK_PLACE})
    for _ in range(2):
        with database.transaction() as session:
            HANDLERS[Job.INTRODUCE](context, answer=str(questions(session, met)["LDS"].id))(session)
            first = session.query(PlaceAnswer).filter_by(proposal_id=waiting.id, asking=1).one()
            HANDLERS[Job.ASK_PLACE](context, answer=str(first.id))(session)

    with database.reading() as session:
        assert owed == [Job.ASK_PLACE, Job.INTRODUCE]
        assert questions(session, met)["LDS"].introduced_at is not None
        assert questions(session, waiting)["LDS"].asking == 2
        assert len(mails(session, "introduction_place")) == 1


def sweep(session, context, *, at):
    owe_what_is_missing(
        session,
        context.libraries,
        encoder_id=None,
        at=at,
        undo_window_seconds=WINDOW,
        snapshot_after_changes=context.settings.snapshot_after_changes,
    )


def test_a_place_that_was_asked_about_an_innovation_for_its_own_need_is_not_asked_again_for_one_that_it_joins(session):
    innovation = factories.make_innovation(session)
    needs = [
        factories.make_need(session, places=(key,), owner_place_id=factories.make_place(session, key).id, title=f"Need of {key}")
        for key in ("KIR", "CAL")
    ]
    matches = [announced(session, each, innovation) for each in needs]

    joining.join(session, needs[0].id, needs[1].id, actor=staff(session, Role.PLACE, place="CAL"), at=ANNOUNCED)

    assert [list(questions(session, each)) for each in matches] == [["KIR"], ["CAL"]]
