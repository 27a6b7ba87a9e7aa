"""The page of activity: what happened, in order, with the positions that other systems read by."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.pages import wording
from api.pages.rendering import page
from api.requests import Reading, StrictRoute
from api.schemas.events import Position
from api.security import ActivityReader, CurrentVisit
from api.services import delivering
from models.events import Event
from models.queries import events, people

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
LISTED = 50
_PAGES = {"need": "/needs", "innovation": "/innovations", "proposal": "/proposals"}


@router.get("/events")
def activity(
    request: Request, *, visit: CurrentVisit, actor: ActivityReader, session: Reading, after: Position | None = None
) -> HTMLResponse:
    """The sealed events past a position, the latest first; without a position, the latest of all."""
    head = events.head(session)[0]
    begin = max(0, head - LISTED if after is None else after)
    found = delivering.events_after(session, begin, actor=actor, limit=LISTED).events
    return page(
        request,
        "events.jinja",
        visit,
        title="Activity",
        rows=[_told(session, row) for row in reversed(found)],
        earlier=f"/events?after={max(0, begin - LISTED)}" if begin > 0 else "",
        later=f"/events?after={begin + LISTED}" if begin + LISTED < head else "",
        head=head,
    )


def _told(session: Session, event: Event) -> dict[str, object]:
    path = _PAGES.get(event.subject_kind)
    return {
        "position": event.position,
        "what": wording.event(event.kind),
        "when": event.recorded_at,
        "href": f"{path}/{event.subject_id}" if path else "",
        "subject": {"need": "Need", "innovation": "Innovation", "proposal": "Match"}.get(event.subject_kind, ""),
        "actor": _who(session, event.actor),
    }


def _who(session: Session, actor: str) -> str:
    """The actor of an event by name, when it is a person who is still known."""
    kind, _, value = actor.partition(":")
    if kind == "person":
        person = people.by_id(session, UUID(value))
        return person.name if person else "Somebody who has left"
    return {"key": f"Key {value}", "system": "The service", "body": "A body that helps"}.get(kind, kind)
