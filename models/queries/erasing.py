"""What is kept of an innovation's words and of a person, in whatever table, and how it is taken out."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, String, Table, Uuid, and_, cast, delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Base
from models.answers import KeptAnswer
from models.decisions import Decision
from models.documents import Revision
from models.events import Event
from models.feedback import Feedback
from models.imports import ImportRow
from models.innovations import ExternalId, Innovation, InnovationStatus
from models.links import Invitation, SavedAnswers
from models.mail import Message, MessageState
from models.merges import Merge
from models.need_results import NeedResult
from models.organisations import Organisation
from models.passages import Passage, Vector
from models.people import Person, Role, RoleGrant
from models.pipeline import StageChange
from models.place_answers import PlaceAnswer
from models.proposals import Proposal
from models.queries import saved_views, sign_offs, submission_notes
from models.referrals import Referral, ReferralStep
from models.triage import Ask, Outcome, Submission
from models.watches import WatchHit

NOT_KEPT: Final = "(deleted)"
OWN_TABLES: Final = (Revision, Passage, ExternalId, WatchHit)
"""What is part of an innovation and goes with it."""
UNPAIRED_NAMES: Final[tuple[tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]], ...]] = (
    (Ask.asked_by_name, Ask.asked_at),
    (Ask.answered_by_name, Ask.answered_at),
    (ReferralStep.by_name, ReferralStep.at),
)
"""Names of people beside which no id stands, and when what they did was written down, which their events say too."""
SECRETS: Final = frozenset({"password_hash", "token_hash", "previous_token_hash", "csrf_token", "secret_hash"})
_TOLD: Final = ((Decision, "note"), (PlaceAnswer, "note"), (StageChange, "note"), (NeedResult, "text"))  # of a proposal, by people
_CHUNK: Final = 50  # words that one statement looks for


def is_referred_to(session: Session, innovation_id: UUID) -> bool:
    """Whether any row but those that are part of it names an innovation."""
    own = {table.__tablename__ for table in OWN_TABLES}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            named = any(key.target_fullname == "innovation.id" for key in column.foreign_keys)
            if named and table.name not in own and session.scalar(select(exists().where(column == innovation_id))):
                return True
    return False


def delete_whole(session: Session, row: Innovation) -> None:
    """Delete an innovation with all that is part of it."""
    innovation_id = row.id
    session.flush()
    session.expunge(row)
    session.execute(delete(Revision).where(Revision.innovation_id == innovation_id))
    forget_texts(session, innovation_id)
    session.execute(delete(Innovation).where(Innovation.id == innovation_id))


def forget_texts(session: Session, innovation_id: UUID) -> None:
    """Delete the passages, vectors and foreign keys of an innovation, the hits of watches, and what a file said."""
    for table in (Passage, ExternalId, WatchHit):
        session.execute(delete(table).where(table.innovation_id == innovation_id))
    # A vector stands beside the hash of its text, not beside a document: what no passage has is nobody's.
    session.execute(delete(Vector).where(Vector.text_hash.not_in(select(Passage.text_hash))))
    session.execute(update(ImportRow).where(ImportRow.document_id == innovation_id).values(data={}, problems=[]))


def forget_versions(session: Session, row: Innovation) -> None:
    """Let every version of an innovation say what its row says now; all that versions are read for is there, and empty."""
    versions = update(Revision).where(Revision.innovation_id == row.id)
    session.execute(versions.values(content=row.content(), content_hash=""))


def names_of(session: Session, row: Innovation) -> list[str]:
    """What an innovation was called in any of its versions; the longest name, which may hold others, first."""
    versions = session.scalars(select(Revision.content).where(Revision.innovation_id == row.id))
    said = [each for content in versions for each in (content["fields"].get("name", ""), content.get("as_written", {}).get("name", ""))]
    return sorted({name for name in (row.name, *said) if name.strip()}, key=lambda name: (-len(name), name))


def flagged(session: Session, word: str) -> Iterator[Proposal]:
    """Every proposal of anybody, in force or not, of which a flag says a word of ASCII letters."""
    said = select(Proposal.id).where(cast(Proposal.flags, String).contains(word, autoescape=True)).order_by(Proposal.id)
    for proposal_id in session.scalars(said).all():
        yield session.get_one(Proposal, proposal_id)


def without(names: Iterable[str], text: str, other: str) -> str:
    """A text in which another word stands for each of the names."""
    for name in names:
        text = _whole(name).sub(lambda _: other, text)
    return text


def proposals_of(session: Session, innovation_id: UUID) -> Sequence[Proposal]:
    """Every proposal of an innovation, in force or not."""
    return session.scalars(select(Proposal).where(Proposal.innovation_id == innovation_id).order_by(Proposal.id)).unique().all()


def ids_about(session: Session, innovation_id: UUID) -> list[UUID]:
    """The ids of all that mails about an innovation are about."""
    submissions = select(Submission.id).where(Submission.innovation_id == innovation_id)
    proposals = select(Proposal.id).where(Proposal.innovation_id == innovation_id)
    asked = (
        submissions,
        select(Outcome.id).where(Outcome.submission_id.in_(submissions)),
        select(Ask.id).where(Ask.submission_id.in_(submissions)),
        select(Referral.id).where(Referral.innovation_id == innovation_id),
        proposals,
        select(PlaceAnswer.id).where(PlaceAnswer.proposal_id.in_(proposals)),
    )
    return [innovation_id, *(found for query in asked for found in session.scalars(query))]


def forget_letters(session: Session, innovation_id: UUID) -> None:
    """Empty what was asked of and said to the innovator, what staff noted, and what bodies were told."""
    submission_notes.forget_of_innovation(session, innovation_id)
    submissions = select(Submission.id).where(Submission.innovation_id == innovation_id)
    outcomes = select(Outcome.id).where(Outcome.submission_id.in_(submissions))
    referrals = select(Referral.id).where(Referral.innovation_id == innovation_id)
    session.execute(update(Feedback).where(Feedback.outcome_id.in_(outcomes)).values(comment=""))
    session.execute(update(Outcome).where(Outcome.submission_id.in_(submissions)).values(letter="", note=""))
    session.execute(update(Ask).where(Ask.submission_id.in_(submissions)).values(question=NOT_KEPT, answer=""))
    session.execute(update(ReferralStep).where(ReferralStep.referral_id.in_(referrals)).values(note=""))
    session.execute(update(Referral).where(Referral.innovation_id == innovation_id).values(reason=NOT_KEPT))
    session.expire_all()


def forget_names(session: Session, innovation_id: UUID, names: Sequence[str]) -> None:
    """Take the names of an innovation out of what was written down of its proposals and merges, and out of letters about others."""
    own = select(Proposal.id).where(Proposal.innovation_id == innovation_id)
    for table, field in _TOLD:
        for row in session.scalars(select(table).where(table.proposal_id.in_(own))).unique():
            setattr(row, field, without(names, getattr(row, field), NOT_KEPT))
    merged = or_(Merge.kept_id == innovation_id, Merge.merged_id == innovation_id)
    session.execute(update(Merge).where(merged).values(note=""))
    for name in names:
        _rewrite(session, name, NOT_KEPT)


def messages_about(session: Session, ids: Sequence[UUID], names: Iterable[str]) -> Iterator[Message]:
    """The mails of which the cause names one of these ids, and those that have left and name the innovation."""
    for start in range(0, len(ids), _CHUNK):
        named = (Message.once_key.contains(str(each)) for each in ids[start : start + _CHUNK])
        yield from session.scalars(select(Message).where(or_(*named)))
    left = Message.state.not_in((MessageState.QUEUED, MessageState.SENDING))
    for name in names:
        said = or_(_holds(Message.subject, name), _holds(Message.body, name))
        for row in session.scalars(select(Message).where(left, said)):
            if _whole(name).search(f"{row.subject}\n{row.body}"):
                yield row


def forget_answers(session: Session, *, naming: UUID | None = None, actor: str | None = None) -> None:
    """Delete the answers that were kept to be given again and that name an id, or that an actor was given."""
    if naming is not None:
        said = str(naming).encode()
        kept = session.execute(select(KeptAnswer.id, KeptAnswer.body).where(KeptAnswer.body.is_not(None)))
        ids = [row.id for row in kept if said in row.body]
        session.execute(delete(KeptAnswer).where(KeptAnswer.id.in_(ids)))
    session.execute(delete(KeptAnswer).where(KeptAnswer.actor == actor))


def long_settled(session: Session, before: datetime, limit: int) -> Sequence[UUID]:
    """Innovations that were archived or withdrawn before a moment and still say something."""
    settled = Innovation.status.in_((InnovationStatus.ARCHIVED, InnovationStatus.WITHDRAWN))
    query = select(Innovation.id).where(settled, Innovation.erased_at.is_(None), Innovation.live, Innovation.updated_at < before)
    return session.scalars(query.order_by(Innovation.updated_at, Innovation.id).limit(limit)).all()


def other_leads(session: Session, person_id: UUID) -> int:
    """How many other people may lead the Hub; asking keeps whoever would take another lead away out."""
    leading = and_(Person.grants.any(RoleGrant.role == Role.LEAD), Person.active)
    session.execute(select(Person.id).where(leading).order_by(Person.id).with_for_update(key_share=True)).all()
    return session.scalars(select(func.count()).select_from(Person).where(leading, Person.id != person_id)).one()


def rename(session: Session, person: Person, name: str) -> None:
    """Write another name wherever a person's stands beside what they did."""
    for table, named, by in _names():
        known_as = person.id if isinstance(by.type, Uuid) else f"person:{person.id}"
        session.execute(update(table).where(by == known_as).values({named: name}))
    own = select(Event.recorded_at).where(Event.actor == f"person:{person.id}")
    for attribute, when in UNPAIRED_NAMES:
        session.execute(update(attribute.class_).where(attribute == person.name, when.in_(own)).values({attribute: name}))
    _rewrite(session, person.email, NOT_KEPT)
    if not session.scalar(select(exists().where(Person.name == person.name, Person.id != person.id))):
        _rewrite(session, person.name, name)
    mine = (Innovation.created_by == f"person:{person.id}") & (Innovation.consent_by == person.name)
    session.execute(update(Innovation).where(mine).values(consent_by=name))
    session.expire_all()


def _rewrite(session: Session, words: str, other: str) -> None:
    """Put other words in the place of some in every letter; not done to a name that several people have, which tells nobody."""
    for row in session.scalars(select(Message).where(_holds(Message.subject, words) | _holds(Message.body, words))):
        row.subject, row.body = (without([words], text, other) for text in (row.subject, row.body))
    for outcome in session.scalars(select(Outcome).where(_holds(Outcome.letter, words))):
        outcome.letter = without([words], outcome.letter, other)
    session.flush()


def _holds(text: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    return text.contains(words, autoescape=True)


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")


def forget_organisations(session: Session, ids: Collection[UUID]) -> None:
    """Forget the names of organisations that only their own people have named, when none is left and all they offered is erased."""
    manned = select(RoleGrant.organisation_id).where(RoleGrant.organisation_id.is_not(None))
    offering = select(Innovation.supplier_id).where(Innovation.supplier_id.is_not(None), Innovation.erased_at.is_(None))
    gone = Organisation.id.in_(ids) & ~Organisation.confirmed & Organisation.id.not_in(manned) & Organisation.id.not_in(offering)
    session.execute(update(Organisation).where(gone).values(name=NOT_KEPT))


def forget_person(session: Session, person: Person) -> None:
    """Delete what a person saved, as answers and as views, and was invited to, and the address of what they accepted."""
    session.execute(delete(SavedAnswers).where(SavedAnswers.address == person.email))
    saved_views.forget_of_person(session, person.id)
    sign_offs.forget_shares_with(session, person.email)
    session.execute(delete(Invitation).where(Invitation.address == person.email, Invitation.accepted_at.is_(None)))
    session.execute(update(Invitation).where(Invitation.address == person.email).values(address=""))


def held_about(session: Session, person: Person) -> Iterator[tuple[str, list[dict[Any, Any]]]]:
    """Every row that names a person, by their id, by what events call them or by their address; table -> columns but secrets."""
    for table in Base.metadata.sorted_tables:
        if table.name != KeptAnswer.__tablename__ and (conditions := list(_naming(table, person))):
            shown = [column for column in table.columns if column.name not in SECRETS]
            rows = session.execute(select(*shown).where(or_(*conditions)).order_by(*table.primary_key.columns))
            if found := [dict(row) for row in rows.mappings()]:
                yield table.name, found


def _naming(table: Table, person: Person) -> Iterator[ColumnElement[bool]]:
    for column in table.columns:
        if any(key.target_fullname == "person.id" for key in column.foreign_keys) or (table.name, column.name) == ("person", "id"):
            yield column == person.id
        elif (column.name == "actor" or column.name.endswith("_by")) and column.type.python_type is str:
            yield column == f"person:{person.id}"  # as events name people
        elif column.name == "address":
            yield column == person.email


def _names() -> Iterator[tuple[Table, str, Any]]:
    """The columns that hold the name of whoever a column beside it names by id."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            by = table.columns.get(column.name.removesuffix("_name"))
            if column.name.endswith("_name") and by is not None:
                yield table, column.name, by
