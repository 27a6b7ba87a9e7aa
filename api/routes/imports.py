"""Imports: a CSV file of needs or innovations, and how far it has come."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Response, UploadFile

from api.errors import READING, SENDING, problems
from api.requests import Now, Reading, StrictRoute, Transaction
from api.schemas.imports import ImportOut
from api.security import Importer
from api.services import importing
from api.services.csv_files import ImportFileRefused
from api.services.importing import AlreadyImported, ImportReport
from models.documents import Side

router = APIRouter(prefix="/imports", tags=["imports"], route_class=StrictRoute)


@router.post("", status_code=202, response_model=ImportOut, responses=problems(*READING, *SENDING, ImportFileRefused, AlreadyImported))
def start_import(
    *,
    importer: Importer,
    now: Now,
    session: Transaction,
    response: Response,
    side: Annotated[Side, Form(description="need or innovation.")],
    file: Annotated[UploadFile, File(description="CSV in UTF-8 with a header of our column names; `matching import --template` shows it.")],
    dry_run: Annotated[bool, Form(description="Check every row and apply none.")] = False,
    partial: Annotated[bool, Form(description="Apply the sound rows although others are faulty.")] = False,
    consent_basis: Annotated[str, Form(max_length=500, description="The consent that covers every row without its own.")] = "",
) -> ImportReport:
    """Check every row of a file; when all are sound, they are applied in the background and come into force at once."""
    batch = importing.stage(
        session,
        side,
        file.file,
        file_name=file.filename or "upload.csv",
        actor=importer,
        at=now,
        dry_run=dry_run,
        partial=partial,
        consent_basis=consent_basis,
    )
    response.headers["Location"] = f"/api/v1/imports/{batch.id}"
    return importing.report(session, batch.id, actor=importer)


@router.get("/{import_id}", response_model=ImportOut, responses=problems(*READING))
def read_import(import_id: UUID, importer: Importer, session: Reading) -> ImportReport:
    """Read how far an import has come and what was found in its rows."""
    return importing.report(session, import_id, actor=importer)
