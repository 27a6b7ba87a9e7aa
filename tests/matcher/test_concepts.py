import json
from importlib.resources import files

import pytest

from matcher.concepts import ENOUGH, concepts, counted_as, shared, weighed
from matcher.vocabulary import Vocabulary

LISTED = json.loads(files("matcher").joinpath("data/concepts.json").read_text(encoding="utf-8"))["concepts"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Older people who fall at home.", "falls_prevention"),
        ("Classes of strength and balance for over-65s", "falls_prevention"),
        ("STRENGTH AND BALANCE", "falls_prevention"),
    ],
)
def test_one_thing_is_known_by_many_words(text, name):
    assert name in concepts(text)


def test_a_phrase_does_not_reach_over_the_end_of_a_sentence():
    assert "falls_prevention" in concepts("strength and balance")
    assert "falls_prevention" not in concepts("It builds strength. Balance the accounts.")


def test_a_text_may_speak_of_nothing_listed():
    assert concepts("") == concepts("Zebra quartz.") == frozenset()


def test_every_concept_is_found_by_each_of_its_phrases():
    lost = [(name, phrase) for name, phrases in LISTED.items() for phrase in phrases if name not in concepts(phrase)]

    assert lost == []


def test_rare_concepts_tell_more_and_enough_of_them_tell_all():
    vocabulary = Vocabulary(1_000, {counted_as("sepsis"): 500, counted_as("stroke"): 3})
    common, rare = weighed(["sepsis"], vocabulary), weighed(["stroke"], vocabulary)
    many = weighed([f"rare_{number}" for number in range(9)], vocabulary)

    assert 0 < shared(common, common) < shared(rare, rare) < 1.0
    assert shared(common, rare) == 0.0
    assert sum(many.values()) > ENOUGH
    assert shared(many, many) == 1.0


def test_what_two_texts_share_is_the_same_from_both_sides():
    vocabulary = Vocabulary(1_000, {counted_as("sepsis"): 500, counted_as("stroke"): 3})
    one, other = weighed(["sepsis", "stroke", "gout"], vocabulary), weighed(["stroke", "sepsis", "frailty"], vocabulary)

    assert shared(one, other) == shared(other, one) > 0
