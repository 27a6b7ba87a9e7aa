"""Why and why not: a verdict on each aspect and must-have of a need, with the words of both texts that carry it."""

from collections.abc import Iterator

from matcher import aspects, facets
from matcher.aspects import Answer
from matcher.clauses import clauses
from matcher.criteria import assess, speaking_of
from matcher.pairing import Prepared, similarities
from matcher.types import Aspect, Criterion, CriterionKind, Facet, Finding, Quote, Verdict
from matcher.vocabulary import Vocabulary, coverage

_TEXT_ASPECTS = {
    Aspect.PROBLEM: frozenset({Aspect.TITLE, Aspect.PROBLEM}),  # a title says the problem in short
    Aspect.POPULATION: frozenset({Aspect.POPULATION}),
    Aspect.OUTCOME: frozenset({Aspect.OUTCOME}),
}
_CODE_ASPECTS = ((Aspect.SETTING, Facet.CARE_SETTINGS), (Aspect.CONDITIONS, Facet.CONDITIONS))
_MISSING = {
    Aspect.PROBLEM: "Say which part of this problem it takes on, and how.",
    Aspect.POPULATION: "Say for whom it is, and whether these people are among them.",
    Aspect.OUTCOME: "Say what changes where it is used, and by how much.",
}


def explain(need: Prepared, innovation: Prepared, *, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Give the findings on every aspect that the need speaks of, then on each must-have, in the need's order."""
    coded = [facets.finding(aspect, facet, need, innovation, vocabulary) for aspect, facet in _CODE_ASPECTS if facets.asked(facet, need)]
    by_condition = next((found.verdict for found in coded if found.aspect is Aspect.CONDITIONS), None)
    findings = [*_text_findings(need, innovation, vocabulary, by_condition), *coded]
    return (*findings, *(_criterion_finding(criterion, need, innovation) for criterion in need.document.criteria))


def _text_findings(need: Prepared, innovation: Prepared, vocabulary: Vocabulary, by_condition: Verdict | None) -> Iterator[Finding]:
    """The verdicts by words; what the conditions say is not contradicted by what is said of problem and population."""
    cosines = similarities(need, innovation)
    for aspect, speaking in _TEXT_ASPECTS.items():
        own = _asked(need, innovation, speaking, vocabulary)
        if own is None:
            continue
        if aspect is Aspect.PROBLEM:
            answer = aspects.problem(need, innovation, cosines, vocabulary, other_condition=by_condition is Verdict.GAP)
        elif aspect is Aspect.POPULATION:
            answer = aspects.population(need, innovation, cosines, vocabulary, same_condition=by_condition is Verdict.MET)
        else:
            answer = aspects.outcome(need, innovation, cosines, vocabulary)
        yield _text_finding(aspect, answer, own)


def _text_finding(aspect: Aspect, answer: Answer, own: Quote) -> Finding:
    return Finding(
        aspect=aspect,
        criterion=None,
        verdict=answer.verdict,
        need_quote=own,
        innovation_quote=answer.quote,
        missing="" if answer.verdict is Verdict.MET else _MISSING[aspect],
    )


def _asked(need: Prepared, innovation: Prepared, speaking: frozenset[Aspect], vocabulary: Vocabulary) -> Quote | None:
    """The clause of the need on an aspect that the innovation shares most words with; a title only where nothing else is said."""
    told = [clause for clause in clauses(need, vocabulary) if clause.aspect in speaking]
    prose = [clause for clause in told if clause.aspect is not Aspect.TITLE]
    return max(prose or told, key=lambda clause: coverage(clause.words, innovation.words)).quote if told else None


def _criterion_finding(criterion: Criterion, need: Prepared, innovation: Prepared) -> Finding:
    found = assess(criterion, innovation.document)
    spoken = criterion.kind in {CriterionKind.OTHER, CriterionKind.STAFF_LEARNING, CriterionKind.PATIENT_LEARNING}
    return Finding(
        aspect=None,
        criterion=criterion,
        verdict=found.verdict,
        need_quote=speaking_of(criterion.value, need.document) if spoken else None,
        innovation_quote=found.quote,
        missing=found.missing,
    )
