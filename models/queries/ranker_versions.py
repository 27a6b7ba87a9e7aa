"""Versions of the ranker: all, one by name, the one that judges."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.queries.documents import NotFound
from models.ranker_versions import RankerState, RankerVersion


def every(session: Session, *, lock: bool = False) -> Sequence[RankerVersion]:
    """All versions, newest first; `lock` lets one change at a time which of them judges."""
    query = select(RankerVersion).order_by(RankerVersion.trained_at.desc(), RankerVersion.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def named(session: Session, name: str) -> RankerVersion:
    """The version of a name; raises NotFound."""
    found = session.scalars(select(RankerVersion).where(RankerVersion.name == name)).first()
    if found is None:
        raise NotFound("There is no ranker of that name. See the list of rankers.")
    return found


def is_taken(session: Session, name: str) -> bool:
    """Whether a version has that name."""
    return session.scalar(select(RankerVersion.id).where(RankerVersion.name == name)) is not None


def active(session: Session) -> RankerVersion | None:
    """The version that judges; None when the ranker of the settings does."""
    return session.scalars(select(RankerVersion).where(RankerVersion.state == RankerState.ACTIVE)).first()


def by_id(session: Session, version_id: UUID) -> RankerVersion | None:
    """A version by its id."""
    return session.get(RankerVersion, version_id)
