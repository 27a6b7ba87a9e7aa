"""Feeds: valid Atom whatever the texts hold, the same for everybody, with the filters of the pages."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from api.pages.atom import MEDIA_TYPE, Entry, Feed, written
from models.calls import CallClosure
from models.documents import Visibility
from models.needs import NeedStatus
from models.people import Role
from tests import factories
from tests.factories import NOW
from tests.pages import HOSTILE

ATOM = "{http://www.w3.org/2005/Atom}"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_ONCE = {"feed": ("id", "title", "updated"), "entry": ("id", "title", "updated")}
_AT_MOST_ONCE = {"feed": ("subtitle", "generator", "icon", "logo", "rights"), "entry": ("published", "summary", "content", "rights")}


def faults(document: bytes) -> list[str]:
    """What RFC 4287 asks of a feed and this one does not keep; it asks for little more than this."""
    root = ElementTree.fromstring(document)  # noqa: S314 -- what we wrote ourselves
    found = [] if root.tag == f"{ATOM}feed" else [f"is a {root.tag}"]
    entries = root.findall(f"{ATOM}entry")
    for name, element in (("feed", root), *(("entry", entry) for entry in entries)):
        found += [f"{name}: {child} not once" for child in _ONCE[name] if len(element.findall(ATOM + child)) != 1]
        found += [f"{name}: {child} twice" for child in _AT_MOST_ONCE[name] if len(element.findall(ATOM + child)) > 1]
        found += [
            f"{name}: no moment {each.text}"
            for tag in ("updated", "published")
            for each in element.findall(ATOM + tag)
            if not _MOMENT.fullmatch(each.text or "")
        ]
        found += [
            f"{name}: no absolute id {each.text}"
            for each in element.findall(f"{ATOM}id")
            if not re.match(r"(urn:uuid|https?):", each.text or "")
        ]
        found += [f"{name}: author without a name" for each in element.findall(f"{ATOM}author") if not each.findtext(f"{ATOM}name")]
        links = [(each.get("rel", "alternate"), each.get("type"), each.get("href")) for each in element.findall(f"{ATOM}link")]
        found += [f"{name}: link to {href}" for _, _, href in links if not re.match("https?://", href or "")]
        found += [] if len({each[:2] for each in links}) == len(links) else [f"{name}: two links alike"]
        found += [] if element.find(f"{ATOM}author") is not None else [f"{name}: no author"]
        found += [f"{name}: category without a term" for each in element.findall(f"{ATOM}category") if not each.get("term")]
        found += [f"{name}: unknown {child.tag}" for child in element if not child.tag.startswith(ATOM)]
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    return found + ([] if len(set(ids)) == len(ids) else ["ids are not different"])


def titles(reply):
    return [each.findtext(f"{ATOM}title") for each in ElementTree.fromstring(reply.content).findall(f"{ATOM}entry")]  # noqa: S314 -- ours


def test_the_feed_of_needs_holds_the_open_ones_that_everybody_may_read_latest_first(client, client_as, make):
    make(factories.make_need, title="Earlier", theme="Frailty", created_at=NOW - timedelta(days=1))
    make(factories.make_need, title="Later", opened_at=None)
    make(factories.make_need, title="Met", status=NeedStatus.MET)
    make(factories.make_need, title="For partners", visibility=Visibility.PARTNERS)

    anybody, hub = client.get("/needs.atom"), client_as(Role.HUB).get("/needs.atom")

    assert anybody.headers["content-type"] == MEDIA_TYPE
    assert (titles(anybody), faults(anybody.content)) == (["Later", "Earlier"], [])
    assert hub.content == anybody.content


def test_the_feed_of_calls_holds_the_open_ones(client, make):
    make(factories.make_call, make(factories.make_need, title="Asked for", theme="Frailty"), introduction="i" * 600)
    make(factories.make_call, closed_at=NOW, closed_reason=CallClosure.MET)
    make(factories.make_call, make(factories.make_need, visibility=Visibility.PARTNERS))

    reply = client.get("/calls.atom?show=all")

    assert (titles(reply), faults(reply.content)) == (["Asked for (WYC-2026-0001)"], [])
    assert ElementTree.fromstring(reply.content).findtext(f".//{ATOM}summary") == "i" * 500 + "…"  # noqa: S314 -- ours


@pytest.mark.parametrize(
    ("query", "expected"), [("place=LDS", ["Falls"]), ("theme=Access", ["Waits"]), ("q=waits", ["Waits"]), ("q=x", [])]
)
def test_feeds_take_the_filters_of_the_pages(client, make, query, expected):
    for title, theme, place in (("Falls", "Frailty", "LDS"), ("Waits", "Access", "WAK")):
        make(factories.make_call, make(factories.make_need, title=title, theme=theme, places=(place,)))

    needs, calls = client.get(f"/needs.atom?{query}"), client.get(f"/calls.atom?{query}")

    assert titles(needs) == expected
    assert [each.partition(" (")[0] for each in titles(calls)] == expected
    assert faults(needs.content) == faults(calls.content) == []
    assert f"/needs.atom?{query}" in needs.text
    assert client.get("/needs.atom?place=nowhere").status_code == 422


def test_a_reader_that_has_the_feed_is_told_that_it_is_as_it_was(client, make):
    make(factories.make_need)
    first = client.get("/needs.atom")

    same = client.get("/needs.atom", headers={"If-None-Match": first.headers["etag"]})
    make(factories.make_need, title="New")
    changed = client.get("/needs.atom", headers={"If-None-Match": first.headers["etag"]})

    assert (same.status_code, same.content, changed.status_code) == (304, b"", 200)
    assert first.headers["cache-control"] == "public, max-age=600"


def test_hostile_text_is_text_and_what_xml_cannot_hold_is_left_out():
    bad = f"a\x00b\x0bc\ufffed{HOSTILE}]]><!--"
    entry = Entry("urn:uuid:1", bad, "http://here/1", bad, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), bad, [bad])
    document = written(Feed(bad, bad, "http://here/f?q=%22&x=1", "http://here/", bad, [entry], datetime(2026, 1, 1, tzinfo=UTC)))

    root = ElementTree.fromstring(document)  # noqa: S314 -- what we wrote ourselves

    assert faults(document) == []
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == f"abcd{HOSTILE}]]><!--"
    assert root.findtext(f"{ATOM}updated") == "2026-01-02T00:00:00Z"
    assert b"<script" not in document


def test_an_empty_feed_is_valid_too(client):
    assert faults(client.get("/needs.atom").content) == faults(client.get("/calls.atom").content) == []
