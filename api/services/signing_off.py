"""A need is signed off by a place lead who is named: asked by mail, answered by themselves, about the words as they stand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import mailing
from api.services.recording import record
from models.actors import Actor
from models.documents import Side, StaleVersion
from models.events import Event
from models.needs import Need, NeedStatus
from models.people import Person
from models.policies import NEED_SHARE, SIGN_OFF_GIVE, SIGN_OFF_READ
from models.queries import documents, people, recipients
from models.queries import sign_offs as rows
from models.queries.documents import NotFound
from models.sign_offs import SignOff, SignOffRefused, SignOffVerdict
from models.subjects import subject_of


def may_be_asked(session: Session, need: Need) -> Sequence[Person]:
    """The leads of the need's places, by name."""
    found = {person.id: person for place in need.places for person in recipients.of_place(session, place.id)}
    return sorted(found.values(), key=lambda person: (person.name, str(person.id)))


def ask(session: Session, need_id: UUID, person_id: UUID, *, actor: Actor, at: datetime) -> SignOff:
    """Ask a lead of one of the need's places to sign it off; they are told by mail.

    Raises SignOffRefused for anybody else, for a need that has ended, and while they have not answered yet.
    """
    need: Need = documents.get(session, Side.NEED, need_id, actor, lock=True)
    NEED_SHARE.check(actor, subject_of(need))
    if need.status not in {NeedStatus.DRAFT, NeedStatus.OPEN}:
        raise SignOffRefused(f"A need that is {need.status} is not signed off any more.", field="person_id")
    if actor.person_id == person_id:
        raise SignOffRefused("You cannot ask yourself. Choose another lead of the place, or invite one.", field="person_id")
    person = next((each for each in may_be_asked(session, need) if each.id == person_id), None)
    if person is None:
        raise SignOffRefused("Choose somebody of the places that the need concerns.", field="person_id")
    if any(row.person_id == person.id and row.answered_at is None for row in rows.sign_offs_of(session, need.id)):
        raise SignOffRefused(f"{person.name} was asked already, and has not answered yet.", field="person_id")
    row = SignOff(
        need_id=need.id, need=need, person=person, asked_at=at, asked_by=actor.name, asked_by_name=actor.shown_as, note="", version=1
    )
    session.add(row)
    session.flush()
    told = {"name": person.name, "need": need.title, "asked_by": actor.shown_as, "sign_off": str(row.id)}
    mailing.post(session, "sign_off_asked", mailing.to_person(person), once_key=f"sign_off_asked:{row.id}", at=at, **told)
    _record(session, "need.sign_off_asked", row, actor, at)
    session.flush()
    return row


def get(session: Session, sign_off_id: UUID, *, actor: Actor) -> SignOff:
    """One that the actor was asked for, or that is about a need which they own; raises NotFound."""
    row = rows.sign_off(session, sign_off_id)
    if not SIGN_OFF_READ.allows(actor, subject_of(row)):
        raise NotFound("There is no sign-off of that id that you may see. Check the id, or sign in as whoever was asked.")
    return row


def of_need(session: Session, need_id: UUID, *, actor: Actor) -> Sequence[SignOff]:
    """Who was asked to sign a need off, and what they said, for those who may change it."""
    need = documents.need(session, need_id, actor)
    NEED_SHARE.check(actor, subject_of(need))
    return rows.sign_offs_of(session, need.id)


def answer(
    session: Session,
    sign_off_id: UUID,
    verdict: SignOffVerdict,
    note: str,
    *,
    revision: int | None,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> SignOff:
    """Sign a need off or send it back; `revision` is that of the words that were read.

    Raises SignOffGiven when it was answered before, StaleVersion when the words changed since, SignOffRefused without a reason.
    """
    row = get(session, sign_off_id, actor=actor)
    SIGN_OFF_GIVE.check(actor, subject_of(row))
    documents.one_for_update(session, Side.NEED, row.need_id)
    row = rows.sign_off(session, sign_off_id, lock=True)
    if row.answered_at is None and (
        (revision is not None and revision != row.need.revision) or (version is not None and version != row.version)
    ):
        raise StaleVersion("The need was changed after you read it. Read it again before you answer.", version=row.version)
    row.give(verdict, note, at=at)
    session.flush()
    if (asker := _asker(session, row)) is not None:
        told = {
            "name": asker.name,
            "need": row.need.title,
            "need_id": str(row.need_id),
            "by": row.person.name,
            "signed": verdict is SignOffVerdict.SIGNED,
        }
        mailing.post(
            session, "sign_off_answered", mailing.to_person(asker), once_key=f"sign_off_answered:{row.id}", at=at, note=note, **told
        )
    _record(session, "need.signed_off" if verdict is SignOffVerdict.SIGNED else "need.sent_back", row, actor, at)
    session.flush()
    return row


def _asker(session: Session, row: SignOff) -> Person | None:
    """Whoever asked, unless it was a machine, or they have left, or it is the one who answers."""
    kind, _, value = row.asked_by.partition(":")
    person = people.by_id(session, UUID(value)) if kind == "person" else None
    return person if person is not None and person.active and person.id != row.person_id else None


def _record(session: Session, kind: str, row: SignOff, actor: Actor, at: datetime) -> None:
    event = Event.of(kind, subject_kind=Side.NEED.value, subject_id=row.need_id, actor=actor.name, at=at, sign_off=str(row.id))
    record(session, event, at=at)
