"""Innovators see the open needs that what they offer may answer, with what is missing, and nothing of what others offer."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.letters import findings_of
from api.services.library import Libraries
from api.services.proposing import matches_of
from matcher.gaps import gap_report
from matcher.types import Band as MatcherBand
from matcher.types import Finding
from models.actors import Actor
from models.calls import Call
from models.documents import Readability, Side
from models.innovations import Innovation
from models.needs import Need
from models.proposals import Band
from models.queries import calls, own_needs
from models.queries.pages import Page

_SHOWN: Final = 20  # needs of one text that was not ranked yet


@dataclass(frozen=True, slots=True)
class Concern:
    """An open need that an innovation may answer; `gaps` is what fits and the steps that are left."""

    need: Need
    band: Band
    gaps: dict[str, Any]
    call: Call | None


@dataclass(frozen=True, slots=True)
class Offer:
    """One's own innovation and the needs that it may answer, best first."""

    innovation: Innovation
    needs: Sequence[Concern]


def needs_for(session: Session, libraries: Libraries, *, actor: Actor, after: str | None, limit: int) -> Page[Offer]:
    """What the actor offers with the needs for it: as they were proposed, and for a draft as they are found now.

    Raises RankingUnavailable when something is to be found now and the matching is not there.
    """
    page = own_needs.offered_by(session, actor, after=after, limit=limit)
    ranked = {row.id for row in page.rows if row.searchable and row.proposed_revision == row.revision}
    found: dict[UUID, list[tuple[Need, Band, Iterable[Finding]]]] = {row.id: [] for row in page.rows}
    for proposal in own_needs.proposals_for(session, ranked, actor):
        found[proposal.innovation_id].append((proposal.need, proposal.band, findings_of(proposal.findings)))
    for row in page.rows:
        if row.id not in ranked and row.readability is Readability.READABLE:
            found[row.id] = _found_now(session, libraries, row, actor)
    asked = calls.open_for(session, {need.id for each in found.values() for need, _, _ in each})
    shown = [
        Offer(row, [Concern(need, band, asdict(gap_report(findings)), asked.get(need.id)) for need, band, findings in found[row.id]])
        for row in page.rows
    ]
    return Page(rows=shown, following=page.following)


def _found_now(session: Session, libraries: Libraries, row: Innovation, actor: Actor) -> list[tuple[Need, Band, Iterable[Finding]]]:
    matches = matches_of(session, libraries, Side.INNOVATION, row.id, actor=actor, limit=_SHOWN).matches
    return [
        (match.document, Band(match.judgement.band.value), match.judgement.findings)
        for match in matches
        if match.judgement.band is not MatcherBand.WEAK and isinstance(match.document, Need)
    ]
