"""import: needs or innovations from a CSV file."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import Progress

from api.cli.shell import AsJson, answer, opened, say
from api.cli.showing import progress, show_table
from api.db import Database
from api.services import columns, importing, staging
from api.services.csv_files import ImportFileRefused
from api.services.importing import ImportReport
from api.services.staging import AlreadyImported
from models.actors import SYSTEM
from models.documents import Side
from models.imports import ImportStatus

_SHOWN = 50  # problems on a screen; --json has all


class ImportSide(StrEnum):
    """What the file holds."""

    NEEDS = "needs"
    INNOVATIONS = "innovations"


def import_command(
    file: Annotated[Path | None, typer.Argument(help="A CSV file whose first line names our columns.")] = None,
    *,
    side: Annotated[ImportSide, typer.Option(help="What the file holds.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and apply none.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Apply the sound rows though others are not.")] = False,
    consent: Annotated[str, typer.Option(help="On what basis all innovators of the file consented; without one, rows are held.")] = "",
    template: Annotated[bool, typer.Option("--template", help="Write the template to standard output and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring in needs or innovations from a CSV file, all or none of its rows."""
    which = {ImportSide.NEEDS: Side.NEED, ImportSide.INNOVATIONS: Side.INNOVATION}[side]
    if template:
        sys.stdout.write(columns.template(which))
        return
    if file is None:
        raise typer.BadParameter("Name the file to import, or ask for --template.", param_hint="FILE")
    with opened() as database:
        try:
            report = _bring_in(database, which, file, dry_run=dry_run, partial=partial, consent=consent)
        except (ImportFileRefused, AlreadyImported) as error:
            if as_json:
                answer({"status": "refused", "detail": error.message, "problems": [], **error.details})
            raise
    if as_json:
        answer(report.to_json())
    else:
        _show(report)
    if report.status == "refused":
        raise typer.Exit(1)


def _bring_in(database: Database, side: Side, file: Path, *, dry_run: bool, partial: bool, consent: str) -> ImportReport:

    with progress() as bars, file.open("rb") as stream:
        task = bars.add_task("Checking rows", total=None)
        with database.reading() as session:
            checked = staging.check(
                session,
                side,
                stream,
                file_name=file.name,
                actor=SYSTEM,
                at=datetime.now(UTC),
                dry_run=dry_run,
                partial=partial,
                consent_basis=consent,
                on_progress=lambda rows: bars.update(task, completed=rows),
            )
        with database.transaction() as session:
            batch = staging.keep(session, checked, at=datetime.now(UTC))
        bars.update(task, total=batch.total_rows)
        if batch.status is ImportStatus.APPLYING:
            _apply_all(database, batch.id, bars, sound=batch.total_rows - batch.invalid_rows)
    with database.reading() as session:
        return importing.report(session, batch.id, actor=SYSTEM)


def _apply_all(database: Database, import_id: UUID, bars: Progress, *, sound: int) -> None:
    """Apply here and now; after a kill the service, or the next import, goes on from the last chunk."""
    task = bars.add_task("Storing rows", total=sound)
    while True:
        with database.reading() as session:
            step = importing.next_step(session, import_id, at=datetime.now(UTC))
        if step is None:
            break
        with database.transaction() as session:
            importing.take(session, step, at=datetime.now(UTC))
        bars.update(task, advance=len(step.rows))
    bars.update(task, completed=sound)


def _show(report: ImportReport) -> None:
    if report.problems:
        rows = [(str(row["line"]), str(row["field"]), str(row["kind"]), str(row["remedy"])) for row in report.problems[:_SHOWN]]
        show_table(f"Rows to mend: {report.invalid_rows} of {report.total_rows}", ("Line", "Column", "Kind", "What to do"), rows)
    for row in report.warnings[:_SHOWN]:
        say(f"Line {row['line']}: {row['remedy']}")
    if report.reason:
        say(report.reason)
    held = f" Held, because nobody consented to matching: {report.held_rows}." if report.held_rows else ""
    said = {
        "refused": "Nothing was stored. Mend the rows above and import the file again.",
        "checked": f"Sound rows: {report.total_rows - report.invalid_rows}.{held} Nothing was stored: this was a dry run.",
        "complete": f"Rows stored: {report.applied_rows}.{held} The running service, or `matching embed`, encodes them.",
    }
    say(said.get(report.status, f"The import is {report.status}; the running service completes it."))
