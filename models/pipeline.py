"""The stages of a confirmed match in the AHSN/HIN innovation pipeline, place by place."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key
from models.documents import TransitionRefused
from models.places import Place


class PipelineStage(StrEnum):
    """How far a confirmed match has come in one place."""

    INTRODUCED = "introduced"
    EVALUATING = "evaluating"
    PILOTING = "piloting"
    ADOPTED = "adopted"
    SPREAD = "spread"
    STOPPED = "stopped"


_FORWARD = (PipelineStage.INTRODUCED, PipelineStage.EVALUATING, PipelineStage.PILOTING, PipelineStage.ADOPTED, PipelineStage.SPREAD)


class StageChange(Base):
    """One step of one match in one place: who set it, when, with what evidence."""

    __tablename__ = "stage_change"
    __table_args__ = (
        CheckConstraint("stage <> 'stopped' OR reason_code <> ''", name="stopped_with_reason"),
        Index("ix_stage_change_proposal_id", "proposal_id", "place_id", "changed_at"),
    )

    id: Mapped[Key]
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("place.id"))
    stage: Mapped[PipelineStage]
    on_date: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    evidence_link: Mapped[str] = mapped_column(Text, default="")
    reason_code: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]  # as events name actors
    changed_by_name: Mapped[str] = mapped_column(default="", server_default="")
    place: Mapped[Place] = relationship(lazy="joined")


REACHED_A_PILOT = frozenset({PipelineStage.PILOTING, PipelineStage.ADOPTED, PipelineStage.SPREAD})
ADOPTED_HERE = frozenset({PipelineStage.ADOPTED, PipelineStage.SPREAD})


def steps_after(current: PipelineStage | None) -> tuple[PipelineStage, ...]:
    """The steps that may be written next, in their order; none after *stopped*."""
    if current is None:
        return (PipelineStage.INTRODUCED,)
    if current is PipelineStage.STOPPED:
        return ()
    return (*_FORWARD[_FORWARD.index(current) + 1 :], PipelineStage.STOPPED)


def check_step(current: PipelineStage | None, following: PipelineStage) -> None:
    """Allow the first step, any step forward, and stopping; raises TransitionRefused otherwise, which tells both stages."""
    if current is None and following is PipelineStage.INTRODUCED:
        return
    both = {"stage": current.value if current else None, "wanted": following.value}
    if current is None or current is PipelineStage.STOPPED:
        raise TransitionRefused(f"A match that is {current or 'not introduced'} cannot become {following}.", **both)
    if following is current:
        raise TransitionRefused(f"The match is {current} already.", **both)
    if following is PipelineStage.STOPPED or _FORWARD.index(following) > _FORWARD.index(current):
        return
    raise TransitionRefused(f"A match that is {current} cannot go back to {following}.", **both)
