"""The list of needs: by words, place, theme and status, with how many each choice would show."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from api.pages import documents as shared
from api.pages import filters, wording
from api.pages.matches import about
from api.pages.rendering import page, with_query
from api.pages.views import views_shown
from api.requests import Now, Reading, StrictRoute
from api.security import CurrentVisit, NeedReader
from models.actors import Actor
from models.calls import Call
from models.documents import Side
from models.needs import Need, NeedStatus
from models.policies import NEED_CREATE, WATCH_CREATE
from models.queries import calls, documents, facets, places
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
EVERY_STATUS: Final = "all"
_SHOWN_TO_ALL: Final = (NeedStatus.OPEN, NeedStatus.MET, NeedStatus.CLOSED)


class NeedsAsked(BaseModel):
    """Which needs a visitor wants to see, as the address says it; `status` is a status, *all*, or nothing for what is usual."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(default="", max_length=200)
    place: str | None = Field(default=None, max_length=10)
    theme: str | None = Field(default=None, max_length=100)
    status: str | None = Field(default=None, max_length=20)
    after: str | None = Field(default=None, max_length=500)

    def status_for(self, actor: Actor) -> NeedStatus | None:
        """The status that is shown, None for all: open needs to most, and to those who write needs their drafts too."""
        if self.status == EVERY_STATUS:
            return None
        value = shared.chosen(self.status, statuses(actor))
        if value is None:
            return None if NEED_CREATE.admits(actor) else NeedStatus.OPEN
        return NeedStatus(value)

    def narrowed(self, actor: Actor, places_known: list[str]) -> dict[str, Any]:
        """The filters as queries take them; raises InvalidRequest for a place or a status that there is not."""
        wanted = {"place": shared.chosen(self.place, places_known), "theme": self.theme or None, "status": self.status_for(actor)}
        return {name: value for name, value in wanted.items() if value is not None}

    @property
    def said(self) -> dict[str, str]:
        """The filters that the address holds, without the page marker."""
        return filters.said({"q": self.q, "place": self.place, "theme": self.theme, "status": self.status})


def statuses(actor: Actor) -> list[NeedStatus]:
    """Those that an actor may find a need in."""
    return list(NeedStatus) if NEED_CREATE.admits(actor) else list(_SHOWN_TO_ALL)


@router.get("/needs")
def needs_list(
    request: Request, *, visit: CurrentVisit, _actor: NeedReader, session: Reading, at: Now, asked: Annotated[NeedsAsked, Query()]
) -> HTMLResponse:
    """Needs that the visitor may read, newest first, narrowed by words, place, theme and status."""
    actor, known = visit.actor, [(row.key, row.name) for row in places.all_places(session)]
    wanted = asked.narrowed(actor, [key for key, _ in known])
    found = documents.page(session, Side.NEED, actor, filters=wanted, text=asked.q, after=asked.after or None, limit=shared.LISTED)
    called = calls.on_needs(session, [row.id for row in found.rows], actor, day=day_of(at))
    counts = {by: facets.needs(session, actor, by, filters=wanted, text=asked.q) for by in facets.BY}
    status = wanted.get("status")
    return page(
        request,
        "needs.jinja",
        visit,
        title="Needs",
        rows=[_listed(row, called.get(row.id)) for row in found.rows],
        number=filters.counted(sum(counts["status"].values()) if status is None else counts["status"].get(status, 0), "need", "needs"),
        words=asked.q,
        selects=_selects(asked, actor, known, counts, status),
        filtered=bool(asked.said),
        turning=shared.turning(found, "/needs", asked.said, asked.after),
        views=views_shown(session, actor, "/needs", asked.said),
        feed=with_query("/needs.atom", {**asked.said, "status": None}),
        everything=with_query("/needs", {"status": EVERY_STATUS}),
        may_write=NEED_CREATE.admits(actor),
        may_watch=WATCH_CREATE.admits(actor),
    )


def _selects(
    asked: NeedsAsked, actor: Actor, known: list[tuple[str, str]], counts: dict[str, facets.Counts], status: NeedStatus | None
) -> list[filters.Choice]:
    place, theme, choice = asked.place or "", asked.theme or "", filters.choice
    themes = filters.themes(counts["theme"], theme)
    in_words = [(each.value, wording.STATUSES[Side.NEED][each][0]) for each in statuses(actor)]
    return [
        choice("place", "Place", place, everything=("", "All places"), options=known, counts=counts["place"]),
        choice("theme", "Theme", theme, everything=("", "All themes"), options=themes, counts=counts["theme"]),
        choice("status", "Status", status or EVERY_STATUS, everything=(EVERY_STATUS, "All"), options=in_words, counts=counts["status"]),
    ]


def _listed(need: Need, call: Call | None) -> dict[str, Any]:
    return {
        "href": f"/needs/{need.id}",
        "name": need.title,
        "about": about(need),
        "text": need.problem,
        "tags": [wording.STATUSES[Side.NEED][need.status]],
        "call": call.reference if call else "",
    }
