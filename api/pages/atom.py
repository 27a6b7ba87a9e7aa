"""Atom feeds (RFC 4287), written by the standard library: what it is given is text, whatever it holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

MEDIA_TYPE: Final = "application/atom+xml"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
register_namespace("", _ATOM)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a feed; `id` never changes, `link` is its page, and `categories` are words to sort it by."""

    id: str
    title: str
    link: str
    summary: str
    published: datetime
    updated: datetime
    author: str
    categories: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its own address, the page that shows the same, and its entries, latest first."""

    title: str
    subtitle: str
    address: str
    page: str
    author: str
    entries: Sequence[Entry]
    otherwise: datetime
    """When it is said to have been updated as long as nothing is in it."""


def written(feed: Feed) -> bytes:
    """The feed as XML in UTF-8; characters that XML cannot hold are left out."""
    root = Element(f"{{{_ATOM}}}feed", {"xml:lang": "en-GB"})
    updated = max((entry.updated for entry in feed.entries), default=feed.otherwise)
    _texts(root, id=feed.address, title=feed.title, subtitle=feed.subtitle, updated=_moment(updated))
    _texts(_sub(root, "author"), name=feed.author)
    _sub(root, "link", rel="self", type=MEDIA_TYPE, href=feed.address)
    _sub(root, "link", rel="alternate", type="text/html", href=feed.page)
    for entry in feed.entries:
        _entry(_sub(root, "entry"), entry)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _entry(element: Element, entry: Entry) -> None:
    _texts(element, id=entry.id, title=entry.title, published=_moment(entry.published), updated=_moment(entry.updated))
    _texts(_sub(element, "author"), name=entry.author)
    _sub(element, "link", rel="alternate", type="text/html", href=entry.link)
    for word in entry.categories:
        _sub(element, "category", term=word)
    _texts(element, summary=entry.summary)


def _texts(parent: Element, **said: str) -> None:
    for name, text in said.items():
        _sub(parent, name).text = _clean(text)


def _sub(parent: Element, name: str, **attributes: str) -> Element:
    return SubElement(parent, f"{{{_ATOM}}}{name}", {key: _clean(value) for key, value in attributes.items()})


def _clean(text: str) -> str:
    return _NO_XML.sub("", text)


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
