"""What changes something on the page of a submission: how its forms are sent, and the one event that each writes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from models.proposals import Band
from tests import factories
from tests.triage import put_to, submission


def _form(what: str, *, before: str = "", **said: str) -> Callable[[Any], Any]:
    def change(world: Any) -> Any:
        row, _ = put_to(world, before=before)
        return world.form(f"/triage/{row.id}/{what}", **said)

    return change


def _pair(what: str, *, decided: bool = False, **said: str) -> Callable[[Any], Any]:
    def change(world: Any) -> Any:
        return world.form(f"/triage/proposals/{world.on(world.decided() if decided else world.proposal())}/{what}", **said)

    return change


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /triage/{submission_id}/take": ("submission.taken", _form("take", version="1")),
    "POST /triage/{submission_id}/give-back": ("submission.given_back", _form("give-back", before="take", version="2")),
    "POST /triage/{submission_id}/outcome": ("submission.outcome", _form("outcome", outcome="active", version="1")),
    "POST /triage/{submission_id}/undo": ("submission.undone", _form("undo", before="outcome", version="3")),
    "POST /triage/proposals/{proposal_id}/decision": ("proposal.confirmed", _pair("decision", verdict="confirmed", version="1")),
    "POST /triage/proposals/{proposal_id}/skip": ("proposal.skipped", _pair("skip", version="1")),
    "POST /triage/proposals/{proposal_id}/undo": ("proposal.undone", _pair("undo", decided=True, version="2")),
}
"""The routes of the page, by the one event that each writes."""
SENT: dict[str, dict[str, Any]] = {
    "POST /triage/{submission_id}/outcome": {"data": {"outcome": "active", "version": "1"}},
    "POST /triage/proposals/{proposal_id}/decision": {"data": {"verdict": "confirmed", "version": "1"}},
}
"""What a sound request to some of them holds, for whoever asks only who may."""


@dataclass(frozen=True)
class Received:
    """A submission that waits, and the pairs to judge on it, the likeliest first."""

    id: UUID
    pairs: list[UUID]

    @property
    def path(self) -> str:
        """Its page."""
        return f"/triage/{self.id}"


def handed_in(session: Session, count: int, *, title: str = "", flags: list[Any] | None = None, **values: Any) -> Received:
    """A submission with so many pairs; what is said is of the innovation."""
    row = submission(session, at=datetime.now(UTC), **values)
    found = []
    for number in range(1, count + 1):
        need = factories.make_need(session, title=title or f"Need {number}")
        said: dict[str, Any] = {
            "probability": 0.95 - number / 100,
            "band": Band.POSSIBLE if number > 1 else Band.STRONG,
            "flags": flags or [],
        }
        found.append(factories.make_proposal(session, need, row.innovation, **said).id)
    return Received(row.id, found)
