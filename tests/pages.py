"""How tests read pages: as a browser asks for them, and as people see them."""

import re
from typing import Any

PAGE = {"accept": "text/html,application/xhtml+xml"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}\u2028&amp;'


def read(client: Any, path: str) -> Any:
    """The answer to a browser; a redirect is not followed."""
    return client.get(path, headers=PAGE, follow_redirects=False)


def words(html: str) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.DOTALL)).split())


def version_shown(reply: Any) -> dict[str, str]:
    """The version that the forms of a page carry, as they send it."""
    (version,) = set(re.findall(r'name="version" value="(\d+)"', reply.text))
    return {"version": version}
