"""Where care is given and for which conditions: the verdict by codes that people chose, or else by the words that name them.

Chosen codes rule: where a side has any, its words decide nothing, and a finding quotes no words that say otherwise.
"""

from collections.abc import Mapping
from functools import lru_cache

from matcher.clauses import KEPT, Clause, clauses
from matcher.codes import chosen, label
from matcher.criteria import codes_verdict
from matcher.naming import named_codes
from matcher.pairing import Prepared
from matcher.types import Aspect, Facet, Finding, Quote, Verdict
from matcher.vocabulary import Vocabulary


def asked(facet: Facet, need: Prepared) -> frozenset[str]:
    """The codes that a need asks for: those that people chose, or else those that its words name."""
    return chosen(need.document, facet) or frozenset(_named(facet, need))


def finding(aspect: Aspect, facet: Facet, need: Prepared, innovation: Prepared, vocabulary: Vocabulary) -> Finding:
    """The verdict on one facet that the need asks for."""
    wanted, named = asked(facet, need), _named(facet, innovation)
    given = chosen(innovation.document, facet) or frozenset(named)
    verdict = codes_verdict(facet, wanted, given)
    both = sorted(wanted & given)
    return Finding(
        aspect=aspect,
        criterion=None,
        verdict=verdict,
        need_quote=_quoted(both or sorted(wanted), _named(facet, need), need, vocabulary),
        innovation_quote=_quoted(both or sorted(given), named, innovation, vocabulary),
        missing="" if verdict is Verdict.MET else _missing(facet, wanted - given, unsaid=wanted & (frozenset(named) - given)),
    )


def _missing(facet: Facet, absent: frozenset[str], *, unsaid: frozenset[str]) -> str:
    """What would change the verdict; words that name what the codes leave out are a reason to look at the codes."""
    said = f"Not named: {_labels(facet, absent)}."
    return f"{said} The words speak of this, the codes do not: {_labels(facet, unsaid)}." if unsaid else said


def _labels(facet: Facet, codes: frozenset[str]) -> str:
    return "; ".join(sorted(label(facet, code) for code in codes))


@lru_cache(maxsize=2 * KEPT)
def _named(facet: Facet, prepared: Prepared) -> Mapping[str, Quote]:
    """The codes that the words of a document name, each with the first words that do."""
    return named_codes(facet, prepared.document)


def _quoted(codes: list[str], named: Mapping[str, Quote], prepared: Prepared, vocabulary: Vocabulary) -> Quote | None:
    """The clause that names the first of these codes that words name at all; the words alone where a clause was cut in them."""
    words = next((named[code] for code in codes if code in named), None)
    if words is None:
        return None
    return next((each.quote for each in clauses(prepared, vocabulary) if _holds(each, words)), words)


def _holds(clause: Clause, words: Quote) -> bool:
    return clause.quote.field == words.field and clause.quote.start <= words.start and words.end <= clause.quote.end
