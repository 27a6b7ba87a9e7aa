"""What the pages of innovations that are one change: how each form is sent, and the one event that it writes."""

from collections.abc import Callable
from typing import Any


def _merge(world: Any) -> Any:
    merged, kept = world.on(world.two())
    return world.form(f"/innovations/{merged}/compare/{kept}", keep=str(kept), **{f"version-{merged}": "1"})


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /innovations/{innovation_id}/compare/{other_id}": ("innovation.merged", _merge),
    "POST /innovations/{innovation_id}/unmerge": (
        "innovation.unmerged",
        lambda world: world.form(f"/innovations/{world.on(world.merged())}/unmerge", version="2"),
    ),
}
"""The routes by what each writes."""
