"""Pages of calls: the board of those that are open, one call with what it asks for, and taking one back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import documents as shared
from api.pages import filters, forms, records
from api.pages.forms import FormError, Sent
from api.pages.matches import about
from api.pages.rendering import page, see_other, with_query
from api.pages.views import views_shown
from api.requests import Now, Reading, StrictRoute
from api.security import CallCloser, CallReader, CurrentVisit, Visit
from api.services import calling
from models.actors import Actor
from models.calls import Call, CallClosure, CallEnded
from models.documents import StaleVersion
from models.policies import CALL_CLOSE, INNOVATION_CREATE, INNOVATION_READ
from models.queries import calls, facets, places
from models.subjects import subject_of
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
Reference = Annotated[str, Path(max_length=40)]
ENDED_TOO: Final = "all"
_OPEN, _ENDED = ("Open", "blue"), ("Ended", "grey")
ENDINGS: Final = {
    CallClosure.ANSWERED: "A place is going to meet somebody who may answer it.",
    CallClosure.MET: "The need was met.",
    CallClosure.WITHDRAWN: "The need was closed or taken back.",
    CallClosure.EXPIRED: "Its last day has passed.",
    CallClosure.TAKEN_BACK: "It was taken back.",
}
_DONE: Final = {"closed": "You took this call back. The need stays open."}


class CallsAsked(BaseModel):
    """Which calls a visitor wants to see, as the address says it; `show` is *all* for those that ended too."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(default="", max_length=200)
    place: str | None = Field(default=None, max_length=10)
    theme: str | None = Field(default=None, max_length=100)
    show: str | None = Field(default=None, max_length=10)
    after: str | None = Field(default=None, max_length=500)

    def narrowed(self, places_known: Sequence[str]) -> dict[str, Any]:
        """The filters as queries take them; raises InvalidRequest for a place or a view that there is not."""
        return {
            "open_only": shared.chosen(self.show, [ENDED_TOO]) is None,
            "place": shared.chosen(self.place, places_known),
            "theme": self.theme or None,
            "text": self.q,
        }

    @property
    def said(self) -> dict[str, str]:
        """The filters that the address holds, without the page marker."""
        return filters.said({"q": self.q, "place": self.place, "theme": self.theme, "show": self.show})


@router.get("/calls")
def board(
    request: Request, *, visit: CurrentVisit, actor: CallReader, session: Reading, at: Now, asked: Annotated[CallsAsked, Query()]
) -> HTMLResponse:
    """The calls, latest first, narrowed by words, place and theme."""
    known, day = [(row.key, row.name) for row in places.all_places(session)], day_of(at)
    wanted = asked.narrowed([key for key, _ in known])
    found = calls.page(session, actor, day=day, **wanted, after=asked.after or None, limit=shared.LISTED)
    counts = {by: facets.of_calls(session, actor, by, day=day, **wanted) for by in ("place", "theme")}
    number = facets.calls_in_all(session, actor, day=day, **wanted)
    return page(
        request,
        "calls.jinja",
        visit,
        title="Calls for answers",
        rows=[_listed(row, at) for row in found.rows],
        number=filters.counted(number, "call", "calls"),
        words=asked.q,
        selects=_selects(asked, known, counts),
        filtered=bool(asked.said),
        turning=shared.turning(found, "/calls", asked.said, asked.after),
        views=views_shown(session, actor, "/calls", asked.said),
        feed=with_query("/calls.atom", {**asked.said, "show": None}),
        may_publish=CALL_CLOSE.admits(actor),
    )


def _selects(asked: CallsAsked, known: Sequence[tuple[str, str]], counts: dict[str, facets.Counts]) -> list[filters.Choice]:
    place, theme = asked.place or "", asked.theme or ""
    themes = filters.themes(counts["theme"], theme)
    return [
        filters.choice("place", "Place", place, everything=("", "All places"), options=known, counts=counts["place"]),
        filters.choice("theme", "Theme", theme, everything=("", "All themes"), options=themes, counts=counts["theme"]),
        ("show", "Show", asked.show or "", [("", "Open calls"), (ENDED_TOO, "Ended calls too")]),
    ]


def _listed(call: Call, at: datetime) -> dict[str, Any]:
    closure = _closure(call, at)
    return {
        "href": f"/calls/{call.reference}",
        "name": call.need.title,
        "reference": call.reference,
        "about": about(call.need),
        "text": call.introduction or call.need.problem,
        "tag": _ENDED if closure else _OPEN,
        "published": call.published_at,
        "closes_on": None if closure else call.closes_on,
    }


def _closure(call: Call, at: datetime) -> CallClosure | None:
    """Why it ended, or is over although no job has said so yet."""
    return call.closed_reason or call.ending(at=at)


@router.get("/calls/{reference}")
def call_page(
    request: Request, *, reference: Reference, visit: CurrentVisit, actor: CallReader, session: Reading, at: Now, done: str = ""
) -> HTMLResponse:
    """One call: what is asked for, by whom and until when, and how to answer."""
    return _show(request, session, visit, calls.by_reference(session, reference, actor), at=at, done=done)


@router.post("/calls/{reference}/close")
def close(request: Request, *, reference: Reference, visit: CurrentVisit, actor: CallCloser, at: Now, sent: Sent) -> Response:
    """Take a call back."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            calling.close(session, reference, actor=actor, at=at, version=forms.version(sent))
    except (CallEnded, StaleVersion) as error:
        told = forms.meanwhile("call") if isinstance(error, StaleVersion) else FormError("", error.message)
        with database.reading() as session:
            return _show(request, session, visit, calls.by_reference(session, reference, actor), at=at, errors=[told])
    return see_other(f"/calls/{reference}", done="closed")


def _show(
    request: Request, session: Session, visit: Visit, call: Call, *, at: datetime, done: str = "", errors: Sequence[FormError] = ()
) -> HTMLResponse:
    actor, closure = visit.actor, _closure(call, at)
    return page(
        request,
        "call.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=call.need.title,
        up={"href": "/calls", "text": "All calls"},
        call=call,
        tag_shown=_ENDED if closure else _OPEN,
        ending=ENDINGS[closure] if closure else "",
        asked_by=_places_asking(session, call, actor),
        sections=records.sections(call.need),
        source=shared.source_of(call.need),
        may_offer=INNOVATION_CREATE.admits(actor),
        for_another=actor.is_hub,
        may_compare=INNOVATION_READ.admits(actor),
        may_close=closure is None and CALL_CLOSE.allows(actor, subject_of(call)),
        done=_DONE.get(done, ""),
        errors=errors,
    )


def _places_asking(session: Session, call: Call, actor: Actor) -> list[str]:
    """The names of the places that ask together, those of a joint need among them."""
    asking = set(calling.asked_by(session, call.need, actor=actor))
    return [row.name for row in places.all_places(session) if row.key in asking]
