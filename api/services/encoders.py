"""The exported encoder of this installation: made once, shown, and checked byte by byte."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from api.services.faults import Fault
from matcher.encoding import EncoderDamaged, EncoderMissing, OnnxEncoder, load_encoder
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


def export_encoder(folder: Path, name: str, *, prompts: Mapping[str, str] | None = None, on_progress: Callable[[str], None]) -> str:
    """Make the folder that the service reads from the encoder of that name; returns its id.

    A folder that was exported on another machine is copied; anything else needs the extra [encoder].
    """
    from matcher.exporting import adopt, export, is_exported  # noqa: PLC0415 -- torch, which only the export needs
    from matcher.sources import resolve_source  # noqa: PLC0415 -- likewise

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        if is_exported(Path(name)):
            if prompts:
                raise ValueError(f"{name} was exported with its prompts. Export the encoder that it came from with others.")
            on_progress("Copying the encoder")
            return adopt(folder, exported=Path(name))
        source = resolve_source(name, prompts=prompts or {})
        export(folder, source=source, on_progress=on_progress)
    except (EncoderMissing, EncoderDamaged, ValueError) as error:
        raise Fault(str(error)) from error
    return source.id


def export_cross_encoder(folder: Path, name: str, *, on_progress: Callable[[str], None]) -> str:
    """Make the folder of the cross-encoder of that name; returns its id. Needs the extra [encoder]."""
    from matcher.cross_exporting import export_cross_encoder as export  # noqa: PLC0415 -- torch, which only the export needs
    from matcher.sources import find_folder  # noqa: PLC0415 -- likewise

    try:
        source = find_folder(name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        export(folder, source=source, on_progress=on_progress)
    except (EncoderMissing, ValueError) as error:
        raise Fault(str(error)) from error
    return source.id


def open_encoder(folder: Path, *, threads: int) -> OnnxEncoder:
    """An exported encoder that is not the one in use; raises Fault."""
    try:
        return load_encoder(folder, threads=threads)
    except (EncoderMissing, EncoderDamaged) as error:
        raise Fault(str(error)) from error


def show_encoder(folder: Path) -> dict[str, Any]:
    """What the manifest says of an encoder whose every byte has been checked; raises Fault."""
    try:
        load_encoder(folder)
    except (EncoderMissing, EncoderDamaged) as error:
        raise Fault(str(error)) from error
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return {"folder": str(folder), **manifest}
