"""queued -> sending -> sent: a mail leaves at most once by itself, whoever dies, hangs or refuses, and none is lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.services import mailing, posting
from api.services.mailing import Recipient, to_person
from api.services.transports import FileTransport, Outcome, Verdict
from models.actors import SYSTEM
from models.jobs import JobRow
from models.mail import GIVEN_UP_AFTER, Frequency, MailNotSendable, MessageState
from models.queries import mail
from tests import factories
from tests.factories import NOW
from tests.mails import LETTER, SENDER, STRANGER, begin, digest, end, events, letter

pytestmark = pytest.mark.both
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def files(tmp_path):
    return FileTransport(tmp_path / "mail")


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
