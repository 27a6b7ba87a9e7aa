"""Innovations that are one: merged where they are compared, and parted where both their histories are read."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import forms, wording
from api.pages.event_words import happened
from api.pages.forms import FormError, Sent
from api.pages.likenesses import compared
from api.pages.matches import about
from api.pages.rendering import page, see_other, with_query
from api.requests import Now, Reading, StrictRoute
from api.schemas.merges import MergeIn
from api.security import CurrentVisit, HistoryReader, Merger, Visit
from api.services import merging
from api.services.merging import History
from models.actors import Actor
from models.documents import Side, StaleVersion
from models.events import Event
from models.innovations import Innovation
from models.merges import Merge, MergeRefused
from models.policies import INNOVATION_MERGE
from models.queries import merges
from models.subjects import subject_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
LISTED: Final = 50
_DONE: Final[Mapping[str, str]] = {
    "merged": "They are one innovation now. Both histories stand below.",
    "parted": "They are two innovations again. The one that was parted is matched anew.",
}
_TYPED: Final = ("keep", "two_organisations", "note")


@router.post("/innovations/{innovation_id}/compare/{other_id}")
def merge(request: Request, *, innovation_id: UUID, other_id: UUID, visit: CurrentVisit, actor: Merger, at: Now, sent: Sent) -> Response:
    """Let one of the two stand for both; the other is gone from lists and search, and its history is kept."""
    database: Database = request.app.state.database
    both, typed = (innovation_id, other_id), {name: forms.text(sent, name) for name in _TYPED}
    kept = next((each for each in both if str(each) == typed["keep"]), None)
    if kept is None:
        missing = FormError("keep", "Choose which one stands for both")
        return _again(request, visit, both, typed, missing, status=http.HTTP_422_UNPROCESSABLE_CONTENT)
    merged = both[0] if kept == both[1] else both[1]
    try:
        said = MergeIn.model_validate({"into": kept, "two_organisations": bool(typed["two_organisations"]), "note": typed["note"]})
    except ValidationError as error:
        [wrong] = forms.errors_of(error, missing={}, labels={"note": "Note"})
        return _again(request, visit, both, typed, wrong, status=http.HTTP_422_UNPROCESSABLE_CONTENT)
    try:
        with database.transaction() as session:
            merging.merge(
                session,
                merged,
                kept,
                actor=actor,
                at=at,
                two_organisations=said.two_organisations,
                note=said.note,
                version=forms.version(sent, f"version-{merged}"),
            )
    except StaleVersion:
        return _again(request, visit, both, typed, forms.meanwhile("innovation"), status=http.HTTP_409_CONFLICT)
    except MergeRefused as error:
        if not _done_before(database, merged, kept, actor):
            return _again(request, visit, both, typed, _refusal(error), status=http.HTTP_409_CONFLICT)
    return see_other(f"/innovations/{kept}/history", done="merged")


@router.get("/innovations/{innovation_id}/history")
def history_page(
    request: Request, *, innovation_id: UUID, visit: CurrentVisit, actor: HistoryReader, session: Reading, done: str = "", after: str = ""
) -> Response:
    """What happened to an innovation and to all that was merged into it, together."""
    if (kept := merging.stands_for(session, innovation_id, actor=actor)) is not None:
        return RedirectResponse(f"/innovations/{kept}/history", http.HTTP_308_PERMANENT_REDIRECT)
    return _history(request, session, visit, innovation_id, done=_DONE.get(done, ""), after=after)


@router.post("/innovations/{innovation_id}/unmerge")
def unmerge(request: Request, *, innovation_id: UUID, visit: CurrentVisit, actor: Merger, at: Now, sent: Sent) -> Response:
    """Part an innovation from the one that stands for it; both are shown apart again."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            row = merging.unmerge(session, innovation_id, actor=actor, at=at, version=forms.version(sent))
            kept = row.kept_id
    except (MergeRefused, StaleVersion) as error:
        told = forms.meanwhile("innovation") if isinstance(error, StaleVersion) else FormError("", error.message)
        with database.reading() as session:
            shown = merging.stands_for(session, innovation_id, actor=actor) or innovation_id
            return _history(request, session, visit, shown, errors=[told], status=http.HTTP_409_CONFLICT)
    return see_other(f"/innovations/{kept}/history", done="parted")


def _done_before(database: Database, merged: UUID, kept: UUID, actor: Actor) -> bool:
    """Whether this visitor merged just these two already: the form came twice."""
    with database.reading() as session:
        row = merges.standing(session, merged)
        return row is not None and row.kept_id == kept and row.merged_by == actor.person_id


def _refusal(error: MergeRefused) -> FormError:
    if error.details.get("state") == "two_organisations":
        told = "They are not known to be of one organisation. Tick the box if they are one innovation all the same."
        return FormError("two_organisations", told)
    return FormError("", error.message)


def _again(
    request: Request, visit: Visit, both: tuple[UUID, UUID], typed: Mapping[str, str], error: FormError, *, status: int
) -> HTMLResponse:
    database: Database = request.app.state.database
    with database.reading() as session:
        return compared(request, session, visit, both, typed=typed, errors=[error], status=status)


def _history(
    request: Request,
    session: Session,
    visit: Visit,
    innovation_id: UUID,
    *,
    done: str = "",
    after: str = "",
    errors: Sequence[FormError] = (),
    status: int = http.HTTP_200_OK,
) -> HTMLResponse:
    found = merging.history(session, innovation_id, actor=visit.actor, after=after or None, limit=LISTED)
    row = found.innovation
    return page(
        request,
        "history.jinja",
        visit,
        status=status,
        title=row.name_shown,
        up={"href": f"/innovations/{row.id}", "text": row.name_shown},
        done=done,
        errors=errors,
        parts=[_part(each, found, visit.actor) for each in found.parts],
        merges=[_merge(each, found) for each in found.merges],
        matches=[
            {"href": f"/proposals/{each.id}", "need": each.need.name_shown, "when": each.decisions[-1].decided_at} for each in found.matches
        ],
        rows=[_told(each, found) for each in found.happened.rows],
        earlier=with_query(f"/innovations/{row.id}/history", {"after": found.happened.following}) if found.happened.following else "",
    )


def _part(row: Innovation, found: History, actor: Actor) -> dict[str, Any]:
    """One that was merged into it; whoever may part it again is shown how, where it is this one that it was merged into."""
    directly = any(each.merged_id == row.id and each.kept_id == found.innovation.id and each.undone_at is None for each in found.merges)
    return {
        "id": str(row.id),
        "version": row.version,
        "name": row.name_shown,
        "about": about(row),
        "status": wording.STATUSES[Side.INNOVATION][row.status],
        "when": row.created_at,
        "may_part": directly and INNOVATION_MERGE.allows(actor, subject_of(row)),
    }


def _merge(row: Merge, found: History) -> dict[str, Any]:
    names = _names(found)
    return {
        "merged": names.get(row.merged_id, "An innovation that is apart now"),
        "kept": names.get(row.kept_id, "another innovation"),
        "by": row.merged_by_name,
        "when": row.merged_at,
        "note": row.note,
        "undone_by": row.undone_by_name,
        "undone_at": row.undone_at,
    }


def _told(event: Event, found: History) -> dict[str, Any]:
    return {"what": happened(event.kind), "whose": _names(found).get(event.subject_id, "A match"), "when": event.recorded_at}


def _names(found: History) -> dict[UUID, str]:
    return {each.id: each.name_shown for each in (found.innovation, *found.parts)}
