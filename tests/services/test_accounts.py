"""People, roles and keys as the command line and the API manage them."""

from datetime import UTC, datetime, timedelta

import pytest

from api.services import accounts
from api.services.accounts import AccountInvalid, EmailTaken, KeyRefused, SignInRefused, UnknownAccount
from api.services.accounts import _hasher as shipped_hasher
from models.actors import SYSTEM
from models.events import Event
from models.keys import Scope
from models.people import Role, SignInSession
from tests import factories
from tests.factories import NOW

WHO = {"at": NOW, "actor": SYSTEM}


def create(session, email="new@example.org", name="New officer", password=factories.PASSWORD):
    return accounts.create_person(session, email=email, name=name, password=password, **WHO)


def kinds(session):
    return [event.kind for event in session.query(Event).order_by(Event.recorded_at)]


def test_a_new_person_can_prove_who_they_are(session):
    person = create(session, " New@Example.ORG ", " New officer ")

    assert (person.email, person.name) == ("new@example.org", "New officer")
    assert accounts.proven(session, "new@example.org", factories.PASSWORD) is person
    assert person.password_hash.startswith("$argon2id$")


def test_an_address_belongs_to_one_person(session):
    create(session)

    with pytest.raises(EmailTaken):
        create(session, "NEW@example.org")


@pytest.mark.parametrize(
    "email", ["", "no at sign", "a@b", "a@b@c.org", "a\n@example.org", "x" * 65 + "@example.org", "a@" + "x" * 260 + ".org"]
)
def test_an_address_that_is_none_is_refused(session, email):
    with pytest.raises(AccountInvalid) as refused:
        create(session, email)

    assert refused.value.details == {"field": "email"}


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_that_is_none_is_refused(session, name):
    with pytest.raises(AccountInvalid):
        create(session, name=name)


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 257])
def test_a_password_too_short_or_too_long_is_refused(session, password):
    with pytest.raises(AccountInvalid):
        create(session, password=password)


def test_a_role_granted_twice_is_held_once(session):
    person, place = create(session), factories.make_place(session)

    first = accounts.grant(session, person, Role.PLACE, place_id=place.id, **WHO)
    second = accounts.grant(session, person, Role.PLACE, place_id=place.id, **WHO)

    assert first is second
    assert accounts.actor_of_person(person).place_ids == {place.id}


def test_a_role_can_be_taken_back(session):
    person = create(session)
    accounts.grant(session, person, Role.HUB, **WHO)

    assert accounts.revoke(session, person, Role.HUB, **WHO) == 1
    assert accounts.revoke(session, person, Role.HUB, **WHO) == 0
    assert accounts.actor_of_person(person).roles == frozenset()


@pytest.mark.parametrize("role", [Role.PLACE, Role.INNOVATOR])
def test_a_role_that_belongs_somewhere_says_where(session, role):
    with pytest.raises(AccountInvalid):
        accounts.grant(session, create(session), role, **WHO)


@pytest.mark.parametrize("field", ["place_id", "organisation_id"])
def test_a_role_that_belongs_nowhere_says_nothing_of_it(session, field):
    somewhere = factories.make_place(session).id if field == "place_id" else factories.make_organisation(session).id

    with pytest.raises(AccountInvalid):
        accounts.grant(session, create(session), Role.HUB, **WHO, **{field: somewhere})


def test_a_closed_account_keeps_what_it_did_and_opens_nothing(session):
    person = create(session)
    accounts.start_session(session, person.id, at=NOW, hours=1)

    accounts.deactivate(session, person, **WHO)

    assert session.query(SignInSession).count() == 0
    assert person in accounts.everybody(session)
    with pytest.raises(SignInRefused):
        accounts.proven(session, person.email, factories.PASSWORD)
    with pytest.raises(SignInRefused):
        accounts.start_session(session, person.id, at=NOW, hours=1)


def test_a_session_of_a_closed_account_is_over(session):
    person = create(session)
    begun = accounts.start_session(session, person.id, at=NOW, hours=1)
    assert accounts.actor_of_session(session, begun.token, at=NOW) is not None

    person.active = False

    assert accounts.actor_of_session(session, begun.token, at=NOW) is None
    assert accounts.actor_of_session(session, "unknown", at=NOW) is None


def test_a_session_ends_at_its_hour(session):
    begun = accounts.start_session(session, create(session).id, at=NOW, hours=12)

    assert begun.expires_at == NOW + timedelta(hours=12)
    assert accounts.actor_of_session(session, begun.token, at=NOW + timedelta(hours=12)) is None


def test_nobody_is_found_under_an_unknown_address(session):
    with pytest.raises(UnknownAccount):
        accounts.person_of(session, "nobody@example.org")


def test_what_is_done_to_accounts_is_written_down_without_addresses(session):
    person = create(session)
    accounts.grant(session, person, Role.HUB, **WHO)
    accounts.set_password(session, person, "another long password", **WHO)
    accounts.deactivate(session, person, **WHO)

    assert sorted(kinds(session)) == ["person.created", "person.deactivated", "person.password_set", "person.role_granted"]
    assert "example.org" not in str([(event.data, event.actor) for event in session.query(Event)])


def test_a_key_is_shown_once_and_kept_as_a_hash(session):
    made = accounts.create_key(session, name="Pipeline", role=Role.PIPELINE, scopes=[Scope.READ, Scope.EVENTS, Scope.READ], **WHO)

    prefix, secret = made.secret.removeprefix("mk_").split("_", 1)
    assert (made.row.prefix, made.row.scopes) == (prefix, ["events", "read"])
    assert secret not in (made.row.secret_hash, made.row.prefix, made.row.name)
    assert accounts.every_key(session) == [made.row]
    actor = accounts.actor_of_key(session, made.secret, at=datetime.now(UTC))
    assert (actor.name, actor.roles, actor.scopes) == (f"key:{prefix}", {Role.PIPELINE}, {Scope.READ, Scope.EVENTS})


@pytest.mark.parametrize(
    "values",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"scopes": []},
        {"scopes": [Scope.DECIDE]},
        {"role": Role.PLACE},
    ],
)
def test_a_key_that_does_not_hold_together_is_not_made(session, values):
    with pytest.raises(AccountInvalid):
        accounts.create_key(session, **{"name": "Key", "role": Role.HUB, "scopes": [Scope.READ]} | values, **WHO)


def test_a_key_that_decides_acts_for_a_person(session):
    person = create(session)
    made = accounts.create_key(session, name="Tool", role=Role.HUB, scopes=[Scope.DECIDE], person_id=person.id, **WHO)

    actor = accounts.actor_of_key(session, made.secret, at=NOW)

    assert (actor.person_id, actor.shown_as) == (person.id, "New officer")


def test_a_key_revoked_twice_was_revoked_the_first_time(session):
    made = accounts.create_key(session, name="Key", role=Role.HUB, scopes=[Scope.READ], **WHO)

    accounts.revoke_key(session, made.row.prefix, **WHO)
    again = accounts.revoke_key(session, made.row.prefix, at=NOW + timedelta(days=1), actor=SYSTEM)

    assert again.revoked_at == NOW
    with pytest.raises(KeyRefused):
        accounts.actor_of_key(session, made.secret, at=NOW)


def test_an_unknown_key_cannot_be_revoked(session):
    with pytest.raises(UnknownAccount):
        accounts.revoke_key(session, "00000000", **WHO)


def test_a_key_of_an_organisation_is_of_it(session):
    organisation = factories.make_organisation(session)
    made = accounts.create_key(
        session, name="Supplier", role=Role.INNOVATOR, scopes=[Scope.READ], organisation_id=organisation.id, expires_at=NOW, **WHO
    )

    actor = accounts.actor_of_key(session, made.secret, at=NOW - timedelta(seconds=1))

    assert (actor.organisation_ids, actor.place_ids) == ({organisation.id}, frozenset())


def test_the_hash_costs_what_it_should_outside_these_tests():
    assert shipped_hasher().hash(factories.PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
