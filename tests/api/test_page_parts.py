"""The pieces that pages are made of: marked quotes, words for codes, forms, addresses to go on to."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from starlette.datastructures import FormData

from api.pages import forms, wording
from api.pages.highlighting import marked, spans_of
from api.pages.records import _SECTIONS, sections
from api.pages.sign_in import own_page
from api.services.codes import code_lists
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need


@given(st.text(), st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=6))
def test_marking_changes_no_word_and_lets_no_markup_through(text: str, spans: list[tuple[int, int]]) -> None:
    shown = str(marked(text, spans))

    assert shown.replace("<mark>", "").replace("</mark>", "") == str(escape(text))
    assert shown.count("<mark>") == shown.count("</mark>")


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([(0, 3)], "<mark>one</mark> two three"),
        ([(4, 7), (0, 3)], "<mark>one</mark> <mark>two</mark> three"),
        ([(0, 5), (4, 7)], "<mark>one two</mark> three"),
        ([(8, 99)], "one two <mark>three</mark>"),
        ([(5, 5), (7, 2)], "one two three"),
        ([], "one two three"),
    ],
)
def test_quoted_words_are_marked_once(spans: list[tuple[int, int]], shown: str) -> None:
    assert str(marked("one two three", spans)) == shown


def test_a_quote_that_is_no_longer_there_word_for_word_is_not_marked() -> None:
    there = {"need_quote": {"field": "problem", "start": 0, "end": 4, "text": "Long"}}
    moved = {"need_quote": {"field": "problem", "start": 1, "end": 5, "text": "Long"}}
    gone = {"need_quote": {"field": "population", "start": 0, "end": 4, "text": "Long"}}
    silent = {"need_quote": None}

    assert spans_of([there, moved, gone, silent], "need", {"problem": "Long waits"}) == {"problem": [(0, 4)]}


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "", "/sign-out", "/a b"]
)
def test_after_signing_in_nobody_is_sent_to_another_site(address: str) -> None:
    assert own_page(address) == "/"


@pytest.mark.parametrize("address", ["/needs", "/proposals/0f1d?done=confirmed", "/needs?q=falls+at%20home&place=LDS"])
def test_after_signing_in_people_go_on_to_the_page_that_they_wanted(address: str) -> None:
    assert own_page(address) == address


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (("27", "3", "2027"), date(2027, 3, 27)),
        (("29", "2", "2027"), None),
        (("", "3", "2027"), None),
        (("1", "1", "0"), None),
        (("²", "3", "2027"), None),
        (("27", "3", "20277"), None),
    ],
)
def test_a_day_is_read_or_refused(typed: tuple[str, str, str], read: date | None) -> None:
    sent = FormData(zip(("until-day", "until-month", "until-year"), typed, strict=True))

    found = forms.day_typed(sent, "until")

    assert (found.date() if found else None) == read


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2027, 5, 3, 13, 5, tzinfo=UTC), "3 May 2027 at 2:05pm"),
        (datetime(2027, 1, 3, 0, 5, tzinfo=UTC), "3 January 2027 at 12:05am"),
        (datetime(2027, 7, 31, 23, 30, tzinfo=UTC), "1 August 2027 at 12:30am"),
        (datetime(2027, 1, 3, 12, 0, tzinfo=UTC), "3 January 2027 at 12:00pm"),
    ],
)
def test_times_are_those_of_england(at: datetime, words: str) -> None:
    assert wording.moment(at) == words


def test_every_field_of_the_record_has_a_place_on_its_page() -> None:
    shown = {side: {row for _, rows in _layout(side) for row in rows} for side in Side}

    assert set(Need.TEXTS) | set(Need.FACETS) <= shown[Side.NEED] | {"title"}
    assert set(Innovation.TEXTS) | set(Innovation.FACETS) <= shown[Side.INNOVATION] | {"name"}


def _layout(side: Side) -> list[tuple[str, tuple[str, ...]]]:
    return list(_SECTIONS[side])


def test_every_must_have_can_be_said_in_words() -> None:
    kinds = [row["value"] for row in code_lists()["criterion_kinds"]]

    words = [wording.criterion({"kind": kind, "value": ""}) for kind in kinds]

    assert all(words)
    assert wording.criterion({"kind": "minimum_stage", "value": "ADOPTION"}) == "Minimum stage: Adoption"
    assert wording.criterion({"kind": "other", "value": "Works offline"}) == "Works offline"


def test_what_was_not_said_is_not_shown() -> None:
    need = Need(title="A title", problem="What goes wrong", places=[], criteria=[], said_by=[], illustrative=["problem"])
    for name in (*Need.TEXTS, *Need.FACETS):
        if getattr(need, name) is None:
            setattr(need, name, [] if name in Need.FACETS else "")

    found = sections(need)

    assert [(section.heading, [row.name for row in section.rows]) for section in found] == [("The problem", ["problem"])]
    assert found[0].rows[0].illustrative
