"""What became of an innovation once it left triage, whoever asks: questions to places, steps, referrals."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.innovations import Innovation
from models.pipeline import StageChange
from models.place_answers import PlaceAnswer
from models.proposals import Proposal, ProposalState
from models.referrals import Referral


def questions(session: Session, innovation_id: UUID) -> Sequence[PlaceAnswer]:
    """What places were asked about the matches of an innovation that stand, oldest first."""
    query = select(PlaceAnswer).join(Proposal, Proposal.id == PlaceAnswer.proposal_id)
    query = query.where(Proposal.innovation_id == innovation_id, Proposal.state == ProposalState.CONFIRMED)
    return session.scalars(query.order_by(PlaceAnswer.created_at, PlaceAnswer.id)).unique().all()


def steps(session: Session, innovation_id: UUID) -> Sequence[StageChange]:
    """Every step in every place of the matches of an innovation that stand, in their order."""
    query = select(StageChange).join(Proposal, Proposal.id == StageChange.proposal_id)
    query = query.where(Proposal.innovation_id == innovation_id, Proposal.state == ProposalState.CONFIRMED)
    return session.scalars(query.order_by(StageChange.changed_at, StageChange.id)).unique().all()


def referrals(session: Session, innovation_id: UUID) -> Sequence[Referral]:
    """Every referral of an innovation, oldest first."""
    query = select(Referral).where(Referral.innovation_id == innovation_id).order_by(Referral.created_at, Referral.id)
    return session.scalars(query).unique().all()


def kept(session: Session, innovation_id: UUID) -> Innovation:
    """The innovation into which another was merged."""
    return session.scalars(select(Innovation).where(Innovation.id == innovation_id)).unique().one()
