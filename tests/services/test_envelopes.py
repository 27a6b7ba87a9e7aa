"""A mail is one that mail servers and programs understand, and no words of anybody become a part of its head."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest

from api.services.envelopes import Sender, Unmailable, compose, id_in
from api.services.writing import SITE
from models.mail import Message, MessageState, Subscription
from tests.factories import NOW

SENDER = Sender("Needs and innovations", "matching@hub.example.org", "https://hub.example.org", "help@hub.example.org")
ID = UUID("0b7a6a52-6d1f-4d39-9f3b-0f8c8a1f2f10")


def message(**values):
    said = {
        "id": ID, "once_key": "once", "template": "letter", "subscription": None, "person_id": None, "address": "jo@example.org",
        "name": "Jo", "subject": "Your innovation", "body": f"Hello.\n.\nLook at {SITE}/innovations/1 – soon.\n", "created_at": NOW,
        "due_at": NOW, "give_up_at": NOW + timedelta(days=5), "state": MessageState.QUEUED, "attempts": 0,
    }  # fmt: skip
    return Message(**said | values)


def letter(**values):
    return compose(message(**values), SENDER, at=NOW)


def read(raw):
    return message_from_bytes(raw, policy=default)


@pytest.mark.parametrize("place", ["subject", "name"])
@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n", "\u2028", "\x0b", "\x85"])
def test_no_words_become_a_header(place, break_):
    mail = read(letter(**{place: f"Hello{break_}Bcc: everybody@example.org"}).raw)

    assert mail["Bcc"] is None
    assert "everybody@example.org" in mail["Subject" if place == "subject" else "To"]


@pytest.mark.parametrize("name", ['A "quoted" name', "Officer, Leeds <leeds@example.org>", "=?utf-8?q?x?=", "(comment)", "", "Zoë " * 60])
def test_any_name_leaves_one_receiver(name):
    made = letter(name=name)

    (receiver,) = read(made.raw)["To"].addresses
    assert (receiver.addr_spec, made.receiver) == ("jo@example.org", "jo@example.org")


@pytest.mark.parametrize("words", ["Look – soon.\n", f"{'Jörg – ' * 400}\n"])
def test_a_mail_is_of_seven_bits_for_servers_that_pass_on_no_others(words):
    made = letter(name="Jörg Ünal", subject="Fälle – 3 €", body=words)

    assert made.raw.isascii()
    assert max(map(len, made.raw.split(b"\r\n"))) < 998
    assert words.strip() in read(made.raw).get_content()


def test_every_header_line_is_of_lawful_length():
    stop = "https://a-long-name-of-a-host.innovation-hub.health-partnership.example.org"
    sender = Sender("Needs", "matching@a-long-name-of-a-host.innovation-hub.health-partnership.example.org", stop, "help@example.org")
    made = compose(message(subject="Äh " * 60, subscription=Subscription.DIGEST), sender, at=NOW, token="a" * 44)

    head, _, _ = made.raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) < 998
    assert f"List-Unsubscribe: <{stop}/unsubscribe/{'a' * 44}>\r\n".encode() in made.raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in made.raw
    assert f"Message-ID: <{ID.hex}@{sender.domain}>\r\n".encode() in made.raw


def test_a_letter_has_no_way_out_and_ends_with_how_to_reach_us():
    mail = read(letter().raw)

    assert mail["List-Unsubscribe"] is None
    ended = "\nNeeds and innovations\nhttps://hub.example.org\nQuestions? Write to help@hub.example.org.\n"
    assert mail.get_content().replace("\r\n", "\n").endswith(ended)


def test_a_domain_in_other_letters_is_sent_to_under_its_plain_name():
    assert letter(address="jo@bücher.example").receiver == "jo@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address", ["jörg@example.org", "jo@ex..ample.org", "a b@example.org", "a<b@example.org", "jo@" + "a" * 70 + ".org", ""]
)
def test_an_address_that_no_mail_server_knows_is_refused(address):
    with pytest.raises(Unmailable):
        letter(address=address)


@pytest.mark.parametrize("said", ["", "<x@example.org>", f"<{ID.hex}>", "<g" + "0" * 31 + "@example.org>", f"<{ID.hex}@a> <b@c>"])
def test_a_message_id_of_others_is_no_id_of_ours(said):
    assert id_in(said) is None
