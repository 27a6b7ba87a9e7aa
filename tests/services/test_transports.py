"""Mails leave by one contract, over SMTP and as files; what a mail server does wrong is told in the same few words."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import closing, contextmanager

import pytest
from pydantic import SecretStr

from api.services.envelopes import Sender, id_in, text
from api.services.transports import FileTransport, SmtpTransport, Verdict, transport_of, written
from api.settings import Settings, SmtpServer
from models.mail import Subscription
from tests.factories import NOW
from tests.mailboxes import PASSWORD, USER, Mailbox, mail_server, with_password
from tests.services.test_envelopes import ID, SENDER, letter, message, read


@pytest.fixture
def mailbox():
    return Mailbox()


def plain(port, **values):
    quick = {"step_seconds": 1.0, "taking_seconds": 1.0} | values
    return SmtpTransport(SmtpServer(host="127.0.0.1", port=port, starttls=False), **quick)


# One contract, two ways.


@pytest.fixture(params=["smtp", "file"])
def way(request, mailbox, tmp_path):
    """A transport, and what it has brought so far."""
    if request.param == "file":
        folder = tmp_path / "mail"
        yield FileTransport(folder), lambda: [read(file.read_bytes()) for file in sorted(folder.glob("*.eml"))]
        return
    with mail_server(mailbox) as port:
        yield plain(port), lambda: mailbox.mails


def test_a_mail_arrives_whole(way):
    transport, arrived = way

    outcome = transport.send(letter(name="Jörg Ünal", subject="Fälle – 3 €", subscription=Subscription.DIGEST))

    (mail,) = arrived()
    assert (outcome.verdict, outcome.said, transport.away_seconds()) == (Verdict.SENT, "", 0.0)
    assert mail["From"] == "Needs and innovations <matching@hub.example.org>"
    assert mail["To"] == "Jörg Ünal <jo@example.org>"
    assert mail["Subject"] == "Fälle – 3 €"
    assert (mail["Reply-To"], mail["Auto-Submitted"]) == ("help@hub.example.org", "auto-generated")
    assert mail["Date"].datetime == NOW
    assert id_in(mail["Message-ID"]) == ID
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == text(message(), SENDER)
    assert "\n.\nLook at https://hub.example.org/innovations/1 – soon.\n" in mail.get_content().replace("\r\n", "\n")


def test_one_mail_that_is_sent_twice_is_known_by_its_id(way):
    transport, arrived = way

    for _ in range(2):
        transport.send(letter())

    assert {mail["Message-ID"] for mail in arrived()} == {f"<{ID.hex}@hub.example.org>"}


def test_a_folder_that_cannot_be_written_is_tried_later(tmp_path):
    (tmp_path / "mail").write_text("a file where the folder should be")

    outcome = FileTransport(tmp_path / "mail").send(letter())

    assert outcome.verdict is Verdict.LATER
    assert "folder of mails" in outcome.said


# What mail servers do.


@pytest.mark.parametrize(
    ("step", "said", "verdict"),
    [
        ("MAIL", "451 Come back later", Verdict.LATER),
        ("MAIL", "550 5.7.1 Not from you", Verdict.REFUSED),
        ("RCPT", "450 4.2.1 Greylisted", Verdict.LATER),
        ("RCPT", "452 4.2.2 Mailbox full", Verdict.LATER),
        ("RCPT", "421 4.3.2 Closing", Verdict.LATER),
        ("RCPT", "550 5.1.1 No such user", Verdict.NOBODY),
        ("RCPT", "550 No such user", Verdict.NOBODY),
        ("RCPT", "551 Not here any more", Verdict.NOBODY),
        ("RCPT", "550 5.7.1 Your server is on a list", Verdict.REFUSED),
        ("RCPT", "554 Policy", Verdict.REFUSED),
        ("DATA", "451 4.3.0 Try again", Verdict.LATER),
        ("DATA", "552 5.3.4 Too large", Verdict.REFUSED),
        ("DATA", "554 5.6.0 Spam", Verdict.REFUSED),
        ("DATA", "354 What?", Verdict.UNSURE),
    ],
)
def test_a_refusal_says_whether_it_is_for_good_and_whose_fault(mailbox, step, said, verdict):
    mailbox.says[step] = said
    with mail_server(mailbox) as port:
        transport = plain(port)
        outcome = transport.send(letter())

    assert (outcome.verdict, mailbox.envelopes, transport.away_seconds()) == (verdict, [], 0.0)
    assert said in outcome.said


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
@pytest.mark.parametrize("how", ["hangs", "drops"])
def test_a_conversation_that_ends_before_the_text_is_begun_again_later(mailbox, step, how):
    getattr(mailbox, how).add(step)
    with mail_server(mailbox) as port:
        outcome = plain(port).send(letter())

    assert (outcome.verdict, mailbox.envelopes) == (Verdict.LATER, [])


@pytest.mark.parametrize("how", ["hangs", "drops"])
def test_a_conversation_that_ends_after_the_text_leaves_nobody_sure(mailbox, how):
    getattr(mailbox, how).add("DATA")
    with mail_server(mailbox) as port:
        outcome = plain(port).send(letter())

    assert outcome.verdict is Verdict.UNSURE
    assert len(mailbox.envelopes) == 1  # it has the mail, and we were not told


def test_a_server_that_is_away_or_hangs_is_left_alone_for_a_while(mailbox):
    now = [0.0]
    with mail_server(mailbox) as port:
        transport = plain(port, clock=lambda: now[0])
        mailbox.hangs.add("EHLO")
        hung = transport.send(letter())
        mailbox.hangs.clear()
        left_alone = transport.away_seconds()
        now[0] = 61.0
        back = transport.send(letter())
    gone = transport.send(letter())

    assert [each.verdict for each in (hung, back, gone)] == [Verdict.LATER, Verdict.SENT, Verdict.LATER]
    assert (left_alone, transport.away_seconds()) == (60.0, 60.0)
    assert "cannot be reached" in gone.said


@contextmanager
def talker(*lines):
    """A server that says these lines, one after each that it hears, and nothing else."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def talk():
            connection, _ = server.accept()
            with closing(connection), connection.makefile("rb") as heard:
                for line in lines:
                    connection.sendall(line)
                    heard.readline()

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(
    "lines",
    [
        (b"554 Go away\r\n",),
        (b"\r\n",),
        (b"not a mail server\r\n",),
        (b"220 Hello\r\n", b"500 " + b"a" * 9000 + b"\r\n"),
        (b"220 Hello\r\n", b"502 No\r\n", b"502 No\r\n"),
    ],
)
def test_who_is_no_mail_server_is_away(lines):
    with talker(*lines) as port:
        assert plain(port).send(letter()).verdict is Verdict.LATER


def test_a_server_that_does_not_want_the_text_is_asked_later_or_never():
    begin = (b"220 Hello\r\n", b"250 Hello\r\n", b"250 OK\r\n", b"250 OK\r\n")
    with talker(*begin, b"451 Not now\r\n") as port:
        later = plain(port).send(letter())
    with talker(*begin, b"554 Never\r\n") as port:
        never = plain(port).send(letter())

    assert [later.verdict, never.verdict] == [Verdict.LATER, Verdict.REFUSED]


# Who may read it on the way.


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 and its key, made for this run; without openssl tests are skipped, and fail in CI, which installs it."""
    openssl = shutil.which("openssl")
    if openssl is None and os.environ.get("CI") == "true":
        pytest.fail("openssl is missing; .ci/run should have installed it.")
    if openssl is None:
        pytest.skip("A certificate for the test's mail server is made by openssl, which is not installed here.")
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "certificate.pem", folder / "key.pem"
    asked = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1 -keyout {key} -out {made}"
    subprocess.run([openssl, *asked.split(), "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return made, context


def secured(port, certificate, **values):
    said = {"host": "127.0.0.1", "port": port, "user": USER, "password": SecretStr(PASSWORD), "ca_file": str(certificate)}
    return SmtpTransport(SmtpServer(**said | values), step_seconds=2.0)


def test_a_mail_leaves_encrypted_after_we_have_proved_who_we_are(mailbox, certificate):
    made, context = certificate
    with mail_server(mailbox, **with_password(tls_context=context, require_starttls=True)) as port:
        outcome = secured(port, made).send(letter())

    assert (outcome.verdict, len(mailbox.envelopes)) == (Verdict.SENT, 1)


def test_a_mail_leaves_encrypted_from_the_first_word(mailbox, certificate):
    made, context = certificate
    with mail_server(mailbox, ssl_context=context) as port:
        outcome = secured(port, made, user="", tls_from_start=True, starttls=False).send(letter())

    assert (outcome.verdict, len(mailbox.envelopes)) == (Verdict.SENT, 1)


def test_a_wrong_password_a_strange_certificate_or_none_lets_no_mail_leave(mailbox, certificate):
    made, context = certificate
    with mail_server(mailbox, **with_password(tls_context=context, require_starttls=True)) as port:
        wrong = secured(port, made, password=SecretStr("wrong")).send(letter())
        strange = secured(port, "", ca_file="").send(letter())
    with mail_server(mailbox) as port:
        bare = secured(port, made).send(letter())

    assert {each.verdict for each in (wrong, strange, bare)} == {Verdict.LATER}
    assert mailbox.envelopes == []
    assert "535" in wrong.said
    assert PASSWORD not in wrong.said


def test_a_host_that_cannot_be_asked_for_leaves_the_mail_for_later():
    outcome = SmtpTransport(SmtpServer(host=f"{'a' * 70}.example.org", port=25, starttls=False)).send(letter())

    assert outcome.verdict is Verdict.LATER


# Settings.


def test_the_mail_server_is_read_from_one_address_and_its_password_is_never_shown():
    settings = Settings(smtp_url="smtp://matching:p%40ss%2Fword@mail.example.org?ca=/etc/ca.pem")

    server = settings.smtp
    assert (server.host, server.port, server.user, server.starttls, server.tls_from_start) == ("mail.example.org", 587, USER, True, False)
    assert (server.password.get_secret_value(), server.ca_file) == (PASSWORD, "/etc/ca.pem")
    assert "ss%2F" not in repr(settings)
    assert PASSWORD not in repr(server)


@pytest.mark.parametrize(
    ("url", "port", "starttls", "from_start"),
    [
        ("smtps://mail.example.org", 465, False, True),
        ("smtp://mail.example.org:25?starttls=never", 25, False, False),
        ("smtp://u:p@127.0.0.1:2525/?starttls=never", 2525, False, False),
        ("smtp://mail.example.org:2525?starttls=require", 2525, True, False),
    ],
)
def test_how_a_mail_server_is_spoken_to(url, port, starttls, from_start):
    server = Settings(smtp_url=url).smtp

    assert (server.port, server.starttls, server.tls_from_start) == (port, starttls, from_start)


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.org", "smtp://", "smtp://mail.example.org/path", "smtp://u:secret@mail.example.org?starttls=never",
        "smtp://u:secret/word@mail.example.org", "smtp://mail.example.org?starttls=perhaps", "smtp://mail.example.org?tls=yes",
        "smtp://u:secret@[mail", "mail.example.org", "smtp://u:secret%C3%A4@mail.example.org", "smtp://\u00e4.example.org",
    ],
)  # fmt: skip
def test_an_address_of_a_mail_server_that_cannot_be_meant_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match="smtp_url") as refused:
        Settings(smtp_url=url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail_from": ""},
        {"mail_from": "Hub <hub@example.org>"},
        {"contact_email": "hub"},
        {"public_url": "hub.example.org"},
        {"public_url": "https://h?x"},
    ],
)
def test_what_cannot_stand_in_a_mail_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


def test_the_way_follows_from_the_settings_and_links_begin_with_the_public_address(tmp_path):
    said = Settings(home=tmp_path, mail_from="hub@example.org")
    other = Settings(home=tmp_path, contact_email="help@example.org", public_url="https://hub.example.org/", smtp_url="smtp://localhost")

    assert isinstance(transport_of(said), FileTransport)
    assert isinstance(transport_of(other), SmtpTransport)
    assert transport_of(other) is transport_of(other)
    assert Sender.of(said) == Sender("Needs and innovations", "hub@example.org", "http://127.0.0.1:8000", "hub@example.org")
    assert (Sender.of(other).site, Sender.of(other).contact) == ("https://hub.example.org", "help@example.org")
    assert Settings(host="::1").site == "http://[::1]:8000"


def test_what_was_written_as_a_file_can_be_read_and_a_secret_that_was_not_cannot(tmp_path):
    settings = Settings(home=tmp_path)
    row, secret = message(), message(template="sign_in_link", body="The secret.\n")
    unread = written(settings, row)
    transport_of(settings).send(letter())

    assert unread == row.body
    assert written(settings, row).replace("\r\n", "\n") == text(row, SENDER)
    assert written(settings, message(address="")) == row.body
    assert written(Settings(home=tmp_path / "other"), secret) == ""
