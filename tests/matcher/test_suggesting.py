"""Codes suggested from the text: what the words tell, how sure it makes us, and what they do not tell."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.codes import lists
from matcher.suggesting import LEAST, MOST, QUOTED, SIGNS, SUGGESTED, completed, suggest, suggestions, told_signs
from matcher.types import Document, Facet
from matcher.vocabulary import abbreviations
from tests.matcher.documents import innovation, need

ASTHMA = "RESPIRATORY_CONDITIONS_ASTHMA"
DIABETES = "DIABETES_AND_OTHER_ENDOCRINAL_NUTRITIONAL_AND_METABOLIC_CONDITIONS_DIABETES"


def conditions(text: str) -> set[str]:
    return set(suggest(need(title=text)).get(Facet.CONDITIONS, {}))


def test_every_code_of_the_record_that_names_something_has_words():
    stored = json.loads(files("matcher").joinpath("data/code_words.json").read_text(encoding="utf-8"))

    for facet in SUGGESTED:
        assert set(stored["facets"][facet]) == set(lists()[facet]) - {"NONE", "OTHER"}
        assert all(words["names"] for words in stored["facets"][facet].values())


@pytest.mark.parametrize("code", sorted(lists()[Facet.CONDITIONS]))
def test_the_label_of_a_condition_tells_it_or_one_beside_it(code):
    text = lists()[Facet.CONDITIONS][code]["label"].rpartition(" - ")[2]

    told = told_signs(need(title=text), Facet.CONDITIONS)

    assert told[code][SIGNS.index("of_best")] >= 0.4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Asthma in children", ASTHMA),
        ("Children who are ASTHMATIC", ASTHMA),
        ("Pediatric anemia and hemophilia", "BLOOD_AND_IMMUNE_SYSTEM_CONDITIONS_BLOOD_CONDITIONS"),  # American spelling
        ("Haemophilia at home", "BLOOD_AND_IMMUNE_SYSTEM_CONDITIONS_BLOOD_CONDITIONS"),
        ("Fewer UTIs in care homes", "UROLOGICAL_CONDITIONS_URINARY_TRACT_INFECTION"),
        ("Finding AF early", "CARDIOVASCULAR_CONDITIONS_HEART_RHYTHM_CONDITIONS"),
        ("FINDING LUNG CANCER EARLY", "CANCER_LUNG_CANCER"),
        ("Parkinson’s disease nurses", "NEUROLOGICAL_CONDITIONS_PARKINSONS_DISEASE_TREMOR_AND_DYSTONIA"),
        ("Immunization against influenza", "INFECTIONS_INFLUENZA"),
    ],
)
def test_a_condition_is_told_in_any_spelling(text, code):
    assert code in conditions(text)


@pytest.mark.parametrize(
    "text",
    [
        "Not suitable for people with asthma",
        "It excludes diabetes, epilepsy and asthma.",
        "Breathing exercises for people without asthma",
        "Calls that go to accident and emergency",
        "Smoking falls more slowly here",
        "A MS for AF in ED",  # shouted: capitals tell no abbreviation from a word
        "",
    ],
)
def test_what_is_excluded_or_only_sounds_like_it_tells_nothing_of_it(text):
    assert not conditions(text.upper() if "shouted" in text else text) & {ASTHMA, DIABETES, "INJURIES_ACCIDENTS_AND_WOUNDS"}


def test_an_exclusion_ends_with_its_sentence_and_before_a_but():
    assert conditions("Not for diabetes. Made for asthma.") == {ASTHMA}
    assert conditions("Not for diabetes but for asthma") == {ASTHMA}


def test_in_a_shouted_text_capitals_make_no_abbreviation():
    assert "NEUROLOGICAL_CONDITIONS_MULTIPLE_SCLEROSIS" in conditions("Support for people with MS")
    assert "NEUROLOGICAL_CONDITIONS_MULTIPLE_SCLEROSIS" not in conditions("SUPPORT FOR MS SMITH")


def test_no_phrase_reaches_over_the_end_of_a_sentence():
    assert "CARDIOVASCULAR_CONDITIONS_HEART_FAILURE" in conditions("Heart failure nurses")
    assert "CARDIOVASCULAR_CONDITIONS_HEART_FAILURE" not in conditions("Nurses at its heart. Failure is told.")


def test_of_words_that_overlap_the_longest_phrase_is_read():
    told = told_signs(need(title="Lung cancer"), Facet.CONDITIONS)

    assert set(told) == {"CANCER_LUNG_CANCER"}


def test_a_wider_condition_is_less_sure_where_a_narrower_one_is_told():
    alone = suggest(need(title="Mental health"))[Facet.CONDITIONS]
    beside = dict(suggest(need(title="Mental health", problem="Schizophrenia and psychosis"))[Facet.CONDITIONS])

    wider = "MENTAL_HEALTH_AND_BEHAVIOURAL_CONDITIONS"
    assert beside.get(wider, 0.0) < alone[wider]


def test_what_trials_tell_counts_less_than_what_the_title_says():
    named = suggest(innovation(name="Asthma test", evidence_summary="Tried in diabetes."))[Facet.CONDITIONS]

    assert named[ASTHMA] > named.get(DIABETES, 0.0)


def test_the_evidence_is_quoted_word_for_word_the_plainest_first():
    document = need(title="Worse at home", problem="An inhaler helps, yet asthma\nkills: ASTHMA reviews are late.")

    asthma = next(each for each in suggestions(document) if each.code == ASTHMA)

    assert [quote.text for quote in asthma.evidence] == ["asthma", "ASTHMA reviews", "inhaler"]
    assert all(document.fields[quote.field][quote.start : quote.end] == quote.text for quote in asthma.evidence)


def test_the_surest_few_of_a_facet_are_suggested():
    everything = "asthma, diabetes, stroke, epilepsy, psoriasis, glaucoma, dementia, hernia, acne, gout"
    found = suggestions(need(title=everything, problem=f"{everything}. In hospital wards, on the ward and at the bedside of inpatients."))

    for facet in SUGGESTED:
        sure = [each.confidence for each in found if each.facet is facet]
        assert len(sure) <= MOST
        assert sure == sorted(sure, reverse=True)
        assert all(confidence >= LEAST for confidence in sure)
    assert all(1 <= len(each.evidence) <= QUOTED for each in found)


def test_an_abbreviation_of_the_nhs_tells_what_its_words_tell():
    assert "COPD" in abbreviations()
    for short, meaning in (("DVT", "deep vein thrombosis"), ("AAA", "abdominal aortic aneurysm"), ("NAFLD", "fatty liver disease")):
        assert conditions(f"Care for {short} today") == conditions(f"Care for {meaning} today")


def test_only_facets_of_which_nothing_is_known_are_completed():
    text = {"title": "Asthma in general practice", "problem": "It is found late."}
    chosen = need(codes={Facet.CONDITIONS: {DIABETES}}, **text)
    stored = Document(id="s", side=chosen.side, fields=text, suggested_codes={Facet.CONDITIONS: {DIABETES: 0.4}})

    assert Facet.CONDITIONS not in completed(chosen).suggested_codes
    assert "PRIMARY_CARE" in completed(chosen).suggested_codes[Facet.CARE_SETTINGS]
    assert completed(stored).suggested_codes[Facet.CONDITIONS] == {DIABETES: 0.4}
    assert completed(completed(need(**text))) == completed(need(**text))


def test_a_fully_coded_document_is_left_as_it_is():
    coded = need(codes={facet: {sorted(lists()[facet])[0]} for facet in SUGGESTED})

    assert completed(coded) is coded


@given(st.text(max_size=400))
def test_any_text_has_suggestions_that_can_be_quoted(text):
    document = need(title=text, problem=f"{text} asthma")

    for each in suggestions(document):
        assert 0 <= each.confidence <= 1
        assert all(document.fields[quote.field][quote.start : quote.end] == quote.text for quote in each.evidence)
