"""Proposals: the queue, one of them, a decision, its undoing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.errors import CHANGING, CREATING, LISTING, READING, problems
from api.requests import Creation, CurrentSettings, ExpectedVersion, Now, Reading, StrictRoute, tag
from api.schemas.pages import PageOut
from api.schemas.proposals import DecisionIn, DecisionOut, ProposalOut, ProposalsQuery, VerdictIn
from api.security import HubStaff, Reviewer, Undoer
from api.services import deciding, stages
from models.decisions import NotUndoable, ReasonMissing, Verdict
from models.proposals import ProposalClosed
from models.queries import proposals

router = APIRouter(prefix="/proposals", tags=["proposals"], route_class=StrictRoute)


@router.get("", response_model=PageOut[ProposalOut], responses=problems(*LISTING))
def list_proposals(
    wanted: Annotated[ProposalsQuery, Query()], reader: Reviewer, now: Now, settings: CurrentSettings, session: Reading
) -> PageOut[ProposalOut]:
    """List proposals, most probable first; without a state those to decide now, less the ones that you skipped."""
    page = proposals.queue(session, reader, at=now, **wanted.model_dump())
    signs = stages.signs_of(session, page.rows, actor=reader)
    shown = [ProposalOut.of(row, reader, undo_window_seconds=settings.undo_window_seconds, signs=signs[row.id]) for row in page.rows]
    return PageOut(items=shown, next=page.following)


@router.get("/{proposal_id}", response_model=ProposalOut, responses=problems(*READING))
def read_proposal(proposal_id: UUID, reader: Reviewer, settings: CurrentSettings, session: Reading, response: Response) -> ProposalOut:
    """Read one proposal with its reasons and every decision on it."""
    row = proposals.get(session, proposal_id, reader)
    signs = stages.signs_of(session, [row], actor=reader)
    return tag(response, ProposalOut.of(row, reader, undo_window_seconds=settings.undo_window_seconds, signs=signs[row.id]))


@router.post(
    "/{proposal_id}/decision",
    status_code=201,
    response_model=DecisionOut,
    responses=problems(*CREATING, *CHANGING, ProposalClosed, ReasonMissing),
)
def decide(
    proposal_id: UUID,
    *,
    body: DecisionIn,
    staff: HubStaff,
    version: ExpectedVersion,
    now: Now,
    settings: CurrentSettings,
    session: Creation,
    response: Response,
) -> DecisionOut:
    """Confirm, reject, skip or defer one proposed match; the first confirm or reject stands."""
    if body.verdict is VerdictIn.SKIPPED:
        skip = deciding.skip(session, proposal_id, actor=staff, at=now, version=version)
        tag(response, skip.proposal)
        return DecisionOut.of_skip(skip, by_name=staff.shown_as)
    window = settings.undo_window_seconds
    verdict = Verdict(body.verdict.value)
    decision = deciding.decide(
        session, proposal_id, verdict, actor=staff, at=now, reason=body.why, undo_window_seconds=window, version=version
    )
    tag(response, decision.proposal)
    return DecisionOut.of(decision, undo_window_seconds=window)


@router.post("/{proposal_id}/undo", status_code=201, response_model=DecisionOut, responses=problems(*CREATING, *CHANGING, NotUndoable))
def undo(
    proposal_id: UUID,
    *,
    staff: Undoer,
    version: ExpectedVersion,
    now: Now,
    settings: CurrentSettings,
    session: Creation,
    response: Response,
) -> DecisionOut:
    """Take your own latest decision back while the window lasts; an undone match is never announced."""
    window = settings.undo_window_seconds
    row = deciding.undo(session, proposal_id, actor=staff, at=now, undo_window_seconds=window, version=version)
    tag(response, row.proposal)
    return DecisionOut.of(row, undo_window_seconds=window)
