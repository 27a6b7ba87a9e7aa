"""How a mail leaves: over SMTP, or as a file where no mail server is set; both tell what became of it in the same words."""

import os
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, Protocol, cast

from api.services import envelopes
from api.services.envelopes import Letter
from api.services.writing import one_line
from api.settings import Settings, SmtpServer
from models.mail import Message

_STEP_SECONDS: Final = 20.0
_TAKING_SECONDS: Final = 120.0  # a server may think for long about a text before it takes it
_AWAY_SECONDS: Final = 60.0
_OK: Final = range(200, 300)
_TRY_LATER: Final = range(400, 500)
_GO_ON: Final = 354
_ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_OF_THE_ADDRESS: Final = re.compile(r"5\.[012]\.\d+")  # RFC 3463: other, addressing, mailbox; the rest is about us, the way or the text
_NOBODY: Final = frozenset({550, 551, 553})
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_DOT: Final = re.compile(rb"(?m)^\.")


class Verdict(StrEnum):
    """What became of a mail."""

    SENT = "sent"
    LATER = "later"  # the server says so, or was not there; nothing was taken
    REFUSED = "refused"  # for good, whatever the address
    NOBODY = "nobody"  # for good, because of the address
    UNSURE = "unsure"  # the text was given, and nobody said whether it was taken


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, and why in words for staff; a mail server's own words are among them."""

    verdict: Verdict
    said: str = ""


class Transport(Protocol):
    """A way for mails to leave."""

    def send(self, letter: Letter) -> Outcome:
        """Try once; whatever goes wrong outside is an outcome and no exception."""

    def away_seconds(self) -> float:
        """For how long it is not worth trying, because it just failed before it came to any mail; 0 for now."""


class FileTransport:
    """Writes each mail as an `.eml` file, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter) -> Outcome:
        """Write the file; a mail that is sent again is written over the one before."""
        beside = self._folder / f".{letter.name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(letter.raw)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._folder / f"{letter.name}.eml")
        except OSError as error:
            return Outcome(Verdict.LATER, f"The folder of mails cannot be written: {error.strerror}.")
        return Outcome(Verdict.SENT)

    def away_seconds(self) -> float:
        """A folder is always there."""
        return 0.0


class SmtpTransport:
    """Speaks to one mail server, a connection a mail; after it was away it is left alone for a minute."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        step_seconds: float = _STEP_SECONDS,
        taking_seconds: float = _TAKING_SECONDS,
        away_seconds: float = _AWAY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._clock = server, clock
        self._step_seconds, self._taking_seconds, self._pause_seconds = step_seconds, taking_seconds, away_seconds
        self._away_until = float("-inf")

    def away_seconds(self) -> float:
        """For how long the server is left alone, so that other work does not wait for one that hangs."""
        return max(self._away_until - self._clock(), 0.0)

    def send(self, letter: Letter) -> Outcome:
        """Connect, prove who we are and hand one mail over."""
        try:
            smtp = self._connect()
        except (OSError, UnicodeError, smtplib.SMTPException) as error:  # Unicode: a host or a password that cannot be said
            self._away_until = self._clock() + self._pause_seconds
            return Outcome(Verdict.LATER, f"The mail server cannot be reached: {_told(error)}.")
        try:
            return self._hand_over(smtp, letter)
        finally:
            with suppress(OSError, smtplib.SMTPException):  # what became of the mail is known already
                smtp.quit()
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        """A connection on which mail may be given; a server that does not take us is away: it is no mail's fault."""
        server, name = self._server, socket.gethostname()
        if server.tls_from_start:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=name, timeout=self._step_seconds, context=_trusted(server)
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=self._step_seconds)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.starttls:
                smtp.starttls(context=_trusted(server))
                smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password.get_secret_value())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _hand_over(self, smtp: smtplib.SMTP, letter: Letter) -> Outcome:
        try:
            code, reply = smtp.mail(letter.sender)
            if code not in _OK:
                return _refusal(code, reply)
            code, reply = smtp.rcpt(letter.receiver)
            if code not in _OK:
                return _refusal(code, reply, of_address=True)
            code, reply = smtp.docmd("DATA")
            if code != _GO_ON:
                return _refusal(code, reply)
        except (OSError, smtplib.SMTPException) as error:  # the text has not been given
            return Outcome(Verdict.LATER, f"The mail server ended the conversation: {_told(error)}.")
        return self._give_text(smtp, letter.raw)

    def _give_text(self, smtp: smtplib.SMTP, raw: bytes) -> Outcome:
        try:
            smtp.send(_DOT.sub(b"..", _LINE_END.sub(b"\r\n", raw)).removesuffix(b"\r\n") + b"\r\n.\r\n")
            cast(socket.socket, smtp.sock).settimeout(self._taking_seconds)  # it has just been written to
            code, reply = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(Verdict.UNSURE, f"The mail server was given the text and did not say whether it took it: {_told(error)}.")
        if code in _OK:
            return Outcome(Verdict.SENT)
        return _refusal(code, reply) if code in _TRY_LATER or code >= _TRY_LATER.stop else Outcome(Verdict.UNSURE, _words(code, reply))


@cache
def transport_of(settings: Settings) -> Transport:
    """The way of these settings, one a process, so that it remembers that a server is away."""
    server = settings.smtp
    return SmtpTransport(server) if server else FileTransport(settings.mail_folder)


def written(settings: Settings, message: Message) -> str:
    """What a mail that was written as a file says; else what is kept of it, which is nothing of a secret."""
    file = settings.mail_folder / f"{envelopes.name_of(message)}.eml"
    try:
        found = message_from_bytes(file.read_bytes(), policy=SMTP).get_body()
    except FileNotFoundError:
        found = None
    if found is not None and message.address:
        return str(found.get_content())
    return "" if message.is_secret else message.body


def _refusal(code: int, reply: bytes, *, of_address: bool = False) -> Outcome:
    """What a reply that is no consent means for the mail."""
    words = _words(code, reply)
    if code < _TRY_LATER.stop:
        return Outcome(Verdict.LATER, words)
    enhanced = _ENHANCED.search(words)
    nobody = bool(_OF_THE_ADDRESS.fullmatch(enhanced[1])) if enhanced else code in _NOBODY
    return Outcome(Verdict.NOBODY if of_address and nobody else Verdict.REFUSED, words)


def _words(code: int, reply: bytes) -> str:
    return f"The mail server said {code} {one_line(reply.decode('utf-8', 'replace'))}"


def _told(error: Exception) -> str:
    """Why, without what a library may repeat of our own words, such as a password."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {one_line(said.decode('utf-8', 'replace') if isinstance(said, bytes) else said)}"
    return type(error).__name__ if not isinstance(error, OSError) or not error.strerror else error.strerror


def _trusted(server: SmtpServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file or None)
