"""The schemas of the national record that were installed in a home folder, beside the one that comes with us."""

import json
from pathlib import Path
from typing import Final
from uuid import uuid4

from api.services.faults import Fault
from api.services.records.schema import Schema, SchemaRefused, Schemas, read_schema

MOST_BYTES: Final = 5 * 1024 * 1024


def schemas_in(folder: Path) -> Schemas:
    """The shipped schema and the installed ones; raises Fault for one that cannot be read any more."""
    return Schemas([_installed(file) for file in sorted(folder.glob("*.json"))])


def install(folder: Path, file: Path) -> Schema:
    """Check a schema and put it in the place of its version, whole or not at all.

    Raises:
        SchemaRefused: if it is no schema, or lacks what every version must keep.
    """
    if file.stat().st_size > MOST_BYTES:
        raise SchemaRefused("The file is larger than 5 MiB. Save the answer of GET /v1/ir-schema and install that.")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaRefused("The file is not UTF-8. Save the answer of GET /v1/ir-schema and install that.") from error
    schema = read_schema(text)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{uuid4().hex}.new"
    unfinished.write_text(json.dumps(json.loads(text), ensure_ascii=False), encoding="utf-8")
    unfinished.replace(folder / f"{schema.version}.json")
    return schema


def _installed(file: Path) -> Schema:
    try:
        return read_schema(file.read_text(encoding="utf-8"))
    except (SchemaRefused, OSError, UnicodeDecodeError) as error:
        raise Fault(
            f"The installed schema {file} cannot be read. Install it again with `matching schema install`, or remove it."
        ) from error
