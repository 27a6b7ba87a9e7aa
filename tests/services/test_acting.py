"""Acting in one of several roles: less may be done, never more, and whose organisation one belongs to stays known."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from api.services import accounts, acting
from api.services.accounts import AccountInvalid, NotSignedIn, actor_of_person
from models.actors import NotAllowed
from models.events import Event
from models.grants import Subject
from models.people import Role, RoleGrant
from models.policies import PROPOSAL_DECIDE
from tests import factories

AT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def several(session):
    """Somebody of the Hub who is of Leeds too, and of a firm."""
    person = factories.make_person(session, Role.HUB)
    person.grants.append(RoleGrant(role=Role.PLACE, place_id=factories.make_place(session).id))
    person.grants.append(RoleGrant(role=Role.INNOVATOR, organisation_id=factories.make_organisation(session).id))
    session.flush()
    return person


def begin(session, person):
    return accounts.start_session(session, person.id, at=AT, hours=1).token


@pytest.mark.both
def test_who_acts_in_one_role_is_in_that_alone_until_they_choose_again(session, several):
    token, actor = begin(session, several), actor_of_person(several)

    acting.choose(session, token, Role.PLACE, actor=actor, at=AT)
    place = accounts.actor_of_session(session, token, at=AT)
    acting.choose(session, token, Role.HUB, actor=actor, at=AT)
    hub = accounts.actor_of_session(session, token, at=AT)
    acting.choose(session, token, None, actor=actor, at=AT)
    everything = accounts.actor_of_session(session, token, at=AT)

    assert (place.actor.roles, place.actor.place_ids, place.held) == ({Role.PLACE}, actor.place_ids, actor.roles)
    assert (hub.actor.roles, hub.actor.place_ids, hub.held) == ({Role.HUB}, set(), actor.roles)
    assert (everything.actor, everything.held) == (actor, actor.roles)
    told = [event.data for event in session.query(Event).filter_by(kind="session.role_chosen").order_by(Event.recorded_at)]
    assert sorted(each["role"] for each in told) == ["all", "hub", "place"]


def test_the_sign_in_goes_on_under_a_new_token_and_the_same_choice_twice_is_once(session, several):
    token, actor = begin(session, several), actor_of_person(several)

    acting.choose(session, token, Role.HUB, actor=actor, at=AT)
    acting.choose(session, token, Role.HUB, actor=actor, at=AT)

    assert accounts.actor_of_session(session, token, at=AT).news
    assert accounts.actor_of_session(session, accounts.keep_alive(session, token, at=AT).token, at=AT).actor.roles == {Role.HUB}
    assert session.query(Event).filter_by(kind="session.role_chosen").count() == 1


def test_a_role_that_is_not_held_is_refused_and_one_that_was_taken_counts_no_more(session, several):
    token, actor = begin(session, several), actor_of_person(several)

    with pytest.raises(AccountInvalid):
        acting.choose(session, token, Role.LEAD, actor=actor, at=AT)
    acting.choose(session, token, Role.PLACE, actor=actor, at=AT)
    accounts.revoke(session, several, Role.PLACE, at=AT, actor=actor)

    assert accounts.actor_of_session(session, token, at=AT).actor.roles == {Role.HUB, Role.INNOVATOR}


def test_a_sign_in_that_is_over_chooses_nothing(session, several):
    with pytest.raises(NotSignedIn):
        acting.choose(session, "over", Role.HUB, actor=actor_of_person(several), at=AT)


def test_a_change_of_role_lets_nobody_decide_on_what_their_own_organisation_offers():
    firm = uuid4()
    actor = replace(
        actor_of_person(accounts.Person(id=uuid4(), name="Somebody", grants=[])),
        roles=frozenset({Role.HUB, Role.INNOVATOR}),
        organisation_ids=frozenset({firm}),
    )

    with pytest.raises(NotAllowed, match="Your own organisation"):
        PROPOSAL_DECIDE.check(actor.acting_as(Role.HUB), Subject(offered_by=frozenset({firm})))
