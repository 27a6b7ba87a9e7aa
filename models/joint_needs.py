"""Joint needs: needs of several places that are ranked as one; each keeps its own words, people, metric and owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key, Versioned
from models.needs import Need, NeedStatus

MOST_MEMBERS: Final = 20
"""Needs that may be one joint need; more than this is a theme, and none of them would be answered by one thing."""

PEOPLE: Final[Mapping[str, tuple[int, int | None]]] = MappingProxyType(
    {"UP_10000": (0, 10_000), "BETWEEN_10000_500000": (10_000, 500_000), "MORE_THAN_500000": (500_000, None)}
)
"""How many people each code of the record's list `patients_range` means, at least and at most; the others say nothing of it."""


class JoinRefused(DomainError):
    """These needs cannot be one joint need, or not as things stand."""


class NotJoint(DomainError):
    """The need is in no joint need."""


class JointNeed(Versioned, Base):
    """Needs that are ranked once for all of them, for as long as at least two of them are in it."""

    __tablename__ = "joint_need"
    __table_args__ = (CheckConstraint("version >= 1", name="version_counts_from_one"),)

    id: Mapped[Key]
    created_by: Mapped[str]  # as events name actors
    dissolved_at: Mapped[datetime | None]
    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="joint_need", order_by="(Membership.joined_at, Membership.id)", lazy="selectin"
    )

    @property
    def present(self) -> list["Membership"]:
        """Who is in it now, in the order in which they joined."""
        return [row for row in self.memberships if row.left_at is None]

    @property
    def in_force(self) -> bool:
        """Whether it still is one."""
        return self.dissolved_at is None

    def take_in(self, need: Need, *, by: str, at: datetime) -> "Membership":
        """Let an open need in; raises JoinRefused when it is not open, or when there are too many."""
        if not need.live or need.status is not NeedStatus.OPEN:
            raise JoinRefused(f"Only open needs are joined, and this one is {need.status}. Open it first.", need=str(need.id))
        if len(self.present) >= MOST_MEMBERS:
            raise JoinRefused(f"A joint need has at most {MOST_MEMBERS} members. Begin another one.", members=len(self.present))
        turn = max([at, *(each.joined_at + timedelta(microseconds=1) for each in self.present)])  # after those before
        row = Membership(need_id=need.id, need=need, joined_at=turn, joined_by=by)
        self.memberships.append(row)
        self.touch(at)
        return row

    def let_go(self, need_id: UUID, *, by: str, at: datetime) -> "Membership":
        """Let a member go; one that would stay behind alone is let go too, and there is no joint need any more."""
        leaving = next((row for row in self.present if row.need_id == need_id), None)
        if leaving is None:
            raise NotJoint("This need is in no joint need, so that there is none to leave.", need=str(need_id))
        leaving.leave(by=by, at=at)
        if len(self.present) == 1:
            self.present[0].leave(by=by, at=at)
        if not self.present:
            self.dissolved_at = at
        self.touch(at)
        return leaving

    def touch(self, at: datetime) -> None:
        """Write down that it changed."""
        self.version = (self.version or 1) + 1
        self.updated_at = at


class Membership(Base):
    """That a need was in a joint need, from when until when; it is in one at a time."""

    __tablename__ = "joint_need_membership"
    __table_args__ = (
        CheckConstraint("left_at IS NULL OR left_at >= joined_at", name="left_after_it_joined"),
        Index(
            "ix_joint_need_membership_present",
            "need_id",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_joint_need_membership_joint_need_id", "joint_need_id"),
    )

    id: Mapped[Key]
    joint_need_id: Mapped[UUID] = mapped_column(ForeignKey("joint_need.id"))
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    joined_at: Mapped[datetime]
    joined_by: Mapped[str]
    left_at: Mapped[datetime | None]
    left_by: Mapped[str | None]

    joint_need: Mapped[JointNeed] = relationship(back_populates="memberships", lazy="select")
    need: Mapped[Need] = relationship(lazy="joined")

    def leave(self, *, by: str, at: datetime) -> None:
        """End it."""
        self.left_at, self.left_by = max(at, self.joined_at), by


class AlignmentDismissal(Base):
    """That the Hub said of two needs, as they then read, that they are not one; forgotten when either text changes.

    The needs are in the order of their ids, so that a pair has one row.
    """

    __tablename__ = "alignment_dismissal"
    __table_args__ = (UniqueConstraint("one_id", "other_id"), CheckConstraint("one_id <> other_id", name="two_needs"))

    id: Mapped[Key]
    one_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    other_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"), index=True)
    one_revision: Mapped[int]
    other_revision: Mapped[int]
    dismissed_at: Mapped[datetime]
    dismissed_by: Mapped[str]  # as events name actors


class AlignmentProposal(Base):
    """That the Hub proposed to those who own a need to join another one, as both then read."""

    __tablename__ = "alignment_proposal"
    __table_args__ = (UniqueConstraint("need_id", "with_need_id"), CheckConstraint("need_id <> with_need_id", name="two_needs"))

    id: Mapped[Key]
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    with_need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"), index=True)
    need_revision: Mapped[int]
    with_revision: Mapped[int]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str]  # as events name actors


@dataclass(frozen=True, slots=True)
class People:
    """How many people needs are about, in bounds; `at_most` is None where there is no upper one."""

    at_least: int
    at_most: int | None
    not_told: int  # needs that do not say how many


@dataclass(frozen=True, slots=True)
class Scale:
    """How many speak with one voice each, which places they name, and how many people it is about."""

    voices: int
    places: tuple[str, ...]
    people: People

    @classmethod
    def of(cls, needs: Sequence[Need]) -> "Scale":
        """The scale of needs that are, or may become, one; a need of all five places is one voice, as is a place with two needs."""
        places = {place.key for need in needs for place in need.places}
        return cls(voices=len({voice_of(need) for need in needs}), places=tuple(sorted(places)), people=people_of(needs))


def voice_of(need: Need) -> tuple[str, ...]:
    """Whose voice a need is: of its owning place, else of its organisation, else of its places together."""
    if need.owner_place_id is not None:
        return ("place", str(need.owner_place_id))
    if need.owner_organisation_id is not None:
        return ("organisation", str(need.owner_organisation_id))
    together = sorted(str(place.id) for place in need.places)
    return ("place" if len(together) == 1 else "places", *together)


def people_of(needs: Sequence[Need]) -> People:
    """The bounds of how many people needs are about, if nobody is counted twice who may be meant by two of them.

    At least: those of needs of different places, largest first. At most: all of them, were they all different people.
    """
    told = [(PEOPLE[code], need) for need in needs if (code := need.patients_range or "") in PEOPLE]
    counted: set[UUID] = set()
    at_least = 0
    for (least, _), need in sorted(told, key=lambda each: (-each[0][0], str(each[1].id))):
        own = {place.id for place in need.places}
        if not own & counted:
            at_least += least
            counted |= own
    most = [bounds[1] for bounds, _ in told]
    open_ended = len(told) < len(needs) or None in most
    return People(at_least, None if open_ended else sum(bound or 0 for bound in most), len(needs) - len(told))
