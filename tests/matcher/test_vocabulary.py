import math

import pytest

from matcher.vocabulary import Vocabulary, abbreviations, coverage, stems, written_out

VOCABULARY = Vocabulary(documents=100, counts={"nurs": 50, "wound": 2})


def test_a_rare_word_weighs_more_and_an_unknown_one_weighs_as_standing_in_one_text():
    assert VOCABULARY.weight("wound") > VOCABULARY.weight("nurs")
    assert VOCABULARY.weight("zzyzx") == pytest.approx(math.log(1 + 99.5 / 1.5))


def test_abbreviations_are_written_out_as_they_are_written_and_only_as_whole_words():
    assert written_out("A&E sees COPD.") == "accident and emergency sees chronic obstructive pulmonary disease."
    assert written_out("COPDs, RA&ED, CT, Copd") == "COPDs, RA&ED, CT, Copd"


def test_abbreviations_are_read_in_either_case_unless_that_is_another_word():
    assert written_out("a&e, FENO, GPs") == written_out("A&E, FeNO, gps")
    assert written_out("fit for work, by GPS") == "fit for work, by GPS"
    assert stems("COPD clinic") == stems("chronic obstructive pulmonary disease clinic")


def test_every_abbreviation_is_more_than_it_stands_for():
    assert all(len(meaning) > len(short) for short, meaning in abbreviations().items())


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("haemorrhage", "hemorrhage"),
        ("tumours", "tumors"),
        ("paediatric oesophagus", "pediatric esophagus"),
        ("organisation", "organization"),
        ("randomised", "randomized"),
        ("analysed", "analyzed"),
        ("centres", "centers"),
        ("programme", "program"),
    ],
)
def test_british_and_american_spelling_are_one_word(british, american):
    assert stems(british) == stems(american)


def test_numbers_single_letters_and_stop_words_tell_nothing():
    assert stems("the 12 of a 2030 B and in") == frozenset()
    assert VOCABULARY.words("the 12").total == 0


def test_coverage_is_the_share_of_weight_that_is_held():
    asked = VOCABULARY.words("wound nurse")

    assert coverage(asked, asked) == 1.0
    assert coverage(asked, VOCABULARY.words("bicycle")) == 0.0
    assert coverage(VOCABULARY.words("the"), asked) == 0.0
    assert coverage(asked, VOCABULARY.words("wounds")) == pytest.approx(VOCABULARY.weight("wound") / asked.total)


def test_a_word_of_the_same_family_counts_half():
    assert coverage(VOCABULARY.words("dermatology"), VOCABULARY.words("dermatoscope")) == pytest.approx(0.5)
