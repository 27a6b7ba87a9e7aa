"""A mail as mail servers take it: plain text with the headers of a message that a program sends."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Any, Final, Self
from uuid import UUID

from api.services.writing import SITE, one_line
from api.settings import Settings
from models.mail import Message, Subscription

_HEX_ID: Final = re.compile(r"<?([0-9a-f]{32})@[^<>\s]+>?")
_WHY: Final = {Subscription.DIGEST: "You get this because you have an account with us. To stop it, open"}


class _Whole(UnstructuredHeader, BaseHeader):
    """A header on one line: the standard library would encode a long address of a page as if it were words, which no reader opens."""

    def fold(self, *, policy: "Policy[Any]") -> str:
        """The header as it leaves."""
        return f"{self.name}: {self}{policy.linesep}"


class Unmailable(Exception):
    """No mail can be made of it: its receiver's address is none that mail servers know."""


_HEADERS: Final = HeaderRegistry()
for _header in ("List-Unsubscribe", "Message-ID"):
    _HEADERS.map_to_type(_header, _Whole)
_POLICY: Final = SMTP.clone(header_factory=_HEADERS, cte_type="7bit")  # we do not ask a server whether it takes eight


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the service's name and address, where its pages are and how people reach it."""

    name: str
    address: str
    site: str
    contact: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.service_name, settings.mail_from, settings.site, settings.contact)

    @property
    def domain(self) -> str:
        """The domain that the ids of our mails end in."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to leave: its envelope, its bytes, and a name of its own."""

    name: str
    sender: str
    receiver: str
    raw: bytes


def compose(message: Message, sender: Sender, *, at: datetime, token: str = "") -> Letter:
    """Write a mail; `token` ends its subscription. The same message has the same Message-ID every time. Raises Unmailable."""
    receiver = _plain(message.address)
    mime = EmailMessage(policy=_POLICY)
    try:
        mime["From"] = Address(one_line(sender.name), addr_spec=sender.address)
        mime["To"] = Address(one_line(message.name), addr_spec=receiver)
    except (ValueError, HeaderParseError, IndexError) as error:  # the standard library raises all three for an address that is none
        raise Unmailable("The address is none that a mail can be sent to.") from error
    mime["Reply-To"] = sender.contact
    mime["Subject"] = one_line(message.subject)
    mime["Date"] = at
    mime["Message-ID"] = f"<{message.id.hex}@{sender.domain}>"
    mime["Auto-Submitted"] = "auto-generated"
    if token:
        mime["List-Unsubscribe"] = f"<{stop_at(sender, token)}>"
        mime["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mime.set_content(text(message, sender, token=token), charset="utf-8")
    return Letter(name_of(message), sender.address, receiver, mime.as_bytes())


def name_of(message: Message) -> str:
    """The name of a mail among files: in the order of writing, one for each."""
    return f"{message.created_at:%Y%m%d-%H%M%S}-{message.id}"


def text(message: Message, sender: Sender, *, token: str = "") -> str:
    """The words as the receiver reads them: links to our site, and below who we are and how to reach us."""
    lines = [message.body.replace(SITE, sender.site).rstrip(), "", sender.name, sender.site, f"Questions? Write to {sender.contact}."]
    if token and message.subscription:
        lines += ["", _WHY[message.subscription], stop_at(sender, token)]
    return "\n".join(lines) + "\n"


def stop_at(sender: Sender, token: str) -> str:
    """The address at which a subscription ends."""
    return f"{sender.site}/unsubscribe/{token}"


def id_in(message_id: str) -> UUID | None:
    """The id of the mail of a Message-ID; None for one that is not of our making."""
    found = _HEX_ID.fullmatch(message_id.strip())
    return UUID(found[1]) if found else None


def _plain(address: str) -> str:
    """An address in ASCII: a domain in other letters has a form for that, a name before the @ has none that every server takes."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise Unmailable("The address has letters that mail servers do not take before the @, or a domain that is none.") from error
