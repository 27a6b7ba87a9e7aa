"""How a need ended: what was reached, measured against where it began; or why it was closed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key
from models.needs import NeedStatus


class NeedResult(Base):
    """The end of one need; `metric`, `baseline` and `target` are the need's own as they stood then."""

    __tablename__ = "need_result"
    __table_args__ = (
        UniqueConstraint("need_id"),
        CheckConstraint("outcome IN ('met', 'closed')", name="met_or_closed"),
        CheckConstraint("outcome = 'met' OR proposal_id IS NULL", name="met_by_a_match"),
    )

    id: Mapped[Key]
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    outcome: Mapped[NeedStatus]
    text: Mapped[str] = mapped_column(Text)
    measured_value: Mapped[str] = mapped_column(Text, default="")
    on_date: Mapped[date]
    metric: Mapped[str] = mapped_column(Text, default="")
    baseline: Mapped[str] = mapped_column(Text, default="")
    target: Mapped[str] = mapped_column(Text, default="")
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    recorded_by_name: Mapped[str]
