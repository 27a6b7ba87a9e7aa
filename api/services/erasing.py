"""Delete: what an innovator handed in, an account, and what was settled long ago; the chain of events stays whole.

Rows that others refer to stay as tombstones that say nothing: events, decisions and reports carry ids alone.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import accounts, intake, mailing, parting, watching
from api.services.recording import record
from matcher.types import FlagKind
from models.actors import SYSTEM, Actor
from models.documents import Readability, Side, StaleVersion, TransitionRefused
from models.events import Event
from models.innovations import Innovation, InnovationStatus
from models.people import Person, Role
from models.policies import INNOVATION_DELETE
from models.queries import documents, merges, people
from models.queries import erasing as rows
from models.queries import links as link_rows
from models.subjects import subject_of

DELETED: Final = "Deleted"
FORMER: Final = "somebody who has left"
_AT_ONCE: Final = 50
_LISTS: Final = (*Innovation.FACETS, "standards", "evidences", "integrates_with", "illustrative")
_EMPTY: Final = ("stage_source", "website", "consent_by", "consent_scope", "source", "source_url", "search_text")
_NOTHING: Final = (
    "key",
    "main_category",
    "main_purpose",
    "patients_range",
    "stage",
    "requires_smartphone",
    "deployed",
    "consent_at",
    "record",
    "record_version",
    "verified",
    "embedded_revision",
    "embedded_encoder",
    "import_id",
    "import_line",
)


def delete_innovation(session: Session, innovation_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> None:
    """Delete an innovation: a draft that was never handed in leaves nothing, any other is withdrawn and its words are erased.

    A confirmed match that was announced is reversed, as by a withdrawal. Raises NotFound, NotAllowed or StaleVersion.
    """
    parting.lock(session, innovation_id)
    row: Innovation = documents.get(session, Side.INNOVATION, innovation_id, actor, lock=True)
    INNOVATION_DELETE.check(actor, subject_of(row))
    if version is not None and version != row.version:
        raise StaleVersion("Somebody changed this innovation after you read it. Read it again before you delete it.", version=row.version)
    _delete(session, row, actor=actor, at=at)


def delete_settled(session: Session, *, at: datetime, after: timedelta) -> int:
    """Erase what was archived or withdrawn so long ago, some at a time; returns how many that were."""
    found = rows.long_settled(session, at - after, _AT_ONCE)
    locked = merges.lock(session, {part for each in found for part in (each, *merges.under(session, each))})
    settled = [each for each in found if each in locked and locked[each].updated_at < at - after]  # nobody has handed it in again since
    for innovation_id in settled:
        row: Innovation = documents.get(session, Side.INNOVATION, innovation_id, SYSTEM)
        _delete(session, row, actor=SYSTEM, at=at)
    return len(settled)


def export(session: Session, person_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Everything that is held about a person, table by table, without secrets; values as the database has them."""
    person = _person(session, person_id)
    return {name: [dict(row) for row in found] for name, found in rows.held_about(session, person)}


def erase_person(session: Session, person_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Erase an account: name and address are gone, its sessions and rights end; what the person did stays, without the name.

    Raises UnknownAccount, or TransitionRefused for the last lead of the Hub.
    """
    person = _person(session, person_id)
    if any(grant.role is Role.LEAD for grant in person.grants) and not rows.other_leads(session, person.id):
        raise TransitionRefused("This is the only lead of the Hub. Make somebody else a lead first.", status="last_lead")
    mailing.forget(session, person.id)
    link_rows.forget_of_person(session, person.id, person.email)
    watching.forget(session, person.id)
    rows.forget_person(session, person)
    rows.forget_answers(session, actor=f"person:{person.id}")
    rows.rename(session, person, FORMER)
    people.end_sessions_of(session, person.id)
    people.forget_devices_of(session, person.id)
    firms = accounts.actor_of_person(person).organisation_ids
    person.grants.clear()
    session.flush()
    rows.forget_organisations(session, firms)
    person.name, person.email, person.password_hash = FORMER, f"erased-{person.id}@erased.invalid", accounts.nobodys_hash()
    person.active, person.erased_at = False, at
    session.flush()
    record(session, Event.of("person.erased", subject_kind="person", subject_id=person.id, actor=actor.name, at=at), at=at)
    session.flush()


def _person(session: Session, person_id: UUID) -> Person:
    person = people.by_id(session, person_id)
    if person is None or person.erased_at is not None:
        raise accounts.UnknownAccount("There is no account of that id. List the people.")
    return person


def _delete(session: Session, row: Innovation, *, actor: Actor, at: datetime) -> None:
    firms = [row.supplier_id] if row.supplier_id is not None else []
    if row.status is InnovationStatus.DRAFT and not rows.is_referred_to(session, row.id):
        _record(session, "innovation.deleted", row.id, actor, at)
        rows.forget_answers(session, naming=row.id)
        rows.delete_whole(session, row)
        rows.forget_organisations(session, firms)
        return
    if row.status is not InnovationStatus.WITHDRAWN:
        intake.withdraw(session, Side.INNOVATION, row.id, actor=actor, at=at)
    parting.let_go(session, row.id, actor=actor, at=at)  # also from one that was withdrawn before
    _erase(session, row, at=at)
    rows.forget_organisations(session, firms)
    _record(session, "innovation.erased", row.id, actor, at)
    enqueue(session, Job.SNAPSHOT, at=at, bulk=True)
    session.flush()


def _erase(session: Session, row: Innovation, *, at: datetime) -> None:
    """Leave of an innovation its id, its times and whose it was; nothing that it said."""
    names = rows.names_of(session, row)
    for message in {each.id: each for each in rows.messages_about(session, rows.ids_about(session, row.id), names)}.values():
        message.forget()
    for proposal in rows.proposals_of(session, row.id):
        proposal.findings, proposal.flags = [], []
    _forget_copies(session, names)
    session.flush()
    rows.forget_letters(session, row.id)
    rows.forget_names(session, row.id, names)
    rows.forget_texts(session, row.id)
    rows.forget_answers(session, naming=row.id)
    for name in Innovation.TEXTS:
        setattr(row, name, "")
    for name in _EMPTY:
        setattr(row, name, "")
    for name in _LISTS:
        setattr(row, name, [])
    for name in _NOTHING:
        setattr(row, name, None)
    row.name, row.readability, row.live = DELETED, Readability.EMPTY, False
    row.version, row.updated_at, row.erased_at = row.version + 1, at, at
    session.flush()
    rows.forget_versions(session, row)
    session.expire_all()


def _forget_copies(session: Session, names: Sequence[str]) -> None:
    """Take the names out of what stands beside innovations of anybody that were nearly the same, and the words that both had."""
    for proposal in rows.flagged(session, FlagKind.NEAR_COPY.value):
        kept = [_without_copy(flag, names) for flag in proposal.flags]
        if kept != proposal.flags:
            proposal.flags = kept


def _without_copy(flag: dict[str, Any] | str, names: Sequence[str]) -> dict[str, Any] | str:
    if isinstance(flag, str) or flag["kind"] != FlagKind.NEAR_COPY.value:
        return flag
    sentence, mark, copies = flag["says"].partition(": ")
    left = copies
    for name in names:
        left = re.sub(rf"(?:^|(?<=; )){re.escape(name)}(?=; |$)", DELETED, left)
    if left == copies:
        return flag
    return flag | {"says": f"{sentence}{mark}{left}", "field": None, "start": None, "end": None, "text": ""}


def _record(session: Session, kind: str, innovation_id: UUID, actor: Actor, at: datetime) -> None:
    record(session, Event.of(kind, subject_kind="innovation", subject_id=innovation_id, actor=actor.name, at=at), at=at)
