"""Imports: a CSV file of needs or innovations, and how far it has come."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from api.errors import CREATING, READING, problems
from api.requests import Creation, Now, Reading, StrictRoute
from api.schemas.imports import ImportOut
from api.security import CSRF_FIELD, Importer, ImportReader
from api.services import importing, staging
from api.services.csv_files import ImportFileRefused
from api.services.importing import ImportReport
from api.services.staging import AlreadyImported
from api.statuses import InvalidRequest
from models.documents import Side

router = APIRouter(prefix="/imports", tags=["imports"], route_class=StrictRoute)
_FIELDS = ("side", "file", "dry_run", "partial", "consent_basis")


async def _only_known_fields(request: Request) -> None:
    """Refuse a field that nobody reads: who sent it expects that it does something."""
    given = [name for name, _ in (await request.form()).multi_items() if name != CSRF_FIELD]
    if set(given) - set(_FIELDS) or len(set(given)) < len(given):
        raise InvalidRequest(f"A field of the form is unknown, or there twice. Send these at most once: {', '.join(_FIELDS)}.")


@router.post(
    "",
    status_code=202,
    response_model=ImportOut,
    responses=problems(*CREATING, ImportFileRefused, AlreadyImported),
    dependencies=[Depends(_only_known_fields)],
)
def start_import(
    *,
    importer: Importer,
    now: Now,
    reading: Reading,
    session: Creation,
    response: Response,
    side: Annotated[Side, Form(description="need or innovation.")],
    file: Annotated[UploadFile, File(description="CSV in UTF-8 with a header of our column names; `matching import --template` shows it.")],
    dry_run: Annotated[bool, Form(description="Check every row and apply none.")] = False,
    partial: Annotated[bool, Form(description="Apply the sound rows although others are faulty.")] = False,
    consent_basis: Annotated[str, Form(max_length=500, description="The consent that covers every row without its own.")] = "",
) -> ImportReport:
    """Check every row of a file; when all are sound, they are applied in the background and come into force at once."""
    checked = staging.check(  # without the transaction, which begins with its first statement: others write meanwhile
        reading,
        side,
        file.file,
        file_name=file.filename or "upload.csv",
        actor=importer,
        at=now,
        dry_run=dry_run,
        partial=partial,
        consent_basis=consent_basis,
    )
    batch = staging.keep(session, checked, at=now)
    response.headers["Location"] = f"/api/v1/imports/{batch.id}"
    return importing.report(session, batch.id, actor=importer)


@router.get("/{import_id}", response_model=ImportOut, responses=problems(*READING))
def read_import(import_id: UUID, importer: ImportReader, session: Reading) -> ImportReport:
    """Read how far an import has come and what was found in its rows."""
    return importing.report(session, import_id, actor=importer)
