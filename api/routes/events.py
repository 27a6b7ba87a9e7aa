"""Events after a position: how other systems follow what happens here."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.errors import ASKING, problems
from api.requests import Reading, StrictRoute
from api.schemas.events import EventsQuery, FeedOut
from api.security import EventReader
from api.services import delivering
from api.services.delivering import Feed

router = APIRouter(prefix="/events", tags=["events"], route_class=StrictRoute)


@router.get("", response_model=FeedOut, responses=problems(*ASKING))
def list_events(wanted: Annotated[EventsQuery, Query()], reader: EventReader, session: Reading) -> Feed:
    """Read sealed events past a position, in order; the pipeline reads the kinds of its catalogue."""
    return delivering.events_after(session, wanted.after, actor=reader, limit=wanted.limit, kinds=wanted.kind or None)
