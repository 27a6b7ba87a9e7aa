"""The page that a co-author's link opens: the words of a need, changed without an account, as often as the link works."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from starlette import status as http

from api.db import Database
from api.pages import forms, need_fields, wording
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.schemas.sign_offs import CoAuthoredIn
from api.security import CurrentVisit, LinkOpener, Visit, same_origin
from api.services import sharing_needs
from api.services.sharing_needs import WORDS
from models.documents import Side, StaleVersion, TransitionRefused
from models.sign_offs import NeedShare

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_LABELS: Final[Mapping[str, str]] = {name: wording.FIELDS[Side.NEED][name] for name in WORDS}
_MUST: Final = ("title",)


@router.get("/shared-needs/{token}")
def look_at(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, session: Reading, done: str = "") -> HTMLResponse:
    """The words as they stand, to be changed."""
    row = sharing_needs.look(session, token, at=at)
    told = "Your words are kept. You can close this page, or go on." if done else ""
    return _page(request, visit, row, token, {name: getattr(row.need, name) for name in WORDS}, at=at, done=told)


@router.post("/shared-needs/{token}", dependencies=[Depends(same_origin)])
def change(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, sent: Sent) -> Response:
    """Keep the words; what somebody else changed meanwhile is not overwritten."""
    database: Database = request.app.state.database
    typed = {name: forms.text(sent, name) for name in WORDS}
    errors = forms.missing_answers({name: typed[name] for name in _MUST}, need_fields.MISSING)
    status = http.HTTP_422_UNPROCESSABLE_CONTENT
    try:
        said = CoAuthoredIn.model_validate(typed) if not errors else None
    except ValidationError as error:
        said, errors = None, forms.errors_of(error, missing=need_fields.MISSING, labels=_LABELS)
    if said is not None:
        try:
            with database.transaction() as session:
                sharing_needs.change_by_link(session, token, said.model_dump(), at=at, version=forms.version(sent))
            return see_other(f"/shared-needs/{token}", done="yes")
        except StaleVersion:
            told = "Somebody changed this need after you opened the page. Save again to put your words in the place of theirs."
            errors, status = [FormError("", told)], http.HTTP_409_CONFLICT
        except TransitionRefused as error:
            errors, status = [FormError("", error.message)], http.HTTP_409_CONFLICT
    with database.reading() as session:
        row = sharing_needs.look(session, token, at=at)
        return _page(request, visit, row, token, typed, at=at, errors=errors, status=status)


def _page(
    request: Request,
    visit: Visit,
    row: NeedShare,
    token: str,
    typed: Mapping[str, str],
    *,
    at: datetime,
    done: str = "",
    errors: Sequence[FormError] = (),
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
) -> HTMLResponse:
    return page(
        request,
        "shared_need.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title="Help to write this need",
        need=row.need,
        by=row.made_by_name,
        until=row.expires_at,
        works=row.works(at),
        token=token,
        typed=typed,
        labels=_LABELS,
        first=need_fields.ANSWERS,
        done=done,
        errors=forms.in_order(errors, WORDS),
        wrong=forms.by_field(errors),
    )
