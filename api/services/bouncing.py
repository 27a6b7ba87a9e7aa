"""Mails that came back: what a delivery status notification (RFC 3464) says of a mail of ours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import envelopes, posting
from api.services.recording import record
from api.services.writing import one_line
from models.actors import Actor
from models.base import DomainError
from models.events import Event
from models.mail import Message as Mail
from models.mail import MessageState
from models.queries import mail

LONGEST_REPORT: Final = 64 * 1024
_STATUS: Final = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_OF_THE_ADDRESS: Final = ("5.0.", "5.1.", "5.2.")  # RFC 3463: other, addressing, mailbox; the rest is about us, the way or the text
_MOST_LINES: Final = 3_000  # reading takes longer than in proportion


class NotABounce(DomainError):
    """It is no delivery report, or one of a mail that is not ours."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of one mail: whether it failed for good, the status code and the code of its system."""

    message_id: UUID
    failed: bool
    status: str
    said: str


def take(session: Session, raw: bytes, *, actor: Actor, at: datetime) -> Mail:
    """Write down what a report says; one that only tells of a delay, or tells it again, changes nothing. Raises NotABounce."""
    report = read(raw)
    row = mail.find(session, report.message_id)
    if row is None:
        raise NotABounce("The report is about a mail that is not ours. Nothing was changed.", field="report")
    if report.failed and row.state in {MessageState.SENT, MessageState.UNSURE, MessageState.SENDING, MessageState.FAILED}:
        posting.bounce(session, row, f"It came back: {report.status} {report.said}".strip(), nobody=_is_nobody(report), at=at)
        told = Event.of("mail.bounced", subject_kind="message", subject_id=row.id, actor=actor.name, at=at, status=report.status)
        record(session, told, at=at)
    session.flush()
    return row


def read(raw: bytes) -> Report:
    """Read a report; raises NotABounce, which says what it lacks."""
    if len(raw) > LONGEST_REPORT or raw.count(b"\n") > _MOST_LINES:
        raise NotABounce("The report is too long. Send the mail as it arrived, without other mails in it.", field="report")
    try:
        return _read(message_from_bytes(raw))
    except (RecursionError, ValueError, LookupError) as error:  # the standard library's, of mails that are none
        raise NotABounce(
            "This is no mail that can be read. Send the whole mail of the mail server, as it arrived.", field="report"
        ) from error


def _read(report: Message) -> Report:
    kind = report.get_content_type(), str(report.get_param("report-type", "")).lower()
    if kind != ("multipart/report", "delivery-status"):
        raise NotABounce("This is no delivery report (RFC 3464). Send the whole mail of the mail server, with its headers.", field="report")
    parts = list(_inside(report))
    told = [block for part in parts if part.get_content_type() == "message/delivery-status" for block in _inside(part)]
    outcomes = [block for block in told if block.get("Action")]
    if not outcomes:
        raise NotABounce("The report says of no recipient what became of the mail.", field="report")
    message_id = next((found for part in parts if (found := _ours(part)) is not None), None)
    if message_id is None:
        raise NotABounce("The report does not hold the Message-ID of a mail of ours. Send it with the mail that came back.", field="report")
    failed = next((block for block in outcomes if str(block["Action"]).strip().lower() == "failed"), None)
    block = failed if failed is not None else outcomes[0]
    status = _STATUS.match(str(block.get("Status", "")))
    return Report(message_id, failed is not None, status[1] if status else "5.0.0", one_line(str(block.get("Diagnostic-Code", ""))))


def _is_nobody(report: Report) -> bool:
    return report.status.startswith(_OF_THE_ADDRESS)


def _inside(part: Message) -> Iterator[Message]:
    """The parts of a mail, or the groups of fields of a delivery status: of the report, then of each recipient."""
    payload = part.get_payload()
    return (block for block in payload if isinstance(block, Message)) if isinstance(payload, list) else iter(())


def _ours(part: Message) -> UUID | None:
    """The id of the mail that a part of a report gives back, whole or its headers."""
    inner = next(_inside(part), None) if part.get_content_maintype() == "message" else None
    if part.get_content_type() == "text/rfc822-headers":
        inner = message_from_string(str(part.get_payload()))
    return envelopes.id_in(str(inner.get("Message-ID", ""))) if inner is not None else None
