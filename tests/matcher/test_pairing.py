from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.crowding import NOWHERE, Reference
from matcher.pairing import FEATURES, NEUTRAL, features, prepare, read_text, similarities
from matcher.types import Criterion, CriterionKind, Facet, Facts
from matcher.vocabulary import Vocabulary
from tests.matcher.documents import encoded, innovation, need

VOCABULARY = Vocabulary(documents=100, counts={"nurs": 20})
COLUMN = {name: index for index, name in enumerate(FEATURES)}
TEXT = st.lists(st.sampled_from(["wound", "nurse", "ward", "the", "app", "asthma.", "referral", "late"]), min_size=1, max_size=30).map(
    " ".join
)


def prepared(document):
    return prepare(encoded(document), VOCABULARY)


def pair(asking, offering) -> dict[str, float]:
    (row,) = features(prepared(asking), [prepared(offering)])
    return dict(zip(FEATURES, row.tolist(), strict=True))


@settings(max_examples=30, deadline=None)
@given(title=TEXT, problem=TEXT, population=TEXT, name=TEXT, description=TEXT, others=st.lists(TEXT, max_size=3))
def test_a_pair_has_the_same_features_whichever_side_asks_and_whatever_stands_beside_it(
    title, problem, population, name, description, others
):
    asking = prepared(need(title=title, problem=problem, population=population))
    offering = prepared(innovation(name=name, description=description))
    needs = [prepared(need(f"n{number}", problem=text)) for number, text in enumerate(others)]
    innovations = [prepared(innovation(f"i{number}", description=text)) for number, text in enumerate(others)]

    alone = features(asking, [offering])[0].tolist()

    assert features(offering, [asking])[0].tolist() == alone
    assert features(asking, [*innovations, offering])[-1].tolist() == alone
    assert features(offering, [asking, *needs])[0].tolist() == alone


def test_no_candidates_have_no_features():
    assert features(prepared(need()), []).shape == (0, len(FEATURES))


def test_the_same_words_are_wholly_alike():
    found = pair(need(problem="Wounds are seen too late."), innovation(description="Wounds are seen too late."))

    assert [found[name] for name in ("whole", "aspects", "need_words", "innovation_words")] == pytest.approx([1, 1, 1, 1])


def test_a_brand_name_or_a_trial_report_answers_no_need():
    wounds = "Wounds are seen too late."

    named = pair(need(problem=wounds), innovation(name=wounds, description="An app."))
    reported = pair(need(problem=wounds), innovation(description="An app.", evidence_summary=wounds))
    described = pair(need(problem=wounds), innovation(name="An app.", description=wounds))

    assert named["whole"] < described["whole"]
    assert reported["whole"] < described["whole"]


def test_how_many_passages_may_answer_is_told_as_a_logarithm():
    one, two = (
        innovation(description="Pictures."),
        innovation(name="W", description="Pictures.", benefits="Time.", evidence_summary="A trial."),
    )

    assert pair(need(), one)["passages"] == pytest.approx(np.log(3))  # the whole, its one window, the description
    assert pair(need(), two)["passages"] == pytest.approx(np.log(4))


def test_aspects_speak_each_for_itself():
    one = need(title="Wounds", problem="Nurses come late", population="Adults")
    rows = similarities(prepared(one), prepared(innovation(description="Wounds of adults")))

    assert rows.shape == (1 + 4, 1 + 2)
    assert pair(one, innovation(description="Wounds of adults"))["aspects"] == pytest.approx(np.mean(rows[[2, 3, 4]].max(axis=1)), abs=1e-6)


def test_codes_that_are_neither_chosen_nor_told_by_the_text_speak_neither_for_nor_against():
    coded = {Facet.CONDITIONS: {"CANCER"}, Facet.CARE_SETTINGS: {"PRIMARY_CARE"}}

    assert pair(need(codes=coded), innovation(name="Plum", description="It is better."))["conditions"] == 0
    assert pair(need(title="Plum", problem="It is bad."), innovation(codes=coded))["settings"] == 0
    assert pair(need(codes=coded), innovation(codes=coded))["conditions"] == pytest.approx(1 - NEUTRAL)
    assert pair(need(codes=coded), innovation(codes={Facet.CONDITIONS: {"CYSTIC_FIBROSIS"}}))["conditions"] == pytest.approx(-NEUTRAL)


def test_suggested_codes_move_a_pair_less():
    asking = need(codes={Facet.AREAS: {"PATIENT_SAFETY"}})

    suggested = pair(asking, innovation(suggested={Facet.AREAS: {"PATIENT_SAFETY": 1.0}}))["areas"]

    assert 0 < suggested < pair(asking, innovation(codes={Facet.AREAS: {"PATIENT_SAFETY"}}))["areas"]


def test_settings_and_areas_are_compared_only_where_somebody_chose_them():
    guessed = {Facet.AREAS: {"PATIENT_SAFETY": 1.0}, Facet.CARE_SETTINGS: {"PRIMARY_CARE": 1.0}}
    chosen = {Facet.AREAS: {"PATIENT_SAFETY"}, Facet.CARE_SETTINGS: {"PRIMARY_CARE"}}

    both, one, none = (
        pair(need(title="Plum", codes=chosen), innovation(codes=chosen)),
        pair(need(title="Plum", codes=chosen), innovation(suggested=guessed)),
        pair(replace(need(title="Plum"), suggested_codes=guessed), innovation(suggested=guessed)),
    )

    assert (none["areas"], none["settings"], none["coded"]) == (0, 0, 0)
    assert both["areas"] > one["areas"] > 0 < one["settings"] < both["settings"]
    assert both["coded"] == 2 > one["coded"] > 0


def test_guesses_that_differ_say_nothing_against_a_pair():
    lungs, skin = {Facet.CONDITIONS: {"CANCER_LUNG_CANCER": 0.9}}, {Facet.CONDITIONS: {"SKIN_CONDITIONS": 0.9}}
    guessing, coded = (
        replace(need(title="Plum"), suggested_codes=lungs),
        need(title="Plum", codes={Facet.CONDITIONS: {"CANCER_LUNG_CANCER"}}),
    )

    assert pair(guessing, innovation(suggested=lungs))["conditions"] > 0
    assert pair(guessing, innovation(suggested=skin))["conditions"] == 0
    assert pair(coded, innovation(suggested=skin))["conditions"] < 0


def test_what_both_speak_of_counts_whatever_words_they_take():
    asking = need(problem="Older people fall at home")

    assert pair(asking, innovation(description="Classes of strength and balance"))["concepts"] > 0
    assert pair(asking, innovation(description="Classes of pottery"))["concepts"] == 0


def test_both_sides_are_placed_among_the_reference_texts():
    def crowded(document, among):
        return prepare(encoded(document), VOCABULARY, among).crowding

    asking, offering = need(problem="Wounds are seen late"), innovation(description="Pictures of wounds")
    usual = Reference(
        needs=encoded(need(problem="Wounds heal slowly")).pooled[None],
        innovations=encoded(innovation(description="Dressings of wounds")).pooled[None],
        usual_need=0.0,
        usual_innovation=0.0,
    )

    assert crowded(asking, usual) > 0 < crowded(offering, usual)
    assert crowded(asking, NOWHERE) == crowded(offering, NOWHERE) == 0


def test_codes_that_nobody_chose_are_read_from_the_text_and_count_less():
    asking = need(codes={Facet.CONDITIONS: {"CANCER_LUNG_CANCER"}})
    told, chosen = innovation(name="Finder of lung cancer"), innovation(name="Finder", codes={Facet.CONDITIONS: {"CANCER_LUNG_CANCER"}})

    assert 0 < pair(asking, told)["conditions"] < pair(asking, chosen)["conditions"]


def test_readiness_is_no_feature_and_a_stated_contradiction_is():
    asking = need(criteria=[Criterion(CriterionKind.MINIMUM_STAGE, "SPREAD"), Criterion(CriterionKind.NO_SMARTPHONE)])

    assert pair(asking, innovation(facts=Facts(standards={"DTAC": "NOT_YET"}))) == pair(asking, innovation())
    assert pair(asking, innovation(facts=Facts(requires_smartphone=True)))["contradicted"] == 1


def test_only_the_fields_that_are_read_are_compared():
    document = innovation(name="Woundly", description="Pictures.", alternatives="Every rival", staff_learning="Nothing")

    assert read_text(document) == "Woundly\nPictures."
