"""Versions of the ranker that were trained on decisions: of what, with which report, and which one judges now."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key
from models.decisions import ReasonCode

_IS_ACTIVE = text("state = 'active'")


UNFIT: Final = frozenset({ReasonCode.NOT_THIS_PROBLEM, ReasonCode.WRONG_POPULATION, ReasonCode.WRONG_SETTING})
"""The reasons that say a pair does not fit. The others say that it cannot be had, or not yet, and teach nothing about fit."""


class RankerState(StrEnum):
    """A trained one waits for the lead, the active one judges, a retired one did or was gone back from."""

    TRAINED = "trained"
    ACTIVE = "active"
    RETIRED = "retired"


class AlreadyActive(DomainError):
    """The ranker judges already."""


class NoWayBack(DomainError):
    """No trained ranker judges, so that there is none to go back from."""


class RankerVersion(Base):
    """A ranker that was trained on decisions. Its file lies in the home; `file_hash` tells whether it is still that file.

    `base` is the id of the ranker file whose weights it began from, `replaced_id` the version that judged before this one was
    activated, None for the ranker of the settings: where a rollback goes.
    """

    __tablename__ = "ranker_version"
    __table_args__ = (
        CheckConstraint("decisions = confirmed + rejected", name="decisions_add_up"),
        CheckConstraint("decided_from <= decided_to", name="decided_in_order"),
        CheckConstraint("state = 'trained' OR activated_at IS NOT NULL", name="activated_when"),
        CheckConstraint("replaced_id <> id", name="replaced_another"),
        Index("ix_ranker_version_active", "state", unique=True, sqlite_where=_IS_ACTIVE, postgresql_where=_IS_ACTIVE),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    ranker_id: Mapped[str] = mapped_column(unique=True)
    file_hash: Mapped[str]
    base: Mapped[str]
    encoder_id: Mapped[str]
    decisions: Mapped[int]
    confirmed: Mapped[int]
    rejected: Mapped[int]
    needs: Mapped[int]
    decided_from: Mapped[datetime]
    decided_to: Mapped[datetime]
    report: Mapped[dict[str, Any]]
    trained_at: Mapped[datetime]
    trained_by: Mapped[str]
    state: Mapped[RankerState] = mapped_column(default=RankerState.TRAINED)
    activated_at: Mapped[datetime | None]
    activated_by: Mapped[str] = mapped_column(default="")
    replaced_id: Mapped[UUID | None] = mapped_column(ForeignKey("ranker_version.id"))
    version: Mapped[int] = mapped_column(default=1)

    def retire(self) -> None:
        """Judge no more."""
        self.state = RankerState.RETIRED
        self.version += 1

    def activate(self, *, by: str, at: datetime, before: "RankerVersion | None", others: "Sequence[RankerVersion]") -> None:
        """Judge from now on, instead of `before`, which is retired first; raises AlreadyActive.

        Who had replaced this one goes back to what it had replaced, so that the way back never turns in a ring.
        """
        if self.state is RankerState.ACTIVE:
            raise AlreadyActive(f"The ranker {self.name} judges already.", name=self.name)
        for other in others:
            if other.replaced_id == self.id:
                other.replaced_id = self.replaced_id
        self.replaced_id = before.id if before is not None else None
        self.resume(by=by, at=at)

    def resume(self, *, by: str, at: datetime) -> None:
        """Judge again, with the way back that it had."""
        self.state, self.activated_at, self.activated_by = RankerState.ACTIVE, at, by
        self.version += 1
