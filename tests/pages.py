"""How tests read pages: as a browser asks for them, and as people see them."""

import re
from html.parser import HTMLParser
from typing import Any, Self

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


class Faults(HTMLParser):
    """Reads a page for all that could run or load and should not stand there; the nonces of its scripts beside."""

    def __init__(self) -> None:
        super().__init__()
        self.nonces: list[str | None] = []
        self.found: list[str] = []

    @classmethod
    def of(cls, html: str) -> list[str]:
        """What is wrong with a page."""
        return cls.read(html).found

    @classmethod
    def read(cls, html: str) -> Self:
        """A page, read to its end."""
        reader = cls()
        reader.feed(html)
        reader.close()
        return reader

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        said = dict(attrs)
        if tag == "script":
            self.nonces.append(said.get("nonce"))
            self.found += [] if said.get("nonce") else ["script without nonce"]
        if tag in {"style", "iframe", "object", "embed", "base", "frame", "applet"}:
            self.found.append(tag)
        for name, value in said.items():
            ours = re.match(r"/(?!/)|[#?]|$", value or "") or (tag == "a" and re.match(r"https?://", value or ""))
            if name in {"style", "target", "srcdoc"} or name.startswith("on"):
                self.found.append(f"{tag} {name}")
            elif name in {"href", "src", "action", "formaction"} and not ours:
                self.found.append(f"{tag} {name}={value}")
