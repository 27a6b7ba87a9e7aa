"""The files that pages load: ours and NHS.UK frontend's, from this service alone."""

from os import PathLike, stat_result
from typing import Any, Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.pages.rendering import assets_version

YEAR: Final = 365 * 24 * 3600


class Assets(StaticFiles):
    """Static files; one asked for by its present version may be kept for a year, any other is asked for again."""

    def file_response(self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200) -> Response:
        """The file, with how long it may be kept."""
        answer: Any = super().file_response(full_path, stat_result, scope, status_code)
        current = f"v={assets_version()}".encode() in scope["query_string"].split(b"&")
        answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if current else "public, no-cache"
        return answer  # type: ignore[no-any-return]
