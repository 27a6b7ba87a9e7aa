"""Views of lists: kept under a name from the list itself, found again beside it, deleted on a page of their own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.security import CurrentVisit, ViewDeleter, ViewReader, ViewSaver, Visit
from api.services import keeping_views
from api.statuses import InvalidRequest
from models.actors import Actor
from models.queries import saved_views
from models.saved_views import ViewRefused

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

LISTS: Final[Mapping[str, str]] = {
    "/triage": "Triage",
    "/needs": "Needs",
    "/innovations": "Innovations",
    "/proposals": "Matches",
    "/calls": "Calls",
    "/events": "Activity",
}
"""The lists of which views are kept, by their address."""
_SAID: Final = {"deleted": "The view is deleted. The list itself is as it was."}


def views_shown(session: Session, actor: Actor, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """What the list at a path shows of one's views: each with its address, which of them this is, and what would be kept.

    Nothing for who is not signed in.
    """
    if actor.person_id is None:
        return {}
    now = keeping_views.as_kept(urlencode(query))
    rows = saved_views.of_list(session, actor, path)
    return {
        "path": path,
        "query": now,
        "rows": [{"name": row.name, "href": row.address, "current": row.query == now} for row in rows],
        "kept": any(row.query == now for row in rows),
    }


@router.get("/views")
def views_page(request: Request, *, visit: CurrentVisit, actor: ViewReader, session: Reading, done: str = "") -> HTMLResponse:
    """The views that one keeps, list by list."""
    return _show(request, session, visit, actor, done=_SAID.get(done, ""))


@router.post("/views")
def keep_view(request: Request, *, visit: CurrentVisit, actor: ViewSaver, at: Now, sent: Sent) -> Response:
    """Keep a list with its filters, and go on with it."""
    database: Database = request.app.state.database
    path, name, query = (forms.text(sent, field) for field in ("path", "name", "query"))
    if path not in LISTS:
        raise InvalidRequest("Views are kept of lists. Open a list and keep it from there.")
    try:
        with database.transaction() as session:
            row = keeping_views.save(session, path=path, name=name, query=query, actor=actor, at=at)
            return see_other(row.address)
    except ViewRefused as error:
        typed = {"path": path, "name": name, "query": keeping_views.as_kept(query)}
        with database.reading() as session:
            return _show(request, session, visit, actor, errors=[FormError("name", error.message)], typed=typed)


@router.post("/views/{view_id}/delete")
def delete_view(request: Request, *, view_id: UUID, actor: ViewDeleter, at: Now) -> Response:
    """Keep a view no longer."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        keeping_views.delete(session, view_id, actor=actor, at=at)
    return see_other("/views", done="deleted")


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    actor: Actor,
    *,
    done: str = "",
    errors: Sequence[FormError] = (),
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    lists = [(title, path, saved_views.of_list(session, actor, path)) for path, title in LISTS.items()]
    return page(
        request,
        "views.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Your views",
        up={"href": typed["path"] if typed else "/", "text": LISTS[typed["path"]] if typed else "Start"},
        lists=[each for each in lists if each[2]],
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
        typed=typed,
    )
