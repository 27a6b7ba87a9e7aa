import pytest

from matcher.codes import SUGGESTED_WEIGHT, weighted
from matcher.criteria import Coded, assess, codes_verdict, contradicted, facet_fit, speaking_of
from matcher.types import Criterion, CriterionKind, Facet, Facts, Stage, Verdict
from tests.matcher.documents import innovation, need

ACUTE, PRIMARY, AMBULANCE = "ACUTE_TRUSTS_INPATIENT", "PRIMARY_CARE", "AMBULANCE"
CANCER, COLORECTAL, BREAST = "CANCER", "CANCER_COLORECTAL_CANCER", "CANCER_BREAST_CANCER"


def fit_of(facet: Facet, asking, offering):
    return facet_fit(facet, Coded.of(weighted(asking, facet)), Coded.of(weighted(offering, facet)))


def verdict_on(kind: CriterionKind, document, value: str = "") -> Verdict:
    found = assess(Criterion(kind, value), document)
    for quote in filter(None, [found.quote]):
        assert document.fields[quote.field][quote.start : quote.end] == quote.text
    assert bool(found.missing) is (found.verdict is not Verdict.MET)
    return found.verdict


@pytest.mark.parametrize(
    ("needs_phone", "text", "verdict"),
    [
        (True, "An app.", Verdict.EXCLUDED),
        (False, "An app.", Verdict.MET),
        (None, "It works without a smartphone.", Verdict.MET),
        (None, "Nobody needs a smartphone for it.", Verdict.MET),
        (None, "No one has to have the app.", Verdict.MET),
        (None, "Nobody has tried it on a smartphone.", Verdict.UNKNOWN),
        (None, "Messages reach the landline.", Verdict.MET),
        (None, "A smartphone app for carers.", Verdict.UNKNOWN),
        (None, "A dressing.", Verdict.UNKNOWN),
    ],
)
def test_a_smartphone_excludes_only_where_it_is_stated(needs_phone, text, verdict):
    document = innovation(facts=Facts(requires_smartphone=needs_phone), description=text)

    assert verdict_on(CriterionKind.NO_SMARTPHONE, document) is verdict


@pytest.mark.parametrize(
    ("state", "verdict"),
    [("YES", Verdict.MET), ("IN_PROGRESS", Verdict.PARTLY), ("NOT_YET", Verdict.GAP), ("", Verdict.UNKNOWN), (None, Verdict.UNKNOWN)],
)
def test_a_standard_is_met_as_far_as_the_record_says(state, verdict):
    facts = Facts(standards={} if state is None else {"DTAC": state, "CE_UKCA_CLASS_I": state})

    assert verdict_on(CriterionKind.DTAC, innovation(facts=facts)) is verdict
    assert verdict_on(CriterionKind.UKCA_CE, innovation(facts=facts)) is verdict


def test_of_several_marks_the_furthest_counts():
    facts = Facts(standards={"CE_UKCA_CLASS_I": "NOT_YET", "IVD_GENERAL": "YES", "DTAC": "NOT_YET"})

    assert verdict_on(CriterionKind.UKCA_CE, innovation(facts=facts)) is Verdict.MET


@pytest.mark.parametrize(
    ("stage", "verdict"),
    [
        (Stage.SPREAD, Verdict.MET),
        (Stage.ADOPTION, Verdict.MET),
        (Stage.EVALUATION, Verdict.PARTLY),
        (Stage.DISCOVERY, Verdict.GAP),
        (None, Verdict.UNKNOWN),
    ],
)
def test_a_minimum_stage_is_partly_met_one_step_before(stage, verdict):
    assert verdict_on(CriterionKind.MINIMUM_STAGE, innovation(facts=Facts(stage=stage)), "ADOPTION") is verdict


@pytest.mark.parametrize(
    ("codes", "text", "verdict", "quote"),
    [
        ({PRIMARY}, "A lens. Used in practices by nurses.", Verdict.MET, "Used in practices by nurses."),
        ({PRIMARY}, "A lens.", Verdict.MET, None),
        ({ACUTE}, "Used in practices by nurses.", Verdict.GAP, None),
        ({ACUTE}, "Used on wards.", Verdict.GAP, "Used on wards."),
        (set(), "Used in practices by nurses.", Verdict.MET, "Used in practices by nurses."),
        (set(), "Used on wards.", Verdict.GAP, "Used on wards."),
        (set(), "A lens.", Verdict.UNKNOWN, None),
    ],
)
def test_a_care_setting_is_told_by_codes_or_else_by_words(codes, text, verdict, quote):
    document = innovation(codes={Facet.CARE_SETTINGS: codes}, description=text)

    assert verdict_on(CriterionKind.CARE_SETTING, document, PRIMARY) is verdict
    found = assess(Criterion(CriterionKind.CARE_SETTING, PRIMARY), document).quote
    assert (found and found.text) == quote


@pytest.mark.parametrize(
    ("kind", "text", "verdict"),
    [
        (CriterionKind.UKCA_CE, "It is UKCA-marked for nine pathways.", Verdict.MET),
        (CriterionKind.UKCA_CE, "CE marking is in progress.", Verdict.PARTLY),
        (CriterionKind.UKCA_CE, "A mark on the wall.", Verdict.UNKNOWN),
        (CriterionKind.DTAC, "Assessed under DTAC in 2025.", Verdict.MET),
        (CriterionKind.DTAC, "We will apply for DTAC.", Verdict.PARTLY),
    ],
)
def test_a_standard_that_the_record_leaves_out_is_told_by_words(kind, text, verdict):
    assert verdict_on(kind, innovation(description=text)) is verdict


def test_what_the_record_states_of_a_standard_goes_before_its_words():
    document = innovation(description="It is CE marked.", facts=Facts(standards={"CE_UKCA_CLASS_I": "NOT_YET"}))

    assert verdict_on(CriterionKind.UKCA_CE, document) is Verdict.GAP


@pytest.mark.parametrize(
    ("stated", "text", "verdict"),
    [
        (("SystmOne", "EMIS"), "A tool.", Verdict.MET),
        (("EMIS",), "A tool.", Verdict.GAP),
        ((), "It will work with SystmOne.", Verdict.PARTLY),
        ((), "A tool.", Verdict.UNKNOWN),
    ],
)
def test_integration_is_met_where_the_system_is_listed(stated, text, verdict):
    document = innovation(facts=Facts(integrates_with=stated), description=text)

    assert verdict_on(CriterionKind.INTEGRATES_WITH, document, " systmone ") is verdict


def test_integration_with_nothing_named_is_unknown():
    assert verdict_on(CriterionKind.INTEGRATES_WITH, innovation()) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("No training is needed.", Verdict.MET),
        ("A 30 minute video.", Verdict.MET),
        ("Half a day of practice.", Verdict.MET),
        ("Staff learn it in twenty-five minutes.", Verdict.MET),
        ("Twelve hours with a trainer.", Verdict.GAP),
        ("Two days in the classroom.", Verdict.GAP),
        ("How to read the chart.", Verdict.PARTLY),
        ("   ", Verdict.UNKNOWN),
    ],
)
def test_what_must_be_learnt_is_held_against_the_time_allowed(said, verdict):
    document = innovation(description="A tool.", staff_learning=said, patient_learning=said)

    assert verdict_on(CriterionKind.STAFF_LEARNING, document, "At most half a day") is verdict
    assert verdict_on(CriterionKind.PATIENT_LEARNING, document, "At most half a day") is verdict


def test_other_must_haves_are_partly_met_where_the_words_speak_of_them():
    document = innovation(description="A tool. It is offered in Urdu, Polish and other languages.")

    assert verdict_on(CriterionKind.OTHER, document, "Offered in Urdu and Polish") is Verdict.PARTLY
    assert verdict_on(CriterionKind.OTHER, document, "Carbon neutral by 2030") is Verdict.UNKNOWN
    assert verdict_on(CriterionKind.OTHER, document, "") is Verdict.UNKNOWN


def test_a_pair_is_contradicted_by_one_excluded_must_have():
    asking = need(criteria=[Criterion(CriterionKind.DTAC), Criterion(CriterionKind.NO_SMARTPHONE)])

    assert contradicted(asking, innovation(facts=Facts(requires_smartphone=True)))
    assert not contradicted(asking, innovation(facts=Facts(standards={"DTAC": "NOT_YET"})))
    assert not contradicted(need(criteria=[Criterion(CriterionKind.DTAC)]), innovation(facts=Facts(requires_smartphone=True)))


@pytest.mark.parametrize("kind", CriterionKind)
@pytest.mark.parametrize("needs_phone", [True, False, None])
def test_a_pair_is_contradicted_exactly_when_a_must_have_is_excluded(kind, needs_phone):
    standards = {"DTAC": "NOT_YET", "CE_UKCA_NON_MEDICAL": "NOT_YET"}
    offering = innovation(
        facts=Facts(requires_smartphone=needs_phone, standards=standards, stage=Stage.DISCOVERY, integrates_with=("Lorenzo",))
    )
    criterion = Criterion(kind, Stage.SPREAD if kind is CriterionKind.MINIMUM_STAGE else "none of it")

    excluded = assess(criterion, offering).verdict is Verdict.EXCLUDED

    assert contradicted(need(criteria=[criterion]), offering) is excluded


@pytest.mark.parametrize(
    ("asked", "given", "value", "verdict"),
    [
        ({COLORECTAL}, {COLORECTAL, BREAST}, 1.0, Verdict.MET),
        ({COLORECTAL}, {CANCER}, 0.6, Verdict.PARTLY),
        ({COLORECTAL}, {BREAST}, 0.2, Verdict.GAP),
        ({COLORECTAL}, {"SKIN_CONDITIONS"}, 0.0, Verdict.GAP),
    ],
)
def test_conditions_count_by_their_nearest_pair(asked, given, value, verdict):
    pair = need(codes={Facet.CONDITIONS: asked}), innovation(codes={Facet.CONDITIONS: given})

    fit = fit_of(Facet.CONDITIONS, *pair)

    assert (fit.value, fit.certainty) == (value, 1.0)
    assert codes_verdict(Facet.CONDITIONS, frozenset(asked), frozenset(given)) is verdict


@pytest.mark.parametrize(
    ("asked", "given", "value", "verdict"),
    [
        ({PRIMARY}, {PRIMARY, ACUTE}, 1.0, Verdict.MET),
        ({PRIMARY, AMBULANCE}, {PRIMARY, ACUTE}, 0.5, Verdict.PARTLY),
        ({PRIMARY}, {ACUTE}, 0.0, Verdict.GAP),
    ],
)
def test_settings_count_by_what_the_shorter_list_shares(asked, given, value, verdict):
    pair = need(codes={Facet.CARE_SETTINGS: asked}), innovation(codes={Facet.CARE_SETTINGS: given})

    assert fit_of(Facet.CARE_SETTINGS, *pair).value == value
    assert codes_verdict(Facet.CARE_SETTINGS, frozenset(asked), frozenset(given)) is verdict


def test_what_is_not_coded_has_no_fit_and_is_unknown():
    coded = {Facet.CARE_SETTINGS: {PRIMARY}}

    assert fit_of(Facet.CARE_SETTINGS, need(codes=coded), innovation()) is None
    assert fit_of(Facet.CARE_SETTINGS, need(), innovation(codes=coded)) is None
    assert codes_verdict(Facet.CARE_SETTINGS, frozenset({PRIMARY}), frozenset()) is Verdict.UNKNOWN


def test_suggested_codes_make_a_fit_less_certain():
    suggested = innovation(suggested={Facet.CARE_SETTINGS: {PRIMARY: 0.8}})

    fit = fit_of(Facet.CARE_SETTINGS, need(codes={Facet.CARE_SETTINGS: {PRIMARY}}), suggested)

    assert (fit.value, fit.certainty) == (1.0, 0.8 * SUGGESTED_WEIGHT)


def test_the_sentence_that_holds_most_of_the_words_is_quoted_if_it_holds_half():
    document = innovation(description="Nurses use it. Nurses on wards use it for wounds. Nurses on wards use it at night.")

    assert speaking_of("wounds on wards", document).text == "Nurses on wards use it for wounds."
    assert speaking_of("wounds of divers in deep water", document) is None
    assert speaking_of("the 12", document) is None
