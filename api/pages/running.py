"""The page of how the service runs: its state, what is being done and what failed; a stream tells a watching browser of the work."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import wording
from api.pages.forms import FormError
from api.pages.keeping import UP
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, JobReader, JobRetrier, Visit
from api.services import retrying
from api.services.library import Libraries, RankingUnavailable
from api.services.measuring import Figures, Lookout
from api.services.progress import Progress, progress
from api.services.readiness import State, readiness
from api.services.retrying import NotDead
from models.documents import Side
from models.jobs import JobRow, JobState
from models.policies import JOB_RETRY
from models.queries import jobs, mail
from models.queries.documents import NotFound

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
STREAM_SECONDS: Final = 15.0
"""How long one answer of the stream goes on before the browser asks anew, so that who signs out or a server that stops waits no longer."""
_EVERY_SECONDS: Final = 1.0
_LISTED: Final = 50
_WEEK: Final = timedelta(days=7)
# state -> (what it is called, colour of the tag)
STATES: Final = {
    State.READY: ("Everything works", "green"),
    State.STARTING: ("Starting", "blue"),
    State.DEGRADED: ("Works, with faults", "orange"),
    State.DOWN: ("Does not work", "red"),
}
JOBS: Final[Mapping[str, str]] = {
    "embed": "Read a text for matching",
    "propose": "Look for matches",
    "snapshot": "Store the index",
    "deliver": "Announce a confirmed match",
    "seal": "Seal events",
    "apply_import": "Bring a file in",
    "chase": "Remind those whose turn it is",
    "ask_place": "Ask a place",
    "introduce": "Introduce both sides",
    "letter": "Write to an innovator",
    "notice": "Tell of a change",
    "close_call": "Close a call",
    "send_link": "Mail a link",
    "mail": "Send a mail",
    "digest": "Write a digest",
}
_DONE: Final = {
    "retried": "It is tried again now. If it fails again, it comes back to this list.",
    "retried_all": "All are tried again now. Those that fail again come back to this list.",
}


@router.get("/running")
def running(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: JobReader,
    session: Reading,
    libraries: SharedLibraries,
    at: Now,
    done: str = "",
) -> HTMLResponse:
    """How the service runs at this moment."""
    return _page(request, session, visit, libraries, at=at, done=_DONE.get(done, ""))


@router.get("/running/progress", response_class=Response)
def watch(request: Request, *, actor: JobReader) -> Response:
    """What is being done: as a stream of events that ends after some seconds, or once, to who does not ask for a stream."""
    lookout: Lookout = request.app.state.lookout
    if "text/event-stream" not in request.headers.get("accept", ""):
        return JSONResponse(_told(lookout.last_progress()))
    return StreamingResponse(_stream(lookout), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.post("/running/jobs/{job_id}/retry")
def retry(request: Request, *, job_id: UUID, visit: CurrentVisit, actor: JobRetrier, libraries: SharedLibraries, at: Now) -> Response:
    """Try one again that failed too often; one that somebody else has tried again meanwhile is told so."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            retrying.retry(session, job_id, actor=actor, at=at)
    except (NotDead, NotFound):
        told = "That piece of work does not wait for anybody any more: it was tried again, or it is done. This is how it stands now."
        with database.reading() as session:
            return _page(request, session, visit, libraries, at=at, errors=[FormError("", told)])
    return see_other("/running", done="retried")


@router.post("/running/retry-all")
def retry_all(request: Request, *, visit: CurrentVisit, actor: JobRetrier, at: Now) -> Response:
    """Try everything again that failed too often."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        retrying.retry_all(session, actor=actor, at=at)
    return see_other("/running", done="retried_all")


async def _stream(lookout: Lookout) -> AsyncIterator[str]:
    """An event whenever the work has changed; it holds no connection of the database and no thread while it waits."""
    ends_at, before = time.monotonic() + STREAM_SECONDS, ""
    yield "retry: 2000\n\n"
    while time.monotonic() < ends_at:
        said = json.dumps(_told(lookout.last_progress()))
        if said not in (before, "null"):
            before = said
            yield f"data: {said}\n\n"
        await asyncio.sleep(_EVERY_SECONDS)


def _told(found: Progress | None) -> dict[str, Any] | None:
    return found.to_json() if found else None


def _page(
    request: Request,
    session: Session,
    visit: Visit,
    libraries: Libraries,
    *,
    at: datetime,
    done: str = "",
    errors: list[FormError] | None = None,
) -> HTMLResponse:
    state, settings = request.app.state, request.app.state.settings
    found = readiness(
        state.lookout, warming=state.warm_up.under_way, hands_work=state.runner.is_running, told_by_broker=settings.service_mode
    )
    dead = jobs.page(session, state=JobState.DEAD, name=None, after=None, limit=_LISTED)
    now = progress(session, at=at)
    return page(
        request,
        "running.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title="How the service runs",
        up=UP,
        done=done,
        errors=errors or [],
        state=STATES[found.state],
        reasons=found.reasons,
        dead=[_dead(row) for row in dead.rows],
        more_dead=dead.following is not None,
        may_retry=JOB_RETRY.admits(visit.actor),
        work=now,
        kinds=[(name, JOBS.get(name, name), *counts) for name, counts in now.jobs.items()],
        parts=_parts(session, libraries, state.lookout.figures()),
        undelivered=sum(mail.undelivered(session, since=at - _WEEK).values()),
    )


def _dead(row: JobRow) -> dict[str, Any]:
    side, document = row.arguments.get("side"), row.arguments.get("id")
    return {
        "id": row.id,
        "what": JOBS.get(row.name, row.name),
        "href": f"/{side}s/{document}" if side in set(Side) and document else "",
        "side": side,
        "since": row.finished_at or row.due_at,
        "error": row.last_error,
    }


def _parts(session: Session, libraries: Libraries, figures: Figures | None) -> list[tuple[str, str]]:
    """What the matching is made of and how far it has come, each as a line; what cannot be had is said so."""
    try:
        judging = f"{libraries.encoder.id}", libraries.ranker_for(session).id
    except RankingUnavailable:
        judging = ("missing or damaged: run “matching doctor” on the server", "cannot be used")
    rows = [("Encoder, which reads texts", judging[0]), ("Ranker, which judges matches", judging[1])]
    if figures is None:
        return [*rows, ("Index and backlog", "The database is slow; look again in a minute.")]
    count, seconds = figures.unread
    to_rank = sum(each.count for each in figures.to_propose.values())
    return [
        *rows,
        ("Index stored last", _moment(figures.snapshot_at) or "not yet: the rows themselves are searched"),
        ("Texts changed since then", "cannot be told" if figures.changed_documents is None else f"{figures.changed_documents}"),
        ("Texts that wait to be read", f"{count}, the first for {_minutes(seconds)}" if count else "none"),
        ("Texts that wait for matches", f"{to_rank}" if to_rank else "none"),
        ("Events that wait for their seal", f"{figures.unsealed.count}" if figures.unsealed.count else "none"),
    ]


def _moment(at: datetime | None) -> str:
    return wording.moment(at) if at else ""


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return "less than a minute" if not minutes else ("1 minute" if minutes == 1 else f"{minutes} minutes")
