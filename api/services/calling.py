"""nothing fits -> published: a need goes out as a call with a reference, and what comes in for it is told until it is answered."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import mailing
from api.services.accounts import actor_of_person
from api.services.recording import record
from models.actors import SYSTEM, Actor
from models.calls import Call, CallClosure, CallDatePassed, CallRefused, publishable, reference_of
from models.documents import Side, StaleVersion
from models.events import Event
from models.needs import Need
from models.people import Person
from models.policies import CALL_CLOSE, CALL_PUBLISH, CALL_READ_CANDIDATES, PROPOSAL_READ
from models.proposals import Proposal, ProposalState
from models.queries import calls, documents, joint_needs, recipients, unmet
from models.queries.pages import Page
from models.queries.unmet import Search
from models.subjects import subject_of
from models.watches import SubjectKind
from models.working_days import day_of, in_london


@dataclass(frozen=True, slots=True)
class Unmet:
    """A need that nothing answers: what is known of the search, its open call, and the keys of the places that ask together."""

    need: Need
    search: Search
    call: Call | None
    asked_by: Sequence[str]


def publish(session: Session, need_id: UUID, *, introduction: str, closes_on: date | None, actor: Actor, at: datetime) -> Call:
    """Publish a need as a call under the next reference of the year.

    Raises CallRefused for a need that is not open to everybody, was not matched yet or has matches to decide, and where it,
    or a need that is one with it, is published already; CallDatePassed for a last day that is over.
    """
    need = _locked(session, need_id, actor=actor)
    if closes_on is not None and closes_on < day_of(at):
        raise CallDatePassed("The last day of the call is over. Give one to come, or none.", field="closes_on")
    for standing in calls.open_of(session, [each.id for each in joint_needs.together(session, need.id)], lock=True):
        if (closure := standing.ending(at=at)) is None:
            raise _published(standing)
        _close(session, standing, closure, actor=SYSTEM, at=at)
    _must_be_unmet(session, need)
    year = day_of(at).year
    call = Call(
        reference=reference_of(year, calls.next_number(session, year)),
        need_id=need.id,
        need=need,
        introduction=introduction,
        published_by=actor.name,
        published_at=at,
        closes_on=closes_on,
        version=1,
    )
    session.add(call)
    session.flush()
    record(session, _event("call.published", call, actor, at), at=at)
    enqueue(session, Job.NOTICE, at=at, bulk=True, kind=SubjectKind.CALL.value, id=str(call.id))
    return call


def close(session: Session, reference: str, *, actor: Actor, at: datetime, version: int | None = None) -> Call:
    """Take a call back before its end; raises CallEnded when it has ended, StaleVersion when somebody else was faster."""
    call = calls.by_reference(session, reference, actor, lock=True)
    CALL_CLOSE.check(actor, subject_of(call))
    if version is not None and version != call.version:
        raise StaleVersion("Somebody changed this call after you read it. Read it again.", version=call.version)
    _close(session, call, call.ending(at=at) or CallClosure.TAKEN_BACK, actor=actor, at=at)
    return call


def answered(session: Session, need_id: UUID, *, at: datetime) -> None:
    """Close the calls of a need, and of those that are one with it: a confirmed match is there, and a place will meet them."""
    for call in calls.open_of(session, [each.id for each in joint_needs.together(session, need_id)], lock=True):
        _close(session, call, call.ending(at=at) or CallClosure.ANSWERED, actor=SYSTEM, at=at)


def settled(session: Session, need_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Close the call of a need that was met, closed or withdrawn, or that not everybody may read any more."""
    for call in calls.open_of(session, [need_id], lock=True):
        if (closure := call.ending(at=at)) is not None:
            _close(session, call, closure, actor=actor, at=at)


def end(session: Session, call_id: UUID, *, at: datetime) -> CallClosure | None:
    """Close a call whose last day, or whose need, is over; None when it goes on."""
    call = calls.one_for_update(session, call_id)
    closure = call.ending(at=at) if call is not None else None
    if call is not None and closure is not None:
        _close(session, call, closure, actor=SYSTEM, at=at)
    return closure


def candidates(session: Session, reference: str, *, actor: Actor, after: str | None, limit: int) -> Page[Proposal]:
    """What may answer a call, as far as the actor may read it, most probable first."""
    call = calls.by_reference(session, reference, actor)
    CALL_READ_CANDIDATES.check(actor, subject_of(call))
    asked = [each.id for each in joint_needs.together(session, call.need_id)]
    return calls.candidates(session, actor, asked, after=after, limit=limit)


def unmet_needs(
    session: Session, *, actor: Actor, place: str | None = None, theme: str | None = None, after: str | None = None, limit: int = 50
) -> Page[Unmet]:
    """The open needs that nothing answers and that the actor may read, with what is known of the search; a joint need is one."""
    page = unmet.page(session, actor, place=place, theme=theme, after=after, limit=limit)
    searched = unmet.searched(session, page.rows)
    called = calls.open_for(session, [need.id for need in page.rows])
    together = asked_by_all(session, page.rows, actor=actor)
    found = [Unmet(need, searched[need.id], called.get(need.id), together[need.id]) for need in page.rows]
    return Page(rows=found, following=page.following)


def asked_by(session: Session, need: Need, *, actor: Actor) -> list[str]:
    """The keys of the places that ask together: of the need and of those that are one with it, as far as the actor may read them."""
    beside = [each.id for each in joint_needs.together(session, need.id)]
    readable = documents.of_ids(session, Side.NEED, beside, actor).values() if len(beside) > 1 else [need]
    return sorted({place.key for each in readable for place in each.places})


def asked_by_all(session: Session, needs: Sequence[Need], *, actor: Actor) -> Mapping[UUID, list[str]]:
    """The same for many needs at once."""
    members = documents.of_ids(session, Side.NEED, joint_needs.with_mates(session, {need.id for need in needs}), actor)
    joint = joint_needs.joint_ids(session, members)
    keys: dict[UUID, set[str]] = defaultdict(set)
    for member in members.values():
        keys[joint.get(member.id, member.id)].update(place.key for place in member.places)
    return {need.id: sorted(keys[joint.get(need.id, need.id)]) for need in needs}


def notice(session: Session, proposals: Sequence[Proposal], *, at: datetime) -> None:
    """Tell the places of a need with an open call, and the Hub, of new proposals on it; each of a pair once, whoever finds it.

    What was put forward before the call went out, and is judged anew, is no news.
    """
    fresh = [row for row in proposals if row.state is ProposalState.OPEN]
    asked = calls.open_for(session, {row.need_id for row in fresh}) if fresh else {}
    for row in fresh:
        call = asked.get(row.need_id)
        if call is not None and call.ending(at=at) is None and not calls.known_before(session, row, call.published_at):
            _tell(session, call, row, at=at)


def _tell(session: Session, call: Call, proposal: Proposal, *, at: datetime) -> None:
    need, innovation = proposal.need, proposal.innovation
    for person in _told(session, call):
        if not PROPOSAL_READ.allows(actor_of_person(person), subject_of(proposal)):
            continue  # what is offered to the Hub alone is told to the Hub alone
        mailing.post(
            session,
            "call_candidate",
            mailing.to_person(person),
            once_key=f"call_candidate:{call.id}:{innovation.id}:{person.id}",
            at=at,
            reference=call.reference,
            need=need.title,
            innovation=innovation.name,
            supplier=innovation.supplier.name if innovation.supplier else "",
            band=proposal.band.value,
            path=f"/proposals/{proposal.id}",
        )


def _told(session: Session, call: Call) -> Sequence[Person]:
    """The people of the places that ask, and of the Hub whoever published the call, or all of it where a place did; each once."""
    places = joint_needs.places_of(session, call.need_id)
    hub = recipients.hub_staff(session)
    publisher = [person for person in hub if actor_of_person(person).name == call.published_by]
    people = [*(person for place in places for person in recipients.of_place(session, place.id)), *(publisher or hub)]
    return list({person.id: person for person in people}.values())


def _locked(session: Session, need_id: UUID, *, actor: Actor) -> Need:
    """The need that is to be published, locked with those that are one with it, in the order of their ids."""
    CALL_PUBLISH.check(actor, subject_of(documents.need(session, need_id, actor)))
    documents.lock_searchable(session, Side.NEED, [each.id for each in joint_needs.together(session, need_id)])
    need: Need = documents.get(session, Side.NEED, need_id, actor, lock=True)
    if not publishable(need):
        raise CallRefused(
            f"Only an open need that everybody may read is published. This one is {need.status}, its visibility '{need.visibility}'.",
            status=need.status.value,
            visibility=need.visibility.value,
        )
    return need


def _must_be_unmet(session: Session, need: Need) -> None:
    """Refuse while it is not known whether something answers the need, and when something does."""
    if need.proposed_revision != need.revision:
        raise CallRefused("This need has not been matched as it now reads. Wait a few minutes; publish it when nothing fits.")
    if unmet.is_answered(session, need.id):
        raise CallRefused("There are matches for this need. Decide on them first; publish it when none of them fits.")


def _published(standing: Call) -> CallRefused:
    since = standing.published_at
    said = f"It was published as {standing.reference} at {in_london(since)}, and that call is open. Close it first."
    return CallRefused(said, reference=standing.reference, published_at=since.isoformat())


def _close(session: Session, call: Call, reason: CallClosure, *, actor: Actor, at: datetime) -> None:
    call.close(reason, at=at)
    record(session, _event("call.closed", call, actor, at, reason=reason.value), at=at)
    session.flush()


def _event(kind: str, call: Call, actor: Actor, at: datetime, **data: str) -> Event:
    said = {"call": str(call.id), "reference": call.reference} | data
    return Event.of(kind, subject_kind="need", subject_id=call.need_id, actor=actor.name, at=at, **said)
