"""Filters of lists whose choices say how much they would show, and the addresses of the same list elsewhere."""

from collections.abc import Mapping, Sequence

from models.queries.facets import Counts

Choice = tuple[str, str, str, list[tuple[str, str]]]
"""Name, label, chosen value, and the options with their words."""


def choice(
    name: str, label: str, chosen: str, *, everything: tuple[str, str], options: Sequence[tuple[str, str]], counts: Counts
) -> Choice:
    """A choice with the number of rows behind each option but the one that leaves all of them open."""
    return name, label, chosen, [everything, *((value, f"{words} ({counts.get(value, 0)})") for value, words in options)]


def themes(counts: Counts, chosen: str) -> list[tuple[str, str]]:
    """The themes that there are, by name, and the one that is chosen."""
    return [(theme, theme) for theme in sorted({*counts, *([chosen] if chosen else [])}, key=str.casefold)]


def counted(number: int, one: str, many: str) -> str:
    """A number of things in words: 1 need, 12 needs, no needs."""
    return f"{number or 'No'} {one if number == 1 else many}"


def said(query: Mapping[str, str | None]) -> dict[str, str]:
    """Those filters of an address that say something."""
    return {name: value for name, value in query.items() if value}
