"""The first page: what this is, and where to go from here."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages.matches import about
from api.pages.rendering import page
from api.requests import Now, Reading, StrictRoute
from api.security import Anyone, CurrentVisit
from models.actors import ANONYMOUS
from models.documents import Side
from models.policies import INNOVATION_CREATE, NEED_CREATE, PROPOSAL_DECIDE
from models.queries import documents, proposals

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
NEXT_SHOWN = 3


@router.get("/")
def start(request: Request, *, visit: CurrentVisit, actor: Anyone, session: Reading, at: Now) -> HTMLResponse:
    """What the service is for, how many needs are open to everybody, and what waits for who has signed in."""
    waiting = proposals.queue(session, actor, at=at, limit=NEXT_SHOWN).rows if PROPOSAL_DECIDE.admits(actor) else ()
    return page(
        request,
        "start.jinja",
        visit,
        title="Needs of the health and care system, and what may answer them",
        open_needs=len(documents.searchable_ids(session, Side.NEED, ANONYMOUS)),
        waiting=[
            {"href": f"/proposals/{row.id}", "name": f"{row.innovation.name} for: {row.need.title}", "about": about(row.need)}
            for row in waiting
        ],
        may_offer=INNOVATION_CREATE.admits(actor),
        may_state=NEED_CREATE.admits(actor),
    )
