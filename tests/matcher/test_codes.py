import pytest

from matcher.codes import SUGGESTED_WEIGHT, chosen, kinship, label, lists, parent, standard_label, weighted
from matcher.types import Facet
from tests.matcher.documents import innovation

CANCER, COLORECTAL, BREAST = "CANCER", "CANCER_COLORECTAL_CANCER", "CANCER_BREAST_CANCER"


def test_every_parent_is_a_condition_without_a_parent():
    conditions = lists()[Facet.CONDITIONS]
    parents = {entry["parent"] for entry in conditions.values() if entry["parent"]}

    assert len(conditions) == 167
    assert all(conditions[each]["parent"] is None for each in parents)


def test_labels_are_the_records_words_and_unknown_codes_their_own():
    assert label(Facet.CARE_SETTINGS, "PRIMARY_CARE") == "Primary care"
    assert label(Facet.CONDITIONS, COLORECTAL) == "Cancer - Colorectal cancer"
    assert label(Facet.AREAS, "NEW_AREA") == "NEW_AREA"
    assert standard_label("DTAC").startswith("Digital Technology")


@pytest.mark.parametrize(
    ("one", "other", "near"), [(CANCER, CANCER, 1.0), (CANCER, COLORECTAL, 0.6), (BREAST, COLORECTAL, 0.2), (CANCER, "UNKNOWN", 0.0)]
)
def test_kinship_follows_the_records_list_and_is_symmetric(one, other, near):
    assert kinship(one, other) == kinship(other, one) == near


def test_an_unknown_condition_has_no_parent():
    assert parent("UNKNOWN") is None


def test_answers_that_name_nothing_are_no_codes():
    assert chosen(innovation(codes={Facet.AREAS: {"NONE", "PATIENT_SAFETY"}}), Facet.AREAS) == {"PATIENT_SAFETY"}


def test_suggested_codes_count_less_and_only_where_nobody_chose():
    suggested = {Facet.AREAS: {"PATIENT_SAFETY": 0.8, "OTHER": 0.9}}

    assert SUGGESTED_WEIGHT < 1
    assert weighted(innovation(suggested=suggested), Facet.AREAS) == {"PATIENT_SAFETY": 0.8 * SUGGESTED_WEIGHT}
    assert weighted(innovation(suggested=suggested, codes={Facet.AREAS: {"PREVENTIVE_CARE"}}), Facet.AREAS) == {"PREVENTIVE_CARE": 1.0}
