"""Organisations that only their own people have named, until the Hub says what they are."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from models import Base
from models.innovations import Innovation
from models.organisations import Organisation, organisation_place
from models.people import RoleGrant
from models.queries.erasing import NOT_KEPT
from models.queries.pages import Page, page_of

_MOST: Final = 200


def unconfirmed(session: Session) -> Sequence[Organisation]:
    """Those that wait for the Hub, by name; some at a time, and none that was forgotten."""
    query = select(Organisation).where(~Organisation.confirmed, Organisation.name != NOT_KEPT)
    return session.scalars(query.order_by(Organisation.name, Organisation.id).limit(_MOST)).all()


def confirmed(session: Session, *, words: str, after: str | None, limit: int) -> Page[Organisation]:
    """Confirmed ones by name, of those whose name holds these words."""
    query = select(Organisation).where(Organisation.confirmed, Organisation.name.icontains(words, autoescape=True))
    return page_of(session, query.order_by(Organisation.name, Organisation.id), after=after, limit=limit, kinds=(str, UUID))


def confirmed_like(session: Session, words: str, *, limit: int) -> Sequence[Organisation]:
    """Confirmed ones whose name holds these words, those of that very name first."""
    query = select(Organisation).where(Organisation.confirmed, Organisation.name.icontains(words, autoescape=True))
    whole_first = func.lower(Organisation.name) != words.lower()
    return session.scalars(query.order_by(whole_first, Organisation.name, Organisation.id).limit(limit)).all()


def to_change(session: Session, organisation_id: UUID) -> Organisation | None:
    """An organisation, locked; None when there is none."""
    return session.scalars(select(Organisation).where(Organisation.id == organisation_id).with_for_update(key_share=True)).first()


def offers_of(session: Session, organisation_id: UUID, *, limit: int | None = None) -> Sequence[Innovation]:
    """What an organisation offers, less what was erased; the first of them, with a limit."""
    query = select(Innovation).where(Innovation.supplier_id == organisation_id, Innovation.erased_at.is_(None))
    return session.scalars(query.order_by(Innovation.id).limit(limit)).unique().all()


def become(session: Session, named: UUID, known: UUID) -> None:
    """Let one organisation be another: all that is of the first is of the second, and the first is gone."""
    session.flush()
    theirs = select(RoleGrant.person_id).where(RoleGrant.organisation_id == known)
    session.execute(delete(RoleGrant).where(RoleGrant.organisation_id == named, RoleGrant.person_id.in_(theirs)))
    session.execute(organisation_place.delete().where(organisation_place.c.organisation_id == named))
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.target_fullname == "organisation.id" for key in column.foreign_keys):
                session.execute(update(table).where(column == named).values({column.name: known}))
    session.execute(delete(Organisation).where(Organisation.id == named))
    session.expire_all()
