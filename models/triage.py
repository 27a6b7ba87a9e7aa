"""Triage: each handing-in of an innovation is one submission, which leaves the queue with one outcome."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key
from models.decisions import NotUndoable, ReasonCode
from models.innovations import Innovation, InnovationStatus
from models.working_days import in_london


class SubmissionState(StrEnum):
    """Where a submission stands."""

    WAITING = "waiting"
    IN_TRIAGE = "in_triage"
    ASKED = "asked"
    CLOSED = "closed"


class OutcomeKind(StrEnum):
    """What the Hub says of a submission; *ask* leaves it in triage, *undone* takes one back."""

    ACTIVE = "active"
    ASK = "ask"
    REFER = "refer"
    ARCHIVE = "archive"
    UNDONE = "undone"


class Leaving(StrEnum):
    """How a submission leaves triage without an outcome, by what somebody else did."""

    WITHDRAWN = "withdrawn"
    MERGED = "merged"


LONGEST_SNOOZE: Final = timedelta(days=60)
"""How far a submission may be put off; its clock runs on meanwhile."""
STATUS_AFTER = {
    OutcomeKind.ACTIVE: InnovationStatus.ACTIVE,
    OutcomeKind.REFER: InnovationStatus.REFERRED,
    OutcomeKind.ARCHIVE: InnovationStatus.ARCHIVED,
}
"""What an innovation becomes by each outcome that ends its triage."""


class SubmissionClosed(DomainError):
    """The submission has left triage already."""


class SubmissionTaken(DomainError):
    """A colleague is at work on the submission."""


class SnoozeRefused(DomainError):
    """The day until which a submission is put off is past, or too far away."""


class AlreadyAsked(DomainError):
    """The innovator has been asked, and has not answered yet."""


class AskClosed(DomainError):
    """The question has been answered, or is no longer asked."""


def must_be_a_day_to_come(until: date, today: date) -> None:
    """Refuse to put anything off until a day that is past, or too far away; raises SnoozeRefused."""
    if not today < until <= today + LONGEST_SNOOZE:
        raise SnoozeRefused(f"Choose a day to come, within {LONGEST_SNOOZE.days} days.", field="until")


class Submission(Base):
    """One handing-in of an innovation: who has it, where it stands and with which outcome it left triage.

    `revision` is the version of the text that was handed in. One submission of an innovation is open at a time.
    """

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("innovation_id", "number"),
        CheckConstraint("number >= 1", name="number_counts_from_one"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL OR left_by IS NOT NULL)", name="leaves_with_an_outcome"),
        CheckConstraint("outcome IS NULL OR left_by IS NULL", name="leaves_one_way"),
        CheckConstraint("outcome IS NULL OR outcome IN ('active', 'refer', 'archive')", name="outcome_ends_triage"),
        CheckConstraint("(state = 'closed') = (ended_at IS NOT NULL)", name="closed_with_time"),
        CheckConstraint("(assigned_to IS NULL) = (taken_at IS NULL)", name="taken_by_somebody"),
        CheckConstraint("state <> 'waiting' OR assigned_to IS NULL", name="waiting_for_anybody"),
        CheckConstraint("(snoozed_until IS NULL) = (snoozed_by IS NULL)", name="snoozed_by_somebody"),
        Index("ix_submission_queue", "state", "submitted_at", "id"),
        Index("ix_submission_assigned_to", "assigned_to"),
        Index(
            "ix_submission_open",
            "innovation_id",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
    )

    id: Mapped[Key]
    innovation_id: Mapped[UUID] = mapped_column(ForeignKey("innovation.id"))
    number: Mapped[int]
    revision: Mapped[int]
    submitted_at: Mapped[datetime]
    state: Mapped[SubmissionState] = mapped_column(default=SubmissionState.WAITING)
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    assigned_to_name: Mapped[str] = mapped_column(default="")
    taken_at: Mapped[datetime | None]
    snoozed_until: Mapped[date | None]
    snoozed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    snoozed_by_name: Mapped[str] = mapped_column(default="", server_default="")
    outcome: Mapped[OutcomeKind | None]
    left_by: Mapped[Leaving | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    innovation: Mapped[Innovation] = relationship(lazy="joined")
    outcomes: Mapped[list["Outcome"]] = relationship(
        back_populates="submission", order_by="(Outcome.given_at, Outcome.id)", lazy="selectin"
    )
    asks: Mapped[list["Ask"]] = relationship(back_populates="submission", order_by="(Ask.asked_at, Ask.id)", lazy="selectin")

    @property
    def is_open(self) -> bool:
        """Whether it is still in triage."""
        return self.state is not SubmissionState.CLOSED

    @property
    def standing(self) -> "Outcome | None":
        """The latest outcome that was not taken back."""
        undone = {row.undoes_id for row in self.outcomes}
        left = [row for row in self.outcomes if row.kind is not OutcomeKind.UNDONE and row.id not in undone]
        return left[-1] if left else None

    @property
    def open_ask(self) -> "Ask | None":
        """What the innovator was asked and has not answered."""
        return next((row for row in self.asks if row.is_open), None)

    @property
    def in_words(self) -> str:
        """Who has it, or how it left triage, as a sentence for those who came after."""
        if self.left_by is Leaving.WITHDRAWN and self.ended_at:
            return f"This innovation was withdrawn at {in_london(self.ended_at)}."
        if self.left_by is Leaving.MERGED and self.ended_at:
            return f"This innovation was merged into another at {in_london(self.ended_at)}."
        if (last := self.standing) is not None and (not self.is_open or self.open_ask is not None):
            return last.in_words
        if self.taken_at:
            return f"{self.assigned_to_name} took this submission at {in_london(self.taken_at)}."
        return "Nobody has this submission."

    @property
    def in_short(self) -> dict[str, str | None]:
        """The same for programs."""
        last = self.standing
        return {
            "state": self.state.value,
            "assigned_to": self.assigned_to_name or None,
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
            "outcome": last.kind.value if last else None,
            "given_by": last.given_by_name if last else None,
            "given_at": last.given_at.isoformat() if last else None,
        }

    def must_be_open(self) -> None:
        """Refuse when it has left triage; raises SubmissionClosed, which tells by whom, when and how."""
        if not self.is_open:
            raise SubmissionClosed(self.in_words, **self.in_short)

    def must_be_free_for(self, person_id: UUID) -> None:
        """Refuse when a colleague has it; raises SubmissionTaken, which tells who."""
        if self.assigned_to is not None and self.assigned_to != person_id:
            raise SubmissionTaken(f"{self.in_words} Ask them, or take it over if they are away.", **self.in_short)

    def take(self, *, by: UUID, by_name: str, at: datetime) -> None:
        """Become somebody's to see to; who has it already keeps it."""
        self.must_be_open()
        if self.assigned_to == by:
            return
        self.assigned_to, self.assigned_to_name, self.taken_at = by, by_name, at
        if self.state is SubmissionState.WAITING:
            self.state = SubmissionState.IN_TRIAGE
        self.version += 1

    def give_back(self) -> None:
        """Become anybody's again."""
        self.must_be_open()
        self.assigned_to, self.assigned_to_name, self.taken_at = None, "", None
        if self.state is SubmissionState.IN_TRIAGE:
            self.state = SubmissionState.WAITING
        self.version += 1

    def snooze(self, until: date, *, by: UUID, by_name: str, today: date) -> None:
        """Put it off until a day, for everybody; raises SnoozeRefused for a day that is not to come, or too far."""
        self.must_be_open()
        must_be_a_day_to_come(until, today)
        self.snoozed_until, self.snoozed_by, self.snoozed_by_name = until, by, by_name
        self.version += 1

    def wake(self) -> None:
        """Put it off no longer."""
        if self.snoozed_until is not None:
            self._wake()
            self.version += 1

    def _wake(self) -> None:
        self.snoozed_until, self.snoozed_by, self.snoozed_by_name = None, None, ""

    def conclude(self, outcome: "Outcome") -> None:
        """Take an outcome; one that ends triage closes what was still asked. Raises SubmissionClosed or AlreadyAsked."""
        self.must_be_open()
        self._wake()
        if outcome.kind is OutcomeKind.ASK:
            if self.open_ask is not None:
                raise AlreadyAsked(f"{self.in_words} Wait for the answer, or give another outcome.", **self.in_short)
            self.state = SubmissionState.ASKED
        else:
            self._stop_asking(outcome.given_at)
            self.state, self.outcome, self.ended_at = SubmissionState.CLOSED, outcome.kind, outcome.given_at
        self.outcomes.append(outcome)
        self.version += 1

    def leave(self, how: Leaving, *, at: datetime) -> None:
        """Leave triage by what somebody else did; nothing is asked any more."""
        self._stop_asking(at)
        self._wake()
        self.state, self.left_by, self.ended_at = SubmissionState.CLOSED, how, at
        self.version += 1

    def come_back(self) -> None:
        """Return to triage, where it stood before it left; what was still asked then is asked again, by a letter if none has left."""
        ended_at, self.outcome, self.left_by, self.ended_at = self.ended_at, None, None, None
        self.state = SubmissionState.IN_TRIAGE if self.assigned_to else SubmissionState.WAITING
        for asked in self.asks:
            if asked.answered_at is None and asked.closed_at is not None and asked.closed_at == ended_at:
                asked.closed_at, self.state = None, SubmissionState.ASKED
                next(row for row in self.outcomes if row.id == asked.outcome_id).unsettle()
        self.version += 1

    def answered(self) -> None:
        """Return to whoever had it, because the innovator has answered; it is put off no longer."""
        self._wake()
        self.state = SubmissionState.IN_TRIAGE if self.assigned_to else SubmissionState.WAITING
        self.version += 1

    def undoable(self, *, by: UUID, at: datetime, window_seconds: float) -> "Outcome":
        """The latest outcome, which only who gave it may take back, and only within the window; raises NotUndoable."""
        last = self.standing
        if last is None or (last.kind is OutcomeKind.ASK and self.open_ask is None) or self.left_by is not None:
            raise NotUndoable("There is no outcome to undo.")
        if last.given_by != by:
            raise NotUndoable(f"Only {last.given_by_name}, who gave the outcome, can undo it.", given_by=last.given_by_name)
        if last.settled_at is not None:
            raise NotUndoable("The letter has left, so that the outcome can no longer be undone.")
        if (at - last.given_at).total_seconds() >= window_seconds:
            raise NotUndoable(f"The time to undo ended {window_seconds / 60:g} minutes after the outcome.")
        return last

    def undo(self, *, by: UUID, by_name: str, at: datetime, window_seconds: float) -> "Outcome":
        """Take the latest outcome back by a new row, and return to triage; raises NotUndoable."""
        return self.take_back(self.undoable(by=by, at=at, window_seconds=window_seconds), by=by, by_name=by_name, at=at)

    def take_back(self, last: "Outcome", *, by: UUID, by_name: str, at: datetime, note: str = "") -> "Outcome":
        """Take the latest outcome back by a new row, whoever gave it, and return to triage; `note` says why."""
        row = Outcome(
            kind=OutcomeKind.UNDONE, given_by=by, given_by_name=by_name, given_at=max(at, last.given_at), undoes_id=last.id, note=note
        )
        self.outcomes.append(row)
        self._stop_asking(at)
        self.come_back()
        return row

    def _stop_asking(self, at: datetime) -> None:
        if (asked := self.open_ask) is not None:
            asked.closed_at = at


_DID: Final[Mapping[OutcomeKind, str]] = {
    OutcomeKind.ACTIVE: "made this submission active",
    OutcomeKind.ASK: "asked the innovator",
    OutcomeKind.REFER: "referred this submission to another body",
    OutcomeKind.ARCHIVE: "archived this submission",
    OutcomeKind.UNDONE: "took the outcome back",
}


class Outcome(Base):
    """What the Hub said of a submission; rows are only ever added.

    `letter` is what the innovator is told, word for word. It leaves, and all that cannot be taken back happens,
    when the undo window has passed: `settled_at`, with the number of people to whom the letter was mailed.
    """

    __tablename__ = "outcome"
    __table_args__ = (
        UniqueConstraint("undoes_id"),
        CheckConstraint("(kind = 'undone') = (undoes_id IS NOT NULL)", name="undo_names_what_it_undoes"),
        CheckConstraint("kind <> 'archive' OR reason_code IS NOT NULL", name="archived_with_reason"),
        CheckConstraint("(kind = 'refer') = (body_id IS NOT NULL)", name="referred_to_a_body"),
        CheckConstraint("(settled_at IS NULL) = (mailed_to IS NULL)", name="settled_whole"),
        CheckConstraint("left_undecided >= 0", name="left_undecided_not_negative"),
        Index("ix_outcome_unsettled", "settled_at", "given_at"),
    )

    id: Mapped[Key]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"), index=True)
    kind: Mapped[OutcomeKind]
    given_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    given_by_name: Mapped[str]
    given_at: Mapped[datetime]
    reason_code: Mapped[ReasonCode | None]
    note: Mapped[str] = mapped_column(Text, default="")
    letter: Mapped[str] = mapped_column(Text, default="")
    left_undecided: Mapped[int] = mapped_column(default=0)
    body_id: Mapped[UUID | None]
    referral_id: Mapped[UUID | None]
    undoes_id: Mapped[UUID | None] = mapped_column(ForeignKey("outcome.id"))
    settled_at: Mapped[datetime | None]
    mailed_to: Mapped[int | None]
    submission: Mapped[Submission] = relationship(back_populates="outcomes")

    @property
    def in_words(self) -> str:
        """Who gave which outcome, and when, as a sentence for those who came after."""
        return f"{self.given_by_name} {_DID[self.kind]} at {in_london(self.given_at)}."

    def settle(self, *, mailed_to: int, at: datetime) -> None:
        """Write down that the letter has left, or that nobody could be mailed."""
        self.settled_at, self.mailed_to = at, mailed_to

    def unsettle(self) -> None:
        """Let the letter leave after all, if nobody has been mailed it."""
        if self.mailed_to == 0:
            self.settled_at = self.mailed_to = None


class Ask(Base):
    """A question to the innovator: who asked, until when an answer helps, and the answer.

    `revision` is the version of the innovation that the answer made, if it changed any field. Of an answer that came
    when nothing was asked any more the words are kept as `answer`, beside `closed_at`.
    """

    __tablename__ = "ask"
    __table_args__ = (
        UniqueConstraint("outcome_id"),
        CheckConstraint("length(question) >= 1", name="question_says_something"),
        CheckConstraint("(answered_at IS NULL) = (answered_by_name IS NULL)", name="answered_by_somebody"),
        Index(
            "ix_ask_open",
            "submission_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL AND closed_at IS NULL"),
            postgresql_where=text("answered_at IS NULL AND closed_at IS NULL"),
        ),
        Index("ix_ask_submission_id", "submission_id"),
    )

    id: Mapped[Key]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"))
    outcome_id: Mapped[UUID] = mapped_column(ForeignKey("outcome.id"))
    question: Mapped[str] = mapped_column(Text)
    answer_by: Mapped[date]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by_name: Mapped[str | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int | None]
    late: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]
    submission: Mapped[Submission] = relationship(back_populates="asks")

    @property
    def is_open(self) -> bool:
        """Whether an answer is still waited for."""
        return self.answered_at is None and self.closed_at is None

    def must_be_unanswered(self) -> None:
        """Refuse a second answer; raises AskClosed, which tells who answered and when."""
        if self.answered_at is not None:
            raise AskClosed(f"{self.answered_by_name} answered at {in_london(self.answered_at)}. One answer is taken.")

    def take_answer(self, answer: str, *, by_name: str, at: datetime, today: date, revision: int | None) -> None:
        """Write the answer down; raises AskClosed when there is one already."""
        self.must_be_unanswered()
        self.answer, self.answered_by_name, self.answered_at, self.revision = answer, by_name, at, revision
        self.late = today > self.answer_by
