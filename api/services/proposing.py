"""searchable -> ranked -> proposed: matches are computed on demand; those worth a look are stored for the Hub."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import calling, choosing
from api.services.content import InnovationContent, NeedContent
from api.services.intake import Content
from api.services.library import Libraries, View
from api.services.reading import document_of, unread_of
from api.services.recording import record
from matcher.embedding import encode_document
from matcher.gaps import gap_report
from matcher.text import Readability as ReadableText
from matcher.text import document_readability
from matcher.types import Document, EncodedDocument, Flag, Judgement, Ranking
from models.actors import SYSTEM, Actor
from models.base import DomainError
from models.documents import Readability, Side
from models.events import Event
from models.innovations import Innovation
from models.needs import Need, NeedCriterion
from models.proposals import Band, Proposal, ProposalState
from models.queries import documents, events, joint_needs, ranker_versions
from models.queries import proposals as proposal_rows
from models.runs import RankingRun


class NothingToRank(DomainError):
    """The text says nothing that can be matched."""


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate with the judgement of the pair; computed, not stored."""

    document: Need | Innovation
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Matches:
    """The ranked answer to one query; `candidate_count` documents were open to the asker."""

    query_side: Side
    query_id: UUID | None
    ranker: str
    nothing_fits: bool
    candidate_count: int
    matches: Sequence[Match]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A stored document ranked by the service itself, ready to be proposed if nothing changed meanwhile."""

    side: Side
    document_id: UUID
    revision: int
    revisions: dict[UUID, int]
    ranking: Ranking
    ranker_hash: str
    ranker_version_id: UUID | None
    encoder_id: str
    position: int
    candidate_count: int
    mates: "tuple[Ranked, ...]" = ()  # the other needs of its joint need


def matches_of(
    session: Session, libraries: Libraries, side: Side, document_id: UUID, *, actor: Actor, limit: int = 20, view: View | None = None
) -> Matches:
    """Rank the other side for a stored document; a draft is ranked too, before those who may read it.

    Who ranks for several documents at once opens the `view` of the other side before this actor once and hands it to each.
    """
    row = documents.get(session, side, document_id, actor)
    must_be_readable(row)
    query = encoded_of(session, libraries, side, row)
    return _ranked(session, libraries, query, side=side, query_id=row.id, actor=actor, limit=limit, view=view)


def matches_of_text(session: Session, libraries: Libraries, side: Side, content: Content, *, actor: Actor, limit: int = 20) -> Matches:
    """Rank the other side for a text that is not stored, and is not stored by asking."""
    query = encoded_of_text(libraries, side, content)
    return _ranked(session, libraries, query, side=side, query_id=None, actor=actor, limit=limit)


def match_with(session: Session, libraries: Libraries, offer: InnovationContent | Innovation, need: Need) -> Match:
    """How an innovation, stored or not, stands to one need that its asker may read, however weak; raises NothingToRank."""
    if isinstance(offer, Innovation):
        must_be_readable(offer)
        encoded = encoded_of(session, libraries, Side.INNOVATION, offer)
    else:
        encoded = encoded_of_text(libraries, Side.INNOVATION, offer)
    must_be_readable(need)
    return Match(need, libraries.ranker_for(session).judge(encoded_of(session, libraries, Side.NEED, need), encoded))


def unread_of_text(side: Side, content: Content) -> Mapping[str, int]:
    """The characters at the end of each field of a text that is not stored that the matching would not read."""
    return unread_of(_unstored(side, content))


def must_be_readable(row: Need | Innovation) -> None:
    """Refuse what says nothing that can be matched; raises NothingToRank."""
    if row.readability is not Readability.READABLE:
        raise NothingToRank(f"The text of this {row.side} is {row.readability.replace('_', ' ')}. Write what it is about in plain English.")


def document_of_text(side: Side, content: Content) -> Document:
    """A text that is not stored, as the matching reads stored ones."""
    row: Any = _unstored(side, content)
    return document_of("unstored", side, row.content())


def encoded_of_text(libraries: Libraries, side: Side, content: Content) -> EncodedDocument:
    """A text that is not stored, read and encoded by the same rules as stored ones; raises NothingToRank."""
    document = document_of_text(side, content)
    if not any(text.strip() for name, text in document.fields.items() if name not in {"title", "name"}):
        raise NothingToRank("Say more than a name: what goes wrong, for whom, and what would be better.")
    if document_readability(document) is not ReadableText.READABLE:
        raise NothingToRank("The text says nothing that can be read. Write in plain English.")
    return encode_document(document, libraries.encoder)


def rank(session: Session, libraries: Libraries, side: Side, document_id: UUID, *, limit: int) -> Ranked | None:
    """Rank a stored, embedded document over all that is searchable; None when it is not ready. Writes nothing.

    Needs that are one joint need are ranked together, so that what answers several of them is proposed once.
    """
    row = documents.find(session, side, document_id)
    if row is None or not _is_ready(row, libraries):
        return None
    view = libraries.view(session, side.other, SYSTEM)
    ranked = _ranked_alone(session, libraries, view, row, limit)
    if side is Side.INNOVATION:
        return ranked
    mates = [need for need in joint_needs.together(session, row.id) if need.id != row.id and _is_ready(need, libraries)]
    return replace(ranked, mates=tuple(_ranked_alone(session, libraries, view, need, limit) for need in mates))


def _is_ready(row: Any, libraries: Libraries) -> bool:  # noqa: ANN401 -- Need or Innovation
    return bool(row.searchable and row.embedded_revision == row.revision and row.embedded_encoder == libraries.encoder.id)


def _ranked_alone(session: Session, libraries: Libraries, view: View, row: Any, limit: int) -> Ranked:  # noqa: ANN401 -- Need or Innovation
    side: Side = row.side
    ranker = libraries.ranker_for(session)
    ranking = ranker.rank(encoded_of(session, libraries, side, row), view, limit=limit, weak=False)
    return Ranked(
        side=side,
        document_id=row.id,
        revision=row.revision,
        revisions=documents.revisions(session, side.other, [_candidate_id(each, side) for each in ranking.judgements]),
        ranking=ranking,
        ranker_hash=ranker.id,
        ranker_version_id=ranker_versions.active_id(session),
        encoder_id=libraries.encoder.id,
        position=events.head(session)[0],
        candidate_count=len(view.allowed),
    )


def propose(session: Session, ranked: Ranked, *, at: datetime) -> RankingRun | None:
    """Store the run and put its matches at or above *possible* before the Hub; None when text or ranker changed meanwhile.

    A pair that is decided stays decided unless one of its texts changed since; a pair that is open is replaced by
    its newer judgement, so that one proposal of a pair is in force, and one of a joint need and an innovation. What is open
    by the judgement of another ranker gives way to this one.
    """
    rows, present = _locked(session, ranked)
    if not _is_as_ranked(rows.get(ranked.document_id), ranked):
        return None
    if ranked.ranker_version_id != ranker_versions.active_id(session):
        return None  # another ranker judges since, by which a ranking is owed
    current = [each for each in (ranked, *ranked.mates) if _is_as_ranked(rows.get(each.document_id), each)]
    runs = {each.document_id: _run_of(each, at) for each in current}
    session.add_all(runs.values())
    session.flush()
    for each in current:
        for outdated in proposal_rows.outdated_of(session, each.side, each.document_id, each.revision):
            outdated.lapse()
        for older in proposal_rows.open_by_another(session, each.side, each.document_id, each.ranker_hash):
            older.lapse()
    session.flush()
    judged = [proposal for each in current for proposal in _judged(each, runs[each.document_id], present)]
    stored = choosing.put_forward(session, judged)
    for each in current:
        rows[each.document_id].proposed_revision = each.revision
        run = runs[each.document_id]
        record(session, _completed(run, each.document_id, sum(proposal.run_id == run.id for proposal in stored), at), at=at)
    session.flush()
    calling.notice(session, stored, at=at)
    return runs[ranked.document_id]


def _is_as_ranked(row: Any, ranked: Ranked) -> bool:  # noqa: ANN401 -- Need, Innovation or None
    return row is not None and row.revision == ranked.revision and row.searchable


def _completed(run: RankingRun, query_id: UUID, stored: int, at: datetime) -> Event:
    return Event.of(
        "ranking.completed",
        subject_kind="ranking_run",
        subject_id=run.id,
        actor=SYSTEM.name,
        at=at,
        query=str(query_id),
        proposals=stored,
        nothing_fits=run.nothing_fits,
    )


def _locked(session: Session, ranked: Ranked) -> tuple[dict[UUID, Any], dict[UUID, int]]:
    """What was ranked, and the present revisions of those of its candidates that may still be ranked, all locked.

    Innovations before needs, and both before proposals, whoever asks for whom: who rank or withdraw the two sides of a
    pair at once wait for each other, and never in a ring. Needs that are one are locked together, in the order of their
    ids, so that none joins or leaves meanwhile.
    """
    candidates = {_candidate_id(judgement, ranked.side) for each in (ranked, *ranked.mates) for judgement in each.ranking.judgements}
    if ranked.side is Side.INNOVATION:
        row = documents.one_for_update(session, Side.INNOVATION, ranked.document_id)
        return {ranked.document_id: row}, documents.lock_searchable(session, Side.NEED, joint_needs.with_mates(session, candidates))
    present = documents.lock_searchable(session, Side.INNOVATION, candidates)
    asking = joint_needs.with_mates(session, [each.document_id for each in (ranked, *ranked.mates)])
    return {each: documents.one_for_update(session, Side.NEED, each) for each in sorted(asking)}, present


def _judged(ranked: Ranked, run: RankingRun, present: Mapping[UUID, int]) -> Iterator[Proposal]:
    """The judgements worth a look; a candidate that changed since is left to its own run, which is owed."""
    for place, judgement in enumerate(ranked.ranking.judgements, start=1):
        candidate_id = _candidate_id(judgement, ranked.side)
        if candidate_id in present and present[candidate_id] == ranked.revisions.get(candidate_id):
            yield _proposal(judgement, run, ranked, place=place, candidate_revision=present[candidate_id])


def _proposal(judgement: Judgement, run: RankingRun, ranked: Ranked, *, place: int, candidate_revision: int) -> Proposal:
    asks = ranked.side is Side.NEED
    return Proposal(
        run_id=run.id,
        need_id=UUID(judgement.need_id),
        innovation_id=UUID(judgement.innovation_id),
        need_revision=ranked.revision if asks else candidate_revision,
        innovation_revision=candidate_revision if asks else ranked.revision,
        rank=place,
        probability=judgement.probability,
        band=Band(judgement.band.value),
        features=list(judgement.features),
        findings=findings_as_json(judgement),
        flags=flags_as_json(judgement.flags),
        state=ProposalState.OPEN,
        created_at=run.created_at,
    )


def findings_as_json(judgement: Judgement) -> list[dict[str, Any]]:
    """The findings as stored and shown: aspect or must-have, verdict, quoted words of both texts, what is missing."""
    return [
        {
            "aspect": finding.aspect.value if finding.aspect else None,
            "criterion": {"kind": finding.criterion.kind.value, "value": finding.criterion.value} if finding.criterion else None,
            "verdict": finding.verdict.value,
            "need_quote": asdict(finding.need_quote) if finding.need_quote else None,
            "innovation_quote": asdict(finding.innovation_quote) if finding.innovation_quote else None,
            "missing": finding.missing,
        }
        for finding in judgement.findings
    ]


def flags_as_json(flags: Iterable[Flag]) -> list[dict[str, Any]]:
    """Flags as stored and shown: kind, plain sentence, and the words that carry it, if any do."""
    return [
        {
            "kind": flag.kind.value,
            "says": flag.says,
            "field": flag.quote.field if flag.quote else None,
            "start": flag.quote.start if flag.quote else None,
            "end": flag.quote.end if flag.quote else None,
            "text": flag.quote.text if flag.quote else "",
        }
        for flag in flags
    ]


def gap_report_as_json(judgement: Judgement) -> dict[str, Any]:
    """What would change the verdicts of a pair, for whoever offers the innovation: what fits, and the steps that are left."""
    return asdict(gap_report(judgement.findings))


def _run_of(ranked: Ranked, at: datetime) -> RankingRun:
    return RankingRun(
        query_side=ranked.side,
        need_id=ranked.document_id if ranked.side is Side.NEED else None,
        innovation_id=ranked.document_id if ranked.side is Side.INNOVATION else None,
        query_revision=ranked.revision,
        ranker=ranked.ranking.ranker,
        ranker_hash=ranked.ranker_hash,
        encoder_id=ranked.encoder_id,
        event_position=ranked.position,
        candidate_count=ranked.candidate_count,
        best_probability=ranked.ranking.best,
        nothing_fits=ranked.ranking.nothing_fits,
        created_at=at,
    )


def _ranked(
    session: Session,
    libraries: Libraries,
    query: EncodedDocument,
    *,
    side: Side,
    query_id: UUID | None,
    actor: Actor,
    limit: int,
    view: View | None = None,
) -> Matches:
    view = view or libraries.view(session, side.other, actor)
    ranking = libraries.ranker_for(session).rank(query, view, limit=limit)
    rows = documents.of_ids(session, side.other, [_candidate_id(each, side) for each in ranking.judgements], actor)
    matches = [Match(rows[_candidate_id(each, side)], each) for each in ranking.judgements if _candidate_id(each, side) in rows]
    return Matches(side, query_id, ranking.ranker, ranking.nothing_fits, len(view.allowed), matches)


def _candidate_id(judgement: Judgement, query_side: Side) -> UUID:
    return UUID(judgement.innovation_id if query_side is Side.NEED else judgement.need_id)


def encoded_of(session: Session, libraries: Libraries, side: Side, row: Any) -> EncodedDocument:  # noqa: ANN401 -- Need or Innovation
    """As it is held or stored, when that is of the present text, else encoded now, so that nobody waits for a job."""
    if row.searchable:
        known = libraries.held(session, side, row.id) or libraries.encoded(session, side, [str(row.id)]).get(str(row.id))
        if known is not None:
            return known
    return libraries.encode(document_of(str(row.id), side, row.content()))


def _unstored(side: Side, content: Content) -> Need | Innovation:
    """A row that is never added to a session, so that unstored text is read by the same rules as stored text."""
    table = Need if side is Side.NEED else Innovation
    columns = set(table.__mapper__.column_attrs.keys())
    values = {name: value for name, value in content.model_dump().items() if name in columns}
    row = table(**values)
    if isinstance(content, NeedContent) and isinstance(row, Need):
        row.criteria = [NeedCriterion(position=n, kind=item.kind, value=item.value) for n, item in enumerate(content.criteria)]
    return row
