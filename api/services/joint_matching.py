"""A joint need is ranked once for all its members: each innovation once, by the member that it answers best."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import joining, proposing
from api.services.library import Libraries
from api.services.proposing import Match
from models.actors import Actor
from models.documents import Side
from models.joint_needs import JointNeed
from models.needs import Need
from models.policies import JOINT_NEED_MATCH
from models.subjects import subject_of


@dataclass(frozen=True, slots=True)
class JointMatch:
    """An innovation with the member whose wording it answers best; the probability is that of this pair."""

    member: Need
    match: Match


@dataclass(frozen=True, slots=True)
class JointMatches:
    """The one list of a joint need, most probable first."""

    joint: JointNeed
    ranker: str
    nothing_fits: bool
    candidate_count: int
    matches: Sequence[JointMatch]


def matches_of(session: Session, libraries: Libraries, joint_need_id: UUID, *, actor: Actor, limit: int = 20) -> JointMatches:
    """Rank the innovations that the actor may read for all members that they may read and that can be ranked; raises NotFound."""
    joint = joining.get(session, joint_need_id, actor=actor)
    JOINT_NEED_MATCH.check(actor, subject_of(joint))
    best: dict[UUID, JointMatch] = {}
    members = [member for member in joining.members_shown(session, joint, actor=actor) if member.searchable]
    view = libraries.view(session, Side.INNOVATION, actor) if members else None
    found = [
        (member, proposing.matches_of(session, libraries, Side.NEED, member.id, actor=actor, limit=limit, view=view)) for member in members
    ]
    for member, matches in found:
        for match in matches.matches:
            standing = best.get(match.document.id)
            if standing is None or match.judgement.probability > standing.match.judgement.probability:
                best[match.document.id] = JointMatch(member, match)
    ranked = sorted(best.values(), key=lambda each: (-each.match.judgement.probability, str(each.match.document.id)))[:limit]
    return JointMatches(
        joint=joint,
        ranker=found[0][1].ranker if found else "",
        nothing_fits=all(matches.nothing_fits for _, matches in found),
        candidate_count=max((matches.candidate_count for _, matches in found), default=0),
        matches=ranked,
    )
