"""The same verdict on many proposals: first what would happen to each, then each in a transaction of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import deciding
from models.actors import Actor
from models.decisions import Reason, Verdict
from models.grants import OWN_OFFER
from models.policies import PROPOSAL_DECIDE
from models.proposals import Proposal, ProposalClosed
from models.queries import proposals
from models.subjects import subject_of

MOST: Final = 50
"""How many proposals one form is about."""


class Do(StrEnum):
    """What is done to each; to confirm is no such thing, because each match that is announced was read for itself."""

    REJECT = "rejected"
    DEFER = "deferred"
    SKIP = "skipped"


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal: `refusal` says why nothing will be done to it, empty when it will."""

    proposal: Proposal
    refusal: str = ""


def preview(session: Session, do: Do, ids: Sequence[UUID], *, actor: Actor) -> list[Line]:
    """What would be done to which, in the order asked for; one that is not there is left out. Nothing is written."""
    rows = proposals.of_ids(session, ids, actor)
    return [Line(rows[each], next(_refusals(rows[each], do, actor), "")) for each in dict.fromkeys(ids) if each in rows]


def act(
    session: Session,
    do: Do,
    proposal_id: UUID,
    reason: Reason,
    *,
    actor: Actor,
    at: datetime,
    undo_window_seconds: float,
    version: int | None = None,
) -> None:
    """Do it to one; raises what deciding on it by itself raises."""
    if do is Do.SKIP:
        deciding.skip(session, proposal_id, actor=actor, at=at, version=version)
        return
    window = undo_window_seconds
    deciding.decide(session, proposal_id, Verdict(do.value), actor=actor, at=at, reason=reason, undo_window_seconds=window, version=version)


def _refusals(row: Proposal, do: Do, actor: Actor) -> Iterator[str]:
    """Why it would not be done; the service behind `act` refuses for the same reasons."""
    try:
        row.must_be_open()
    except ProposalClosed as error:
        yield error.message
    if do is not Do.SKIP and not PROPOSAL_DECIDE.allows(actor, subject_of(row)):
        yield OWN_OFFER
