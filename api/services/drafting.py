"""begun -> kept: the five answers of somebody without an account, between one visit of their browser and the next.

A draft holds no address and no name of a person, and nothing that may not be kept: what is typed passes the same rules
as what is handed in, but may be incomplete. Its beginning, sending and deletion are events; the typing between is not.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict

from sqlalchemy.orm import Session

from api.services import front_door
from api.services.accounts import digest
from api.services.content import InnovationContent
from api.services.recording import record
from models.actors import ANONYMOUS
from models.events import Event
from models.front_door import DraftGone, FrontDoorDraft
from models.queries import front_door as rows

_LONGEST_TOKEN: Final = 200


class _To(TypedDict):
    organisation: str
    email: str
    hand_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Where the answers go and as what; `after` is how often they were sent before, as whoever sends them was shown."""

    content: InnovationContent
    organisation: str
    email: str
    hand_in: bool
    after: int


def find(session: Session, token: str, *, at: datetime, lock: bool = False) -> FrontDoorDraft | None:
    """The draft of a browser's token; None when there is none. `lock` lets others wait for this transaction."""
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    return rows.by_hash(session, digest(token), at=at, lock=lock)


def keep(session: Session, token: str, answers: Mapping[str, Any], *, at: datetime, keep_for: timedelta) -> str:
    """Keep the answers in the draft of a token, or in a new one; returns the token by which they are found again."""
    found = find(session, token, at=at, lock=True)
    if found is not None:
        found.keep(dict(answers), at=at, expires_at=at + keep_for)
        session.flush()
        return token
    made = secrets.token_urlsafe(32)
    row = FrontDoorDraft(token_hash=digest(made), answers=dict(answers), kept_at=at, expires_at=at + keep_for, sends=0)
    session.add(row)
    session.flush()
    _record(session, "front_door.begun", row, at)
    return made


def send(session: Session, token: str, said: Sending, *, at: datetime, keep_for: timedelta) -> bool:
    """Mail the link that claims the answers; False when this sending was done before, and nothing is done again.

    A page that was gone back to says `after` of an earlier sending: what differs from what waits already is sent all the same.
    Raises DraftGone when there is no draft of that token, AccountInvalid for what is no address.
    """
    found = find(session, token, at=at, lock=True)
    if found is None:
        raise DraftGone("Your answers are kept no longer. Answer the questions again.")
    to: _To = {"organisation": said.organisation, "email": said.email, "hand_in": said.hand_in}
    if found.sends != said.after and front_door.waits(session, said.content, **to):
        return False
    front_door.save(session, said.content, **to, at=at, keep_for=keep_for)
    found.sends += 1
    session.flush()
    return True


def forget(session: Session, token: str, *, at: datetime) -> None:
    """Delete the draft of a token; twice is once."""
    found = find(session, token, at=at, lock=True)
    if found is not None:
        rows.forget(session, found)
        _record(session, "front_door.forgotten", found, at)


def _record(session: Session, kind: str, row: FrontDoorDraft, at: datetime) -> None:
    told = Event.of(kind, subject_kind="front_door_draft", subject_id=row.id, actor=ANONYMOUS.name, at=at)
    record(session, told, at=at)
    session.flush()
