"""The pages as somebody sees them: every route in every state that it has, and what has to stand in the site for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute, iter_route_contexts
from playwright.sync_api import Page
from sqlalchemy.orm import Session


def _nothing(_session: Session, _at: datetime) -> dict[str, str | UUID]:
    return {}


@dataclass(frozen=True, slots=True)
class Case:
    """One page in one state, as one visitor sees it.

    `route` is the address as the router has it, empty where no route is meant to answer; `path` is where to go, with names
    in braces that `Part.fill` or the site itself (need, innovation, unfit, held, proposal) gives; `who` (hub, lead, leeds,
    innovator, board) signs in first, empty for nobody; `act` does on the page what brings the state about. Cases are looked
    at again and again and in any order, so that what `act` does must leave the rows of other cases as they are.
    """

    route: str
    path: str
    who: str = ""
    state: str = ""
    act: Callable[[Page], None] | None = None

    def __str__(self) -> str:
        """What names it in the report of a test."""
        return " ".join(filter(None, (self.route or self.path, self.who or "nobody", self.state)))


@dataclass(frozen=True, slots=True)
class Part:
    """The cases of one part of the pages; `fill` writes the rows that they need and names them, once for all tests."""

    cases: tuple[Case, ...]
    fill: Callable[[Session, datetime], Mapping[str, str | UUID]] = _nothing


def parts() -> Iterator[Part]:
    """Every part; a module of this package has one as PART."""
    for module in sorted(each.name for each in iter_modules(__path__)):
        yield import_module(f"{__name__}.{module}").PART


def all_cases() -> list[Case]:
    """The cases of every part."""
    return [case for part in parts() for case in part.cases]


def first_of_each_route(cases: Iterable[Case]) -> list[Any]:  # as pytest.param makes them
    """The cases as parameters of a test: one of each page in every run, its other states where there is time for all."""
    seen: set[str] = set()
    found = []
    for case in cases:
        found.append(pytest.param(case, marks=[pytest.mark.long] if case.route in seen else [], id=str(case)))
        seen.add(case.route)
    return found


def html_routes(app: FastAPI) -> Iterator[str]:
    """The addresses at which a GET shows a page: those of `api.pages`, unless they declare to answer with something else."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and "GET" in route.methods and route.endpoint.__module__.startswith("api.pages."):
            declared = route.response_class
            if not isinstance(declared, type) or issubclass(declared, HTMLResponse):
                yield str(context.path)
