"""Feedback: the one question after each outcome, and what was answered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key

QUESTION = "Do you know now what to do next?"


class Answer(StrEnum):
    """What may be answered."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class AnsweredBefore(DomainError):
    """The question about this outcome was answered; an answer is given once."""


class Feedback(Base):
    """The answer of an innovator to the one question after an outcome of their submission."""

    __tablename__ = "feedback"

    id: Mapped[Key]
    outcome_id: Mapped[UUID] = mapped_column(ForeignKey("outcome.id"), unique=True)
    answer: Mapped[Answer]
    comment: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime]
