"""Open needs as innovators are shown them: what fits, what is missing, and the call that is out for answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from api.pages import wording
from api.pages.matches import FindingShown, about, findings_shown
from api.services import proposing
from api.services.own_needs import Concern
from api.services.proposing import Match, Matches
from models.calls import Call
from models.needs import Need
from models.proposals import Band

SHOWN_FIRST: Final = 5


@dataclass(frozen=True, slots=True)
class ConcernShown:
    """One need that an offer may answer, in words; `gaps` is what fits and the steps that are left."""

    name: str
    href: str
    about: str
    band: tuple[str, str]
    gaps: Mapping[str, Any]
    call: str
    closes_on: Any
    findings: Sequence[FindingShown] = ()
    weak: bool = False


def of_matches(found: Matches, called: Mapping[UUID, Call]) -> list[ConcernShown]:
    """The matches at or above *possible*, best first, with the words of both texts."""
    return [
        of_pair(match, called.get(match.document.id))
        for match in found.matches
        if isinstance(match.document, Need) and match.judgement.band.value != Band.WEAK
    ]


def near_misses(found: Matches, called: Mapping[UUID, Call]) -> list[ConcernShown]:
    """The nearest of those that are below *possible*, best first."""
    weak = [match for match in found.matches if isinstance(match.document, Need) and match.judgement.band.value == Band.WEAK]
    return [of_pair(match, called.get(match.document.id)) for match in weak[:SHOWN_FIRST]]


def of_pair(match: Match, call: Call | None = None) -> ConcernShown:
    """One match in words, however weak."""
    need = match.document
    if not isinstance(need, Need):
        raise TypeError("An innovation is shown the needs that it may answer.")
    return _shown(
        need,
        match.judgement.band.value,
        proposing.gap_report_as_json(match.judgement),
        call,
        findings_shown(proposing.findings_as_json(match.judgement)),
    )


def of_concern(concern: Concern) -> ConcernShown:
    """One that was proposed before, or found just now."""
    return _shown(concern.need, concern.band, concern.gaps, concern.call, ())


def _shown(need: Need, band: Band | str, gaps: Mapping[str, Any], call: Call | None, findings: Sequence[FindingShown]) -> ConcernShown:
    return ConcernShown(
        name=need.title,
        href=f"/needs/{need.id}",
        about=about(need),
        band=wording.BANDS[band],
        gaps=gaps,
        call=call.reference if call is not None else "",
        closes_on=call.closes_on if call is not None else None,
        findings=findings,
        weak=band == Band.WEAK,
    )
