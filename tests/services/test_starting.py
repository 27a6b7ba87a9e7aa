"""What waits for somebody when they come in: what is theirs, what is most pressing first, and a few of each kind."""

from datetime import date, timedelta

import pytest

from api.services import assigning, referring, starting
from api.services.following import Turn
from api.services.starting import SHOWN, Todo
from models.actors import ANONYMOUS
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Role
from models.referrals import Answered, DeclineCode
from tests import factories, merges, triage
from tests.factories import NOW
from tests.place_answers import ALL_PLACES, announced, questions
from tests.triage import WINDOW, actor


def waiting(session, person=None, *, at=NOW):
    found = starting.waiting_for(session, actor(person) if person else ANONYMOUS, at=at, undo_window_seconds=WINDOW)
    return {kind: [row.name for row in rows] for kind, rows in found.items()}


def test_for_nobody_nothing_waits(session):
    factories.make_proposal(session)

    assert waiting(session) == {}
    assert waiting(session, factories.make_person(session, Role.BOARD)) == {}


def test_an_innovator_sees_what_waits_for_them_before_the_rest(session):
    founder = factories.make_person(session, Role.INNOVATOR)
    assert waiting(session, founder) == {Todo.OFFERS: []}
    draft = factories.make_innovation(session, name="Draft", status=InnovationStatus.DRAFT)
    triage.submission(session, name="Being read", updated_at=NOW + timedelta(days=1))
    triage.submission(session, name="Theirs", supplier="Rival")
    factories.make_innovation(session, name="Gone", status=InnovationStatus.WITHDRAWN)

    (first, second) = starting.waiting_for(session, actor(founder), at=NOW, undo_window_seconds=WINDOW)[Todo.OFFERS]

    assert (first.id, first.where.turn, second.name, second.where.turn) == (draft.id, Turn.YOU, "Being read", Turn.HUB)


def test_a_place_sees_its_questions_the_needs_to_renew_and_what_it_has_begun(session):
    leeds, wakefield = (factories.make_person(session, Role.PLACE, place=key) for key in ("LDS", "WAK"))
    announced(session)
    own = {"owner_place_id": factories.make_place(session).id}
    factories.make_need(session, title="Draft", status=NeedStatus.DRAFT, **own)
    factories.make_need(session, title="Overdue", review_date=date(2026, 10, 1), **own)
    factories.make_need(session, title="Due today", review_date=NOW.date(), **own)

    found = waiting(session, leeds)

    assert found[Todo.QUESTIONS] == ["Computer test of attention and activity"]
    assert (found[Todo.RENEWALS], found[Todo.DRAFTS]) == (["Overdue"], ["Draft"])
    assert waiting(session, wakefield) == {Todo.QUESTIONS: [], Todo.SIGN_OFFS: [], Todo.JOINED: [], Todo.RENEWALS: [], Todo.DRAFTS: []}


def test_the_hub_sees_what_nobody_else_has_and_the_lead_new_organisations_too(session):
    officer, lead = (factories.make_person(session, role) for role in (Role.HUB, Role.LEAD))
    triage.submission(session, name="Waits", supplier=None)
    factories.make_proposal(session, innovation=factories.make_innovation(session, name="Match", supplier=None))
    offered = merges.referral(session, merges.active(session, name="Passed on"))
    referring.answer(session, offered.id, Answered.DECLINED, actor=actor(officer), at=NOW, code=DeclineCode.NO_CAPACITY)
    factories.make_organisation(session, "Newcomer", confirmed=False)

    found, leads = waiting(session, officer), waiting(session, lead)

    assert found[Todo.MATCHES] == ["Match"]
    assert "Waits" in found[Todo.TRIAGE]
    assert Todo.ORGANISATIONS not in found
    assert leads[Todo.ORGANISATIONS] == ["Newcomer"]
    assert leads[Todo.DECLINED] == found[Todo.DECLINED] == ["Passed on"]


def test_what_is_put_off_heads_no_list_until_its_day_or_until_it_is_overdue(session):
    lead = factories.make_person(session, Role.HUB)
    row = triage.submission(session, name="Put off", supplier=None)
    factories.make_proposal(session, innovation=row.innovation)
    day = NOW.date() + timedelta(days=4)
    assigning.snooze(session, row.id, day, actor=actor(lead), at=NOW)

    found = {at: waiting(session, lead, at=at) for at in (NOW, NOW + timedelta(days=4), NOW + timedelta(days=30))}

    assert [(each[Todo.MATCHES], each[Todo.TRIAGE]) for each in found.values()] == [([], []), (["Put off"],) * 2, (["Put off"],) * 2]
    assigning.snooze(session, row.id, NOW.date() + timedelta(days=50), actor=actor(lead), at=NOW)
    assert waiting(session, lead, at=NOW + timedelta(days=30))[Todo.MATCHES] == ["Put off"]  # by then it is overdue


def test_the_hub_sees_the_questions_to_all_west_yorkshire_and_a_place_does_not(session):
    officer, leeds = factories.make_person(session, Role.HUB), factories.make_person(session, Role.PLACE)
    announced(session, factories.make_need(session, title="Of one place"))
    everywhere = factories.make_need(session, title="Of all five", places=ALL_PLACES)
    match = announced(session, everywhere, factories.make_innovation(session, name="For all"))

    found = starting.waiting_for(session, actor(officer), at=NOW, undo_window_seconds=WINDOW)[Todo.QUESTIONS_FOR_ALL]

    assert [(row.id, row.name, row.other, row.by) for row in found] == [
        (questions(session, match)["WY"].id, "For all", "Of all five", questions(session, match)["WY"].answer_by)
    ]
    assert Todo.QUESTIONS_FOR_ALL not in waiting(session, leeds)


@pytest.mark.parametrize("count", [5, 12])
def test_a_few_of_each_kind_are_enough(session, count):
    founder, officer = (factories.make_person(session, role) for role in (Role.INNOVATOR, Role.HUB))
    for number in range(count):
        triage.submission(session, name=f"Offer {number}")

    assert len(waiting(session, founder)[Todo.OFFERS]) == len(waiting(session, officer)[Todo.TRIAGE]) == SHOWN
