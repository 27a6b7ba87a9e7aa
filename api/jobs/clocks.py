"""Those who are waited for are told so, by what they are waited for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect
from api.services import chasing, clocks, place_answers, referral_mail
from api.services.clocks import Chase
from models.clocks import ClockKind

CHASERS: Mapping[ClockKind, Chase] = MappingProxyType(
    {
        ClockKind.TRIAGE: chasing.chase_triage,
        ClockKind.ASK: chasing.chase_ask,
        ClockKind.PLACE_ANSWER: place_answers.chase,
        ClockKind.REFERRAL: referral_mail.chase,
    }
)
"""Who is told, by what is waited for."""


def chase(_context: Context, *, clock: str) -> Effect:
    """Remind, or say that it is overdue."""

    def tell(session: Session) -> None:
        clocks.chase(session, UUID(clock), CHASERS, at=datetime.now(UTC))

    return tell
