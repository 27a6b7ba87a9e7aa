"""Two innovations that are one are merged: the kept one stands for both, each keeps its rows, and it can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import deciding, likening, parting, triaging
from api.services.library import Libraries, RankingUnavailable
from api.services.likening import Duplicate
from api.services.proposing import NothingToRank
from api.services.reading import document_of
from api.services.recording import record
from matcher.duplicates import likenesses
from models.actors import SYSTEM, Actor
from models.documents import Readability, Side, StaleVersion
from models.events import Event
from models.innovations import SEARCHABLE_STATUSES, Innovation, InnovationStatus
from models.merges import Merge, MergeRefused
from models.policies import INNOVATION_MERGE, INNOVATION_READ_DUPLICATES, INNOVATION_READ_HISTORY
from models.proposals import Proposal, ProposalState
from models.queries import documents, merges, proposals
from models.queries.pages import Page
from models.subjects import subject_of
from models.triage import Leaving

_UNDECIDED = frozenset({ProposalState.OPEN, ProposalState.DEFERRED})
MOST_COMPARED = 200  # of one's own, latest first
_MERGEABLE = SEARCHABLE_STATUSES | {InnovationStatus.ARCHIVED}


def merge(
    session: Session,
    innovation_id: UUID,
    into_id: UUID,
    *,
    actor: Actor,
    at: datetime,
    two_organisations: bool = False,
    note: str = "",
    version: int | None = None,
) -> Merge:
    """Let one innovation stand for another too; the merged one is gone from search, queue and lists with this transaction.

    Its undecided proposals lapse; what was confirmed or rejected stays. `two_organisations` says that it is known
    that not both are the same organisation's. Raises MergeRefused, which tells why, or StaleVersion.
    """
    rows = _both(session, innovation_id, into_id, actor)
    merged, kept = rows[innovation_id], rows[into_id]
    person_id = INNOVATION_MERGE.person(actor, subject_of(merged))
    INNOVATION_MERGE.check(actor, subject_of(kept))
    _must_stand(session, merged, "This innovation")
    _must_stand(session, kept, "The other innovation")
    _must_fit(merged, kept, two_organisations=two_organisations)
    matches = proposals.of_document(session, SYSTEM, innovation_id=merged.id, lock=True)  # so that nobody decides on one meanwhile
    _must_be_announced(matches)
    _must_be_as_read(merged, version)
    row = Merge(kept_id=kept.id, merged_id=merged.id, merged_at=at, merged_by=person_id, merged_by_name=actor.shown_as, note=note)
    session.add(row)
    for each in (merged, *merges.parts(session, merged.id)):
        parting.stand_for(each, kept.id, at)
    session.flush()
    record(session, parting.event("innovation.merged", merged, actor, at, into=str(kept.id), merge=str(row.id)), at=at)
    deciding.supersede(session, [each for each in matches if each.state in _UNDECIDED], actor=actor, at=at)
    triaging.leave(session, merged.id, Leaving.MERGED, at=at)
    _tell_merged(session, row, merged, kept, at=at)
    return row


def unmerge(session: Session, innovation_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Merge:
    """Part an innovation from the one that stands for it, with all that was merged into it; it is ranked again.

    Possible as long as nothing was built on the merge; one that was withdrawn meanwhile stays so.
    Raises MergeRefused, which tells what was, or StaleVersion.
    """
    INNOVATION_MERGE.check(actor, subject_of(documents.innovation(session, innovation_id, actor)))
    row = merges.standing(session, innovation_id)
    if row is None:
        raise MergeRefused("This innovation is part of no other, so there is nothing to part.", state="apart")
    taken_along = merges.under(session, row.merged_id)
    rows = merges.lock(session, {row.merged_id, row.kept_id} | taken_along)  # whoever asks: the kept one may have been deleted since
    merged, kept = rows[row.merged_id], rows[row.kept_id]
    INNOVATION_MERGE.person(actor, subject_of(merged))
    session.refresh(row)
    row.must_stand()
    _must_bear_nothing(session, row, kept)
    _must_be_as_read(merged, version)
    parting.part(session, row, actor=actor, at=at, kept_gone=kept.status is InnovationStatus.WITHDRAWN)
    return row


def stands_for(session: Session, innovation_id: UUID, *, actor: Actor) -> UUID | None:
    """Which innovation is to be read in its place; None when itself.

    Whoever may not read that one, such as the other organisation of the two, goes on reading their own.
    """
    row = documents.innovation(session, innovation_id, actor)
    if row.merged_into_id is None or not documents.readable(session, Side.INNOVATION, row.merged_into_id, actor):
        return None
    return row.merged_into_id


@dataclass(frozen=True, slots=True)
class History:
    """An innovation, those for which it stands, how they came together, and what happened to all of them."""

    innovation: Innovation
    parts: Sequence[Innovation]
    merges: Sequence[Merge]
    matches: Sequence[Proposal]
    happened: Page[Event]


def history(session: Session, innovation_id: UUID, *, actor: Actor, after: str | None = None, limit: int = 50) -> History:
    """Both histories of what was merged, shown together; raises NotFound."""
    row = documents.innovation(session, innovation_id, actor)
    INNOVATION_READ_HISTORY.check(actor, subject_of(row))
    parts = merges.parts(session, row.id)
    ids = [row.id, *(each.id for each in parts)]
    happened = merges.happened(session, ids, after=after, limit=limit)
    return History(row, parts, merges.of(session, ids), merges.confirmed(session, ids, actor), happened)


def part_of(session: Session, row: Merge) -> Innovation:
    """The innovation that a merge made part of another."""
    found: Innovation = documents.find(session, Side.INNOVATION, row.merged_id)
    return found


def candidates(session: Session, libraries: Libraries, innovation_id: UUID, actor: Actor) -> Sequence[Duplicate]:
    """Those with which an innovation may be merged, most alike first, for the Hub; none where there is no text to compare.

    Raises RankingUnavailable where nothing can be compared now.
    """
    try:
        return likening.duplicates_of(session, libraries, innovation_id, actor=actor)
    except NothingToRank:
        return ()


def seen_before(session: Session, libraries: Libraries, innovation: Innovation, *, actor: Actor) -> Sequence[Duplicate] | None:
    """What is told to whoever brings an innovation in: the Hub of all that may be the same, others of their own only.

    None where the Hub cannot be told now, because a part of the matching is missing.
    """
    if not INNOVATION_READ_DUPLICATES.allows(actor, subject_of(innovation)):
        return _of_its_organisation(session, innovation) if innovation.supplier_id in actor.organisation_ids else ()
    try:
        found = {each.innovation.id: each for each in candidates(session, libraries, innovation.id, actor)}
    except RankingUnavailable:
        return None
    found |= {each.innovation.id: each for each in _of_its_organisation(session, innovation)}  # also what cannot be found yet
    return sorted(found.values(), key=lambda each: (-each.likeness.share, each.innovation.id))


def _of_its_organisation(session: Session, innovation: Innovation) -> Sequence[Duplicate]:
    if innovation.readability is not Readability.READABLE or innovation.supplier_id is None:
        return ()
    own = merges.handed_in_by(session, innovation.supplier_id, but=innovation.id, limit=MOST_COMPARED)
    rows = {str(row.id): row for row in own}
    asked = document_of(str(innovation.id), Side.INNOVATION, innovation.content())
    found = likenesses(asked, [document_of(key, Side.INNOVATION, row.content()) for key, row in rows.items()])
    return [Duplicate.of(rows[each.document_id], innovation, each) for each in found]


def _both(session: Session, one_id: UUID, other_id: UUID, actor: Actor) -> dict[UUID, Innovation]:
    """Two innovations that the actor may read, locked with what was merged into the first.

    Taken in the order of their ids, so that two who merge, or one who withdraws meanwhile, never wait in a ring.
    """
    if one_id == other_id:
        documents.innovation(session, one_id, actor)
        raise MergeRefused("An innovation cannot be merged into itself. Name another one.", state="same")
    merges.lock(session, {one_id, other_id} | merges.under(session, one_id))
    return {each: documents.get(session, Side.INNOVATION, each, actor, lock=True) for each in (one_id, other_id)}


def _must_stand(session: Session, row: Innovation, which: str) -> None:
    standing = merges.standing(session, row.id)
    if standing is None:
        return
    into = str(row.merged_into_id)
    raise MergeRefused(f"{which} is part of another already: {standing.in_words} Merge that one.", state="merged", into=into)


def _must_fit(merged: Innovation, kept: Innovation, *, two_organisations: bool) -> None:
    if merged.status not in _MERGEABLE:
        raise MergeRefused(f"An innovation that is {merged.status} cannot be merged.", state=merged.status.value)
    if kept.status not in SEARCHABLE_STATUSES:
        raise MergeRefused(f"The other innovation is {kept.status}, so that it cannot stand for both.", state=kept.status.value)
    if merged.searchable and not kept.searchable:
        raise MergeRefused("This innovation can be found and the other cannot. Merge the other one into this.", state="not_searchable")
    if not _are_of_one(merged, kept) and not two_organisations:
        raise MergeRefused(
            "They are not known to be of the same organisation. If they are one all the same, say so with 'two_organisations'.",
            state="two_organisations",
        )


def _must_be_announced(matches: Sequence[Proposal]) -> None:
    if any(each.state is ProposalState.CONFIRMED and not any(row.announced_at for row in each.decisions) for each in matches):
        raise MergeRefused(
            "A match of this innovation was confirmed and is not announced yet. Merge when it is, or undo it first.", state="confirmed"
        )


def _must_bear_nothing(session: Session, row: Merge, kept: Innovation) -> None:
    """Refuse to undo what was built on: whoever decided since has read the two as one."""
    if kept.merged_into_id is not None:
        raise MergeRefused("The innovation that it is part of was merged further. Part that one first.", state="merged_further")
    if merges.confirmed_since(session, kept.id, row.merged_at):
        raise MergeRefused("A match of the two was confirmed after they were merged, so they stay one.", state="confirmed_since")
    if merges.referred_since(session, kept.id, row.merged_at):
        raise MergeRefused("The two were referred as one after they were merged, so they stay one.", state="referred_since")


def _must_be_as_read(row: Innovation, version: int | None) -> None:
    if version is not None and version != row.version:
        raise StaleVersion("Somebody changed this innovation after you read it. Read it again and repeat your change.", version=row.version)


def _tell_merged(session: Session, row: Merge, merged: Innovation, kept: Innovation, *, at: datetime) -> None:
    """Tell both organisations, each of their own only; one that handed in both is told once, by both names."""
    same = _are_of_one(merged, kept)
    parting.tell(session, row, "innovation_merged", merged, at=at, kept=kept.name if same else "", kept_id=str(kept.id), own=False)
    if not same:
        parting.tell(session, row, "innovation_merged", kept, at=at, kept="", kept_id=str(kept.id), own=True)


def _are_of_one(one: Innovation, other: Innovation) -> bool:
    return one.supplier_id is not None and one.supplier_id == other.supplier_id
