"""What the places say to a confirmed match: meet, not now or no; one row for each time that a place is asked."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key
from models.clocks import OVERDUE_AFTER
from models.decisions import Reason, ReasonCode, ReasonMissing
from models.documents import Visibility
from models.needs import Need
from models.places import Place
from models.words import says_something
from models.working_days import add_working_days, day_of, in_london

if TYPE_CHECKING:
    from models.people import Person
    from models.proposals import Proposal

PLACES_OF_THE_REGION: Final = 5
"""A need that names so many is West Yorkshire's, which is asked as one voice."""
ANSWERED_WITHIN: Final = OVERDUE_AFTER - 1
"""Working days that a place has; on the next it is overdue."""
NOT_NOW_AT_MOST: Final = timedelta(days=366)
"""How far ahead a *not now* may name its day."""
_NOT_YET: Final = "The place has not been asked yet: the innovation is for the Hub alone."
_TAKEN_BACK: Final = "The innovation is for the Hub alone again. The question goes on when partners may read it."


class PlaceReply(StrEnum):
    """What a place says."""

    MEET = "meet"
    NOT_NOW = "not_now"
    NO = "no"


class QuestionState(StrEnum):
    """Where a question to a place stands; a *held* one is not put to it, or no longer, because the innovation is for the Hub alone."""

    HELD = "held"
    ASKED = "asked"
    ANSWERED = "answered"
    CLOSED = "closed"


class Closing(StrEnum):
    """Why nobody waits for an answer any more."""

    MATCH_REVERSED = "match_reversed"
    PLACE_LEFT = "place_left"
    NEED_ENDED = "need_ended"


class AnswerClosed(DomainError):
    """The place has answered before, or nobody waits for its answer."""


class PlaceAnswer(Base):
    """One question to one place about one match, and its answer.

    A *not now* stays as it is when its day has come, and the place is asked again by a new row: `asking` counts them.
    Without a place it is put to West Yorkshire as one voice. `need_id` is the place's own need where it joined another's.
    """

    __tablename__ = "place_answer"
    __table_args__ = (
        UniqueConstraint("proposal_id", "place_id", "asking"),
        CheckConstraint("asking >= 1", name="asking_counts_from_one"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("(asked_at IS NULL) = (answer_by IS NULL)", name="asked_with_a_day"),
        CheckConstraint("state NOT IN ('asked', 'answered') OR asked_at IS NOT NULL", name="asked_before_answered"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_when"),
        CheckConstraint("(answer IS NULL) = (answered_by IS NULL)", name="answered_by_whom"),
        CheckConstraint("state <> 'answered' OR answer IS NOT NULL", name="answered_what"),
        CheckConstraint("(answer IS NOT NULL AND answer = 'not_now') = (until IS NOT NULL)", name="not_now_until_when"),
        CheckConstraint("answer IS NULL OR answer <> 'no' OR reason_code IS NOT NULL", name="no_with_reason"),
        CheckConstraint("introduced_at IS NULL OR answer = 'meet'", name="introduced_who_meet"),
        CheckConstraint("(state = 'closed') = (closing IS NOT NULL)", name="closed_with_cause"),
        Index(
            "ix_place_answer_of_the_region",
            "proposal_id",
            "asking",
            unique=True,
            sqlite_where=text("place_id IS NULL"),
            postgresql_where=text("place_id IS NULL"),
        ),
        Index("ix_place_answer_list", "created_at", "id"),
        Index("ix_place_answer_place_id", "place_id", "state"),
        Index("ix_place_answer_need_id", "need_id"),
        Index("ix_place_answer_until", "until", "asked_again_at"),
    )

    id: Mapped[Key]
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"))
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    asking: Mapped[int] = mapped_column(default=1)
    state: Mapped[QuestionState] = mapped_column(default=QuestionState.HELD)
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    answer_by: Mapped[date | None]
    answer: Mapped[PlaceReply | None]
    until: Mapped[date | None]
    reason_code: Mapped[ReasonCode | None]
    note: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_by_name: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    on_behalf: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)
    introduced_at: Mapped[datetime | None]
    asked_again_at: Mapped[datetime | None]
    closing: Mapped[Closing | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped["Proposal"] = relationship(back_populates="place_answers", lazy="joined")
    need: Mapped[Need] = relationship(lazy="joined")
    place: Mapped[Place | None] = relationship(lazy="joined")
    answerer: Mapped["Person | None"] = relationship(lazy="select")

    @property
    def asked_as(self) -> str:
        """Who is asked, in words."""
        return self.place.name if self.place is not None else "West Yorkshire"

    @property
    def comes_back(self) -> bool:
        """Whether it is asked because the day of a *not now* has come."""
        before = [row for row in self.proposal.place_answers if row.place_id == self.place_id and row.asking == self.asking - 1]
        return any(row.asked_again_at is not None for row in before)

    @property
    def is_hidden(self) -> bool:
        """Whether the innovation is for the Hub alone now, and nobody was introduced before."""
        return self.introduced_at is None and self.proposal.innovation.visibility is Visibility.HUB_ONLY

    @property
    def is_put(self) -> bool:
        """Whether the question is the place's to read: it was put to it, and is not held again."""
        return self.asked_at is not None and self.state is not QuestionState.HELD and not self.is_hidden

    @property
    def shows_the_match(self) -> bool:
        """Whether the place reads the match as it was judged, for as long as it stands."""
        return self.is_put and self.closing is not Closing.PLACE_LEFT

    @property
    def may_be_put(self) -> bool:
        """Whether it may be put to the place now; what it was shown before, it may be shown again, whatever was changed since."""
        shown = any(row.asked_at is not None for row in self.proposal.place_answers if row.place_id == self.place_id)
        return not self.is_hidden if shown else self.proposal.may_be_put_to_places

    def gives_way_to(self, need_id: UUID) -> bool:
        """Whether the place is asked anew for a need: the one that it was asked for has left the joint need, or has ended."""
        return self.closing is Closing.PLACE_LEFT or (self.closing is Closing.NEED_ENDED and self.need_id != need_id)

    def ask(self, *, at: datetime, waited: int = 0) -> None:
        """Put the question to the place, or put it again after `waited` working days that it had before it was held."""
        self.state, self.asked_at = QuestionState.ASKED, self.asked_at or at
        if waited < ANSWERED_WITHIN:
            self.answer_by = add_working_days(day_of(at), ANSWERED_WITHIN - waited)
        elif waited == ANSWERED_WITHIN:
            self.answer_by = day_of(at)
        self.version += 1

    def hold(self) -> None:
        """Wait until the innovation is not for the Hub alone any more."""
        self.state = QuestionState.HELD
        self.version += 1

    def give(
        self,
        answer: PlaceReply,
        *,
        by: UUID,
        by_name: str,
        at: datetime,
        reason: Reason,
        until: date | None,
        on_behalf: bool,
        window_seconds: float,
    ) -> None:
        """Take an answer, or a change of it by the same person within the window; raises AnswerClosed or ReasonMissing.

        After the window a *not now* may be answered anew before its day, by anybody of the place.
        """
        self.must_be_open(by=by, at=at, window_seconds=window_seconds)
        if answer is PlaceReply.NO and reason.code is None:
            raise ReasonMissing("A 'no' needs a reason code.", field="reason")
        if answer is PlaceReply.NOT_NOW and (until is None or until <= day_of(at)):
            raise ReasonMissing("A 'not now' needs a day to come, on which to ask again.", field="until")
        if until is not None and until > day_of(at) + NOT_NOW_AT_MOST:
            raise ReasonMissing("Name a day within a year. If that is too soon, say no, and why.", field="until")
        if on_behalf and not says_something(reason.note):
            raise ReasonMissing("To answer for a place, say in the note who of the place told you.", field="note")
        self.answer, self.state = answer, QuestionState.ANSWERED
        self.until = until if answer is PlaceReply.NOT_NOW else None
        self.reason_code = reason.code if answer is PlaceReply.NO else None
        self.note, self.on_behalf = reason.note, on_behalf
        if self.answered_at is None:
            self.late = self.answer_by is not None and day_of(at) > self.answer_by
        self.answered_by, self.answered_by_name, self.answered_at = by, by_name, at
        self.version += 1

    def close(self, cause: Closing, *, at: datetime) -> None:
        """Wait no more."""
        self.state, self.closing, self.closed_at = QuestionState.CLOSED, cause, at
        self.version += 1

    def ask_again(self, *, at: datetime) -> "PlaceAnswer":
        """The question anew, because the day of a *not now* has come."""
        self.asked_again_at = at
        self.version += 1
        return PlaceAnswer(
            proposal_id=self.proposal_id,
            need_id=self.need_id,
            place_id=self.place_id,
            asking=self.asking + 1,
            state=QuestionState.HELD,
            created_at=at,
            version=1,
        )

    def changeable_until(self, window_seconds: float) -> datetime | None:
        """Until when who answered may change it; None when there is no answer, or nothing to change any more."""
        if self.answered_at is None or self.state is QuestionState.CLOSED:
            return None
        return self.answered_at + timedelta(seconds=window_seconds)

    def must_be_open(self, *, by: UUID, at: datetime, window_seconds: float) -> None:
        """Refuse when nobody waits, or an answer stands that this person may no longer change; raises AnswerClosed, which tells why."""
        if self.state is QuestionState.CLOSED:
            raise AnswerClosed("Nobody waits for this answer any more.", state=self.state.value, closing=self.closing)
        if self.state is QuestionState.HELD or self.is_hidden:
            raise AnswerClosed(_NOT_YET if self.asked_at is None else _TAKEN_BACK, state=self.state.value)
        if self.asked_again_at is not None:
            raise AnswerClosed("The place was asked again since. Answer the newer question.", state=self.state.value)
        if (ends := self.changeable_until(window_seconds)) is None:
            return
        own = at < ends and self.answered_by == by and self.introduced_at is None
        if not own and (self.answer is not PlaceReply.NOT_NOW or at < ends):
            raise AnswerClosed(self.in_words, **self.in_short)

    @property
    def in_words(self) -> str:
        """Who answered what, and when, as a sentence for those who came after."""
        said = self.answer.replace("_", " ") if self.answer is not None else "nothing yet"
        when = f" at {in_london(self.answered_at)}" if self.answered_at is not None else ""
        return f"{self.answered_by_name or self.asked_as} answered “{said}” for {self.asked_as}{when}."

    @property
    def in_short(self) -> dict[str, str]:
        """The same for programs."""
        when = self.answered_at.isoformat() if self.answered_at is not None else ""
        return {"answered_by": self.answered_by_name, "answer": self.answer or "", "answered_at": when}
