"""Needs that align: like ones while somebody writes, groups over all open needs for the Hub, and what it makes of them."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from threading import Lock
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from api.services import mailing
from api.services.accounts import actor_of_person
from api.services.content import NeedContent
from api.services.library import Libraries, View
from api.services.proposing import encoded_of, encoded_of_text, must_be_readable
from api.services.recording import record
from matcher import alignment
from matcher.agreement import Agreement, agreement
from matcher.rankers import RankerFile
from matcher.types import EncodedDocument
from matcher.vocabulary import Vocabulary
from models.actors import Actor
from models.base import DomainError
from models.documents import Side
from models.events import Event
from models.grants import Relation, stands
from models.joint_needs import AlignmentDismissal, AlignmentProposal, Scale
from models.needs import Need
from models.people import Person
from models.policies import ALIGNMENT_DISMISS, ALIGNMENT_PROPOSE, ALIGNMENT_READ, NEED_JOIN, NEED_SIMILAR, TEXT_SIMILAR
from models.queries import documents, joint_needs, recipients
from models.subjects import subject_of

Reason = Agreement
"""Why two needs are taken for one, and in what they differ."""
NEAREST = 50  # needs whose words are compared with one that is written


class AlignmentRefused(DomainError):
    """That cannot be said of these needs."""


@dataclass(frozen=True, slots=True)
class Similar:
    """Another place's need that is like one's own, with the reason; `may_join` in one step, now or once it is open."""

    need: Need
    agreement: Agreement
    joint_need_id: UUID | None
    may_join: bool


@dataclass(frozen=True, slots=True)
class Member:
    """One need of a group, with the reason that it is like the group's first; none for the first itself."""

    need: Need
    joint_need_id: UUID | None
    agreement: Agreement | None
    proposed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Alignment:
    """Needs that may be one, or are; the one that is likest to the others stands first."""

    members: Sequence[Member]
    scale: Scale

    @property
    def is_joint(self) -> bool:
        """Whether all of them are one joint need already."""
        joints = {member.joint_need_id for member in self.members}
        return len(joints) == 1 and None not in joints


@dataclass(frozen=True, slots=True)
class _Board:
    """What is known of all open needs, as groups are shown by it."""

    needs: Mapping[str, alignment.Need]
    rows: Mapping[UUID, Need]
    joint: Mapping[UUID, UUID]
    proposed: Mapping[tuple[UUID, UUID], datetime]
    vocabulary: Vocabulary
    agreements: dict[tuple[str, str], Agreement]

    def agreement(self, first: str, other: str) -> Agreement:
        """What two needs of a group share, worked out once while nothing changes."""
        if (first, other) not in self.agreements:
            self.agreements[first, other] = agreement(self.needs[first], self.needs[other], self.vocabulary)
        return self.agreements[first, other]


@dataclass(slots=True)
class _Kept:
    """Open needs that were compared, for as long as none of them, nothing that is joint and nothing that was dismissed changes."""

    state: Hashable = None
    needs: Mapping[str, alignment.Need] = field(default_factory=dict)
    groups: list[list[str]] | None = None
    agreements: dict[tuple[str, str], Agreement] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


_KEPT: WeakKeyDictionary[Libraries, _Kept] = WeakKeyDictionary()
"""What was compared last: to compare a thousand needs takes seconds, and they change some times a day."""


@dataclass(frozen=True, slots=True)
class Alignments:
    """The groups over all open needs, by how many voices they have; `unread` open needs are not embedded yet."""

    groups: Sequence[Alignment]
    needs: int
    unread: int


def similar_to(session: Session, libraries: Libraries, need_id: UUID, *, actor: Actor, limit: int = 10) -> list[Similar]:
    """Other places' needs that are like a stored one, of those that the actor may read, likest first."""
    row = documents.need(session, need_id, actor)
    NEED_SIMILAR.check(actor, subject_of(row))
    must_be_readable(row)
    own_joint = joint_needs.joint_ids(session, [row.id]).get(row.id)
    may = NEED_JOIN.allows(actor, subject_of(row)) and row.searchable and own_joint is None
    return _similar(session, libraries, encoded_of(session, libraries, Side.NEED, row), actor=actor, limit=limit, may=may)


def similar_to_text(session: Session, libraries: Libraries, content: NeedContent, *, actor: Actor, limit: int = 10) -> list[Similar]:
    """The same for a text that is not stored, and is not stored by asking; `may_join` once it is stored and open."""
    TEXT_SIMILAR.check(actor)
    return _similar(session, libraries, encoded_of_text(libraries, Side.NEED, content), actor=actor, limit=limit, may=True)


def alignments(session: Session, libraries: Libraries, *, actor: Actor) -> Alignments:
    """Group all open needs, joint ones as they are; pairs that were dismissed, and read as they did then, are kept apart."""
    ALIGNMENT_READ.check(actor)
    view = libraries.view(session, Side.NEED, actor)
    file = libraries.ranker.file
    joint = joint_needs.joint_ids(session)
    apart, read_as = _kept_apart(session), joint_needs.read_as(session, view.allowed)
    kept = _kept(libraries, (libraries.ranker.id, read_as, frozenset(joint.items()), frozenset(apart)))
    with kept.lock:
        if kept.groups is None:
            kept.needs = _reread(view.fetch(sorted(view.allowed)), file, kept.needs)
            groups = alignment.groups(list(kept.needs.values()), joint=_together(joint), apart=apart)
            kept.groups = [_likest_first(members, kept.needs) for members in groups]
    needs, found = kept.needs, kept.groups
    ids = [UUID(each) for members in found for each in members]
    rows = documents.of_ids(session, Side.NEED, ids, actor)
    proposed = {(row.need_id, row.with_need_id): row.proposed_at for row in joint_needs.proposals_among(session, ids)}
    board = _Board(needs, rows, joint, proposed, file.vocabulary, kept.agreements)
    shown = [_alignment(members, board) for members in found]
    ranked = sorted(shown, key=lambda each: (-each.scale.voices, -len(each.members), str(each.members[0].need.id)))
    return Alignments(ranked, len(needs), len(view.allowed) - len(needs))


def dismissed(session: Session, *, actor: Actor) -> Sequence[AlignmentDismissal]:
    """What the Hub dismissed and still counts, latest first."""
    ALIGNMENT_READ.check(actor)
    return joint_needs.dismissed(session)


def dismiss(session: Session, need_ids: Sequence[UUID], *, actor: Actor, at: datetime) -> list[AlignmentDismissal]:
    """Say of needs that no two of them are one; each pair is kept apart until the text of one of them changes."""
    ALIGNMENT_DISMISS.check(actor)
    needs = _open(session, need_ids, actor)
    rows = [_dismissal(session, *pair, actor=actor, at=at) for pair in combinations(sorted(needs, key=lambda need: need.id), 2)]
    record(session, _event("alignment.dismissed", needs[0], needs, actor, at), at=at)
    session.flush()
    return rows


def propose(session: Session, with_id: UUID, need_ids: Sequence[UUID], *, actor: Actor, at: datetime) -> list[AlignmentProposal]:
    """Propose to those who own needs to join another one; they are told by mail, and only they join.

    Raises AlignmentRefused for a need that nobody owns, which the Hub joins itself, and where its owners may not read the other.
    """
    ALIGNMENT_PROPOSE.check(actor)
    other, *needs = _open(session, [with_id, *(each for each in need_ids if each != with_id)], actor)
    joint = joint_needs.joint_ids(session, [other.id, *(need.id for need in needs)])
    rows = [_proposed(session, need, other, joint, actor=actor, at=at) for need in needs]
    record(session, _event("alignment.proposed", other, needs, actor, at), at=at)
    session.flush()
    return rows


def _similar(session: Session, libraries: Libraries, asked: EncodedDocument, *, actor: Actor, limit: int, may: bool) -> list[Similar]:
    view: View = libraries.view(session, Side.NEED, actor)
    file = libraries.ranker.file
    own = alignment.read(asked, file.vocabulary)
    near = [each.id for each in view.dense(asked.pooled, NEAREST + 1) if each.id != own.id]
    read = _read(view.fetch(near), file)
    rows = documents.of_ids(session, Side.NEED, [UUID(each) for each in read], actor)
    joint = joint_needs.joint_ids(session, list(rows))
    weakest = alignment.lists()["thresholds"]["weakest"]
    found = []
    for need_id, need in read.items():
        row = rows.get(UUID(need_id))
        if row is None or _is_own(row, actor) or alignment.likeness(own, need) < weakest:
            continue
        told = agreement(own, need, file.vocabulary)
        found.append(Similar(row, told, joint.get(row.id), may and told.is_one))
    return sorted(found, key=lambda each: (bool(each.agreement.apart), -each.agreement.likeness, str(each.need.id)))[:limit]


def _is_own(row: Need, actor: Actor) -> bool:
    return stands(actor, Relation.OWNER, subject_of(row))


def _read(encoded: Mapping[str, EncodedDocument], file: RankerFile) -> dict[str, alignment.Need]:
    return {each: alignment.read(document, file.vocabulary) for each, document in encoded.items()}


def _reread(encoded: Mapping[str, EncodedDocument], file: RankerFile, known: Mapping[str, alignment.Need]) -> dict[str, alignment.Need]:
    """The needs as they are compared; those that were read before, and are held as they were then, are not read again."""
    return {
        each: known[each] if each in known and known[each].encoded is document else alignment.read(document, file.vocabulary)
        for each, document in encoded.items()
    }


def _kept(libraries: Libraries, state: Hashable) -> _Kept:
    """What was compared in this state, or a place for it; of two who ask at once, one compares and the other waits."""
    kept = _KEPT.get(libraries)
    if kept is None or kept.state != state:
        kept = _KEPT[libraries] = _Kept(state, kept.needs if kept else {})
    return kept


def _together(joint: Mapping[UUID, UUID]) -> Collection[list[str]]:
    """The needs of each joint need."""
    together: dict[UUID, list[str]] = {}
    for need_id, joint_id in joint.items():
        together.setdefault(joint_id, []).append(str(need_id))
    return together.values()


def _kept_apart(session: Session) -> set[frozenset[str]]:
    return {frozenset((str(row.one_id), str(row.other_id))) for row in joint_needs.dismissed(session)}


def _likest_first(members: Sequence[str], needs: Mapping[str, alignment.Need]) -> list[str]:
    """A group with the need that is likest to all others at its head; the others keep their order."""
    alike = alignment.likenesses([needs[each] for each in members]).sum(axis=1)
    first = members[int(alike.argmax())]
    return [first, *(each for each in members if each != first)]


def _alignment(members: Sequence[str], board: _Board) -> Alignment:
    first = members[0]
    told = [
        Member(
            need=board.rows[UUID(each)],
            joint_need_id=board.joint.get(UUID(each)),
            agreement=board.agreement(first, each) if each != first else None,
            proposed_at=board.proposed.get((UUID(each), UUID(first))),
        )
        for each in members
    ]
    return Alignment(told, Scale.of([member.need for member in told]))


def _open(session: Session, need_ids: Sequence[UUID], actor: Actor) -> list[Need]:
    """At least two different open needs, in the order in which they are named, locked in that of their ids."""
    wanted = list(dict.fromkeys(need_ids))
    if len(wanted) <= 1:
        raise AlignmentRefused("Name two different needs at least.", field="need_ids")
    rows: dict[UUID, Need] = {each: documents.get(session, Side.NEED, each, actor, lock=True) for each in sorted(wanted)}
    if closed := [row for row in rows.values() if not row.searchable]:
        raise AlignmentRefused("Only open needs with a text that can be read align. Leave the others out.", need=str(closed[0].id))
    return [rows[each] for each in wanted]


def _dismissal(session: Session, one: Need, other: Need, *, actor: Actor, at: datetime) -> AlignmentDismissal:
    row = joint_needs.dismissal_of(session, one.id, other.id)
    if row is None:
        row = AlignmentDismissal(one_id=one.id, other_id=other.id)
        session.add(row)
    row.one_revision, row.other_revision = one.revision, other.revision
    row.dismissed_at, row.dismissed_by = at, actor.name
    return row


def _proposed(session: Session, need: Need, other: Need, joint: Mapping[UUID, UUID], *, actor: Actor, at: datetime) -> AlignmentProposal:
    if need.id in joint:
        raise AlignmentRefused("This need is in a joint need already. Leave it out.", need=str(need.id), joint_need=str(joint[need.id]))
    owners = _owners(session, need, other)
    row = joint_needs.proposal_of(session, need.id, other.id)
    if row is None:
        row = AlignmentProposal(need_id=need.id, with_need_id=other.id)
        session.add(row)
    row.need_revision, row.with_revision = need.revision, other.revision
    row.proposed_at, row.proposed_by = at, actor.name
    for person in owners:
        mailing.post(
            session,
            "joint_need_proposed",
            mailing.to_person(person),
            once_key=f"joint_need_proposed:{need.id}:{need.revision}:{other.id}:{other.revision}:{person.id}",
            at=at,
            name=person.name,
            own=need.title,
            own_id=str(need.id),
            other=other.title,
            other_id=str(other.id),
            places=[place.name for place in other.places],
            asked_by=actor.shown_as,
        )
    return row


def _owners(session: Session, need: Need, other: Need) -> list[Person]:
    """The people who may join a need with another one, which they may read."""
    if need.owner_place_id is None:
        raise AlignmentRefused("No place owns this need. Join it yourself.", need=str(need.id))
    team = recipients.of_place(session, need.owner_place_id)
    readers = [person for person in team if documents.readable(session, Side.NEED, other.id, actor_of_person(person))]
    if not readers:
        raise AlignmentRefused("Nobody who owns this need may read the other one. Ask its owner to show it to partners.", need=str(need.id))
    return readers


def _event(kind: str, about: Need, needs: Sequence[Need], actor: Actor, at: datetime) -> Event:
    event = Event.of(kind, subject_kind=Side.NEED.value, subject_id=about.id, actor=actor.name, at=at)
    event.data = {"needs": [str(need.id) for need in needs]}
    return event
