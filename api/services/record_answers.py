"""A record file at the front door -> what it says of the five questions; nothing of it is kept here."""

import io
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from api.services.csv_files import ImportFileRefused
from api.services.records.columns import values_of
from api.services.records.files import read_file
from api.services.records.schema import Schemas

MOST_BYTES: Final = 1024 * 1024
"""Of a file that somebody without an account sends; a record with every answer as long as it may be takes a tenth."""
_NEED_NO_ID: Final = frozenset({"no_id", "bad_id"})  # who fills a form in says by it what it is about


def filled_in(typed: Mapping[str, Any], stream: BinaryIO, schemas: Schemas) -> dict[str, Any]:
    """The answers as they were typed, the empty ones as the one record of a file says them in the terms of today.

    Raises ImportFileRefused, in words for whoever chose the file.
    """
    said = stream.read(MOST_BYTES + 1)
    if not said.strip():
        raise ImportFileRefused("Choose the file that you exported from the NHS Innovation Service.")
    if len(said) > MOST_BYTES:
        raise ImportFileRefused("The file is larger than 1 MB. Choose the file of one innovation.")
    entries = read_file(io.BytesIO(said), schemas)
    if len(entries) > 1:
        raise ImportFileRefused("The file holds several innovations. Choose the file of one innovation.")
    if found := [each for each in entries[0].problems if each["kind"] not in _NEED_NO_ID]:
        raise ImportFileRefused(f"{found[0]['field'] or 'The file'}: {found[0]['remedy']}")
    told = values_of(entries[0].record)
    return {name: value or told.get(name, value) for name, value in typed.items()}
