"""Needs become one: a place joins another place's need with its own words, leaves when it likes, and both are ranked once."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import deciding, mailing, place_answers
from api.services.accounts import actor_of_person
from api.services.recording import record
from models.actors import SYSTEM, Actor
from models.documents import Side, StaleVersion
from models.events import Event
from models.joint_needs import JoinRefused, JointNeed, NotJoint
from models.needs import Need, NeedStatus
from models.policies import JOINT_NEED_JOIN, JOINT_NEED_READ, NEED_BE_JOINED, NEED_JOIN, NEED_LEAVE, NEED_READ_JOINT
from models.proposals import Proposal, ProposalState
from models.queries import documents, joint_needs, proposals, recipients
from models.queries.documents import NotFound
from models.subjects import subject_of

_DECIDED = frozenset({ProposalState.CONFIRMED, ProposalState.REJECTED})


def join(session: Session, other_id: UUID, own_id: UUID, *, actor: Actor, at: datetime) -> JointNeed:
    """Join another need, or the joint need that it is in, with one's own, which keeps its words, metric and owner.

    Raises JoinRefused when the own need is in a joint need already, so that nobody is drawn into another one by it, and
    when somebody else joined at the same moment.
    """
    documents.need(session, own_id, actor)
    other = documents.need(session, other_id, actor)
    NEED_BE_JOINED.check(actor, subject_of(other))
    needs = _locked(session, [other_id, own_id], joint_needs.joint_of(session, other_id))
    _may_join(session, needs[own_id], other_id, actor)
    standing = joint_needs.joint_of(session, other_id)  # anew: it may have joined or left until it was locked
    joint = _kept(session, standing, needs) if standing is not None else _begun(session, needs[other_id], actor, at)
    return _taken_in(session, joint, needs[own_id], other_id, actor=actor, at=at)


def join_joint(session: Session, joint_need_id: UUID, own_id: UUID, *, actor: Actor, at: datetime) -> JointNeed:
    """Join a joint need with one's own need; raises as `join` does."""
    joint = get(session, joint_need_id, actor=actor)
    JOINT_NEED_JOIN.check(actor, subject_of(joint))
    _must_be_in_force(joint)
    documents.need(session, own_id, actor)
    first = joint.present[0].need_id
    needs = _locked(session, [first, own_id], joint)
    _may_join(session, needs[own_id], first, actor)
    return _taken_in(session, _kept(session, joint, needs), needs[own_id], first, actor=actor, at=at)


def leave(session: Session, need_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> JointNeed:
    """Leave a joint need at any time; who leaves and who stays are ranked again, each for itself.

    Raises NotJoint, or StaleVersion when `version` is not that of the joint need.
    What was confirmed stays with the need on which it was; questions that the leaver's places have not answered are taken back.
    """
    row = documents.need(session, need_id, actor)
    NEED_LEAVE.check(actor, subject_of(row))
    joint = joint_needs.joint_of(session, need_id)
    if joint is None:
        raise NotJoint("This need is in no joint need, so that there is none to leave.", need=str(need_id))
    lock(session, need_id)
    present = joint_needs.get(session, joint.id, lock=True).version
    if version is not None and version != present:
        raise StaleVersion("This joint need has changed since you read it. Read it again, then leave if you like.", version=present)
    return _parted(session, joint.id, need_id, actor=actor, at=at)


def lock(session: Session, need_id: UUID) -> None:
    """Keep other writers of a need, of all that is joint with it and of their matches out, before any of them is changed.

    Needs in the order of their ids, then matches, as whoever joins and leaves; questions to places are locked after both.
    """
    locked: set[UUID] = set()
    while joined := {need.id for need in joint_needs.together(session, need_id)} - locked:  # again, while somebody joins meanwhile
        for each in sorted(joined):
            documents.one_for_update(session, Side.NEED, each)
        locked |= joined
    proposals.of_needs(session, locked)


def end(session: Session, need: Need, *, actor: Actor, at: datetime) -> None:
    """Take a need that `lock` holds out of its joint need, because it is met, closed or withdrawn; one in none is left alone."""
    joint = joint_needs.joint_of(session, need.id)
    if joint is not None:
        _parted(session, joint.id, need.id, actor=actor, at=at)


def get(session: Session, joint_need_id: UUID, *, actor: Actor) -> JointNeed:
    """A joint need of which the actor may read a member; raises NotFound."""
    joint = joint_needs.get(session, joint_need_id)
    if not JOINT_NEED_READ.allows(actor, subject_of(joint)):
        raise NotFound("There is no joint need of that id that you may see. Check the id, or sign in as somebody who may.")
    return joint


def of_need(session: Session, need_id: UUID, *, actor: Actor) -> JointNeed | None:
    """The joint need that a need is in, None when it is in none; raises NotFound for a need that the actor may not read."""
    NEED_READ_JOINT.check(actor, subject_of(documents.need(session, need_id, actor)))
    return joint_needs.joint_of(session, need_id)


def members_shown(session: Session, joint: JointNeed, *, actor: Actor) -> list[Need]:
    """The members that the actor may read, in the order in which they joined."""
    present = [row.need_id for row in joint.present]
    readable = documents.of_ids(session, Side.NEED, present, actor)
    return [readable[each] for each in present if each in readable]


def rank_again(session: Session, needs: Iterable[Need], *, at: datetime) -> None:
    """Owe a ranking to each that may be ranked."""
    for need in needs:
        need.proposed_revision = None
        if need.searchable and need.embedded_revision == need.revision:
            enqueue(session, Job.PROPOSE, at=at, side=Side.NEED.value, id=str(need.id))


def _locked(session: Session, wanted: Sequence[UUID], joint: JointNeed | None) -> dict[UUID, Need]:
    """These needs and all members of a joint need, locked in the order of their ids; what they are in changes no more."""
    ids = {*wanted, *([row.need_id for row in joint.present] if joint is not None else [])}
    return {each: documents.one_for_update(session, Side.NEED, each) for each in sorted(ids)}


def _may_join(session: Session, own: Need, other_id: UUID, actor: Actor) -> None:
    NEED_JOIN.check(actor, subject_of(own))
    if own.id == other_id:
        raise JoinRefused("A need cannot join itself. Name a need of your own.", need=str(own.id))
    standing = joint_needs.joint_of(session, own.id)
    if standing is None:
        return
    if any(row.need_id == other_id for row in standing.present):
        raise JoinRefused("These two are in one joint need already.", joint_need=str(standing.id))
    raise JoinRefused("Your need is in another joint need. Leave that one first.", joint_need=str(standing.id))


def _must_be_in_force(joint: JointNeed) -> None:
    if not joint.in_force:
        raise JoinRefused("All members have left this joint need. Join one of their needs instead.", joint_need=str(joint.id))


def _kept(session: Session, standing: JointNeed, locked: Collection[UUID]) -> JointNeed:
    """The joint need as it is now that its members are locked; raises JoinRefused when one is not, because it has just joined."""
    joint = joint_needs.get(session, standing.id, lock=True)
    _must_be_in_force(joint)
    if any(row.need_id not in locked for row in joint.present):
        raise JoinRefused("Another need joined at the same moment. Read the joint need again, then join.", joint_need=str(joint.id))
    return joint


def _begun(session: Session, first: Need, actor: Actor, at: datetime) -> JointNeed:
    joint = JointNeed(created_by=actor.name, created_at=at, updated_at=at, version=1, memberships=[])
    session.add(joint)
    joint.take_in(first, by=actor.name, at=at)
    session.flush()
    return joint


def _taken_in(session: Session, joint: JointNeed, own: Need, other_id: UUID, *, actor: Actor, at: datetime) -> JointNeed:
    joint.take_in(own, by=actor.name, at=at)
    session.flush()
    needs = [row.need for row in joint.present]
    _without_doubles(session, needs, actor=actor, at=at)
    rank_again(session, needs, at=at)
    place_answers.ask_places_of(session, [need.id for need in needs], at=at)
    _tell_the_others(session, own, needs, joint, at=at)
    event = _event("need.joined", own.id, joint, actor, at)
    event.data = {**event.data, "with": str(other_id), "members": len(needs)}
    record(session, event, at=at)
    session.flush()
    return joint


def _tell_the_others(session: Session, own: Need, needs: Iterable[Need], joint: JointNeed, *, at: datetime) -> None:
    """Tell the teams of the other members' owners, who may read the need, that it has joined theirs; not those who did it."""
    joined = next(row for row in joint.present if row.need_id == own.id)
    _tell_owners(session, "joint_need_joined", own, needs, about=str(joined.id), at=at)


def _tell_who_stays(session: Session, gone: Need, staying: Iterable[Need], joint: JointNeed, *, at: datetime) -> None:
    """Tell the teams of those that were one with a need that it is not any more, where they may still read it."""
    _tell_owners(session, "joint_need_left", gone, staying, about=f"{joint.id}:{joint.version}", at=at)


def _tell_owners(session: Session, template: str, moved: Need, needs: Iterable[Need], *, about: str, at: datetime) -> None:
    """One mail to each of the teams that own these needs, but for those who own the one that joined or left."""
    owners = {place_id: need for need in needs if need.id != moved.id for place_id in _owners(need) - _owners(moved)}
    for place_id, need in owners.items():
        for person in recipients.of_place(session, place_id):
            if not documents.readable(session, Side.NEED, moved.id, actor_of_person(person)):
                continue
            mailing.post(
                session,
                template,
                mailing.to_person(person),
                once_key=f"{template}:{about}:{person.id}",
                at=at,
                name=person.name,
                places=[place.name for place in moved.places],
                own=need.title,
                own_id=str(need.id),
                other=moved.title,
                other_id=str(moved.id),
            )


def _owners(need: Need) -> frozenset[UUID]:
    """The place that owns a need; without one, all its places together."""
    return frozenset({need.owner_place_id} if need.owner_place_id is not None else {place.id for place in need.places})


def _parted(session: Session, joint_need_id: UUID, need_id: UUID, *, actor: Actor, at: datetime) -> JointNeed:
    """Let a member go that `lock` holds, so that no match is announced across the parting; raises NotJoint when it had gone before."""
    joint = joint_needs.get(session, joint_need_id, lock=True)
    before = {row.need_id: row.need for row in joint.present}
    joint.let_go(need_id, by=actor.name, at=at)
    session.flush()
    staying = {row.need_id for row in joint.present}
    place_answers.withdraw(session, need_id, at=at)
    place_answers.ask_places_of(session, [need.id for need in before.values() if need.status is NeedStatus.OPEN], at=at)
    for each in sorted(before.keys() - staying, key=lambda gone: gone != need_id):
        record(session, _event("need.left", each, joint, actor if each == need_id else SYSTEM, at), at=at)
    rank_again(session, before.values(), at=at)
    _tell_who_stays(session, before[need_id], [before[each] for each in before if each != need_id], joint, at=at)
    session.flush()
    return joint


def _without_doubles(session: Session, needs: Sequence[Need], *, actor: Actor, at: datetime) -> None:
    """Of the proposals of one innovation on several members one stays: those that are decided, else the most probable."""
    by_innovation: dict[UUID, list[Proposal]] = {}
    for row in proposals.of_needs(session, [need.id for need in needs]):
        by_innovation.setdefault(row.innovation_id, []).append(row)
    for rows in by_innovation.values():
        undecided = [row for row in rows if row.state not in _DECIDED]
        kept = 1 if len(undecided) == len(rows) else 0
        deciding.supersede(session, undecided[kept:], actor=actor, at=at)


def _event(kind: str, need_id: UUID, joint: JointNeed, actor: Actor, at: datetime) -> Event:
    return Event.of(kind, subject_kind=Side.NEED.value, subject_id=need_id, actor=actor.name, at=at, joint_need=str(joint.id))
