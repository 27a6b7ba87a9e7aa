"""Everybody's pages are in plain English: a child of thirteen can read them."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests import factories
from tests.browser.cases import html_routes
from tests.pages import read
from tests.plain_words import age, sentences, syllables

OLDEST = 13.0
FEWEST = 5  # sentences, below which a figure says nothing
OPEN = ("/", "/needs", "/calls", "/begin", "/how-matching-works", "/accessibility", "/privacy", "/sign-in", "/nothing/here", "/links/spent")


@pytest.mark.parametrize(
    ("word", "count"),
    [("need", 1), ("people", 2), ("innovation", 4), ("place", 1), ("table", 2), ("decided", 3), ("asked", 1), ("idea", 3), ("quite", 1)],
)
def test_syllables_are_counted(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_age_of_known_texts() -> None:
    child = ["The cat sat on the mat.", "It was a big red mat.", "The dog ran to the cat."]
    lawyer = ["Notwithstanding antecedent contractual obligations, indemnification of intermediaries necessitates prior authorisation."]

    assert age(child) < 8
    assert age(lawyer) > 25


def test_each_block_is_read_as_a_sentence_and_what_is_no_sentence_is_left_out() -> None:
    html = "<nav>One two three four</nav><main><h1>Needs</h1><p>We read it. You hear from us soon.</p></main><p>Not this one here</p>"

    assert sentences(html) == ["You hear from us soon."]


def test_what_everybody_reads_is_read_at_thirteen(app: FastAPI, client: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_place)
    routes = set(html_routes(app))
    pages = {path: sentences(read(client, path).text) for path in OPEN if path in routes or path in {"/nothing/here", "/links/spent"}}

    ages = {path: round(age(said), 1) for path, said in pages.items() if len(said) >= FEWEST}

    assert len(ages) >= 3
    assert {path: found for path, found in ages.items() if found > OLDEST} == {}, ages
    everything = [each for said in pages.values() for each in said]
    assert age(everything) <= OLDEST
