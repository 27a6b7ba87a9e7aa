"""Joint needs: join, leave, read, match."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.errors import CHANGING, CREATING, RANKING, READING, problems
from api.requests import Creation, ExpectedVersion, Limit, Now, Reading, SharedLibraries, StrictRoute, tag
from api.schemas.alignments import JoinIn, JointMatchesOut, JointNeedOut
from api.security import JointNeedJoiner, JointNeedMatcher, JointNeedReader, NeedJoiner, NeedJointReader, NeedLeaver
from api.services import joining, joint_matching
from models.joint_needs import JoinRefused, NotJoint

router = APIRouter(route_class=StrictRoute)


@router.post(
    "/needs/{need_id}/join",
    tags=["joint needs"],
    status_code=201,
    response_model=JointNeedOut,
    responses=problems(*CREATING, *READING, JoinRefused),
)
def join_need(need_id: UUID, *, body: JoinIn, joiner: NeedJoiner, now: Now, session: Creation, response: Response) -> JointNeedOut:
    """Join another place's need with your own, which keeps its words, people, metric and owner."""
    joint = joining.join(session, need_id, body.need_id, actor=joiner, at=now)
    return tag(response, JointNeedOut.of(joint, joining.members_shown(session, joint, actor=joiner)))


@router.post(
    "/needs/{need_id}/leave",
    tags=["joint needs"],
    status_code=201,
    response_model=JointNeedOut,
    responses=problems(*CREATING, *CHANGING, NotJoint),
)
def leave_joint_need(
    need_id: UUID, *, leaver: NeedLeaver, version: ExpectedVersion, now: Now, session: Creation, response: Response
) -> JointNeedOut:
    """Take your need out of its joint need, whose version `If-Match` names; one with one member left is dissolved."""
    joint = joining.leave(session, need_id, actor=leaver, at=now, version=version)
    return tag(response, JointNeedOut.of(joint, joining.members_shown(session, joint, actor=leaver)))


@router.get("/needs/{need_id}/joint-need", tags=["joint needs"], response_model=JointNeedOut | None, responses=problems(*READING))
def read_joint_need_of(need_id: UUID, reader: NeedJointReader, session: Reading, response: Response) -> JointNeedOut | None:
    """Read the joint need that a need is in; null when it is in none."""
    joint = joining.of_need(session, need_id, actor=reader)
    if joint is None:
        return None
    return tag(response, JointNeedOut.of(joint, joining.members_shown(session, joint, actor=reader)))


@router.get("/joint-needs/{joint_need_id}", tags=["joint needs"], response_model=JointNeedOut, responses=problems(*READING))
def read_joint_need(joint_need_id: UUID, reader: JointNeedReader, session: Reading, response: Response) -> JointNeedOut:
    """Read a joint need: its members, and how many voices, places and people it stands for."""
    joint = joining.get(session, joint_need_id, actor=reader)
    return tag(response, JointNeedOut.of(joint, joining.members_shown(session, joint, actor=reader)))


@router.post(
    "/joint-needs/{joint_need_id}/join",
    tags=["joint needs"],
    status_code=201,
    response_model=JointNeedOut,
    responses=problems(*CREATING, *READING, JoinRefused),
)
def join_joint_need(
    joint_need_id: UUID, *, body: JoinIn, joiner: JointNeedJoiner, now: Now, session: Creation, response: Response
) -> JointNeedOut:
    """Join a joint need with your own need."""
    joint = joining.join_joint(session, joint_need_id, body.need_id, actor=joiner, at=now)
    return tag(response, JointNeedOut.of(joint, joining.members_shown(session, joint, actor=joiner)))


@router.get(
    "/joint-needs/{joint_need_id}/matches",
    tags=["joint needs"],
    response_model=JointMatchesOut,
    responses=problems(*READING, *RANKING),
)
def match_joint_need(
    joint_need_id: UUID, asker: JointNeedMatcher, session: Reading, libraries: SharedLibraries, limit: Limit = 20
) -> JointMatchesOut:
    """Rank the innovations that you may read once for all members, each with the member that it answers best."""
    return JointMatchesOut.of(joint_matching.matches_of(session, libraries, joint_need_id, actor=asker, limit=limit), asker)
