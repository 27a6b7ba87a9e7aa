"""Colleagues by invitation: into one's own organisation or place, by the lead into any role; roles add up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest

from api.services import accounts, inviting, opening
from api.services.accounts import AccountInvalid, SignInRefused
from api.services.limiting import TooManyRequests
from models.actors import SYSTEM, Actor, NotAllowed
from models.documents import TransitionRefused
from models.links import MOST_ASKED, LinkPurpose, LinkSpent
from models.people import Role
from models.policies import NEED_CHANGE, PROPOSAL_DECIDE, PROPOSAL_READ
from models.queries import people
from models.queries.documents import NotFound
from models.queries.places import UnknownPlace
from models.subjects import subject_of
from tests import factories
from tests.factories import NOW
from tests.links import last_token, mails


def actor_as(session, role, **values):
    return accounts.actor_of_person(factories.make_person(session, role, **values))


def invite(session, by, role, *, email="new@example.org", at=NOW, **values):
    return inviting.invite(session, email=email, role=role, actor=by, at=at, **values)


def accept(session, *, email="new@example.org", at=NOW, name=""):
    return opening.open_link(session, last_token(session, email), at=at, hours=1, name=name).signed_in.person


def held(person):
    return {(grant.role, grant.place_id or grant.organisation_id) for grant in person.grants}


def test_an_innovator_invites_into_their_own_organisation(session):
    by = actor_as(session, Role.INNOVATOR)
    row = invite(session, by, Role.INNOVATOR, email=" New@Example.org")

    looked = opening.look(session, last_token(session), at=NOW)
    person = accept(session, name="Second director")

    assert (looked.purpose, looked.about, looked.asks_name) == (LinkPurpose.INVITATION, "an innovator of Example supplier", True)
    assert (person.email, person.name, held(person)) == ("new@example.org", "Second director", {(Role.INNOVATOR, *by.organisation_ids)})
    assert (row.accepted_at, row.accepted_by) == (NOW, person.id)


def test_words_that_only_a_stranger_chose_are_in_no_invitation(session):
    firm = factories.make_organisation(session, "Win a prize at spam.example")
    firm.confirmed = False
    by = actor_as(session, Role.INNOVATOR, organisation=firm.name, name="Your prize waits", email="stranger@example.org")

    invite(session, by, Role.INNOVATOR)
    told = f"{mails(session)[0].subject} {mails(session)[0].body} {opening.look(session, last_token(session), at=NOW).about}"

    assert ("prize" in told, "stranger@example.org invites you" in told) == (False, True)
    assert "an innovator of an organisation that the Hub does not know yet" in told


def test_a_place_invites_into_its_own_team(session):
    by = actor_as(session, Role.PLACE, place="WAK")

    invite(session, by, Role.PLACE)

    assert "a member of the team of Wakefield" in mails(session)[0].body
    assert held(accept(session)) == {(Role.PLACE, *by.place_ids)}
    assert people.by_email(session, "new@example.org").name == "new@example.org"


@pytest.mark.parametrize("role", [Role.HUB, Role.LEAD, Role.PIPELINE, Role.BOARD])
def test_the_lead_invites_into_any_role_and_nobody_else_does(session, role):
    for other in (Role.INNOVATOR, Role.PLACE, Role.HUB, Role.BOARD):
        with pytest.raises(NotAllowed):
            invite(session, actor_as(session, other), role)

    invite(session, actor_as(session, Role.LEAD), role)

    assert held(accept(session)) == {(role, None)}


def test_nobody_invites_into_what_is_anothers(session):
    wakefield, rival = factories.make_place(session, "WAK"), factories.make_organisation(session, "Rival")

    with pytest.raises(NotAllowed, match="your own organisation or place"):
        invite(session, actor_as(session, Role.PLACE), Role.PLACE, place=wakefield.key)
    with pytest.raises(NotAllowed, match="your own organisation or place"):
        invite(session, actor_as(session, Role.INNOVATOR), Role.INNOVATOR, organisation_id=rival.id)
    with pytest.raises(NotAllowed, match="A decision is a person's"):
        invite(session, SYSTEM, Role.HUB)
    assert mails(session) == []


@pytest.mark.parametrize(
    ("role", "said", "error"),
    [
        (Role.PLACE, {}, AccountInvalid),
        (Role.HUB, {"place": "LDS"}, AccountInvalid),
        (Role.PLACE, {"place": "XXX"}, UnknownPlace),
        (Role.INNOVATOR, {"organisation_id": uuid4()}, AccountInvalid),
        (Role.HUB, {"email": "nobody"}, AccountInvalid),
    ],
)
def test_an_invitation_that_does_not_hold_together_is_refused(session, role, said, error):
    factories.make_place(session)

    with pytest.raises(error):
        invite(session, actor_as(session, Role.LEAD), role, **said)


def test_who_has_an_account_has_one_role_more(session):
    person = factories.make_person(session, Role.HUB, email="new@example.org")
    lead = actor_as(session, Role.LEAD)

    for role, where in ((Role.PLACE, {"place": factories.make_place(session).key}), (Role.INNOVATOR, _own(session)), (Role.HUB, {})):
        invite(session, lead, role, **where)
        assert not opening.look(session, last_token(session), at=NOW).asks_name
        assert accept(session, name="Somebody else").id == person.id

    assert person.name == "Hub officer"
    assert [grant.role for grant in person.grants] == [Role.HUB, Role.PLACE, Role.INNOVATOR]


def _own(session):
    return {"organisation_id": factories.make_organisation(session).id}


def test_rights_of_several_roles_add_up_but_for_what_ones_own_organisation_offers(session):
    person = factories.make_person(session, Role.HUB)
    for role, where in ((Role.PLACE, {"place_id": factories.make_place(session).id}), (Role.INNOVATOR, _own(session))):
        accounts.grant(session, person, role, at=NOW, actor=SYSTEM, **where)
    actor: Actor = accounts.actor_of_person(person)
    own = factories.make_proposal(session)
    anothers = factories.make_proposal(session, innovation=factories.make_innovation(session, supplier="Rival"))

    assert all(PROPOSAL_READ.allows(actor, subject_of(each)) for each in (own, anothers))
    assert NEED_CHANGE.allows(actor, subject_of(own.need))
    assert [PROPOSAL_DECIDE.allows(actor, subject_of(each)) for each in (own, anothers)] == [False, True]


def test_an_invitation_is_taken_back_once_and_then_opens_nothing(session):
    by = actor_as(session, Role.PLACE)
    row = invite(session, by, Role.PLACE)

    for _ in range(2):
        inviting.take_back(session, row.id, actor=by, at=NOW)

    session.expire_all()
    with pytest.raises(LinkSpent, match="taken back"):
        accept(session)
    with pytest.raises(LinkSpent, match="taken back"):
        opening.look(session, last_token(session), at=NOW)


def test_what_was_accepted_is_not_taken_back(session):
    by = actor_as(session, Role.PLACE)
    row = invite(session, by, Role.PLACE)
    accept(session)

    with pytest.raises(TransitionRefused, match="was accepted"):
        inviting.take_back(session, row.id, actor=by, at=NOW)


@pytest.mark.both
def test_an_invitation_that_is_taken_back_while_it_is_accepted_is_one_of_both(database):
    with database.transaction() as session:
        by = actor_as(session, Role.PLACE)

    for number in range(10):
        with database.transaction() as session:
            row = invite(session, by, Role.PLACE, email=f"{number}@example.org", at=NOW + timedelta(days=number))
            token = last_token(session, row.address)
        together = Barrier(2)

        def at_once(act, *, together=together):
            together.wait()
            try:
                with database.transaction() as session:
                    act(session)
            except (LinkSpent, TransitionRefused):
                return "refused"
            return "done"

        acts = (
            partial(opening.open_link, token=token, at=row.made_at, hours=1),
            partial(inviting.take_back, invitation_id=row.id, actor=by, at=row.made_at),
        )
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(at_once, acts)) == ["done", "refused"]


def test_invitations_are_seen_by_whose_they_are_and_the_lead(session):
    by, lead = actor_as(session, Role.PLACE), actor_as(session, Role.LEAD)
    own = invite(session, by, Role.PLACE)
    hub = invite(session, lead, Role.HUB)

    assert inviting.page(session, by).rows == [own]
    assert {row.id for row in inviting.page(session, lead).rows} == {own.id, hub.id}
    assert inviting.page(session, actor_as(session, Role.PLACE, place="WAK")).rows == []
    with pytest.raises(NotFound):
        inviting.take_back(session, hub.id, actor=by, at=NOW)


def test_an_invitation_ends_after_two_weeks(session):
    invite(session, actor_as(session, Role.LEAD), Role.BOARD)

    with pytest.raises(LinkSpent, match="too old"):
        accept(session, at=NOW + inviting.VALID_FOR)


def test_a_closed_account_is_not_opened_by_an_invitation(session):
    factories.make_person(session, None, email="new@example.org", active=False)
    invite(session, actor_as(session, Role.LEAD), Role.HUB)

    with pytest.raises(SignInRefused, match="closed"):
        accept(session)


@pytest.mark.parametrize("how", ["closed", "role lost"])
def test_an_invitation_counts_no_more_when_who_invited_may_not(session, how):
    inviter = factories.make_person(session, Role.PLACE)
    invite(session, accounts.actor_of_person(inviter), Role.PLACE)

    if how == "closed":
        inviter.active = False
    else:
        accounts.revoke(session, inviter, Role.PLACE, at=NOW, actor=SYSTEM)

    with pytest.raises(LinkSpent, match="may no longer do so"):
        accept(session)


def test_nobody_mails_the_world_in_our_name(session):
    by, lead = actor_as(session, Role.PLACE), actor_as(session, Role.LEAD)

    for number in range(inviting.MOST_A_DAY):
        invite(session, by, Role.PLACE, email=f"n{number}@example.org")
    with pytest.raises(TooManyRequests, match="tomorrow"):
        invite(session, by, Role.PLACE)
    invite(session, by, Role.PLACE, at=NOW + timedelta(days=1, seconds=1))

    for number in range(MOST_ASKED):
        invite(session, lead, Role.HUB, email="one@example.org", at=NOW + timedelta(minutes=number))
    with pytest.raises(TooManyRequests, match="in an hour"):
        invite(session, lead, Role.HUB, email="one@example.org", at=NOW + timedelta(minutes=MOST_ASKED))


def test_the_same_twice_at_once_is_one_invitation_and_one_mail(session):
    lead, another = actor_as(session, Role.LEAD), actor_as(session, Role.LEAD)
    first = invite(session, lead, Role.HUB)

    again = invite(session, lead, Role.HUB, at=NOW + timedelta(seconds=5))
    others = [invite(session, lead, Role.BOARD), invite(session, another, Role.HUB), invite(session, lead, Role.HUB, email="b@example.org")]
    inviting.take_back(session, first.id, actor=lead, at=NOW)
    anew = invite(session, lead, Role.HUB, at=NOW + timedelta(seconds=6))

    assert again is first
    assert len({first.id, anew.id, *(each.id for each in others)}) == len(mails(session)) + 1 == 5  # one went to another address
