"""record: national records in and out."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table
from api.schemas.records import RecordReportOut
from api.services import exchanging
from api.services.csv_files import ImportFileRefused
from api.services.record_schemas import schemas_in
from api.services.records.writing import RecordFormat, written
from api.settings import settings
from models.actors import SYSTEM

record_command = new_group("National Innovation Records: bring files of them in, and write one out.")
_SHOWN = 50  # problems and warnings on a screen; --json has more


@record_command.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="A stored document, an all-sections answer, a search CSV or a record CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every record and store none.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let the record stand where somebody edited it here.")] = False,
    consent: Annotated[str, typer.Option(help="On what basis all innovators of the file consented; without one, records are held.")] = "",
    unique_id: Annotated[str, typer.Option(help="The national id of a file whose one record does not tell it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Bring in national records, all or none of a file; the same file again changes nothing."""
    now = datetime.now(UTC)
    schemas = schemas_in(settings().record_schemas)
    with opened() as database, file.open("rb") as stream:
        try:
            with database.reading() as session:
                checked = exchanging.check(
                    session,
                    stream,
                    schemas,
                    actor=SYSTEM,
                    at=now,
                    dry_run=dry_run,
                    overwrite=overwrite,
                    consent_basis=consent,
                    unique_id=unique_id,
                )
        except ImportFileRefused as error:
            if as_json:
                answer({"status": "refused", "detail": error.message, "problems": [], **error.details})
            raise
        with database.transaction() as session:
            report = RecordReportOut.of(exchanging.apply(session, checked, actor=SYSTEM, at=now))
    if as_json:
        answer(report.model_dump(mode="json"))
    else:
        _show(report)
    if report.status == "refused":
        raise typer.Exit(1)


@record_command.command("export")
def write_out(
    innovation: Annotated[UUID, typer.Argument(help="The id of the innovation.")],
    *,
    shape: Annotated[RecordFormat, typer.Option("--format", help="Which of the four shapes.")] = RecordFormat.DOCUMENT,
) -> None:
    """Write one innovation to standard output as a national record."""
    with opened() as database, database.reading() as session:
        unique_id, record = exchanging.export(session, innovation, actor=SYSTEM)
    text = written(shape, unique_id, record, schemas_in(settings().record_schemas))
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def _show(report: RecordReportOut) -> None:
    if report.problems:
        rows = [(str(row.line), row.field, row.kind, row.remedy) for row in report.problems[:_SHOWN]]
        show_table(f"Records to mend: {report.refused}", ("Line", "Field", "Kind", "What to do"), rows)
    for row in report.warnings[:_SHOWN]:
        say(f"Line {row.line}: {row.field or 'the record'}: {row.remedy}")
    for line in report.records:
        if line.kept:
            say(f"Line {line.line}: edited here and kept: {', '.join(line.kept)}. Say --overwrite to let the record stand.")
        if line.changes:
            names = [f"{each.section}.{each.question}".strip(".") for each in line.changes[:_SHOWN]]
            say(f"Line {line.line}: differs in {', '.join(names)}.")
    found = f"New: {report.created}. Changed: {report.changed}. As before: {report.unchanged}."
    held = f" Held, because nobody consented to matching: {report.held}." if report.held else ""
    said = {
        "refused": "Nothing was stored. Mend the records above and bring the file again.",
        "checked": f"{found}{held} Nothing was stored: this was a dry run.",
        "complete": f"{found}{held} The running service, or `matching embed`, encodes them.",
    }
    say(said[report.status])
