"""Sentences that speak to whoever ranks: counted by kinds of words, because nobody can list what may be said.

An address to a judge or a machine, words of ranking and choosing, an order, and a word of oneself as a thing that is ranked:
each is honest alone, and together they are in no honest sentence that was seen.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from matcher.text import sentences
from matcher.tokens import Field

ENOUGH = 5  # points of one sentence; 4 of 1,000 honest abstracts have one of four, none of five
_POINTS: Mapping[str, tuple[int, int]] = MappingProxyType({"agent": (2, 1), "ranking": (1, 2), "order": (1, 2), "self": (1, 1)})
"""What a word of each kind counts, and how many different ones do."""

_LONGEST = 600  # characters of a sentence; what is longer was pasted without stops, and holds something of everything
_WORDS = {
    "agent": """
        assistant assistants chatbot chatbots bot bots robot robots llm llms reviewer reviewers judge judges evaluator evaluators assessor
        assessors ranker rankers grader graders moderator moderators admin administrator administrators colleagues reader
    """,
    "ranking": """
        rank ranks ranked ranking score scores scored scoring rating probability relevance confidence band shortlist shortlisted top first
        highest maximum match matches matched matching confirm confirms confirmed select selects selected accept accepts accepted accepting
        choose chosen promote promoted promotes approve approved verdict grade entry entries submission submissions candidate candidates
        record records answer answers response respond reply override overrides overridden rule rules instruction instructions prompt
        prompts overlook above ahead best rest strong perfect other others rival rivals competitor competitors list
    """,
    "order": """
        please kindly must should shall never always ignore disregard forget mark write say tell choose pick confirm promote accept approve
        put place rank give assign return output set treat overlook delete keep believe you your let ensure remember note
        attention begin end
    """,
    "self": "us me ourselves ours",
}
_AFTER_ANOTHER = {
    "agent": """
        language_model language_models matching_engine matching_system matching_software matching_robot matching_service triage_team
        triage_officer triage_staff selection_panel hub_team hub_staff may_concern
    """,
    "ranking": "nobody_else nothing_else anything_else your_results rank_1",
    "order": "do_not make_sure now_on",
}
_THINGS = """
    sentence entry submission record product one text application proposal bid offer item document innovation service tool solution listing
    platform
"""
_OWN = frozenset(("this", "our"))
_CALLS = frozenset(",:!")
_SETS = re.compile("=")


def addressed(field: Field) -> tuple[int, int] | None:
    """The first sentence of a text that speaks to whoever ranks, and not of what is offered; None for nearly every text."""
    hits = list(_hits(field))
    if _points(hits) < ENOUGH:
        return None
    for start, end in sentences(field.text):
        if end - start <= _LONGEST and _points([hit for hit in hits if start <= hit.place < end]) >= ENOUGH:
            return start, end
    return None


class _Hit(NamedTuple):
    """A word of one of the kinds, and where it begins."""

    place: int
    kind: str
    word: str


def _hits(field: Field) -> Iterator[_Hit]:
    kinds, things, text = _kinds(), _things(), field.text
    before = second_before = ""
    for word in field.words:
        said = text[word.start : word.end].lower()
        for kind in (*kinds.get(said, ()), *kinds.get(f"{before}_{said}", ())):
            yield _Hit(word.start, kind, said)
            if kind == "agent" and text[word.end : word.end + 1] in _CALLS:
                yield _Hit(word.start, "order", "called by name")
        if said in things and (before in _OWN or second_before in _OWN):
            yield _Hit(word.start, "self", said)
        before, second_before = said, before
    for place in (found.start() for found in _SETS.finditer(text)):
        yield _Hit(place, "order", "=")


def _points(hits: Iterable[_Hit]) -> int:
    found: dict[str, set[str]] = {kind: set() for kind in _POINTS}
    for hit in hits:
        found[hit.kind].add(hit.word)
    return sum(points * min(most, len(found[kind])) for kind, (points, most) in _POINTS.items())


@cache
def _kinds() -> Mapping[str, tuple[str, ...]]:
    """The kinds of each word, and of each two words that are joined by a line."""
    found: dict[str, tuple[str, ...]] = {}
    for words_of in (_WORDS, _AFTER_ANOTHER):
        for kind, words in words_of.items():
            for word in words.split():
                found[word] = (*found.get(word, ()), kind)
    return MappingProxyType(found)


@cache
def _things() -> frozenset[str]:
    return frozenset(_THINGS.split())
