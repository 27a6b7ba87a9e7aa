"""What events are about: whether there is such a thing, whoever may see it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.imports import ImportBatch
from models.innovations import Innovation
from models.jobs import JobRow
from models.links import Invitation
from models.mail import Message
from models.needs import Need
from models.place_answers import PlaceAnswer
from models.proposals import Proposal
from models.referrals import Referral, SupportBody
from models.watches import Watch

TABLES: Final[Mapping[str, Any]] = {
    "need": Need,
    "innovation": Innovation,
    "proposal": Proposal,
    "place_answer": PlaceAnswer,
    "import": ImportBatch,
    "job": JobRow,
    "message": Message,
    "invitation": Invitation,
    "body": SupportBody,
    "referral": Referral,
    "watch": Watch,
}
"""The tables of things that addresses name, by the word for them in events."""


def there_is(session: Session, kind: str, subject_id: UUID) -> bool:
    """Whether a thing is there, whoever asks; for the record of what was refused only."""
    key = TABLES[kind].id
    return session.scalar(select(key).where(key == subject_id)) is not None
