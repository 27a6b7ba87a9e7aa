"""Drafts of the front door, by the hash of the token that a browser keeps."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.front_door import FrontDoorDraft


def by_hash(session: Session, token_hash: str, *, at: datetime, lock: bool = False) -> FrontDoorDraft | None:
    """The draft of a token's hash that is not past its date; None when there is none. `lock` lets others wait for this transaction."""
    query = select(FrontDoorDraft).where(FrontDoorDraft.token_hash == token_hash, FrontDoorDraft.expires_at > at)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).first()


def forget(session: Session, draft: FrontDoorDraft) -> None:
    """Delete a draft."""
    session.execute(delete(FrontDoorDraft).where(FrontDoorDraft.id == draft.id))


def forget_before(session: Session, at: datetime) -> None:
    """Delete the drafts that are past their date."""
    session.execute(delete(FrontDoorDraft).where(FrontDoorDraft.expires_at <= at))
