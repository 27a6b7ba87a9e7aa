import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.types import Aspect, Criterion, CriterionKind, Facet, Facts, Verdict
from tests.matcher.documents import encoded, innovation, need, ranker

SENTENCE = st.lists(
    st.sampled_from(["Wounds", "nurse", "ward;", "the", "(app)", "asthma,", "référral", "late", "\u200b", "–"]), min_size=1, max_size=60
)
PROSE = st.lists(SENTENCE.map(" ".join), min_size=1, max_size=4).map(". ".join)
SOMETHING = PROSE.filter(lambda text: any(character.isalpha() for character in text))


def findings(asking, offering, **thresholds):
    judgement = ranker(**thresholds).judge(encoded(asking), encoded(offering))
    return {finding.aspect or finding.criterion.kind: finding for finding in judgement.findings}


@settings(max_examples=60, deadline=None)
@given(title=PROSE, problem=SOMETHING, population=PROSE, name=PROSE, description=SOMETHING, benefits=PROSE, must=PROSE)
def test_every_quote_is_an_exact_span_of_the_stored_text(title, problem, population, name, description, benefits, must):
    asking = need(title=title, problem=problem, population=population, criteria=[Criterion(kind, must) for kind in (CriterionKind.OTHER,)])
    offering = innovation(name=name, description=description, benefits=benefits)

    for finding in findings(asking, offering).values():
        for quote, document in ((finding.need_quote, asking), (finding.innovation_quote, offering)):
            if quote is not None:
                assert quote.text
                assert document.fields[quote.field][quote.start : quote.end] == quote.text
                assert len(quote.text) <= 400


ASKING = need(
    title="Wounds are seen late",
    problem="District nurses see wounds of the leg too late.",
    population="Adults at home",
    desired_outcome="Wounds heal sooner",
)
OFFERING = innovation(
    name="Woundly",
    description="It has a lens. District nurses see wounds of the leg by picture.",
    eligibility="Adults at home",
    benefits="Saves money",
)


def test_each_aspect_that_the_need_speaks_of_has_a_verdict_with_the_words_of_both():
    found = findings(ASKING, OFFERING)

    assert list(found) == [Aspect.PROBLEM, Aspect.POPULATION, Aspect.OUTCOME]
    problem, population, _ = found.values()
    assert problem.verdict is Verdict.MET
    assert problem.need_quote.text == "District nurses see wounds of the leg too late."
    assert problem.innovation_quote.text == "District nurses see wounds of the leg by picture."
    assert (population.verdict, population.innovation_quote.text) == (Verdict.MET, "Adults at home")
    assert problem.missing == ""


def test_another_problem_is_a_gap_and_of_silence_nothing_is_known():
    found = findings(ASKING, innovation(name="Bus", description="Timetable of buses."), met=0.9, partly=0.8)

    assert found[Aspect.PROBLEM].verdict is Verdict.GAP
    assert found[Aspect.PROBLEM].innovation_quote.text == "Timetable of buses."
    assert found[Aspect.POPULATION].verdict is Verdict.UNKNOWN
    assert found[Aspect.POPULATION].innovation_quote is None
    assert all(finding.missing for finding in found.values())


def test_an_aspect_is_partly_met_between_the_thresholds():
    assert findings(ASKING, OFFERING, met=5.0)[Aspect.PROBLEM].verdict is Verdict.PARTLY


def test_a_need_that_is_only_a_title_is_explained_by_it():
    found = findings(need(title="Wounds are seen late"), OFFERING)

    assert list(found) == [Aspect.PROBLEM]
    assert found[Aspect.PROBLEM].need_quote.text == "Wounds are seen late"


def test_an_innovation_that_is_only_a_name_is_quoted_by_it():
    assert findings(ASKING, innovation(name="Wounds at a glance"))[Aspect.PROBLEM].innovation_quote.text == "Wounds at a glance"


def test_a_text_of_invisible_sentences_is_no_aspect():
    assert list(findings(need(problem="Late.", population="\u200b"), OFFERING)) == [Aspect.PROBLEM]


@pytest.mark.parametrize(
    ("given_", "verdict", "missing"),
    [
        ({"PRIMARY_CARE"}, Verdict.MET, ""),
        ({"AMBULANCE"}, Verdict.GAP, "Not named by the innovation: Primary care."),
        (set(), Verdict.UNKNOWN, "Not named by the innovation: Primary care."),
    ],
)
def test_verdicts_on_codes_follow_the_facets(given_, verdict, missing):
    asking = need(problem="Wounds wait in primary care.", codes={Facet.CARE_SETTINGS: {"PRIMARY_CARE"}})
    offering = innovation(description="For primary care and ambulances.", codes={Facet.CARE_SETTINGS: given_})

    finding = findings(asking, offering)[Aspect.SETTING]

    assert (finding.verdict, finding.missing) == (verdict, missing)
    assert finding.need_quote.text == "Wounds wait in primary care."
    assert (finding.innovation_quote is None) is (verdict is Verdict.UNKNOWN)


def test_a_code_that_no_text_puts_in_words_has_no_quote():
    coded = {Facet.CONDITIONS: {"CYSTIC_FIBROSIS"}}

    finding = findings(need(problem="Lungs.", codes=coded), innovation(description="Air.", codes=coded))[Aspect.CONDITIONS]

    assert (finding.verdict, finding.need_quote, finding.innovation_quote) == (Verdict.MET, None, None)


def test_must_haves_come_last_in_the_needs_order():
    asking = need(
        problem="Letters must be offered in Urdu.",
        criteria=[Criterion(CriterionKind.OTHER, "Offered in Urdu"), Criterion(CriterionKind.DTAC), Criterion(CriterionKind.NO_SMARTPHONE)],
    )
    offering = innovation(description="Letters, offered in Urdu.", facts=Facts(standards={"DTAC": "YES"}, requires_smartphone=True))

    found = findings(asking, offering)

    assert list(found)[-3:] == [CriterionKind.OTHER, CriterionKind.DTAC, CriterionKind.NO_SMARTPHONE]
    assert [finding.verdict for finding in list(found.values())[-3:]] == [Verdict.PARTLY, Verdict.MET, Verdict.EXCLUDED]
    assert found[CriterionKind.OTHER].need_quote.text == "Letters must be offered in Urdu."
    assert found[CriterionKind.OTHER].innovation_quote.text == "Letters, offered in Urdu."


@pytest.mark.parametrize("joint", ["; ", " ", ""])
def test_a_long_sentence_is_quoted_in_part(joint):
    text = joint.join(["woundsandlegs" * 2] * 30) + " zebra"

    quote = findings(need(problem="Zebra"), innovation(description=text))[Aspect.PROBLEM].innovation_quote

    assert 0 < len(quote.text) <= 240
    assert text[quote.start : quote.end] == quote.text
    assert quote.text.endswith("zebra")


def test_where_no_word_is_shared_the_nearest_field_is_quoted():
    offering = innovation(name="Bus", description="Timetable. Buses.", how_it_works="Engines.")

    assert findings(need(problem="Wounds."), offering)[Aspect.PROBLEM].innovation_quote.field in {"description", "how_it_works"}
