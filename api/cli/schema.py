"""schema: which versions of the national record are known here."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.shell import AsJson, answer, new_group, say
from api.cli.showing import show_table
from api.services import record_schemas
from api.settings import settings

schema_command = new_group("The schema of the national record: what comes with us, and live versions.")


@schema_command.command("install")
def install(
    file: Annotated[Path, typer.Argument(help="The answer of the national service's GET /v1/ir-schema, as a JSON file.")],
) -> None:
    """Take a live schema into use; records are read by the one of their version, else by the newest."""
    schema = record_schemas.install(settings().record_schemas, file)
    say(f"Version {schema.version} is installed: {len(schema.questions)} questions in {len(schema.sections)} sections.")


@schema_command.command("show")
def show(*, as_json: AsJson = False) -> None:
    """List the versions that are known here; the newest reads what does not tell its version."""
    schemas = record_schemas.schemas_in(settings().record_schemas)
    told = [
        {
            "version": schema.version,
            "newest": schema is schemas.newest,
            "sections": len(schema.sections),
            "questions": len(schema.questions),
            "sha256": schema.digest,
        }
        for schema in schemas.by_version.values()
    ]
    if as_json:
        answer({"schemas": told})
        return
    rows = [
        (str(each["version"]), "yes" if each["newest"] else "", str(each["sections"]), str(each["questions"]), str(each["sha256"])[:16])
        for each in told
    ]
    show_table("Schemas of the national record", ("Version", "Newest", "Sections", "Questions", "SHA-256"), rows)
