"""Stages of matches, place by place, and how far an innovation has come."""

from uuid import UUID

from fastapi import APIRouter

from api.errors import CREATING, READING, problems
from api.requests import Creation, Now, Reading, StrictRoute
from api.schemas.stages import StageIn, StageOut, StagesOut, UptakeOut
from api.security import Reviewer, Stager, UptakeReader
from api.services import stages as staging
from api.services.stages import PlaceNotConcerned, StageDateRefused
from models.decisions import ReasonMissing
from models.documents import TransitionRefused
from models.queries import proposals, stages
from models.queries.documents import NotFound
from models.queries.places import UnknownPlace

router = APIRouter(tags=["stages"], route_class=StrictRoute)


@router.get("/proposals/{proposal_id}/stages", response_model=StagesOut, responses=problems(*READING))
def list_stages(proposal_id: UUID, reader: Reviewer, session: Reading) -> StagesOut:
    """List the steps of a match in their order; a place reads its own."""
    row = proposals.get(session, proposal_id, reader)
    return StagesOut(items=[StageOut.of(each) for each in stages.history(session, row.id, reader)])


@router.post(
    "/proposals/{proposal_id}/stages",
    status_code=201,
    response_model=StageOut,
    responses=problems(*CREATING, NotFound, TransitionRefused, ReasonMissing, PlaceNotConcerned, StageDateRefused, UnknownPlace),
)
def change_stage(proposal_id: UUID, body: StageIn, stager: Stager, now: Now, session: Creation) -> StageOut:
    """Write the next step of an announced match in a place: forward, or stopped with a reason."""
    return StageOut.of(staging.change(session, proposal_id, body.step, actor=stager, at=now))


@router.get("/innovations/{innovation_id}/uptake", response_model=UptakeOut, responses=problems(*READING))
def read_uptake(innovation_id: UUID, reader: UptakeReader, session: Reading) -> UptakeOut:
    """Read how far an innovation has come in which place, and what other places' experience says of it."""
    return UptakeOut.of(staging.uptake(session, innovation_id, actor=reader))
