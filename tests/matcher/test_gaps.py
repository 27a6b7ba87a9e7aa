import re
from itertools import product

import pytest

from matcher.gaps import gap_report
from matcher.types import Aspect, Criterion, CriterionKind, Finding, Quote, Verdict

TEXT_ASPECTS = (Aspect.PROBLEM, Aspect.POPULATION, Aspect.OUTCOME, Aspect.SETTING, Aspect.CONDITIONS)
LONGEST_SENTENCE = 18  # words
READING_AGE = 12.0  # years


def finding(aspect=None, verdict=Verdict.GAP, *, criterion=None, quote="", missing="Missing.") -> Finding:
    return Finding(
        aspect=aspect,
        criterion=criterion,
        verdict=verdict,
        need_quote=Quote("problem", 0, len(quote), quote) if quote else None,
        innovation_quote=None,
        missing="" if verdict is Verdict.MET else missing,
    )


def must(kind, verdict, value="") -> Finding:
    return finding(None, verdict, criterion=Criterion(kind, value))


def test_what_is_ruled_out_comes_first_and_what_is_met_is_no_step():
    found = gap_report(
        [
            finding(Aspect.PROBLEM, Verdict.PARTLY, quote="Waits are long."),
            finding(Aspect.POPULATION, Verdict.MET),
            finding(Aspect.OUTCOME, Verdict.UNKNOWN),
            finding(Aspect.SETTING, Verdict.GAP, missing="Not named: Primary care."),
            must(CriterionKind.DTAC, Verdict.GAP),
            must(CriterionKind.NO_SMARTPHONE, Verdict.EXCLUDED),
            must(CriterionKind.UKCA_CE, Verdict.MET),
        ]
    )

    assert found.fits == ("The people", "It must carry a UKCA or CE mark")
    assert [(step.about, step.must_have) for step in found.steps] == [
        ("It must work without a smartphone", True),
        ("It must meet the DTAC rules for digital tools", True),
        ("Where care is given", False),
        ("What better looks like", False),
        ("The problem", False),
    ]
    assert found.steps[2].now == "You name other places of care. Not named: Primary care."
    assert found.steps[4].asked == "Waits are long."


def test_of_a_pair_that_fits_wholly_no_step_is_left():
    assert gap_report([finding(Aspect.PROBLEM, Verdict.MET)]).steps == ()


@pytest.mark.parametrize(
    ("kind", "value", "about"),
    [
        (CriterionKind.CARE_SETTING, "PRIMARY_CARE", "It must be used here: Primary care"),
        (CriterionKind.MINIMUM_STAGE, "ADOPTION", "It must have come this far: adoption"),
        (CriterionKind.INTEGRATES_WITH, "SystmOne", "It must work with SystmOne"),
        (CriterionKind.OTHER, "Offered in {Urdu}", "Offered in {Urdu}"),
    ],
)
def test_a_must_have_is_told_as_it_is_asked_for(kind, value, about):
    assert gap_report([must(kind, Verdict.UNKNOWN, value)]).steps[0].about == about


def test_every_step_is_told_in_short_plain_sentences():
    aspects = [
        finding(aspect, verdict, missing="") for aspect, verdict in product(TEXT_ASPECTS, (Verdict.GAP, Verdict.UNKNOWN, Verdict.PARTLY))
    ]
    musts = [must(kind, verdict) for kind, verdict in product(CriterionKind, set(Verdict) - {Verdict.MET})]

    for step in gap_report([*aspects, *musts]).steps:
        said = f"{step.now} {step.next}"
        sentences = [re.findall(r"[\w’'-]+", each) for each in re.split(r"[.!?]\s*", said) if each]
        assert max(map(len, sentences)) <= LONGEST_SENTENCE, said
        assert reading_age(sentences) <= READING_AGE, said


def reading_age(sentences: list[list[str]]) -> float:
    """Years of age by the grade of Flesch and Kincaid, syllables counted by their vowels."""
    words = [word for sentence in sentences for word in sentence]
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e\b", "", word.lower())))) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59 + 5
