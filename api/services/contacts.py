"""Whom to write to about a match: the people of its places and those who offer it, as far as the asker may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models.actors import Actor
from models.people import Person, Role
from models.policies import PROPOSAL_READ
from models.proposals import Proposal
from models.queries import joint_needs, recipients
from models.subjects import subject_of


@dataclass(frozen=True, slots=True)
class Contacts:
    """People on either side; `after_meeting` says that a place is told who offers it when it has said *meet*."""

    places: Sequence[tuple[str, Sequence[Person]]]
    offering: Sequence[Person]
    after_meeting: bool = False


def of_match(session: Session, proposal: Proposal, *, actor: Actor) -> Contacts:
    """The people of a match that the actor may read: all for the Hub; for a place its own, and the others once it was introduced."""
    PROPOSAL_READ.check(actor, subject_of(proposal))
    if not actor.is_hub and Role.PLACE not in actor.roles:
        return Contacts((), ())
    teams = [
        (place.name, recipients.of_place(session, place.id))
        for place in joint_needs.places_of(session, proposal.need_id)
        if actor.is_hub or place.id in actor.place_ids
    ]
    met = actor.is_hub or any(
        row.place_id in actor.place_ids and row.introduced_at is not None and row.shows_the_match for row in proposal.place_answers
    )
    return Contacts(teams, recipients.of_innovation(session, proposal.innovation) if met else (), after_meeting=not met)
