"""Import jobs: every row is staged and validated before any is applied."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key
from models.documents import Side


class ImportStatus(StrEnum):
    """Where an import stands."""

    STAGING = "staging"
    REFUSED = "refused"
    CHECKED = "checked"
    APPLYING = "applying"
    COMPLETE = "complete"


class ImportBatch(Base):
    """One file brought in; its rows become visible all at once, when the last is applied.

    `problem_count` counts every problem of its rows, of which a row keeps the first few; `reason` says why an
    import that was being applied is refused after all.
    """

    __tablename__ = "import_batch"
    __table_args__ = (CheckConstraint("applied_rows <= total_rows", name="applied_within_total"),)

    id: Mapped[Key]
    side: Mapped[Side]
    file_name: Mapped[str] = mapped_column(Text)
    file_hash: Mapped[str]
    status: Mapped[ImportStatus] = mapped_column(default=ImportStatus.STAGING)
    dry_run: Mapped[bool] = mapped_column(default=False)
    partial: Mapped[bool] = mapped_column(default=False)
    consent_basis: Mapped[str] = mapped_column(Text, default="")
    total_rows: Mapped[int] = mapped_column(default=0)
    invalid_rows: Mapped[int] = mapped_column(default=0)
    applied_rows: Mapped[int] = mapped_column(default=0)
    problem_count: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    rows: Mapped[list["ImportRow"]] = relationship(back_populates="batch", order_by="ImportRow.line", lazy="raise")


class ImportRow(Base):
    """One staged row: what it says, what is wrong with it, and the document that it became."""

    __tablename__ = "import_row"
    __table_args__ = (UniqueConstraint("import_id", "line"),)

    id: Mapped[Key]
    import_id: Mapped[UUID] = mapped_column(ForeignKey("import_batch.id"), index=True)
    line: Mapped[int]
    data: Mapped[dict[str, Any]]
    problems: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    document_id: Mapped[UUID | None]
    batch: Mapped[ImportBatch] = relationship(back_populates="rows")
