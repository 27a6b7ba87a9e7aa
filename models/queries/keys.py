"""Keys of machines."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.keys import ApiKey


def add(session: Session, row: ApiKey) -> bool:
    """Keep a new key; False when there is one of its prefix, which ends the transaction."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        return False
    return True


def by_prefix(session: Session, prefix: str) -> ApiKey | None:
    """The key of a prefix, in force or not; None when there is none."""
    return session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).first()


def by_id(session: Session, key_id: UUID) -> ApiKey | None:
    """The key of an id, in force or not; None when there is none."""
    return session.get(ApiKey, key_id)


def every_key(session: Session) -> Sequence[ApiKey]:
    """All keys, in force or not, latest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.prefix)).all()
