import pytest

from matcher.types import Aspect, Facet, Verdict
from tests.matcher.documents import encoded, innovation, need, ranker

PRIMARY, AMBULANCE = {"PRIMARY_CARE"}, {"AMBULANCE"}
ASKING = need(problem="Wounds wait in primary care.", codes={Facet.CARE_SETTINGS: PRIMARY})


def findings(asking, offering):
    return {finding.aspect: finding for finding in ranker().judge(encoded(asking), encoded(offering)).findings}


def in_setting(codes: set[str], text: str):
    return findings(ASKING, innovation(description=text, codes={Facet.CARE_SETTINGS: codes}))[Aspect.SETTING]


@pytest.mark.parametrize(
    ("codes", "text", "verdict", "quote"),
    [
        (PRIMARY, "Used in practices.", Verdict.MET, "Used in practices."),
        (PRIMARY, "A lens.", Verdict.MET, None),
        (AMBULANCE, "Used in practices.", Verdict.GAP, None),
        (AMBULANCE, "Used in practices. Paramedics carry it.", Verdict.GAP, "Paramedics carry it."),
        (set(), "Used in practices.", Verdict.MET, "Used in practices."),
        (set(), "Paramedics carry it.", Verdict.GAP, "Paramedics carry it."),
        (set(), "A lens.", Verdict.UNKNOWN, None),
    ],
)
def test_chosen_codes_rule_and_words_speak_only_where_there_are_none(codes, text, verdict, quote):
    found = in_setting(codes, text)

    assert (found.verdict, found.innovation_quote and found.innovation_quote.text) == (verdict, quote)
    assert found.need_quote.text == "Wounds wait in primary care."


def test_words_that_name_what_the_codes_leave_out_are_told():
    said = "Not named: Primary care."

    assert in_setting(AMBULANCE, "A lens.").missing == said
    assert in_setting(AMBULANCE, "Used in practices.").missing == f"{said} The words speak of this, the codes do not: Primary care."
    assert in_setting(PRIMARY, "A lens.").missing == ""


def test_some_of_the_settings_are_partly_what_is_asked_for():
    asking = need(problem="Late.", codes={Facet.CARE_SETTINGS: PRIMARY | AMBULANCE})

    assert findings(asking, innovation(description="Used in practices."))[Aspect.SETTING].verdict is Verdict.PARTLY


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("For asthma.", Verdict.MET),
        ("For breathlessness.", Verdict.PARTLY),
        ("For breathlessness in COPD.", Verdict.GAP),
        ("For everyone but not for asthma.", Verdict.UNKNOWN),
    ],
)
def test_a_condition_is_the_same_wider_another_or_not_named(text, verdict):
    found = findings(need(problem="Asthma is found late."), innovation(description=text))[Aspect.CONDITIONS]

    assert found.verdict is verdict
    assert found.need_quote.text == "Asthma is found late."


def test_a_need_that_names_no_setting_asks_for_none():
    assert Aspect.SETTING not in findings(need(problem="Letters are lost."), innovation(description="Used in practices."))


def test_a_code_that_no_text_puts_in_words_has_no_quote():
    coded = {Facet.CONDITIONS: {"CYSTIC_FIBROSIS"}}

    found = findings(need(problem="Late.", codes=coded), innovation(description="Air.", codes=coded))[Aspect.CONDITIONS]

    assert (found.verdict, found.need_quote, found.innovation_quote) == (Verdict.MET, None, None)


def test_a_name_that_a_long_sentence_is_cut_in_is_quoted_alone():
    text = "x" * 232 + " at risk of heart failure now"

    found = findings(need(problem="Heart failure."), innovation(description=text))[Aspect.CONDITIONS]

    assert found.verdict is Verdict.MET
    assert "heart failure" in found.innovation_quote.text
