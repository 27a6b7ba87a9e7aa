"""What changes something on the page of a submission: how its forms are sent, and the one event that each writes."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from models.proposals import Band
from tests import factories
from tests.pages import PAGE
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


ARCHIVE = {"outcome": "archive", "reason": "no_budget"}
_NEXT_MONTH = datetime.now(UTC) + timedelta(days=30)
SOON = {"answer-by-day": str(_NEXT_MONTH.day), "answer-by-month": str(_NEXT_MONTH.month), "answer-by-year": str(_NEXT_MONTH.year)}


def give(client: TestClient, found: Received, *, version: str = "1", **form: str) -> Any:
    """Send the form of an outcome."""
    return client.post(f"{found.path}/outcome", data={"outcome": "active", "version": version} | form, headers=PAGE)


def judge(client: TestClient, pair: Any, verdict: str = "confirmed", **form: str) -> None:
    """Send the form of a verdict."""
    client.post(f"/triage/proposals/{pair}/decision", data={"verdict": verdict, "version": "1"} | form, headers=PAGE)


def field_in(page: str, name: str) -> str:
    """What stands in a text field of a page."""
    found = re.search(rf'<textarea[^>]*id="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def letter_in(page: str) -> str:
    """The letter that stands on a page."""
    return field_in(page, "letter")


def as_it_stands(page: str) -> dict[str, str]:
    """Letter, reason and what tells that nobody changed them, as a browser sends them back."""
    drafted = dict(re.findall(r'name="(drafted|why_drafted)" value="(\w*)"', page))
    return (
        {"letter": letter_in(page).replace("\n", "\r\n")} | drafted | ({"why": field_in(page, "why")} if "why_drafted" in drafted else {})
    )
