"""The files that pages load: ours and NHS.UK frontend's, from this service alone, compressed for browsers that can read that.

Only these are compressed: they say the same to everybody, while a page that is compressed could tell its secrets by its length.
"""

import gzip
from functools import lru_cache
from os import PathLike, fspath, stat_result
from pathlib import Path
from typing import Any, Final

from starlette import status as http
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from api.pages.rendering import assets_version

YEAR: Final = 365 * 24 * 3600
_COMPRESSED: Final = frozenset({".css", ".js", ".svg"})


class Assets(StaticFiles):
    """Static files; one asked for by its present version may be kept for a year, any other is asked for again."""

    def file_response(self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200) -> Response:
        """The file, with how long it may be kept."""
        asked = Headers(scope=scope)
        answer: Any = FileResponse(full_path, status_code=status_code, stat_result=stat_result)
        if Path(full_path).suffix in _COMPRESSED and status_code == http.HTTP_200_OK:
            answer.headers["Vary"] = "Accept-Encoding"
            if _reads_gzip(asked.get("accept-encoding", "")):
                answer = _compressed(fspath(full_path), stat_result.st_mtime_ns, answer)
        current = f"v={assets_version()}".encode() in scope["query_string"].split(b"&")
        answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if current else "public, no-cache"
        return NotModifiedResponse(answer.headers) if self.is_not_modified(answer.headers, asked) else answer


def _reads_gzip(accepted: str) -> bool:
    """Whether a browser takes gzip, by its Accept-Encoding."""
    for each in accepted.lower().split(","):
        name, _, weight = each.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" if weight else True
    return False


def _compressed(path: str, changed_ns: int, plain: FileResponse) -> Response:
    """The same file compressed, which caches must tell from the plain one."""
    answer = Response(_gzip(path, changed_ns), media_type=plain.media_type)
    answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Last-Modified"] = plain.headers["last-modified"]
    answer.headers["ETag"] = f'{plain.headers["etag"][:-1]}-gzip"'
    return answer


@lru_cache(maxsize=64)
def _gzip(path: str, _changed_ns: int) -> bytes:
    """A file compressed once; a changed one anew."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)
