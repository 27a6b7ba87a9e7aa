"""Matches as people read them: bands and verdicts in words, never numbers, with the words that carry them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.pages import records, wording
from api.services import proposing
from api.services.library import Libraries, RankingUnavailable
from api.services.proposing import Match, NothingToRank
from models.actors import Actor
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need
from models.policies import MATCH_READ_FLAGS, PROPOSAL_DECIDE
from models.proposals import Band, Proposal, ProposalState
from models.queries import proposals

SHOWN_FIRST: Final = 5
RANKED: Final = 10
ALL_PLACES: Final = 5
EVERYWHERE: Final = "All five places"
_TELLING: Final = ("met", "partly", "gap", "excluded", "unknown")  # which finding's words stand on the card itself


@dataclass(frozen=True, slots=True)
class FindingShown:
    """The verdict on one aspect or must-have, in words, with the words quoted from both texts."""

    label: str
    must_have: bool
    verdict: tuple[str, str]
    need_quote: str = ""
    innovation_quote: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class FlagShown:
    """What staff should look at: what it is about, a plain sentence, and the words that say so, if any do."""

    kind: str
    says: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One match on the page of the document that asked; `gaps` tells an innovator what would change the verdicts."""

    name: str
    href: str
    about: str
    band: tuple[str, str]
    findings: Sequence[FindingShown]
    lead: FindingShown | None
    gaps: Mapping[str, Any] | None = None
    flags: Sequence[FlagShown] = ()
    state: tuple[str, str] | None = None
    proposal: str = ""
    proposal_text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a document's page says of its matches; `unavailable` or `nothing_to_rank` say why there are none."""

    first: Sequence[Card] = ()
    more: Sequence[Card] = ()
    weak: Sequence[Card] = ()
    nothing_fits: bool = False
    compared: int = 0
    unavailable: str = ""
    nothing_to_rank: str = ""
    asked: bool = field(default=True)


_ADVICE_BEGINS: Final = {"Ask what exactly ": "It leaves open what exactly ", "Say ": "It does not say "}
_ADVICE_ENDS: Final = {
    "; offer a way without one.": ".",
    "; say whether it works with it today.": ", and does not say whether it works with it today.",
    " must learn; the words leave it open.": " must learn.",
    "; ask whether they mean the same.": ", and may not mean the same.",
}
"""What is missing is told to whoever offers it; how it begins and ends is turned for others, a need's own words between never."""
NOT_ASKED: Final = Answer(asked=False)


def findings_shown(findings: Iterable[Mapping[str, Any]]) -> list[FindingShown]:
    """Stored findings in words, in their own order."""
    return [_finding(row) for row in findings]


def to_readers(finding: FindingShown) -> FindingShown:
    """The same for those who do not offer it: what is missing, and no advice on what to write."""
    missing = finding.missing
    for begins, told in _ADVICE_BEGINS.items():
        if missing.startswith(begins):
            missing = told + missing.removeprefix(begins)
    for ends, told in _ADVICE_ENDS.items():
        if missing.endswith(ends):
            missing = missing.removesuffix(ends) + told
    return replace(finding, missing=missing)


def flags_shown(flags: Iterable[Mapping[str, Any] | str], actor: Actor) -> list[FlagShown]:
    """Stored flags in words, before those who may read them; one of an old proposal is a single word."""
    if not MATCH_READ_FLAGS.admits(actor):
        return []
    return [
        FlagShown(wording.flag_kind(row)) if isinstance(row, str) else FlagShown(wording.flag_kind(row["kind"]), row["says"], row["text"])
        for row in flags
    ]


def answer(session: Session, libraries: Libraries, document: Need | Innovation, *, actor: Actor) -> Answer:
    """Rank for a document before this actor; a ranking that cannot be had is told, never made up."""
    try:
        found = proposing.matches_of(session, libraries, document.side, document.id, actor=actor, limit=RANKED)
    except RankingUnavailable:  # its own words are for the operator and name files of the server
        return Answer(
            unavailable="A part of the service is missing. The people who run it can see what to do with the command “matching doctor”."
        )
    except NothingToRank as error:
        return Answer(nothing_to_rank=wording.READABILITIES.get(document.readability, error.message))
    stored = _stored(session, document, actor)
    cards = [_card(match, document.side.other, stored.get(match.document.id), actor) for match in found.matches]
    worth = [card for card, match in zip(cards, found.matches, strict=True) if match.judgement.band.value != Band.WEAK]
    weak = [card for card, match in zip(cards, found.matches, strict=True) if match.judgement.band.value == Band.WEAK]
    return Answer(
        first=worth[:SHOWN_FIRST],
        more=worth[SHOWN_FIRST:],
        weak=weak[:SHOWN_FIRST],
        nothing_fits=found.nothing_fits,
        compared=found.candidate_count,
    )


def standing(session: Session, libraries: Libraries, row: Innovation, need: Need, actor: Actor) -> dict[str, Any]:
    """How an innovation stands to the need that it was offered for, however weak; or `why` that cannot be said."""
    if row.held:
        return {"match": None, "why": "Nobody has agreed yet that we may look for matches."}
    try:
        found = proposing.match_with(session, libraries, row, need)
    except RankingUnavailable:
        return {"match": None, "why": "Try again in a few minutes."}
    except NothingToRank as error:
        return {"match": None, "why": wording.READABILITIES.get(row.readability, error.message)}
    return {"match": _card(found, Side.NEED, None, actor), "why": ""}


def _stored(session: Session, document: Need | Innovation, actor: Actor) -> dict[UUID, Proposal]:
    """The Hub's proposals of this document, by the document on the other side."""
    if not PROPOSAL_DECIDE.admits(actor):
        return {}
    if document.side is Side.NEED:
        return {row.innovation_id: row for row in proposals.of_document(session, actor, need_id=document.id)}
    return {row.need_id: row for row in proposals.of_document(session, actor, innovation_id=document.id)}


def _card(match: Match, side: Side, stored: Proposal | None, actor: Actor) -> Card:
    findings = findings_shown(proposing.findings_as_json(match.judgement))
    return Card(
        name=match.document.name_shown,
        href=f"/{side}s/{match.document.id}",
        about=about(match.document),
        band=wording.BANDS[match.judgement.band.value],
        findings=findings,
        lead=leading(findings),
        gaps=None if actor.is_partner else proposing.gap_report_as_json(match.judgement),
        flags=flags_shown(proposing.flags_as_json(match.judgement.flags), actor),
        state=wording.PROPOSAL_STATES[stored.state] if stored else None,
        proposal=f"/proposals/{stored.id}" if stored else "",
        proposal_text="Decide on this match" if stored and stored.state is ProposalState.OPEN else "See the decision",
    )


def innovation_card(match: Match, actor: Actor) -> Card:
    """One innovation that may answer a need, without what the Hub decides of it."""
    return _card(match, Side.INNOVATION, None, actor)


def leading(findings: Sequence[FindingShown]) -> FindingShown | None:
    """The finding whose words say most: quoted from both texts, and rather met than not."""
    order = {wording.VERDICTS[name]: place for place, name in enumerate(_TELLING)}
    quoted = [row for row in findings if row.need_quote and row.innovation_quote]
    return min(quoted, key=lambda row: order[row.verdict], default=None)


def must_haves(findings: Sequence[FindingShown]) -> str:
    """How the must-haves stand, in one line: 3 met, 1 not known; empty when there are none."""
    counted = Counter(row.verdict[0].lower() for row in findings if row.must_have)
    return ", ".join(f"{counted[word.lower()]} {word.lower()}" for word, _ in wording.VERDICTS.values() if word.lower() in counted)


def about(document: Need | Innovation) -> str:
    """One line under the name: for a need its places, for an innovation who offers it and how far it has come."""
    if isinstance(document, Need):
        everywhere = len(document.places) == ALL_PLACES
        parts = [EVERYWHERE if everywhere else ", ".join(place.name for place in document.places), document.theme or ""]
    else:
        stage = records.stage_in_words(document)
        parts = [document.supplier.name if document.supplier else "", f"Stage: {stage}" if stage else ""]
    return " · ".join(part for part in parts if part)


def _finding(row: Mapping[str, Any]) -> FindingShown:
    must_have = row.get("criterion")
    return FindingShown(
        label=wording.criterion(must_have) if must_have else wording.ASPECTS[row["aspect"]],
        must_have=bool(must_have),
        verdict=wording.VERDICTS[row["verdict"]],
        need_quote=(row.get("need_quote") or {}).get("text", ""),
        innovation_quote=(row.get("innovation_quote") or {}).get("text", ""),
        missing=row.get("missing", ""),
    )
