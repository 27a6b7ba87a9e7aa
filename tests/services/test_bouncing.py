"""A delivery report is believed about mails of ours, and about nothing else."""

from email.message import EmailMessage, MIMEPart
from uuid import uuid4

import pytest

from api.services import bouncing, mailing, posting
from api.services.bouncing import LONGEST_REPORT, NotABounce
from api.services.envelopes import Sender
from api.services.mailing import Recipient
from api.services.transports import Outcome, Verdict
from models.actors import SYSTEM
from models.mail import MessageState
from models.queries import mail
from tests.factories import NOW
from tests.mailboxes import report
from tests.services.mail_examples import EXAMPLES

SENDER = Sender("Needs and innovations", "matching@example.org", "https://hub.example.org", "help@example.org")


@pytest.fixture
def sent(session):
    row = mailing.post(session, "sign_in_link", Recipient("jo@example.org"), once_key="once", at=NOW, **EXAMPLES["sign_in_link"])
    posting.finish(session, posting.begin(session, row.id, SENDER, at=NOW), Outcome(Verdict.SENT), at=NOW)
    return row


def take(session, raw):
    return bouncing.take(session, raw if isinstance(raw, bytes) else raw.as_bytes(), actor=SYSTEM, at=NOW)


def suppressed(session, row):
    return mail.suppressed(session, mailing.hashed(row.address)) is not None


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"])
def test_a_mail_that_came_back_for_good_is_bounced_and_its_address_is_spared(session, sent, returned):
    take(session, report(sent.id, returned=returned))
    take(session, report(sent.id, returned=returned))

    assert (sent.state, suppressed(session, sent)) == (MessageState.BOUNCED, True)
    assert sent.last_error == "It came back: 5.1.1 smtp; 550 5.1.1 No such user"


@pytest.mark.parametrize("status", ["5.4.4", "5.7.1", "5.3.0"])
def test_a_mail_that_came_back_for_another_cause_spares_no_address(session, sent, status):
    take(session, report(sent.id, status=status))

    assert (sent.state, suppressed(session, sent)) == (MessageState.BOUNCED, False)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_of_anything_but_a_failure_changes_nothing(session, sent, action):
    take(session, report(sent.id, action=action, status="4.4.1"))

    assert (sent.state, suppressed(session, sent)) == (MessageState.SENT, False)


def test_a_report_without_a_status_is_of_the_address(session, sent):
    take(session, report(sent.id, status="oops"))

    assert (sent.state, suppressed(session, sent)) == (MessageState.BOUNCED, True)


def test_a_report_about_a_mail_that_waits_to_be_sent_again_is_late(session, sent):
    take(session, report(sent.id))
    sent.body = "Kept.\n"
    posting.send_again(session, sent.id, actor=SYSTEM, at=NOW)
    take(session, report(sent.id))

    assert (sent.state, suppressed(session, sent)) == (MessageState.QUEUED, False)


def test_a_report_about_a_mail_of_somebody_deleted_spares_no_address(session, sent):
    sent.forget()
    session.flush()
    take(session, report(sent.id))

    assert (sent.state, mail.suppressed(session, mailing.hashed(""))) == (MessageState.BOUNCED, None)


def test_one_recipient_that_failed_among_others_counts(session, sent):
    take(session, report(sent.id, before=[("delivered", "2.0.0")]))

    assert sent.state is MessageState.BOUNCED


HEAD = b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"


def plain(text="Delivery failed"):
    made = EmailMessage()
    made["Subject"] = "Undeliverable"
    made.set_content(text)
    return made


def without(part):
    made = report(uuid4())
    made.set_payload([each for each in made.get_payload() if each.get_content_type() != part])
    return made


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/report",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n" + b"--x\n" * 2000,
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x--",
        b"Content-Type: \xff; report-type=\xff",
        b"Content-Type: multipart/report; report-type*0*=utf-16''%ff; boundary=x",
        b"A: " + b"a" * LONGEST_REPORT,
        b"\n" * 4000,
        b"Content-Type: message/rfc822\n\n" * 1400,  # deeper than the standard library reads
        HEAD + b"--x\nContent-Type: message/delivery-status\n\n" + b"A: b\n\n" * 1400,
        HEAD[:-2] + b";" + b"a=b;" * 15_000 + b"\n\n--x--",
        plain().as_bytes(),
        without("message/delivery-status").as_bytes(),
        without("message/rfc822").as_bytes(),
        report(None).as_bytes(),
        report(None, returned="text/rfc822-headers").as_bytes(),
        report(uuid4()).as_bytes(),  # ours by its form, but we sent no such mail
        report(None, action="").as_bytes(),
    ],
    ids=range(20),
)
def test_what_is_no_report_of_a_mail_of_ours_is_refused_in_words(session, sent, raw):
    with pytest.raises(NotABounce) as refused:
        take(session, raw)

    assert refused.value.message.endswith(".")
    assert sent.state is MessageState.SENT


def test_a_part_that_is_no_mail_gives_no_id():
    part = MIMEPart()
    part["Content-Type"] = "message/rfc822"
    part.set_payload("text")

    assert bouncing._ours(part) is None
