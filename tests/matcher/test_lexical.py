import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.lexical import LexicalIndex

DOCUMENTS = {
    "falls": "Older people fall at home and wait for help.",
    "alarm": "A sensor that raises an alarm when somebody falls.",
    "sepsis": "Sepsis is found late on the ward.",
    "silent": "",
}


@pytest.fixture
def index():
    return LexicalIndex(DOCUMENTS.items())


def found(index, text, k=10, allowed=None):
    return [candidate.id for candidate in index.search(text, k, allowed)]


def test_words_are_found_by_their_stem_whatever_their_case(index):
    assert found(index, "FALLING") == ["alarm", "falls"]


def test_stop_words_find_nothing(index):
    assert found(index, "and the is at") == []
    assert index.search("help at home", 9) == index.search("help home", 9)


def test_a_document_that_shares_no_word_is_not_found(index):
    assert found(index, "sepsis") == ["sepsis"]
    assert found(index, "dermatology") == []
    assert found(index, "") == []


@pytest.mark.parametrize(
    "text", ['sepsis AND NOT "', "text:sepsis", "+sepsis^2 (", "sepsis~ OR [a TO", "row:0 sepsis", "\u200bsep\u200bsis \\"]
)
def test_a_query_is_words_and_never_syntax(index, text):
    assert "sepsis" in found(index, text)


def test_only_what_is_allowed_is_found(index):
    assert found(index, "falls", allowed=["falls", "sepsis", "elsewhere"]) == ["falls"]
    assert found(index, "falls", allowed=[]) == []


@pytest.mark.parametrize("k", [0, -1])
def test_no_candidate_wanted_none_given(index, k):
    assert found(index, "falls", k) == []


def test_removed_and_replaced_documents_are_gone_at_once(index):
    index.remove(["alarm", "elsewhere"])
    index.add([("falls", "Wounds heal slowly.")])

    assert found(index, "falls") == []
    assert found(index, "wound") == ["falls"]
    assert len(index) == 3


def test_what_was_replaced_or_removed_is_counted_as_spent(index):
    assert index.spent == 0
    index.remove(["alarm", "elsewhere"])
    index.add([("falls", "Wounds heal slowly."), ("new", "A new one.")])

    assert (index.spent, len(index)) == (2, 4)


def test_an_index_of_nothing_answers():
    assert LexicalIndex().search("falls", 5) == []


@pytest.mark.parametrize("allowed", [None, {f"d{number:03d}" for number in range(0, 400, 2)}])
def test_equal_scores_are_ordered_by_id_however_many_there_are(allowed):
    index = LexicalIndex((f"d{number:03d}", "fall at home") for number in reversed(range(400)))

    answer = found(index, "fall", 4, allowed)

    assert answer == (["d000", "d001", "d002", "d003"] if allowed is None else ["d000", "d002", "d004", "d006"])


def test_a_few_allowed_are_found_below_many_that_are_not():
    index = LexicalIndex([*((f"d{number:03d}", "fall") for number in range(600)), ("long", "fall " + "word " * 50)])

    assert found(index, "fall", 1, {"long", "elsewhere", *(f"x{number}" for number in range(300))}) == ["long"]


def test_the_same_documents_give_the_same_scores():
    assert LexicalIndex(DOCUMENTS.items()).search("people fall late", 9) == LexicalIndex(DOCUMENTS.items()).search("people fall late", 9)


words = st.sampled_from(["fall", "home", "ward", "sepsis", "alarm", "help", "wound"])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(words, max_size=12), min_size=1, max_size=12), st.lists(words, min_size=1, max_size=6))
def test_scores_are_those_of_bm25(documents, query):
    index = LexicalIndex((f"d{place:02d}", " ".join(words)) for place, words in enumerate(documents))

    answer = {candidate.id: candidate.score for candidate in index.search(" ".join(query), 99)}

    expected = {f"d{place:02d}": bm25(query, words, documents) for place, words in enumerate(documents) if set(query) & set(words)}
    assert answer == pytest.approx(expected, rel=2e-2)  # tantivy keeps a document's length in one byte


def bm25(query, words, documents, k1=1.2, b=0.75):
    mean_length = sum(map(len, documents)) / len(documents)
    held, total = Counter(words), 0.0
    for term in query:
        holding = sum(term in other for other in documents)
        weight = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        total += weight * held[term] * (k1 + 1) / (held[term] + k1 * (1 - b + b * len(words) / mean_length))
    return total
