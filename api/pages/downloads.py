"""The addresses at which a list can be taken away as a file, with the filters that the page has."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from api.services.keeping_views import PASSING

FORMATS: Final = {"csv": "CSV", "xlsx": "XLSX for spreadsheet programs", "json": "JSON for programs"}
LISTS: Final = frozenset({"/triage", "/needs", "/innovations", "/proposals", "/calls", "/events"})
"""The pages whose lists can be taken away."""
TURNING: Final = PASSING | {"before", "skipped"}


def downloads(path: str, query: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """The same list as files, in each format; none for a page that is no such list."""
    if path not in LISTS:
        return []
    said = urlencode([(name, value) for name, value in query if value and name not in TURNING])
    return [{"text": text, "href": f"{path}.{format}{'?' if said else ''}{said}"} for format, text in FORMATS.items()]
