"""National records: a file of them in any shape brought in, one innovation given back in each."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile

from api.errors import ASKING, READING, SENDING, problems
from api.requests import CurrentSettings, Now, Reading, StrictRoute, Transaction
from api.schemas.records import RecordReportOut
from api.security import CSRF_FIELD, RecordImporter, RecordReader
from api.services import exchanging
from api.services.csv_files import ImportFileRefused
from api.services.intake import ExternalIdTaken
from api.services.record_schemas import schemas_in
from api.services.records.writing import RecordFormat, written
from api.statuses import InvalidRequest
from models.documents import StaleVersion

router = APIRouter(tags=["national records"], route_class=StrictRoute)
_FIELDS = ("file", "dry_run", "overwrite", "consent_basis", "unique_id")
_SHAPES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}, "text/csv": {}}, "description": "The record in the shape that was asked for."}
}


async def _only_known_fields(request: Request) -> None:
    """Refuse a field that nobody reads: who sent it expects that it does something."""
    given = [name for name, _ in (await request.form()).multi_items() if name != CSRF_FIELD]
    if set(given) - set(_FIELDS) or len(set(given)) < len(given):
        raise InvalidRequest(f"A field of the form is unknown, or there twice. Send these at most once: {', '.join(_FIELDS)}.")


@router.post(
    "/records",
    response_model=RecordReportOut,
    responses=problems(*ASKING, *SENDING, ImportFileRefused, ExternalIdTaken, StaleVersion),
    dependencies=[Depends(_only_known_fields)],
)
def bring_in_records(
    *,
    importer: RecordImporter,
    now: Now,
    settings: CurrentSettings,
    reading: Reading,
    session: Transaction,
    file: Annotated[UploadFile, File(description="A stored document, an all-sections answer, a search CSV or a record CSV, in UTF-8.")],
    dry_run: Annotated[bool, Form(description="Check every record and store none.")] = False,
    overwrite: Annotated[bool, Form(description="Let the record stand where somebody edited the innovation here.")] = False,
    consent_basis: Annotated[str, Form(max_length=500, description="The consent that covers every record without its own.")] = "",
    unique_id: Annotated[str, Form(max_length=20, description="The national id of a file whose one record does not tell it.")] = "",
) -> RecordReportOut:
    """Check every record of a file; when all are sound they come into force together. The same file again changes nothing."""
    checked = exchanging.check(  # without the transaction, which begins with its first statement: others write meanwhile
        reading,
        file.file,
        schemas_in(settings.record_schemas),
        actor=importer,
        at=now,
        dry_run=dry_run,
        overwrite=overwrite,
        consent_basis=consent_basis,
        unique_id=unique_id,
    )
    return RecordReportOut.of(exchanging.apply(session, checked, actor=importer, at=now))


@router.get("/innovations/{innovation_id}/record", response_class=Response, responses=problems(*READING) | _SHAPES)
def read_record(
    innovation_id: UUID,
    reader: RecordReader,
    settings: CurrentSettings,
    session: Reading,
    shape: Annotated[RecordFormat, Query(alias="format", description="Which of the four shapes.")] = RecordFormat.DOCUMENT,
) -> Response:
    """Read an innovation as a national record: all that was imported, under what was edited here since."""
    unique_id, record = exchanging.export(session, innovation_id, actor=reader)
    text = written(shape, unique_id, record, schemas_in(settings.record_schemas))
    name = f"{unique_id or innovation_id}-{shape}.{shape.ending}"
    return Response(text, media_type=shape.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
