"""A real mail server on loopback that takes, refuses, hangs or breaks off as a test says; and settings that use it."""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import Parser
from email.policy import default
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "matching", "p@ss/word"


class Mailbox:
    """What a mail server received, and how it behaves: what it says at a step, where it hangs or breaks off.

    `thinks_seconds` is how long it thinks before it takes a text, and again before it says so.
    """

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.says: dict[str, str] = {}
        self.hangs: set[str] = set()
        self.drops: set[str] = set()
        self.thinks_seconds = 0.0
        self.released = threading.Event()

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails in the order of their coming."""
        return [message_from_bytes(each.original_content or b"", policy=default) for each in self.envelopes]  # type: ignore[misc]

    @property
    def counts(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    async def _step(self, server: SMTP, step: str) -> str | None:
        if step in self.hangs:
            while not self.released.is_set():
                await asyncio.sleep(0.02)
        if step in self.drops and server.transport is not None:
            server.transport.abort()
        return self.says.get(step)

    async def handle_EHLO(self, server: SMTP, session: Session, _: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802 -- aiosmtpd calls it so
        session.host_name = hostname
        said = await self._step(server, "EHLO")
        return [said] if said else responses

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 -- aiosmtpd calls it so
        said = await self._step(server, "MAIL")
        if said is None:
            envelope.mail_from = address
        return said or "250 OK"

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 -- aiosmtpd calls it so
        said = await self._step(server, "RCPT")
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd calls it so
        await asyncio.sleep(self.thinks_seconds)
        said = self.says.get("DATA")
        if said is None:
            self.envelopes.append(envelope)
        await asyncio.sleep(self.thinks_seconds)
        await self._step(server, "DATA")
        return said or "250 Taken"


def _proven(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@contextmanager
def mail_server(mailbox: Mailbox, *, port: int = 0, **options: Any) -> Iterator[int]:
    """A mail server until the block ends; gives its port."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=port or _free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        mailbox.released.set()
        controller.stop()


def with_password(**options: Any) -> dict[str, Any]:
    """Options of a server that takes mail only from who proves who they are."""
    return {"authenticator": _proven, "auth_required": True, **options}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(condition: Any, *, seconds: float = 10.0) -> bool:
    """Whether a condition comes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def report(
    message_id: UUID | None,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    returned: str = "message/rfc822",
    before: Sequence[tuple[str, str]] = (),
) -> Message:
    """A delivery status notification (RFC 3464) about a mail of ours, as Postfix and Exchange write them; None is about another's."""
    made = MIMEMultipart("report", **{"report-type": "delivery-status"})
    made["Subject"], made["From"] = "Undelivered Mail Returned to Sender", "MAILER-DAEMON@mail.example.org"
    made.attach(MIMEText("This is the mail system. I'm sorry to have to inform you …"))
    blocks = ["Reporting-MTA: dns; mail.example.org\nArrival-Date: Mon, 2 Nov 2026 09:00:00 +0000\n"]
    for said, code in (*before, (action, status)):
        named = f"Action: {said}\n" if said else ""
        blocks.append(f"Final-Recipient: rfc822; jo@example.org\n{named}Status: {code}\nDiagnostic-Code: smtp; 550 {code} No such user\n")
    status_part = Parser().parsestr("Content-Type: message/delivery-status\n\n" + "\n".join(blocks))
    made.attach(status_part)
    head = f"From: matching@example.org\nMessage-ID: <{message_id.hex if message_id else 'another'}@example.org>\nSubject: Hello\n\n"
    body = head + ("Hello.\n" if returned == "message/rfc822" else "")
    made.attach(Parser().parsestr(f"Content-Type: {returned}\n\n{body}"))
    return made
