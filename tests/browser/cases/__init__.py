"""The pages as somebody sees them: every route in every state that it has, and what has to stand in the site for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from uuid import UUID

from playwright.sync_api import Page
from sqlalchemy.orm import Session


def _nothing(_session: Session, _at: datetime) -> dict[str, str | UUID]:
    return {}


@dataclass(frozen=True, slots=True)
class Case:
    """One page in one state, as one visitor sees it.

    `route` is the address as the router has it; `path` is where to go, with names in braces that `Part.fill` or the site
    itself gives; `who` signs in first, empty for nobody; `act` does on the page what brings the state about.
    """

    route: str
    path: str
    who: str = ""
    state: str = ""
    act: Callable[[Page], None] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The cases of one part of the pages; `fill` writes the rows that they need and names them, once for all tests."""

    cases: tuple[Case, ...]
    fill: Callable[[Session, datetime], Mapping[str, str | UUID]] = _nothing


def parts() -> Iterator[Part]:
    """Every part; a module of this package has one as PART."""
    for module in sorted(each.name for each in iter_modules(__path__)):
        yield import_module(f"{__name__}.{module}").PART
