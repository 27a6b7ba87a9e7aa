"""Gates on the verdicts with the real encoder: rules are changed by the tuning half of the labels, and so is this.

The held-out half is left alone here; `python -m bench.verdicts ENCODER` reports on both.
"""

import pytest

from bench.verdicts import TUNING, Answered, answer, encoded_pairs, macro_f1, read_labels
from matcher.ranking import load_ranker
from matcher.types import Verdict


@pytest.fixture(scope="module")
def answered(encoder) -> list[Answered]:
    labels = [label for label in read_labels() if label.half == TUNING]
    return answer(labels, load_ranker(), encoded_pairs(labels, encoder))


def test_verdicts_agree_with_the_labels(answered):
    assert macro_f1(answered, [Verdict.MET, Verdict.PARTLY, Verdict.GAP, Verdict.UNKNOWN]) >= 0.8


def test_quotes_carry_what_the_labels_say(answered):
    quoted = [row for row in answered if row.quote is not None]

    assert all(row.is_exact for row in answered)
    assert sum(row.supports for row in quoted) >= 0.9 * len(quoted)


def test_little_is_unknown_where_the_text_answers(answered):
    answering = [row for row in answered if row.label.verdict is not Verdict.UNKNOWN]

    assert sum(row.verdict is Verdict.UNKNOWN for row in answering) <= 0.1 * len(answering)


def test_the_labels_are_three_hundred_and_their_quotes_stand_in_the_texts(encoder):
    labels = read_labels()
    pairs = encoded_pairs(labels, encoder)

    assert len(labels) == 300
    for label in labels:
        fields = pairs[label.source, label.innovation, label.codes is False].document.fields
        assert all(fields[quote.field][quote.start : quote.end] == quote.text for quote in label.quotes)
        assert not (label.quotes and label.verdict is Verdict.UNKNOWN)
