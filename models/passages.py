"""Passages of documents and the vectors of their texts."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class Passage(Base):
    """A stretch of a document that is embedded as one vector; rewritten whenever the text changes."""

    __tablename__ = "passage"
    __table_args__ = (
        CheckConstraint("(need_id IS NULL) <> (innovation_id IS NULL)", name="one_document"),
        CheckConstraint("ordinal >= 0 AND start_at >= 0 AND end_at >= start_at", name="span_in_order"),
        Index("ix_passage_need_id", "need_id", "ordinal", unique=True),
        Index("ix_passage_innovation_id", "innovation_id", "ordinal", unique=True),
        Index("ix_passage_text_hash", "text_hash"),
    )

    id: Mapped[Key]
    need_id: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"))
    innovation_id: Mapped[UUID | None] = mapped_column(ForeignKey("innovation.id"))
    ordinal: Mapped[int]
    aspect: Mapped[str]
    field: Mapped[str]
    start_at: Mapped[int]
    end_at: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    text_hash: Mapped[str]


class Vector(Base):
    """The embedding of one text by one encoder: little-endian float32, L2-normalised, `dimension` numbers."""

    __tablename__ = "vector"
    __table_args__ = (CheckConstraint("length(data) = 4 * dimension", name="data_is_float32"),)

    text_hash: Mapped[str] = mapped_column(primary_key=True)
    encoder_id: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
