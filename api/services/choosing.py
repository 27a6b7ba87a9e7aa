"""Which of the judged pairs is put before the Hub: one of each pair, and one of a joint need and an innovation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from models.proposals import Proposal, ProposalState
from models.queries import joint_needs
from models.queries import proposals as proposal_rows

_UNDECIDED = frozenset({ProposalState.OPEN, ProposalState.DEFERRED})


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is put forward, if anything, and what goes out of force."""

    chosen: Proposal | None
    gone: Sequence[Proposal]


def put_forward(session: Session, judged: Sequence[Proposal]) -> list[Proposal]:
    """Store those of the new judgements that are worth the Hub's time; returns them.

    All needs whose pairs were judged, and those that are one with them, are locked.
    """
    if not judged:
        return []
    need_ids = joint_needs.with_mates(session, {each.need_id for each in judged})
    joint = joint_needs.joint_ids(session, need_ids)
    standing = proposal_rows.in_force(session, need_ids=need_ids, innovation_ids={each.innovation_id for each in judged})
    since = joint_needs.worded_since(session, need_ids)
    groups: dict[tuple[UUID, UUID], list[Proposal]] = {}
    for each in sorted(judged, key=lambda one: (-one.probability, str(one.need_id), str(one.innovation_id))):
        groups.setdefault((joint.get(each.need_id, each.need_id), each.innovation_id), []).append(each)
    before: dict[tuple[UUID, UUID], list[Proposal]] = {}
    for (need_id, innovation_id), row in standing.items():
        before.setdefault((joint.get(need_id, need_id), innovation_id), []).append(row)
    choices = [_choose(group, before.get(key, []), since) for key, group in groups.items()]
    for row in (row for choice in choices for row in choice.gone):
        row.lapse()
    session.flush()
    stored = [choice.chosen for choice in choices if choice.chosen is not None]
    session.add_all(stored)
    session.flush()
    return stored


def _choose(judged: Sequence[Proposal], standing: Sequence[Proposal], since: Mapping[UUID, datetime]) -> _Choice:
    """The best of the judgements that may be put forward, best first; what is open already gives way to it."""
    undecided = [row for row in standing if row.state in _UNDECIDED]
    if any(row.state is ProposalState.CONFIRMED for row in standing):
        return _Choice(None, undecided)
    own = {row.need_id: row for row in standing}
    for new in judged:
        before = own.get(new.need_id)
        if before is not None and not _changed(new, before):
            if before in undecided:
                return _Choice(None, _but(undecided, before))
            continue
        if any(_stands_for(row, new, since) for row in standing if row is not before):
            continue
        rivals = [row for row in _unjudged(undecided, judged) if row.probability > new.probability]
        if rivals:
            return _Choice(None, _but(undecided, max(rivals, key=lambda row: row.probability)))
        return _Choice(new, undecided if before is None or before in undecided else [*undecided, before])
    return _Choice(None, [])


def _changed(new: Proposal, before: Proposal) -> bool:
    """Whether a text of the pair changed since it was judged before."""
    return (new.need_revision, new.innovation_revision) != (before.need_revision, before.innovation_revision)


def _stands_for(row: Proposal, new: Proposal, since: Mapping[UUID, datetime]) -> bool:
    """Whether a rejection of another member holds for this one too: its texts are as they were, and so is the new one's since."""
    decision = row.closing_decision
    if row.state is not ProposalState.REJECTED or decision is None or row.is_outdated:
        return False
    return new.need_id not in since or since[new.need_id] <= decision.decided_at


def _unjudged(undecided: Iterable[Proposal], judged: Iterable[Proposal]) -> list[Proposal]:
    """Those of needs that were not ranked this time."""
    ranked = {each.need_id for each in judged}
    return [row for row in undecided if row.need_id not in ranked]


def _but(rows: Iterable[Proposal], kept: Proposal) -> list[Proposal]:
    return [row for row in rows if row is not kept]
