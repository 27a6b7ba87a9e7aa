"""Quoted words marked inside a text: the only place where pages build markup around what somebody wrote."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

Span = tuple[int, int]


def marked(text: str, spans: Iterable[Span]) -> Markup:
    """The text, escaped, with each stretch of `spans` inside a <mark>; stretches that overlap or touch become one."""
    pieces: list[Markup] = []
    done = 0
    for start, end in _joined(spans, len(text)):
        pieces += (escape(text[done:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>"))
        done = end
    return Markup("").join((*pieces, escape(text[done:])))


def spans_of(findings: Iterable[Mapping[str, Any]], side: str, fields: Mapping[str, str]) -> dict[str, list[Span]]:
    """Where the findings quote the texts of one side; a quote that is no longer there word for word is left out."""
    found: dict[str, list[Span]] = {}
    for finding in findings:
        quote = finding.get(f"{side}_quote")
        if quote and fields.get(quote["field"], "")[quote["start"] : quote["end"]] == quote["text"]:
            found.setdefault(quote["field"], []).append((quote["start"], quote["end"]))
    return found


def _joined(spans: Iterable[Span], length: int) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted((max(0, start), min(end, length)) for start, end in spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
