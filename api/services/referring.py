"""active, referred -> offered to a body that helps, which accepts or declines; nothing is dropped."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import clocks, links, referral_mail, signposting
from api.services.recording import record
from api.services.signposting import Route
from models.actors import SYSTEM, Actor
from models.clocks import ClockKind
from models.documents import Side, StaleVersion
from models.events import Event
from models.grants import Policy
from models.innovations import SEARCHABLE_STATUSES, Innovation, InnovationStatus
from models.links import LinkPurpose
from models.policies import INNOVATION_READ_ROUTES, REFERRAL_ANSWER, REFERRAL_CLOSE, REFERRAL_OFFER
from models.queries import documents, referrals, triage
from models.referrals import OPEN_REFERRALS, Answered, DeclineCode, Referral, ReferralOutcome, ReferralRefused, ReferralState
from models.subjects import subject_of

_PAST_TRIAGE = frozenset({InnovationStatus.ACTIVE, InnovationStatus.REFERRED})


def propose_route(session: Session, innovation: Innovation) -> Sequence[Route]:
    """The bodies that may help, best first, less those that have it or did not take it; empty where none fits."""
    tried = referrals.tried(session, innovation.id)
    return signposting.routes(innovation, [body for body in referrals.active_bodies(session) if body.id not in tried])


def routes_of(session: Session, innovation_id: UUID, *, actor: Actor) -> Sequence[Route]:
    """The same for whoever asks; raises NotFound."""
    innovation = documents.innovation(session, innovation_id, actor)
    INNOVATION_READ_ROUTES.check(actor, subject_of(innovation))
    return propose_route(session, innovation)


def offer(session: Session, innovation_id: UUID, body_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Referral:
    """Refer one that has left triage, once more or beside its being active; raises what `refer` raises.

    One that is still in triage leaves it by the outcome *refer*, so that no submission is without one.
    """
    innovation = documents.innovation(session, innovation_id, actor)
    if innovation.status in SEARCHABLE_STATUSES - _PAST_TRIAGE:
        raise ReferralRefused("This innovation is still in triage. Give its submission the outcome 'refer'.", state=innovation.status.value)
    row = refer(session, innovation_id, body_id, reason=reason, actor=actor, at=at)
    referral_mail.tell_innovator(session, row, "referral_offered", at=at)
    return row


def refer(session: Session, innovation_id: UUID, body_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Referral:
    """Offer an innovation to a body, and mail it; those that declined it before are closed, because it has gone on.

    The innovator is told by whoever calls: by the letter of an outcome, or by `offer`.

    Raises ReferralRefused when its owner has not consented, when it is gone, or when the body has it already.
    """
    REFERRAL_OFFER.check(actor)
    innovation: Innovation = documents.get(session, Side.INNOVATION, innovation_id, actor, lock=True)
    REFERRAL_OFFER.check(actor, subject_of(innovation))
    body = referrals.body(session, body_id)
    _must_be_referable(innovation)
    if not body.active:
        raise ReferralRefused(f"{body.name} is asked no more. Choose another body.", state="inactive")
    if (standing := referrals.open_of(session, innovation_id, body_id)) is not None:
        raise ReferralRefused(f"{body.name} has this innovation already. {standing.in_words}", state=standing.state.value)
    for declined in referrals.to_end(session, innovation_id, (ReferralState.DECLINED,)):
        _close(session, declined, ReferralOutcome.REFERRED_ON, actor=actor, at=at)
    row = Referral(
        innovation_id=innovation.id,
        body=body,
        innovation=innovation,
        submission_id=handed_in.id if (handed_in := triage.current(session, innovation.id)) else None,
        reason=reason,
        offered_by=actor.person_id,
        offered_by_name=actor.shown_as,
        created_at=at,
        updated_at=at,
        steps=[],
    )
    row.step(ReferralState.OFFERED, by_name=actor.shown_as, at=at)
    session.add(row)
    session.flush()
    _record(session, row, "referral.offered", actor, at)
    clocks.start(session, ClockKind.REFERRAL, row.id, at=at)
    referral_mail.ask(session, row, at=at)
    return row


def answer(
    session: Session,
    referral_id: UUID,
    answered: Answered,
    *,
    actor: Actor,
    at: datetime,
    code: DeclineCode | None = None,
    note: str = "",
    version: int | None = None,
) -> Referral:
    """Write down what the body says to what it was offered; what it declined stays on the Hub's list until it is seen to.

    Raises ReferralRefused when it is past that, which tells by whom and when, or StaleVersion.
    """
    row = _to_change(session, referral_id, REFERRAL_ANSWER, actor)
    row.must_take(ReferralState(answered))
    _must_be_as_read(row, version)
    return _answer(session, row, answered, actor=actor, at=at, code=code, note=note)


def look(session: Session, token: str, *, at: datetime) -> Referral:
    """The referral that a link in a mail is about; raises LinkSpent. Looking spends nothing."""
    link = links.peek(session, token, LinkPurpose.REFERRAL, at=at)
    return referrals.get(session, link.subject_id, SYSTEM)


def answer_by_link(
    session: Session, token: str, answered: Answered, *, at: datetime, code: DeclineCode | None = None, note: str = ""
) -> Referral:
    """The same by the link in a mail, which stands for the body; raises LinkSpent or ReferralRefused."""
    row = _locked(session, links.peek(session, token, LinkPurpose.REFERRAL, at=at).subject_id, SYSTEM)
    row.must_take(ReferralState(answered))
    links.spend(session, token, LinkPurpose.REFERRAL, at=at)
    body = Actor(name=f"body:{row.body_id}", shown_as=row.body.name)
    return _answer(session, row, answered, actor=body, at=at, code=code, note=note)


def close(
    session: Session,
    referral_id: UUID,
    outcome: ReferralOutcome,
    *,
    actor: Actor,
    at: datetime,
    note: str = "",
    version: int | None = None,
) -> Referral:
    """End it, from wherever it stands, with how it ended; raises as `accept` does."""
    row = _to_change(session, referral_id, REFERRAL_CLOSE, actor)
    _must_be_as_read(row, version)
    _close(session, row, outcome, actor=actor, at=at, note=note)
    return row


def end_all(session: Session, innovation_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Close what is open or declined of an innovation that is gone: nobody is asked about it any more."""
    for row in referrals.to_end(session, innovation_id, (*sorted(OPEN_REFERRALS), ReferralState.DECLINED)):
        _close(session, row, ReferralOutcome.INNOVATION_GONE, actor=actor, at=at)


def _must_be_referable(innovation: Innovation) -> None:
    """Handed in, not gone, and its owner agreed that it is shown to others: nothing is passed on without consent."""
    if innovation.merged_into_id is not None:
        raise ReferralRefused(
            "This innovation was merged into another. Refer that one.", state="merged", into=str(innovation.merged_into_id)
        )
    if innovation.held:
        raise ReferralRefused("Its owner has not consented yet, so nothing may be passed on. Ask them first.", state="held")
    if innovation.status not in SEARCHABLE_STATUSES:
        raise ReferralRefused(f"An innovation that is {innovation.status} cannot be referred.", state=innovation.status.value)


def _to_change(session: Session, referral_id: UUID, policy: Policy, actor: Actor) -> Referral:
    policy.check(actor)
    row = _locked(session, referral_id, actor)
    policy.check(actor, subject_of(row))
    return row


def _locked(session: Session, referral_id: UUID, actor: Actor) -> Referral:
    """The referral with its innovation locked first, as everywhere; raises NotFound."""
    if (innovation_id := referrals.innovation_of(session, referral_id)) is not None:
        documents.one_for_update(session, Side.INNOVATION, innovation_id)
    return referrals.get(session, referral_id, actor, lock=True)


def _must_be_as_read(row: Referral, version: int | None) -> None:
    if version is not None and version != row.version:
        raise StaleVersion(f"{row.in_words} Read the referral again before you change it.", version=row.version, state=row.state.value)


def _answer(
    session: Session, row: Referral, answered: Answered, *, actor: Actor, at: datetime, code: DeclineCode | None, note: str
) -> Referral:
    row.step(ReferralState(answered), by_name=actor.shown_as, at=at, code=code or "", note=note)
    _settle(session, row, actor=actor, at=at)
    referral_mail.tell_answer(session, row, at=at)
    return row


def _close(session: Session, row: Referral, outcome: ReferralOutcome, *, actor: Actor, at: datetime, note: str = "") -> None:
    was_open = row.is_open
    row.step(ReferralState.CLOSED, by_name=actor.shown_as, at=at, code=outcome, note=note)
    _settle(session, row, actor=actor, at=at)
    referral_mail.tell_end(session, row, was_open=was_open, at=at)


def _settle(session: Session, row: Referral, *, actor: Actor, at: datetime) -> None:
    """Nobody is waited for any more, and no link answers any more."""
    session.flush()
    _record(session, row, f"referral.{row.state}", actor, at)
    clocks.stop(session, ClockKind.REFERRAL, row.id, at=at)
    links.take_back(session, LinkPurpose.REFERRAL, row.id, at=at)
    session.flush()


def _record(session: Session, row: Referral, kind: str, actor: Actor, at: datetime) -> None:
    event = Event.of(
        kind,
        subject_kind=Side.INNOVATION.value,
        subject_id=row.innovation_id,
        actor=actor.name,
        at=at,
        referral=str(row.id),
        body=str(row.body_id),
        code=row.steps[-1].code or None,
    )
    record(session, event, at=at)
