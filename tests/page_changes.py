"""What the pages of every part change, in one table, beside what comes with the routes of the API."""

from collections.abc import Callable
from typing import Any

from tests import boards, front_door, keeping, merge_pages, place_pages, public_pages, triage_pages

CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **triage_pages.CHANGES,
    **front_door.CHANGES,
    **place_pages.CHANGES,
    **keeping.CHANGES,
    **public_pages.CHANGES,
    **boards.CHANGES,
    **merge_pages.CHANGES,
}
"""The routes by what each writes."""
