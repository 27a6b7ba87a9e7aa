"""Signing in by a mailed link: the same is said to every address, and only an open account is mailed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.queue import Job
from api.services import accounts, front_door, inviting, opening, signing_in
from api.services.accounts import AccountInvalid, SignInRefused
from api.services.content import InnovationContent
from models.actors import ANONYMOUS
from models.jobs import JobRow
from models.links import MOST_ASKED, LinkAsk, LinkPurpose, LinkSpent
from models.people import Role
from tests import factories
from tests.factories import NOW
from tests.links import CONSENT, FIVE_ANSWERS, last_token, mails


def asks(session):
    return session.scalars(select(LinkAsk).order_by(LinkAsk.asked_at)).all()


def ask_and_send(session, email, *, at=NOW, staff_too=True):
    signing_in.ask(session, email, at=at)
    for row in asks(session):
        signing_in.send(session, row.id, at=at, staff_too=staff_too)


@pytest.mark.parametrize("said", ["director@example.org", " Director@Example.ORG\t"])
def test_the_owner_of_an_account_is_mailed_a_link_that_signs_them_in(session, said):
    person = factories.make_person(session, Role.INNOVATOR, email="director@example.org")

    ask_and_send(session, said)
    looked = opening.look(session, last_token(session, person.email), at=NOW)
    opened = opening.open_link(session, last_token(session, person.email), at=NOW, hours=1)

    assert (looked.purpose, looked.about, looked.hands_in, looked.asks_name) == (LinkPurpose.SIGN_IN, "", False, False)
    assert (opened.purpose, opened.signed_in.person.id, opened.innovation) == (LinkPurpose.SIGN_IN, person.id, None)
    assert accounts.actor_of_session(session, opened.signed_in.token, at=NOW).actor.person_id == person.id


def test_asking_does_the_same_whether_there_is_an_account_or_not(session):
    factories.make_person(session, Role.HUB, email="officer@example.org")
    written = []
    for address in ("officer@example.org", "nobody@example.org"):
        signing_in.ask(session, address, at=NOW)
        written.append({table.name: len(session.execute(table.select()).all()) for table in (LinkAsk.__table__, JobRow.__table__)})

    first, second = written
    assert {name: second[name] - first[name] for name in first} == {"link_ask": 1, "job": 1}
    assert not mails(session, "officer@example.org")


@pytest.mark.parametrize("values", [{"active": False}, {"email": "somebody.else@example.org"}])
def test_who_has_no_open_account_is_mailed_nothing(session, values):
    factories.make_person(session, Role.HUB, **{"email": "officer@example.org"} | values)

    ask_and_send(session, "officer@example.org")

    assert mails(session, "officer@example.org") == []
    assert all(row.done_at == NOW for row in asks(session))


def test_staff_need_their_password_where_the_setting_says_so(session):
    several = factories.make_person(session, Role.INNOVATOR, email="both@example.org")
    accounts.grant(session, several, Role.HUB, at=NOW, actor=accounts.actor_of_person(several))
    factories.make_person(session, Role.INNOVATOR, email="director@example.org")

    for address in ("both@example.org", "director@example.org"):
        ask_and_send(session, address, staff_too=False)

    assert [len(mails(session, address)) for address in ("both@example.org", "director@example.org")] == [0, 1]


@pytest.mark.parametrize("purpose", opening.OPENED_HERE)
def test_no_link_of_any_purpose_stands_for_the_password_of_staff_where_the_setting_says_so(session, purpose):
    officer = factories.make_person(session, Role.HUB, email="new@example.org")
    other = factories.make_person(session, Role.LEAD)
    token = mailed(session, purpose, officer)

    for visitor in (None, other.id):
        with pytest.raises(SignInRefused, match="signs in with its password"), session.begin_nested():
            opening.open_link(session, token, at=NOW, hours=1, visitor=visitor, staff_too=False)
    opened = opening.open_link(session, token, at=NOW, hours=1, visitor=officer.id, staff_too=False)

    assert opened.signed_in.person.id == officer.id


def mailed(session, purpose, person):
    """The token of a link to somebody who has an account already."""
    if purpose is LinkPurpose.SAVE:
        content = InnovationContent(**FIVE_ANSWERS, **CONSENT)
        front_door.save(session, content, organisation="New firm", email=person.email, hand_in=True, at=NOW, keep_for=timedelta(days=1))
    elif purpose is LinkPurpose.INVITATION:
        lead = accounts.actor_of_person(factories.make_person(session, Role.LEAD))
        inviting.invite(session, email=person.email, role=Role.BOARD, actor=lead, at=NOW)
    else:
        ask_and_send(session, person.email)
    return last_token(session, person.email)


def test_a_link_is_sent_once_however_often_the_job_runs_and_not_for_what_was_forgotten(session):
    factories.make_person(session, Role.HUB, email="officer@example.org")
    ask_and_send(session, "officer@example.org")
    (row,) = asks(session)

    signing_in.send(session, row.id, at=NOW, staff_too=True)
    session.delete(row)
    session.flush()
    signing_in.send(session, row.id, at=NOW, staff_too=True)

    assert len(mails(session, "officer@example.org")) == 1


def test_an_address_is_sent_a_few_links_an_hour_and_then_again(session):
    factories.make_person(session, Role.HUB, email="officer@example.org")

    for minute in range(MOST_ASKED + 3):
        ask_and_send(session, "Officer@example.org", at=NOW + timedelta(minutes=minute))
    assert len(mails(session, "officer@example.org")) == MOST_ASKED

    ask_and_send(session, "officer@example.org", at=NOW + timedelta(hours=1, seconds=1))
    assert len(mails(session, "officer@example.org")) == MOST_ASKED + 1


@pytest.mark.parametrize(
    "said", ["", "nobody", "a@b", "two@example.org three@example.org", "x@example.org\nBcc: y@example.org", "a" * 250 + "@e.org"]
)
def test_what_is_no_address_is_refused(session, said):
    with pytest.raises(AccountInvalid, match="no e-mail address"):
        signing_in.ask(session, said, at=NOW)


def test_an_ask_that_the_queue_forgot_is_owed_again(session):
    signing_in.ask(session, "nobody@example.org", at=NOW)
    session.execute(JobRow.__table__.delete())

    signing_in.owe_links(session, at=NOW)

    (job,) = session.scalars(select(JobRow).where(JobRow.name == Job.SEND_LINK))
    assert job.arguments == {"id": str(asks(session)[0].id)}


def test_an_account_without_a_password_opens_to_no_password(session):
    factories.make_person(session, Role.HUB)
    person = accounts.create_person(session, email="new@example.org", name="New", password=None, at=NOW, actor=ANONYMOUS)

    for guess in ("", "x", person.password_hash, "a long enough password"):
        with pytest.raises(SignInRefused):
            accounts.proven(session, "new@example.org", guess)


def test_a_link_to_an_account_that_was_closed_since_opens_nothing(session):
    person = factories.make_person(session, Role.HUB, email="officer@example.org")
    ask_and_send(session, "officer@example.org")
    accounts.deactivate(session, person, at=NOW, actor=accounts.actor_of_person(person))

    with pytest.raises(LinkSpent, match="taken back"):
        opening.open_link(session, last_token(session, "officer@example.org"), at=NOW, hours=1)


def test_asking_twice_at_once_is_asking_once(session):
    for seconds in (0, 3, 11):
        signing_in.ask(session, "officer@example.org", at=NOW + timedelta(seconds=seconds))

    assert [row.asked_at for row in asks(session)] == [NOW, NOW + timedelta(seconds=11)]
