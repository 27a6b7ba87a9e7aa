"""More like this: the submissions whose innovations read most like one's own, so that they are seen to together."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.pages.inbox import rows_shown
from api.pages.rendering import page
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, SubmissionReader
from api.services import likening
from api.services.bulking import MOST
from api.services.library import Libraries, RankingUnavailable
from api.services.proposing import NothingToRank
from models.actors import Actor
from models.queries import triage
from models.triage import Submission

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


@router.get("/triage/{submission_id}/similar")
def alike_page(
    request: Request,
    *,
    submission_id: UUID,
    visit: CurrentVisit,
    actor: SubmissionReader,
    session: Reading,
    libraries: SharedLibraries,
    at: Now,
) -> HTMLResponse:
    """The submissions nearest to one by what their texts say, nearest first."""
    row = triage.get(session, submission_id, actor)
    found, why_not = _found(session, libraries, row, actor)
    return page(
        request,
        "alike.jinja",
        visit,
        title=f"More like {row.innovation.name}",
        up={"href": f"/triage/{submission_id}", "text": row.innovation.name},
        rows=rows_shown(session, found, actor=actor, at=at),
        why_not=why_not,
        most=MOST,
    )


def _found(session: Session, libraries: Libraries, row: Submission, actor: Actor) -> tuple[list[Submission], str]:
    """The rows, or why there are none."""
    try:
        return likening.similar_submissions(session, libraries, row, actor=actor), ""
    except NothingToRank:
        return [], "Its text cannot be read as words, so it is compared with none. Ask the innovator what it is about."
    except RankingUnavailable:
        return [], "We cannot compare texts at the moment. Try again later, or search the list by words."
