import pytest

from matcher.aspects import names_people, tells_effect
from matcher.types import Aspect, Verdict
from tests.matcher.documents import encoded, innovation, need, ranker


def verdict_on(aspect: Aspect, asking, offering) -> Verdict:
    found = ranker().judge(encoded(asking), encoded(offering)).findings
    return next(finding.verdict for finding in found if finding.aspect is aspect)


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Admissions fell by a third.", True),
        ("Waits went from 140 to 79 minutes.", True),
        ("Costs £5 each.", True),
        ("18 % of visits", True),
        ("Assessments arranged sooner", True),
        ("A register of volunteers.", False),
        ("Reads 12 leads.", False),
    ],
)
def test_an_effect_is_an_amount_or_a_word_of_change(text, tells):
    assert tells_effect(text) is tells


@pytest.mark.parametrize(
    ("text", "staff", "names"),
    [
        ("Residents of care homes", False, True),
        ("People with leg wounds", False, True),
        ("App for COPD", False, True),
        ("Anyone who waits for a bed", False, True),
        ("Helps people manage", False, False),
        ("Software for hospital teams", False, False),
        ("Software for hospital teams", True, True),
        ("A register", True, False),
    ],
)
def test_people_are_named_by_kind_by_condition_or_by_what_is_said_of_them(text, staff, names):
    assert names_people(text, wants_staff=staff) is names


@pytest.mark.parametrize(
    ("asked", "eligibility", "verdict"),
    [
        ("Care-home residents", "Residents of care homes", Verdict.MET),
        ("Men with an enlarged prostate", "Enlarged prostate", Verdict.MET),
        ("Residents with dementia in care homes", "Residents of care homes with stroke", Verdict.PARTLY),
        ("People with cancer", "People with bowel cancer", Verdict.PARTLY),
        ("Frail older people", "Care homes", Verdict.PARTLY),
        ("Pregnant women", "Smokers who quit", Verdict.GAP),
        ("Divers on deep wrecks", "Divers on deep wrecks", Verdict.MET),
    ],
)
def test_people_are_compared_by_kind_and_condition_before_words(asked, eligibility, verdict):
    asking = need(problem="Late.", population=asked)

    assert verdict_on(Aspect.POPULATION, asking, innovation(description="Lens.", eligibility=eligibility)) is verdict


def test_whom_it_is_for_is_read_from_what_it_is_when_eligibility_is_not_told():
    asking = need(problem="Late.", population="Staff of trusts")

    assert verdict_on(Aspect.POPULATION, asking, innovation(description="Quality software for care providers.")) is Verdict.PARTLY
    assert verdict_on(Aspect.POPULATION, asking, innovation(name="Lens for nurses")) is Verdict.PARTLY
    assert verdict_on(Aspect.POPULATION, asking, innovation(description="A lens.")) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"benefits": "Faster assessment of wounds."}, Verdict.MET),
        ({"benefits": "Money saved on paper and parking."}, Verdict.GAP),
        ({"description": "A lens so that nurses park."}, Verdict.GAP),
        ({"description": "A lens."}, Verdict.UNKNOWN),
    ],
)
def test_an_outcome_is_held_against_effects_that_are_told(fields, verdict):
    asking = need(problem="Late.", desired_outcome="Earlier assessment of wounds", metric="Days")

    assert verdict_on(Aspect.OUTCOME, asking, innovation(**fields)) is verdict
