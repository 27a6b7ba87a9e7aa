"""What innovators offer, where each stands, and the open needs that it may answer; nothing of what others offer."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages import concerns, wording
from api.pages.documents import turning
from api.pages.rendering import page
from api.requests import Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, OwnNeedsReader
from api.services import own_needs
from api.services.library import RankingUnavailable
from api.services.own_needs import Offer
from models.queries.pages import Page

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
LISTED = 5


@router.get("/my-needs")
def needs_for_me(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: OwnNeedsReader,
    session: Reading,
    libraries: SharedLibraries,
    after: str | None = None,
) -> HTMLResponse:
    """Each of one's innovations with the open needs that it may answer, best first, and what is missing."""
    found: Page[Offer] = Page(rows=[], following=None)
    unavailable = False
    try:
        found = own_needs.needs_for(session, libraries, actor=actor, after=after or None, limit=LISTED)
    except RankingUnavailable:
        unavailable = True
    offers = [_shown(offer) for offer in found.rows]
    return page(
        request,
        "own_needs.jinja",
        visit,
        title="Needs that you may answer",
        up={"href": "/", "text": "First page"},
        fitting=[shown for shown in offers if shown["first"]],
        others=[shown for shown in offers if not shown["first"]],
        unavailable=unavailable,
        turning=turning(found, "/my-needs", {}, after),
    )


def _shown(offer: Offer) -> dict[str, object]:
    row, shown = offer.innovation, [concerns.of_concern(each) for each in offer.needs]
    return {
        "name": row.name,
        "id": row.id,
        "unread": wording.READABILITIES.get(row.readability, ""),
        "first": shown[: concerns.SHOWN_FIRST],
        "more": shown[concerns.SHOWN_FIRST :],
    }
