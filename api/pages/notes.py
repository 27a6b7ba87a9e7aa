"""Notes on a submission: what colleagues should know; read, written and deleted by the Hub alone."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.schemas.submission_work import NoteIn
from api.security import CurrentVisit, NoteReader, NoteWriter, Visit
from api.services import noting
from api.services.noting import NoteEmpty
from models.queries import triage

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_SAID: Final = {"written": "The note is written. Only the Hub reads it.", "deleted": "The note is deleted."}
_MISSING: Final = {"text": "Write what your colleagues should know"}


@router.get("/triage/{submission_id}/notes")
def notes_page(
    request: Request, *, submission_id: UUID, visit: CurrentVisit, _actor: NoteReader, session: Reading, done: str = ""
) -> HTMLResponse:
    """What was noted on a submission, latest first, and room for another note."""
    return _show(request, session, visit, submission_id, done=_SAID.get(done, ""))


@router.post("/triage/{submission_id}/notes")
def write_note(request: Request, *, submission_id: UUID, visit: CurrentVisit, actor: NoteWriter, at: Now, sent: Sent) -> Response:
    """Write a note; what cannot be kept comes back with what is wrong."""
    database: Database = request.app.state.database
    typed = forms.text(sent, "text")
    errors = forms.missing_answers({"text": typed}, _MISSING)
    if not errors:
        try:
            said = NoteIn.model_validate({"text": typed})
            with database.transaction() as session:
                noting.write(session, submission_id, said.text, actor=actor, at=at)
            return see_other(f"/triage/{submission_id}/notes", done="written")
        except NoteEmpty as error:
            errors = [FormError("text", error.message)]
        except ValidationError as error:
            errors = forms.errors_of(error, missing=_MISSING, labels={"text": "Note"})
    with database.reading() as session:
        return _show(request, session, visit, submission_id, typed=typed, errors=errors)


@router.post("/triage/{submission_id}/notes/{note_id}/delete")
def delete_note(request: Request, *, submission_id: UUID, note_id: UUID, actor: NoteWriter, at: Now) -> Response:
    """Delete a note."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        noting.delete(session, submission_id, note_id, actor=actor, at=at)
    return see_other(f"/triage/{submission_id}/notes", done="deleted")


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    submission_id: UUID,
    *,
    done: str = "",
    typed: str = "",
    errors: Sequence[FormError] = (),
) -> HTMLResponse:
    row = triage.get(session, submission_id, visit.actor)
    return page(
        request,
        "notes.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title=f"Notes on {row.innovation.name}",
        up={"href": f"/triage/{submission_id}", "text": row.innovation.name},
        submission_id=submission_id,
        notes=noting.notes(session, submission_id, actor=visit.actor),
        done=done,
        typed=typed,
        errors=errors,
        wrong=forms.by_field(errors),
    )
