"""The logo of whoever runs the service: a small PNG or SVG file, whose size is known before a browser has loaded it."""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

LARGEST: Final = 50_000
HEIGHT, WIDEST = 40, 160
MEDIA_TYPES: Final = {".png": "image/png", ".svg": "image/svg+xml"}
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SVG: Final = re.compile(rb"<svg\b[^>]*>")
_VIEW: Final = re.compile(rb"""\bviewBox\s*=\s*["']\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)\s*["']""")
_SIDES: Final = tuple(re.compile(rb"\s" + name + rb"""\s*=\s*["']([\d.]+)(?:px)?["']""") for name in (b"width", b"height"))


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo as it is shown: width and height in CSS pixels; `version` changes whenever the file does."""

    body: bytes
    media_type: str
    width: int
    height: int
    version: str


@lru_cache(maxsize=4)
def logo_of(path: str) -> Logo | None:
    """The logo in a file, None for no path; raises ValueError, which says what is wrong with the file."""
    if not path:
        return None
    file = Path(path)
    media_type = MEDIA_TYPES.get(file.suffix.lower())
    if media_type is None:
        raise ValueError("must be a file whose name ends with .png or .svg")
    if not file.is_file():
        raise ValueError("names a file that is not there")
    body = file.read_bytes()
    if len(body) > LARGEST:
        raise ValueError(f"is a file of more than {LARGEST:,} bytes; make it smaller, because every page loads it")
    wide, high = _size(body) if media_type == "image/svg+xml" else _size_of_png(body)
    scale = min(HEIGHT / high, WIDEST / wide)
    return Logo(body, media_type, max(1, round(wide * scale)), max(1, round(high * scale)), sha256(body).hexdigest()[:12])


def _size(svg: bytes) -> tuple[float, float]:
    found = _SVG.search(svg)
    sides = [side.search(found[0]) for side in _SIDES] if found else []
    view = _VIEW.search(found[0]) if found else None
    said = [float(side[1]) for side in sides if side] if all(sides) and sides else [float(part) for part in view.groups()] if view else []
    if not said or min(said) <= 0:
        raise ValueError("is an SVG file that does not say how large it is; give it a width and a height, or a viewBox")
    return said[0], said[1]


def _size_of_png(png: bytes) -> tuple[float, float]:
    wide, high = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    if not png.startswith(_PNG) or not wide or not high:
        raise ValueError("is no PNG file although its name ends so")
    return wide, high
