"""A need is written together: a co-author without an account changes its words by a link in a mail, until it is taken back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import intake, links, mailing
from api.services.limiting import TooManyRequests
from api.services.mailing import Recipient
from api.services.recording import record
from api.services.signing_in import address_said, may_be_sent
from models.actors import Actor
from models.documents import Side
from models.events import Event
from models.links import LinkPurpose
from models.needs import Need, NeedStatus
from models.people import Role
from models.policies import NEED_SHARE
from models.queries import documents
from models.queries import sign_offs as rows
from models.sign_offs import MOST_SHARES, NeedShare, ShareRefused
from models.subjects import subject_of

VALID_FOR: Final = timedelta(days=30)
WORDS: Final = (
    "population",
    "problem",
    "desired_outcome",
    "metric",
    "title",
    "consequence_for_patients",
    "consequence_for_staff",
    "current_practice",
    "involvement",
)
"""What a co-author may change: words, and nothing of who owns the need, whom it concerns or who reads it."""


def share(session: Session, need_id: UUID, email: str, *, actor: Actor, at: datetime) -> NeedShare:
    """Mail somebody a link by which they change the words of a draft or an open need; the same address twice is once.

    Raises AddressRefused, ShareRefused for a need that has ended or when enough people share it, or TooManyRequests.
    """
    need: Need = documents.get(session, Side.NEED, need_id, actor, lock=True)
    NEED_SHARE.check(actor, subject_of(need))
    address = mailing.checked(address_said(email))
    if need.status not in {NeedStatus.DRAFT, NeedStatus.OPEN}:
        raise ShareRefused(f"A need that is {need.status} is not written any more.", field="email")
    if (standing := rows.in_force(session, need.id, address, at=at)) is not None:
        return standing
    if rows.count_in_force(session, need.id, at=at) >= MOST_SHARES:
        raise ShareRefused(f"{MOST_SHARES} people write this need already. Take a link back first.", field="email")
    if not may_be_sent(session, address, at=at):
        raise TooManyRequests("Enough mails with links were sent to this address within the hour. Share it again in an hour.")
    row = NeedShare(
        need_id=need.id,
        need=need,
        address=address,
        made_at=at,
        made_by=actor.name,
        made_by_name=actor.shown_as,
        expires_at=at + VALID_FOR,
    )
    session.add(row)
    session.flush()
    token = links.make(session, LinkPurpose.NEED_SHARE, subject_id=row.id, at=at, valid_for=VALID_FOR, address=address)
    told = {"path": f"/shared-needs/{token}", "need": need.title, "by": actor.shown_as, "days": VALID_FOR.days}
    mailing.post(session, "need_shared_link", Recipient(address), once_key=f"need_shared_link:{row.id}", at=at, **told)
    _record(session, "need.shared", row, actor, at)
    session.flush()
    return row


def take_back(session: Session, share_id: UUID, *, actor: Actor, at: datetime) -> NeedShare:
    """Let a link change nothing any more; twice is once. Raises NotFound."""
    row = rows.share(session, share_id)
    need = documents.get(session, Side.NEED, row.need_id, actor)
    NEED_SHARE.check(actor, subject_of(need))
    links.take_back(session, LinkPurpose.NEED_SHARE, row.id, at=at)  # first, as whoever uses it holds the link before the row
    row = rows.share(session, share_id, lock=True)
    if row.ended_at is None:
        row.ended_at = at
        _record(session, "need.unshared", row, actor, at)
    session.flush()
    return row


def look(session: Session, token: str, *, at: datetime) -> NeedShare:
    """What a link is about; raises LinkSpent. Looking spends nothing, and neither does changing: it works until it is too old."""
    return rows.share(session, links.peek(session, token, LinkPurpose.NEED_SHARE, at=at).subject_id)


def change_by_link(session: Session, token: str, words: Mapping[str, str], *, at: datetime, version: int) -> Need:
    """Change the words as whoever holds the link; raises LinkSpent, StaleVersion or TransitionRefused."""
    row = look(session, token, at=at)
    changes = {name: text for name, text in words.items() if name in WORDS}
    need: Need = intake.change(session, Side.NEED, row.need_id, changes, actor=co_author(row), at=at, version=version)
    row.used_at = at
    session.flush()
    return need


def co_author(row: NeedShare) -> Actor:
    """Whoever holds the link: for the need alone they may what its owners may, and `change_by_link` lets them change words."""
    return Actor(
        name=f"share:{row.id}",
        shown_as="A co-author",
        roles=frozenset({Role.PLACE}),
        place_ids=subject_of(row.need).owners,
    )


def _record(session: Session, kind: str, row: NeedShare, actor: Actor, at: datetime) -> None:
    event = Event.of(kind, subject_kind=Side.NEED.value, subject_id=row.need_id, actor=actor.name, at=at, share=str(row.id))
    record(session, event, at=at)
