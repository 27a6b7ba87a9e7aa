from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.explanation import explain
from matcher.text import FIELD_ASPECTS
from matcher.types import Aspect, Criterion, CriterionKind, Facet, Facts, Side, Verdict
from tests.matcher.documents import encoded, innovation, need, ranker

SENTENCE = st.lists(
    st.sampled_from(["Wounds", "nurse", "ward;", "the", "(app)", "asthma,", "référral", "late", "\u200b", "–"]), min_size=1, max_size=60
)
LONGEST_FIRST_SECONDS, LONGEST_SECONDS = 3.0, 0.3  # of a processor, for the longest texts that are read, before they are kept and after
PROSE = st.lists(SENTENCE.map(" ".join), min_size=1, max_size=4).map(". ".join)


def findings(asking, offering):
    judgement = ranker().judge(encoded(asking), encoded(offering))
    return {finding.aspect or finding.criterion.kind: finding for finding in judgement.findings}


ANYTHING = st.one_of(
    PROSE,
    st.text(max_size=80),
    st.sampled_from(
        [
            "",
            "Wounds",
            "🩺💊 🏥",
            "STROKE UNITS ARE FULL AND NOBODY KNOWS WHY. WE NEED HELP NOW.",
            "Des infirmières suivent les plaies. Wunden heilen langsam. Wounds heal late.",
            "Ward\tBeds\tFree\r\nA1\t12\t3\r\nA2\t14\t0\r\n| a | b |\n|---|---|\n| stroke | 40% |",
            "People with " + "asthma " * 400,
            "x" * 3_000,
        ]
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    need_texts=st.fixed_dictionaries(dict.fromkeys(FIELD_ASPECTS[Side.NEED], ANYTHING)),
    innovation_texts=st.fixed_dictionaries(dict.fromkeys((*FIELD_ASPECTS[Side.INNOVATION], "staff_learning"), ANYTHING)),
    must=ANYTHING,
)
def test_whatever_the_texts_hold_findings_are_sensible_and_quotes_exact(need_texts, innovation_texts, must):
    kinds = (CriterionKind.OTHER, CriterionKind.STAFF_LEARNING, CriterionKind.INTEGRATES_WITH)
    asking = need(criteria=[Criterion(kind, must) for kind in kinds], **(need_texts | {"problem": need_texts["problem"] + " Late."}))
    offering = innovation(**(innovation_texts | {"description": innovation_texts["description"] + " Lens."}))

    for finding in findings(asking, offering).values():
        assert finding.aspect is None or (finding.verdict is Verdict.UNKNOWN) <= (finding.innovation_quote is None)
        assert bool(finding.missing) is (finding.verdict is not Verdict.MET)
        for quote, document in ((finding.need_quote, asking), (finding.innovation_quote, offering)):
            if quote is not None:
                assert quote.text.strip()
                assert document.fields[quote.field][quote.start : quote.end] == quote.text


def test_texts_of_a_hundred_thousand_characters_are_explained_in_time():
    long = "People with asthma wait for a nurse in the practice; fewer attacks are wanted. " * 1_300
    judge = ranker()
    asking = judge.prepare(encoded(need(title="Asthma", problem=long, population=long, desired_outcome=long)))
    offering = judge.prepare(encoded(innovation(name="Whistle", description=long, eligibility=long, benefits=long)))

    began = process_time()
    explained = explain(asking, offering, vocabulary=judge.file.vocabulary)
    first_seconds, began = process_time() - began, process_time()
    explain(asking, offering, vocabulary=judge.file.vocabulary)

    assert first_seconds < LONGEST_FIRST_SECONDS
    assert process_time() - began < LONGEST_SECONDS
    assert [finding.verdict for finding in explained if finding.aspect is Aspect.CONDITIONS] == [Verdict.MET]


ASKING = need(
    title="Wounds are seen late",
    problem="District nurses see wounds of the leg too late.",
    population="People with leg wounds",
    desired_outcome="Wounds heal sooner",
)
OFFERING = innovation(
    name="Woundly",
    description="It has a lens. District nurses see wounds of the leg too by picture.",
    eligibility="Anyone with leg wounds",
    benefits="Saves paper. Wounds heal faster.",
)
BUS = innovation(name="Bus", description="Timetable without pictures.")


def test_each_aspect_that_the_need_speaks_of_has_a_verdict_with_the_words_of_both():
    found = findings(ASKING, OFFERING)

    assert list(found) == [Aspect.PROBLEM, Aspect.POPULATION, Aspect.OUTCOME, Aspect.SETTING, Aspect.CONDITIONS]
    assert {finding.verdict for finding in found.values()} == {Verdict.MET}
    assert {finding.missing for finding in found.values()} == {""}
    assert found[Aspect.PROBLEM].need_quote.text == "District nurses see wounds of the leg too late."
    assert found[Aspect.PROBLEM].innovation_quote.text == "District nurses see wounds of the leg too by picture."
    assert found[Aspect.POPULATION].innovation_quote.text == "Anyone with leg wounds"
    assert found[Aspect.OUTCOME].innovation_quote.text == "Wounds heal faster."


def test_another_problem_is_a_gap_and_of_silence_nothing_is_known():
    found = findings(ASKING, BUS)

    assert found.pop(Aspect.PROBLEM).verdict is Verdict.GAP
    assert {finding.verdict for finding in found.values()} == {Verdict.UNKNOWN}
    assert {finding.innovation_quote for finding in found.values()} == {None}
    assert all(finding.missing for finding in found.values())


def test_a_need_that_is_only_a_title_is_explained_by_it():
    found = findings(need(title="Wounds are seen late"), OFFERING)

    assert list(found) == [Aspect.PROBLEM, Aspect.CONDITIONS]
    assert found[Aspect.PROBLEM].need_quote.text == "Wounds are seen late"


def test_a_need_that_tells_only_what_follows_is_explained_by_that():
    found = findings(need(consequence_for_staff="District nurses see wounds of the leg too late."), OFFERING)

    assert found[Aspect.PROBLEM].verdict is Verdict.MET


def test_a_name_alone_that_fits_nothing_says_nothing_of_the_problem():
    assert findings(ASKING, innovation(name="Bus"))[Aspect.PROBLEM].verdict is Verdict.UNKNOWN
    assert findings(ASKING, innovation(name="Wounds are seen late"))[Aspect.PROBLEM].innovation_quote.field == "name"


def test_a_text_of_invisible_sentences_is_no_aspect():
    assert list(findings(need(problem="Late.", population="\u200b"), BUS)) == [Aspect.PROBLEM]


def test_what_is_for_another_condition_is_never_a_met_problem():
    asthma, copd = "RESPIRATORY_CONDITIONS_ASTHMA", "RESPIRATORY_CONDITIONS_CHRONIC_OBSTRUCTIVE_PULMONARY_DISEASE"
    asking = need(problem="Nurses have no time for inhaler training.", codes={Facet.CONDITIONS: {asthma}})
    same = "Nurses have no time for inhaler training."

    alike = findings(asking, innovation(description=same, codes={Facet.CONDITIONS: {asthma}}))
    other = findings(asking, innovation(description=same, codes={Facet.CONDITIONS: {copd}}))

    assert (alike[Aspect.PROBLEM].verdict, alike[Aspect.CONDITIONS].verdict) == (Verdict.MET, Verdict.MET)
    assert (other[Aspect.PROBLEM].verdict, other[Aspect.CONDITIONS].verdict) == (Verdict.PARTLY, Verdict.GAP)


def test_people_told_by_a_condition_that_both_are_coded_for_are_no_gap():
    diabetes = {Facet.CONDITIONS: {"DIABETES_AND_OTHER_ENDOCRINAL_NUTRITIONAL_AND_METABOLIC_CONDITIONS_DIABETES"}}
    asking = need(problem="Late.", population="People with type 2 diabetes", codes=diabetes)
    offering = innovation(description="Lens.", eligibility="Travellers who fly", codes=diabetes)

    assert findings(asking, offering)[Aspect.POPULATION].verdict is Verdict.PARTLY
    assert findings(asking, innovation(description="Lens.", eligibility="Travellers who fly"))[Aspect.POPULATION].verdict is Verdict.GAP


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
