"""Bodies that help innovators are kept as rows by the Hub lead; one that is asked no more is put out of use, never deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from api.services.mailing import checked
from api.services.recording import record
from models.actors import Actor
from models.documents import StaleVersion
from models.events import Event
from models.policies import BODY_MANAGE
from models.queries import places, referrals
from models.referrals import BodyAddedBefore, BodyIncomplete, SupportBody


def add(
    session: Session, values: Mapping[str, Any], *, actor: Actor, at: datetime, key: str | None = None, once: UUID | None = None
) -> SupportBody:
    """Keep a new body; raises UnknownPlace, AddressRefused or BodyIncomplete, and BodyAddedBefore for a `once` that came before."""
    BODY_MANAGE.check(actor)
    row = SupportBody(id=once or uuid4(), key=key, version=1, created_at=at, updated_at=at)
    _write(session, row, values)
    if not referrals.add_body(session, row):
        raise BodyAddedBefore("This body was added already: the same form was sent before.")
    record(session, Event.of("body.added", subject_kind="body", subject_id=row.id, actor=actor.name, at=at), at=at)
    return row


def change(
    session: Session, body_id: UUID, changes: Mapping[str, Any], *, actor: Actor, at: datetime, version: int | None = None
) -> SupportBody:
    """Change what is said of a body; raises StaleVersion when somebody else was faster."""
    BODY_MANAGE.check(actor)
    row = referrals.body(session, body_id, lock=True)
    if version is not None and version != row.version:
        raise StaleVersion("Somebody changed this body after you read it. Read it again and repeat your change.", version=row.version)
    _write(session, row, changes)
    row.version, row.updated_at = row.version + 1, at
    session.flush()
    record(session, Event.of("body.changed", subject_kind="body", subject_id=row.id, actor=actor.name, at=at), at=at)
    return row


def _write(session: Session, row: SupportBody, values: Mapping[str, Any]) -> None:
    plain = dict(values)
    if "places" in plain:
        places.by_keys(session, plain["places"])
    if plain.get("contact_email"):
        plain["contact_email"] = checked(plain["contact_email"])
    for name, value in plain.items():
        setattr(row, name, value)
    if row.serves_nobody:
        raise BodyIncomplete("A body that serves some places needs their keys in 'places'.", field="places")
