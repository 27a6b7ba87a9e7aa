"""The exported encoder of this installation: made once, shown, and checked byte by byte."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.services.faults import Fault
from matcher.encoding import EncoderDamaged, EncoderMissing, load_encoder
from matcher.sealing import MANIFEST


def is_there(folder: Path) -> bool:
    """Whether an encoder was exported to that folder; its bytes are checked when it is opened."""
    return (folder / MANIFEST).is_file()


def is_whole(folder: Path) -> bool:
    """Whether the encoder of that folder is there and every byte of it as it was exported."""
    try:
        load_encoder(folder)
    except (EncoderMissing, EncoderDamaged):
        return False
    return True


def export_encoder(folder: Path, name: str, *, on_progress: Callable[[str], None]) -> str:
    """Make the folder that the service reads from the encoder of that name; returns its id. Needs the extra [encoder]."""
    from matcher.exporting import export  # noqa: PLC0415 -- torch, which only the export needs
    from matcher.sources import resolve_source  # noqa: PLC0415 -- likewise

    try:
        source = resolve_source(name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        export(folder, source=source, on_progress=on_progress)
    except (EncoderMissing, EncoderDamaged, ValueError) as error:
        raise Fault(str(error)) from error
    return source.id


def show_encoder(folder: Path) -> dict[str, Any]:
    """What the manifest says of an encoder whose every byte has been checked; raises Fault."""
    try:
        load_encoder(folder)
    except (EncoderMissing, EncoderDamaged) as error:
        raise Fault(str(error)) from error
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return {"folder": str(folder), **manifest}
