"""People, roles and keys as the lead keeps them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.services import accounts, managing
from api.services.accounts import AccountInvalid, KeyRefused, UnknownAccount
from models.actors import NotAllowed
from models.documents import TransitionRefused
from models.keys import KeyMadeBefore, Scope
from models.people import Role
from models.queries import events
from tests import factories
from tests.factories import NOW


@pytest.fixture
def lead(session):
    return accounts.actor_of_person(factories.make_person(session, Role.LEAD))


def test_roles_are_given_and_taken_one_by_one(session, lead):
    person = managing.add(session, email="new@example.org", name="New", actor=lead, at=NOW)
    factories.make_place(session)

    place = managing.grant(session, person.id, Role.PLACE, place="LDS", organisation_id=None, actor=lead, at=NOW)
    firm = factories.make_organisation(session).id
    managing.grant(session, person.id, Role.INNOVATOR, place=None, organisation_id=firm, actor=lead, at=NOW)
    managing.revoke(session, person.id, place.id, actor=lead, at=NOW)

    assert [grant.role for grant in person.grants] == [Role.INNOVATOR]
    with pytest.raises(UnknownAccount, match="does not hold that role"):
        managing.revoke(session, person.id, place.id, actor=lead, at=NOW)
    with pytest.raises(AccountInvalid, match="no organisation"):
        managing.grant(session, person.id, Role.INNOVATOR, place=None, organisation_id=uuid4(), actor=lead, at=NOW)


def test_the_last_lead_stays(session, lead):
    (own,) = accounts.people.by_id(session, lead.person_id).grants

    for call in (managing.deactivate, managing.erase):
        with pytest.raises(TransitionRefused, match="only lead"):
            call(session, lead.person_id, actor=lead, at=NOW)
    with pytest.raises(TransitionRefused, match="only lead"):
        managing.revoke(session, lead.person_id, own.id, actor=lead, at=NOW)

    factories.make_person(session, Role.LEAD)
    managing.revoke(session, lead.person_id, own.id, actor=lead, at=NOW)


def test_an_account_is_closed_and_opened_again_with_its_roles(session, lead):
    person = factories.make_person(session, Role.HUB)

    for call in (managing.deactivate, managing.deactivate, managing.reopen, managing.reopen):
        call(session, person.id, actor=lead, at=NOW)

    assert (person.active, [grant.role for grant in person.grants]) == (True, [Role.HUB])
    assert sorted(each.kind for each in events.of_subject(session, person.id)) == ["person.deactivated", "person.reopened"]


def test_people_are_listed_but_for_those_who_were_erased(session, lead):
    gone, there = (factories.make_person(session, Role.BOARD) for _ in range(2))
    managing.erase(session, gone.id, actor=lead, at=NOW)

    assert {row.id for row in managing.page(session, lead).rows} == {lead.person_id, there.id}
    for call in (managing.reopen, managing.deactivate, managing.erase):
        with pytest.raises(UnknownAccount):
            call(session, gone.id, actor=lead, at=NOW)
    with pytest.raises(UnknownAccount):
        managing.reopen(session, uuid4(), actor=lead, at=NOW)


def test_a_key_opens_until_it_is_ended(session, lead):
    person = factories.make_person(session, Role.HUB)
    made = managing.add_key(
        session,
        name="A system",
        role=Role.HUB,
        scopes={Scope.DECIDE},
        actor=lead,
        at=NOW,
        person_id=person.id,
        expires_at=NOW + timedelta(1),
    )
    assert accounts.actor_of_key(session, made.secret, at=NOW).person_id == person.id
    assert list(managing.every_key(session, lead)) == [made.row]

    for _ in range(2):
        managing.end_key(session, made.row.id, actor=lead, at=NOW)

    with pytest.raises(KeyRefused):
        accounts.actor_of_key(session, made.secret, at=NOW)
    with pytest.raises(UnknownAccount):
        managing.end_key(session, uuid4(), actor=lead, at=NOW)


def test_a_key_that_would_open_nothing_is_not_made(session, lead):
    said = {"name": "A system", "role": Role.HUB, "scopes": {Scope.READ}, "actor": lead, "at": NOW}
    closed = factories.make_person(session, Role.HUB, active=False)

    with pytest.raises(AccountInvalid, match="That day is over"):
        managing.add_key(session, **said, expires_at=NOW)
    with pytest.raises(AccountInvalid, match="closed"):
        managing.add_key(session, **said, person_id=closed.id)


def test_nobody_but_the_lead_keeps_accounts(session, lead):
    hub = accounts.actor_of_person(factories.make_person(session, Role.HUB))

    for call in (managing.deactivate, managing.reopen, managing.erase):
        with pytest.raises(NotAllowed):
            call(session, lead.person_id, actor=hub, at=NOW)
    for call in (managing.page, managing.every_key):
        with pytest.raises(NotAllowed):
            call(session, hub)
    with pytest.raises(NotAllowed):
        managing.end_key(session, uuid4(), actor=hub, at=NOW)


def test_people_are_found_by_words_role_and_account(session, lead):
    closed = factories.make_person(session, Role.PLACE, name="Officer of Leeds", active=False)
    board = factories.make_person(session, Role.BOARD, name="Board member", email="member@example.org")

    def found(**wanted):
        return {row.id for row in managing.page(session, lead, **wanted).rows}

    assert found() == {lead.person_id, closed.id, board.id}
    assert found(words="MEMBER board") == {board.id}
    assert found(words="%") == set()
    assert found(role=Role.PLACE) == {closed.id}
    assert found(active=True, role=Role.PLACE) == set()
    assert found(active=False) == {closed.id}


def test_one_prefix_is_one_key(session, lead):
    said = {"name": "A system", "role": Role.PIPELINE, "scopes": [Scope.READ], "actor": lead, "at": NOW, "prefix": "0a1b2c3d"}

    made = managing.add_key(session, **said)

    assert made.secret.startswith("mk_0a1b2c3d_")
    with pytest.raises(KeyMadeBefore, match="never shown again"):
        managing.add_key(session, **said)
