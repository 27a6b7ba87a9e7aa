"""A mail is owed once, sent at most once by itself, and never lost; people say how much they want."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from jinja2 import UndefinedError
from sqlalchemy import select

from api.queue import Job
from api.services import mailing, posting, writing
from api.services.envelopes import Sender
from api.services.mailing import AddressRefused, Recipient, UnsubscribeRefused, to_person
from api.services.transports import FileTransport, Outcome, Verdict
from api.services.writing import SITE, UnknownTemplate
from models.actors import SYSTEM
from models.events import Event
from models.jobs import JobRow
from models.mail import GIVEN_UP_AFTER, Frequency, MailNotSendable, Message, MessageState, Subscription
from models.people import Role
from models.queries import mail, recipients
from tests import factories
from tests.factories import NOW
from tests.services.mail_examples import EXAMPLES

pytestmark = pytest.mark.both
LATER = NOW + timedelta(minutes=1)
SENDER = Sender("Needs and innovations", "matching@example.org", "https://hub.example.org", "help@example.org")
STRANGER = Recipient("founder@example.org", "Founder")
LETTER = EXAMPLES["sign_in_link"]


@pytest.fixture
def files(tmp_path):
    return FileTransport(tmp_path / "mail")


def letter(session, to=STRANGER, *, once="once", at=NOW, template="outcome"):
    """A letter of which the text is kept after it has left."""
    row = mail.add(
        session,
        Message(
            once_key=once, template=template, subscription=None, person_id=to.person_id, address=to.address, name=to.name,
            subject="Your innovation", body="Hello.\n", state=MessageState.QUEUED, attempts=0, due_at=at, give_up_at=at + GIVEN_UP_AFTER,
            last_error="", created_at=at,
        ),
    )  # fmt: skip
    mailing.owe(session, row, at=at)
    return row


def digest(session, person, *, once="digest", at=NOW):
    return mailing.post(session, "digest", to_person(person), once_key=once, at=at, **EXAMPLES["digest"])


def begin(session, row, *, at=NOW):
    return posting.begin(session, row.id, SENDER, at=at)


def end(session, row, verdict, *, at=NOW, said="The mail server said so"):
    posting.finish(session, begin(session, row, at=at), Outcome(verdict, said), at=at)
    return row.state


def owed(session):
    query = select(JobRow).where(JobRow.name == Job.MAIL).order_by(JobRow.due_at)
    return [(job.arguments["message"], job.due_at, job.priority) for job in session.scalars(query)]


def events(session):
    return [(each.kind, each.actor) for each in session.scalars(select(Event).order_by(Event.recorded_at, Event.ordinal))]


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

    assert (writing.day(summer), writing.clock(summer)) == ("Monday 6 July 2026", "Monday 6 July 2026 at 00:30")
    assert writing.day(summer.date()) == "Sunday 5 July 2026"


# Sending.


def test_what_is_due_is_sent_once(session, files):
    row = letter(session)

    counts = [posting.deliver_due(session, files, SENDER, at=at) for at in (NOW - timedelta(seconds=1), NOW, LATER)]

    assert (counts, row.state, row.sent_at, row.attempts) == ([0, 1, 0], MessageState.SENT, NOW, 1)


def test_that_it_begins_is_kept_before_anything_is_sent(session):
    row = letter(session)
    begun = begin(session, row)

    assert (row.state, begun.attempt, begun.letter.receiver) == (MessageState.SENDING, 1, "founder@example.org")
    assert begin(session, row, at=LATER) is None  # another process, while the first is at it


def test_who_does_not_live_to_tell_leaves_it_unsure_and_it_is_not_sent_again_by_itself(session, files):
    row = letter(session)
    begin(session, row)
    until = NOW + posting.PATIENCE

    assert posting.to_send(session, at=until - timedelta(seconds=1), limit=9) == []
    assert posting.to_send(session, at=until, limit=9) == [row.id]
    assert posting.deliver_due(session, files, SENDER, at=until) == 1
    assert (row.state, posting.to_send(session, at=until + timedelta(days=9), limit=9)) == (MessageState.UNSURE, [])


def test_who_was_only_slow_tells_the_truth_of_an_unsure_one(session):
    row = letter(session)
    begun = begin(session, row)
    begin(session, row, at=NOW + posting.PATIENCE)
    unsure = row.state
    posting.finish(session, begun, Outcome(Verdict.SENT), at=NOW + posting.PATIENCE)

    assert (unsure, row.state) == (MessageState.UNSURE, MessageState.SENT)


def test_who_was_slow_says_nothing_of_an_attempt_after_theirs(session):
    row = letter(session)
    slow = begin(session, row)
    begin(session, row, at=NOW + posting.PATIENCE)
    posting.send_again(session, row.id, actor=SYSTEM, at=NOW + posting.PATIENCE)
    posting.finish(session, slow, Outcome(Verdict.NOBODY, "550"), at=NOW + posting.PATIENCE)

    assert (row.state, mail.suppressed(session, mailing.hashed(row.address))) == (MessageState.QUEUED, None)


def test_a_text_that_may_have_been_taken_is_unsure(session):
    row = letter(session)

    assert end(session, row, Verdict.UNSURE, said="No answer") is MessageState.UNSURE
    assert row.last_error == "No answer"


def test_a_mail_server_that_is_away_is_asked_again_after_growing_pauses_for_days(session):
    row, at, pauses = letter(session), NOW, []
    while end(session, row, Verdict.LATER, at=at) is MessageState.QUEUED:
        pauses.append(row.due_at - at)
        at = row.due_at

    assert [pause.total_seconds() / 60 for pause in pauses[:8]] == [1, 2, 5, 10, 20, 30, 60, 60]
    assert pauses == sorted(pauses)
    assert NOW + timedelta(days=4, hours=23) < at <= NOW + GIVEN_UP_AFTER
    assert (row.state, row.last_error) == (MessageState.FAILED, "The mail server said so It was tried for 5 days.")


def test_a_mail_that_is_put_off_is_owed_again_when_it_is_due(session):
    row = letter(session)
    end(session, row, Verdict.LATER)
    session.delete(session.scalars(select(JobRow).where(JobRow.due_at == NOW)).one())
    session.flush()

    assert begin(session, row, at=NOW + timedelta(seconds=59)) is None
    assert end(session, row, Verdict.SENT, at=LATER) is MessageState.SENT


def test_mail_waits_without_an_attempt_while_the_server_is_left_alone(session):
    row = letter(session)
    posting.hold(session, row.id, seconds=40, at=NOW)
    posting.hold(session, row.id, seconds=400, at=NOW)  # it is not due

    assert (row.attempts, row.due_at, row.state) == (0, NOW + timedelta(seconds=40), MessageState.QUEUED)


def test_a_refusal_for_good_ends_the_mail_and_an_address_of_nobody_all_mail_to_it(session):
    person = factories.make_person(session)
    refused, nobody = letter(session, to_person(person), once="1"), letter(session, to_person(person), once="2")
    waiting = letter(session, to_person(person), once="3")
    states = [end(session, refused, Verdict.REFUSED), end(session, nobody, Verdict.NOBODY)]
    begun, dropped = begin(session, waiting), digest(session, person)
    told = mailing.post(session, "sign_in_link", to_person(person), once_key="4", at=NOW, **LETTER)

    assert states == [MessageState.FAILED, MessageState.BOUNCED]
    assert (begun, waiting.state, waiting.last_error) == (None, MessageState.SUPPRESSED, mailing.NOBODY_THERE)
    assert dropped is None
    assert told.state is MessageState.SUPPRESSED


def test_an_address_that_no_mail_server_knows_fails_at_once(session):
    row = letter(session, Recipient("jörg@example.org"))

    assert (begin(session, row), row.state) == (None, MessageState.FAILED)


def test_a_fault_of_ours_is_shown_to_staff(session):
    waiting, under_way, sent = (letter(session, once=str(n)) for n in range(3))
    begin(session, under_way)
    end(session, sent, Verdict.SENT)
    for row in (waiting, under_way, sent):
        posting.give_up(session, row.id)

    assert [row.state for row in (waiting, under_way, sent)] == [MessageState.FAILED, MessageState.UNSURE, MessageState.SENT]


# Secrets.


def test_a_secret_is_kept_until_it_has_left_and_no_longer(session, files):
    row = mailing.post(session, "sign_in_link", STRANGER, once_key="once", at=NOW, **LETTER)
    waiting = bool(row.body)
    failed = end(session, row, Verdict.LATER) and bool(row.body)
    posting.deliver_due(session, files, SENDER, at=LATER)

    assert (waiting, failed, row.state, row.body) == (True, True, MessageState.SENT, "")


# Sending again.


@pytest.mark.parametrize("verdict", [Verdict.UNSURE, Verdict.REFUSED, Verdict.NOBODY])
def test_staff_send_what_was_not_delivered_again_under_the_same_id(session, verdict):
    row = letter(session)
    end(session, row, verdict)
    posting.send_again(session, row.id, actor=SYSTEM, at=LATER)
    begun = begin(session, row, at=LATER)

    assert f"Message-ID: <{row.id.hex}@example.org>".encode() in begun.letter.raw
    assert (begun.attempt, row.give_up_at) == (2, LATER + GIVEN_UP_AFTER)
    assert ("mail.sent_again", "system") in events(session)


def test_what_was_delivered_is_on_its_way_or_is_kept_no_more_is_not_sent_again(session):
    person = factories.make_person(session)
    waiting, under_way, sent, forgotten = (letter(session, to_person(person), once=str(n)) for n in range(4))
    begin(session, under_way)
    end(session, sent, Verdict.SENT)
    end(session, forgotten, Verdict.REFUSED)
    forgotten.forget()
    session.flush()

    for row in (waiting, under_way, sent, forgotten):
        with pytest.raises(MailNotSendable):
            posting.send_again(session, row.id, actor=SYSTEM, at=LATER)


def test_what_is_not_wanted_any_more_is_not_sent_again(session):
    person = factories.make_person(session)
    row = digest(session, person)
    end(session, row, Verdict.REFUSED)
    mailing.prefer(session, person.id, Frequency.OFF, actor=SYSTEM, at=NOW)

    with pytest.raises(MailNotSendable):
        posting.send_again(session, row.id, actor=SYSTEM, at=LATER)


def test_after_a_restore_what_was_still_to_leave_is_doubtful(session):
    waiting, under_way, sent = (letter(session, once=str(n)) for n in range(3))
    begin(session, under_way)
    end(session, sent, Verdict.SENT)

    assert posting.doubt(session) == 2
    assert [row.state for row in (waiting, under_way, sent)] == [MessageState.UNSURE, MessageState.UNSURE, MessageState.SENT]


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
    [lambda token: token[:-1], lambda token: token + "A", lambda token: "A" + token[1:], lambda _: "", lambda _: "ä", lambda _: "%%"],
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
