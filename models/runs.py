"""Ranking runs: what was asked, of which versions, with what ranker."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key
from models.documents import Side


class RankingRun(Base):
    """One ranking of one document; with its proposals it can be replayed exactly."""

    __tablename__ = "ranking_run"
    __table_args__ = (
        CheckConstraint("(need_id IS NULL) <> (innovation_id IS NULL)", name="one_query"),
        CheckConstraint("best_probability BETWEEN 0 AND 1", name="best_probability_in_unit_interval"),
        Index("ix_ranking_run_need_id", "need_id", "query_revision"),
        Index("ix_ranking_run_innovation_id", "innovation_id", "query_revision"),
    )

    id: Mapped[Key]
    query_side: Mapped[Side]
    need_id: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"))
    innovation_id: Mapped[UUID | None] = mapped_column(ForeignKey("innovation.id"))
    query_revision: Mapped[int]
    ranker: Mapped[str]
    ranker_hash: Mapped[str]
    encoder_id: Mapped[str]
    event_position: Mapped[int]
    candidate_count: Mapped[int]
    best_probability: Mapped[float | None]
    nothing_fits: Mapped[bool]
    created_at: Mapped[datetime]
