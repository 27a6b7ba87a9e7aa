"""A mail is owed once for each cause, in plain words; people say how much they want, and who is deleted is forgotten."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from jinja2 import UndefinedError
from sqlalchemy import select

from api.queue import Job
from api.services import mailing, posting, writing
from api.services.mailing import AddressRefused, Recipient, UnsubscribeRefused, to_person
from api.services.transports import Outcome, Verdict
from api.services.writing import SITE, UnknownTemplate
from models.actors import SYSTEM
from models.jobs import JobRow
from models.mail import Frequency, Message, MessageState, Subscription
from models.people import Role
from models.queries import mail, recipients
from tests import factories
from tests.factories import NOW
from tests.mails import LETTER, STRANGER, begin, digest, end, events, letter
from tests.services.mail_examples import EXAMPLES

pytestmark = pytest.mark.both
LATER = NOW + timedelta(minutes=1)


def owed(session):
    query = select(JobRow).where(JobRow.name == Job.MAIL).order_by(JobRow.due_at)
    return [(job.arguments["message"], job.due_at, job.priority) for job in session.scalars(query)]


# Owing.


def test_a_mail_is_owed_once_however_often_its_cause_is_told(session):
    person = factories.make_person(session)
    first, second = digest(session, person), digest(session, person)

    assert (first.address, first.state, first.subscription, second) == (person.email, MessageState.QUEUED, Subscription.DIGEST, None)
    assert owed(session) == [(str(first.id), NOW, 1)]


def test_the_one_of_two_at_the_same_moment_is_owed(database):
    with database.transaction() as session:
        letter(session)
    with database.transaction() as session:
        again = mailing.post(session, "digest", STRANGER, once_key="once", at=NOW, **EXAMPLES["digest"])

    assert again is None


def test_what_is_rolled_back_is_not_owed(database):
    with suppress(RuntimeError), database.transaction() as session:
        letter(session)
        raise RuntimeError

    with database.reading() as session:
        assert (owed(session), session.scalars(select(Message)).all()) == ([], [])


def test_an_account_of_a_strange_address_does_not_stop_what_is_told_to_it(session):
    row = mailing.post(session, "sign_in_link", Recipient("nowhere"), once_key="once", at=NOW, **LETTER)

    assert (row.state, row.last_error, owed(session)) == (MessageState.SUPPRESSED, mailing.NO_ADDRESS, [])


def test_an_address_is_kept_plain():
    assert mailing.checked(" Jo@Example.org ") == "jo@example.org"
    with pytest.raises(AddressRefused):
        mailing.checked("nobody")


# Words.


def test_a_template_says_its_subject_on_one_line_and_what_a_value_holds_stays_in_its_part(monkeypatch, tmp_path):
    (tmp_path / "templates" / "mail").mkdir(parents=True)
    (tmp_path / "templates" / "mail" / "trial.txt").write_text("Subject: About {{ name }}\n\nHello {{ name }},\n\n{{ link('/a') }}\n")
    monkeypatch.setattr(writing, "files", lambda _package: tmp_path)
    for kept in (writing.names, writing._parts):
        kept.cache_clear()

    written = writing.write("trial", name="X\n\nSubscription: digest\u202e")
    long = writing.write("trial", name="a" * 500)
    for kept in (writing.names, writing._parts):
        kept.cache_clear()

    assert (written.subject, written.subscription) == ("About X Subscription: digest", None)
    assert written.body == f"Hello X\n\nSubscription: digest\u202e,\n\n{SITE}/a\n"
    assert (len(long.subject), long.subject[-1]) == (200, "…")


def test_a_value_that_is_not_given_and_a_template_that_is_not_there_are_faults():
    with pytest.raises(UndefinedError):
        writing.write("digest")
    with pytest.raises(UnknownTemplate):
        writing.write("../digest")


def test_days_and_times_are_those_of_london():
    summer = datetime(2026, 7, 5, 23, 30, tzinfo=UTC)

    assert (writing.day(summer), writing.clock(summer)) == ("Monday 6 July 2026", "Monday 6 July 2026 at 12:30am")
    assert writing.day(summer.date()) == "Sunday 5 July 2026"


# What people want.


def test_the_link_in_a_digest_ends_it_at_once_and_until_it_is_wanted_anew(session):
    person = factories.make_person(session)
    token = mailing.token_of(session, person.id, Subscription.DIGEST)
    waiting = digest(session, person, once="1")
    for _ in range(2):
        mailing.unsubscribe(session, token, at=NOW)
    begun, another = begin(session, waiting), digest(session, person, once="2")
    mailing.prefer(session, person.id, Frequency.DAILY, actor=SYSTEM, at=NOW)

    assert (begun, waiting.state, another) == (None, MessageState.SUPPRESSED, None)
    assert digest(session, person, once="3").state is MessageState.QUEUED
    assert events(session) == [("person.mail_stopped", f"person:{person.id}"), ("person.mail_wanted", "system")]


def test_letters_come_whatever_is_wanted(session):
    person = factories.make_person(session)
    mailing.prefer(session, person.id, Frequency.OFF, actor=SYSTEM, at=NOW)

    assert mailing.post(session, "sign_in_link", to_person(person), once_key="1", at=NOW, **LETTER).state is MessageState.QUEUED


def test_who_has_no_account_gets_no_digest(session):
    assert mailing.post(session, "digest", STRANGER, once_key="1", at=NOW, **EXAMPLES["digest"]) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: ("B" if token.startswith("A") else "A") + token[1:],
        lambda _: "",
        lambda _: "ä",
        lambda _: "%%",
    ],
)
def test_a_token_that_is_not_ours_ends_nothing(session, spoil):
    token = mailing.token_of(session, uuid4(), Subscription.DIGEST)

    with pytest.raises(UnsubscribeRefused):
        mailing.unsubscribe(session, spoil(token), at=NOW)


def test_a_token_opens_nothing_where_none_was_ever_made(session):
    with pytest.raises(UnsubscribeRefused):
        mailing.read_token(session, "A" * 44)


def test_a_token_of_somebody_who_is_gone_is_no_fault(session):
    mailing.unsubscribe(session, mailing.token_of(session, uuid4(), Subscription.DIGEST), at=NOW)

    assert events(session) == []


# Forgetting.


def test_of_a_person_who_is_deleted_no_mail_keeps_address_or_words(session):
    person = factories.make_person(session)
    waiting, sent = letter(session, to_person(person), once="1"), letter(session, to_person(person), once="2")
    before = letter(session, Recipient(person.email), once="3")
    other, under_way = letter(session, once="4"), letter(session, to_person(person), once="5")
    begun = begin(session, under_way)
    end(session, sent, Verdict.SENT)
    end(session, before, Verdict.NOBODY, said=f"550 {person.email}")
    mailing.preference(session, person.id)
    mailing.forget(session, person.id)
    posting.finish(session, begun, Outcome(Verdict.LATER, "Later"), at=NOW)

    for row in (waiting, sent, before, under_way):
        assert (row.address, row.name, row.subject, row.body, row.person_id) == ("", "", "", "", None)
        assert person.email not in row.last_error
    assert (waiting.state, other.address) == (MessageState.SUPPRESSED, "founder@example.org")
    assert (begin(session, under_way, at=LATER), under_way.state) == (None, MessageState.SUPPRESSED)
    assert mail.preference(session, person.id) is None
    assert mail.suppressed(session, mailing.hashed(person.email)) is None


def test_what_mails_to_others_say_of_who_is_deleted_goes_too(session):
    person = factories.make_person(session, name="Jo Example")
    introduction, other = letter(session, once="1"), letter(session, once="2")
    introduction.body, other.body = f"Meet Jo Example, {person.email}.\n", "Hello.\n"
    session.flush()
    mailing.forget(session, person.id)

    assert introduction.body == "Meet (somebody who was deleted), (somebody who was deleted).\n"
    assert (other.body, introduction.state) == ("Hello.\n", MessageState.QUEUED)


def test_only_whole_words_are_taken_for_who_is_deleted(session):
    person = factories.make_person(session, name="Jo", email="jo@example.org")
    introduction, another = letter(session, once="1"), letter(session, once="2")
    introduction.body, another.body = "John, meet Jo (jo@example.org). Join in, Jo.\n", "Write to bjo@example.org, John.\n"
    session.flush()
    mailing.forget(session, person.id)

    gone = mailing.FORGOTTEN
    assert introduction.body == f"John, meet {gone} ({gone}). Join in, {gone}.\n"
    assert another.body == "Write to bjo@example.org, John.\n"


def test_to_forget_somebody_who_is_not_there_is_no_fault(session):
    row = letter(session)
    row.forget()
    session.flush()
    mailing.forget(session, uuid4())

    assert row.state is MessageState.SUPPRESSED


# Who is written to.


def test_recipients_are_those_of_the_role_whose_account_is_open(session):
    hub, lead, place = (factories.make_person(session, role) for role in (Role.HUB, Role.LEAD, Role.PLACE))
    factories.make_person(session, Role.HUB, active=False)
    founder, colleague = (factories.make_person(session, Role.INNOVATOR, organisation="Own Ltd") for _ in range(2))
    author = factories.make_person(session, None)
    factories.make_person(session, Role.PLACE, place="WAK")
    theirs = factories.make_innovation(session, supplier="Own Ltd")
    own, nobodys, a_machines = (
        factories.make_innovation(session, supplier=supplier, created_by=by)
        for supplier, by in ((None, f"person:{author.id}"), ("Empty Ltd", f"person:{uuid4()}"), (None, "key:00000000"))
    )

    assert {row.id for row in recipients.hub_staff(session)} == {hub.id, lead.id}
    assert recipients.leads(session) == [lead]
    assert recipients.of_place(session, place.grants[0].place_id) == [place]
    assert {row.id for row in recipients.of_organisation(session, theirs.supplier_id)} == {founder.id, colleague.id}
    assert {row.id for row in recipients.of_innovation(session, theirs)} == {founder.id, colleague.id}
    assert recipients.of_innovation(session, own) == [author]
    assert [list(recipients.of_innovation(session, each)) for each in (nobodys, a_machines)] == [[], []]


def test_the_list_is_read_by_state_and_kind(session):
    sent, failed = letter(session, once="1"), letter(session, once="2", template="other", at=LATER)
    end(session, sent, Verdict.SENT)
    end(session, failed, Verdict.REFUSED, at=LATER)

    def listed(**wanted):
        return mail.page(session, **{"state": None, "template": None, "after": None, "limit": 9} | wanted).rows

    assert listed() == [failed, sent]
    assert listed(state=MessageState.SENT) == listed(template="outcome") == [sent]
