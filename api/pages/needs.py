"""Pages of needs: one need with its matches, opened and withdrawn; it is written and changed in `need_forms`."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.pages import documents as shared
from api.pages.forms import Sent
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, NeedReader, NeedSubmitter, NeedWithdrawer
from api.services import intake
from models.documents import Side
from models.queries import documents

router: Final = APIRouter(route_class=StrictRoute, include_in_schema=False)


@router.get("/needs/{need_id}")
def need_page(
    request: Request,
    *,
    need_id: UUID,
    visit: CurrentVisit,
    actor: NeedReader,
    session: Reading,
    libraries: SharedLibraries,
    at: Now,
    done: str = "",
) -> HTMLResponse:
    """One need: what it says, the innovations that may answer it, the needs it is joined with, and what places say."""
    return shared.show(request, session, libraries, documents.need(session, need_id, actor), visit=visit, at=at, done=done)


@router.post("/needs/{need_id}/submit")
def open_need(
    request: Request, *, need_id: UUID, visit: CurrentVisit, _actor: NeedSubmitter, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Open a draft."""
    taken = shared.Step(intake.submit, "submitted")
    return shared.take(taken, request, Side.NEED, need_id, visit=visit, libraries=libraries, at=at, sent=sent)


@router.post("/needs/{need_id}/withdraw")
def withdraw_need(
    request: Request, *, need_id: UUID, visit: CurrentVisit, _actor: NeedWithdrawer, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Take a need back."""
    taken = shared.Step(intake.withdraw, "withdrawn")
    return shared.take(taken, request, Side.NEED, need_id, visit=visit, libraries=libraries, at=at, sent=sent)
