"""Every mail says what it is about, is plain text, ends with who we are, and is easily read by people outside."""

import re
from datetime import timedelta
from importlib.resources import files
from uuid import uuid4

import pytest

from api.services import envelopes, writing
from api.services.envelopes import Sender
from models.mail import Message
from tests.factories import NOW
from tests.reading import grade, sentences, syllables
from tests.services.mail_examples import EXAMPLES

TEMPLATES = sorted(name.removesuffix(".txt") for name in writing.names())
FOR_STAFF = ("triage_",)  # beginnings of the names of mails that only Hub staff get
HARDEST = 8.0  # grade: read with ease at 13
LONGEST = 30  # words of a sentence
SENDER = Sender("Needs and innovations", "matching@example.org", "https://hub.example.org", "help@example.org")


def as_read(template):
    """The text of a mail as it arrives, with the example's values."""
    written = writing.write(template, **EXAMPLES[template])
    row = Message(
        id=uuid4(), template=template, subscription=written.subscription, address="jo@example.org", name="Jo", subject=written.subject,
        body=written.body, created_at=NOW, due_at=NOW, give_up_at=NOW + timedelta(days=5),
    )  # fmt: skip
    return written, envelopes.text(row, SENDER, token="token" if written.subscription else "")


def test_every_template_has_an_example_and_every_example_a_template():
    assert sorted(EXAMPLES) == TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mail_says_what_it_is_about_and_who_we_are(template):
    written, text = as_read(template)

    assert 10 <= len(written.subject) <= 120
    assert not re.search(r"[{}<>]|&\w+;", written.subject + text), "no HTML and nothing of the template"
    assert "None" not in text
    assert writing.SITE not in text
    assert "Needs and innovations\nhttps://hub.example.org\nQuestions? Write to help@example.org.\n" in text
    assert not re.search(r"\n{3,}|[ \t]+\n", text), "no empty room"
    assert written.body.startswith(("Hello ", "Hello,"))


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mail_is_easily_read(template):
    written, _ = as_read(template)
    longest = max(sentences(written.body), key=len)

    assert len(longest) <= LONGEST, " ".join(longest)
    if not template.startswith(FOR_STAFF):
        assert grade(written.body) <= HARDEST


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_begins_with_its_subject_and_an_empty_line(template):
    source = files("api").joinpath("templates/mail", f"{template}.txt").read_text("utf-8")

    head, _, body = source.partition("\n\n")
    assert re.fullmatch(r"Subject: [^\n]+(\nSubscription: digest)?", head)
    assert body.strip()


def test_how_hard_a_text_is_to_read_is_counted_as_flesch_and_kincaid_say():
    easy = "The cat sat on the mat. It was warm."
    hard = "Organisational interoperability considerations necessitate comprehensive multidisciplinary stakeholder consultation."

    assert [syllables(word) for word in ("cat", "table", "made", "asked", "wanted", "innovation", "I")] == [1, 2, 1, 1, 2, 4, 1]
    assert grade(easy) < 1
    assert grade(hard) > 20
    assert grade("https://example.org") == 0.0
