"""Watches of one's own: begin, list, mute, end."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.errors import CHANGING, CREATING, LISTING, READING, SENDING, problems
from api.requests import Creation, ExpectedVersion, Now, Reading, StrictRoute, Transaction, tag
from api.schemas.pages import PageOut, PageQuery
from api.schemas.watches import WatchIn, WatchOut, WatchPatch
from api.security import WatchBeginner, WatchChanger, WatchEnder, WatchReader
from api.services import watching
from models.queries import watches
from models.queries.places import UnknownPlace
from models.watches import Watch, WatchEmpty, WatchRefused

router = APIRouter(prefix="/watches", tags=["watches"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=WatchOut, responses=problems(*CREATING, WatchRefused, WatchEmpty, UnknownPlace))
def begin_watch(body: WatchIn, watcher: WatchBeginner, now: Now, session: Creation, response: Response) -> Watch:
    """Watch a theme, a place or a text from now on; what is found goes into your digest."""
    row = watching.begin(session, kind=body.kind, what=body.what, value=body.value, actor=watcher, at=now)
    response.headers["Location"] = f"/api/v1/watches/{row.id}"
    return tag(response, row)


@router.get("", response_model=PageOut[WatchOut], responses=problems(*LISTING))
def list_watches(wanted: Annotated[PageQuery, Query()], watcher: WatchReader, session: Reading) -> PageOut[WatchOut]:
    """List your watches, latest first."""
    page = watches.page(session, watcher, after=wanted.after, limit=wanted.limit)
    return PageOut(items=[WatchOut.model_validate(row) for row in page.rows], next=page.following)


@router.get("/{watch_id}", response_model=WatchOut, responses=problems(*READING))
def read_watch(watch_id: UUID, watcher: WatchReader, session: Reading, response: Response) -> Watch:
    """Read one of your watches."""
    return tag(response, watches.own(session, watch_id, watcher))


@router.patch("/{watch_id}", response_model=WatchOut, responses=problems(*CHANGING))
def change_watch(
    watch_id: UUID, *, body: WatchPatch, watcher: WatchChanger, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> Watch:
    """Mute a watch, or let it find things again."""
    return tag(response, watching.mute(session, watch_id, body.muted, actor=watcher, at=now, version=version))


@router.delete("/{watch_id}", status_code=204, responses=problems(*READING, *SENDING))
def end_watch(watch_id: UUID, watcher: WatchEnder, now: Now, session: Transaction) -> None:
    """End a watch, whatever it is now; what it found goes with it."""
    watching.end(session, watch_id, actor=watcher, at=now)
