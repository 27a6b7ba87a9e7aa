"""How often a page asks the database: as often with fifty rows of everything as with five, and never very often."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import delete, event, select, update

from api.queue import Job
from api.services.reporting import ReportName
from models.innovations import Innovation
from models.jobs import JobRow, JobState
from models.needs import Need
from models.runs import RankingRun
from tests import many
from tests.browser.cases import html_routes
from tests.pages import PAGE

FEW, MANY = 3, 15
SPARE = 5  # once a minute it is written down that a sign-in is used
MOST = 60
BY_LINK = "{token}"
"""In the addresses of pages of one mailed link, which show one thing."""


@contextmanager
def asked(app: FastAPI) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    said: list[str] = []
    engine = app.state.database.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.current_thread().name.startswith("AnyIO"):  # of the request, and not of what looks after the service meanwhile
            said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def addresses(app: FastAPI, names: dict[str, Any]) -> Iterator[str]:
    """Every page that can be named."""
    for route in sorted(html_routes(app)):
        if BY_LINK not in route:
            for name in _names_of(route):
                yield route.format(**names, name=name)


def _names_of(route: str) -> list[str]:
    if "{name}" not in route:
        return [""]
    return [each.value for each in ReportName] if route.startswith("/reports") else ["ranker-1"]


def _embed(app: FastAPI, runner: Any) -> None:
    """Make all texts searchable, so that pages rank; other work that is owed would take long and change no page's queries."""
    with app.state.database.transaction() as session:
        session.execute(delete(JobRow).where(JobRow.state == JobState.QUEUED))
    runner.sweep()
    with app.state.database.transaction() as session:
        session.execute(delete(JobRow).where(JobRow.state == JobState.QUEUED, JobRow.name != Job.EMBED))
    while runner.run_one():
        with app.state.database.transaction() as session:
            session.execute(delete(JobRow).where(JobRow.state == JobState.QUEUED, JobRow.name != Job.EMBED))
    with app.state.database.transaction() as session:
        ranked = select(RankingRun.need_id).where(RankingRun.need_id.is_not(None))
        session.execute(update(Need).where(Need.id.in_(ranked)).values(proposed_revision=Need.revision))
        session.execute(update(Innovation).values(proposed_revision=Innovation.revision))


def _seen(app: FastAPI, world: many.Many, clients: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What each page asks, for the first of the staff and the first of the others who may see it."""
    for path in addresses(app, world.names):
        for people in (("hub", "lead"), ("leeds", "innovator", "board")):
            for name in people:
                with asked(app) as said:
                    reply = clients[name].get(path, headers=PAGE, follow_redirects=False)
                assert reply.status_code < 500, path
                if reply.status_code == 200:
                    yield f"{re.sub(r'[0-9a-f-]{36}', '…', path)} {name}", list(said)
                    break


def _told(few: list[str], grown: list[str]) -> str:
    """How often a page asked, and what it asked again and again."""
    (statement, times), *_ = (Counter(grown) - Counter(few)).most_common(1)
    return f"{len(few)} -> {len(grown)}, {times} times {' '.join(statement.split('FROM', 1)[-1].split())[:200]}"


def test_no_page_asks_more_often_when_there_is_more(
    app: FastAPI, runner: Any, client_of: Callable[..., Any], make: Callable[..., Any]
) -> None:
    world = make(many.begin)
    clients = {name: client_of(person) for name, person in world.people.items()}
    counts: dict[int, dict[str, list[str]]] = {}

    for count in (FEW, MANY):
        make(many.grow, world, count)
        _embed(app, runner)
        counts[count] = dict(_seen(app, world, clients))

    few, grown = counts[FEW], counts[MANY]
    more = {page: _told(few[page], grown[page]) for page in few if page in grown and len(grown[page]) > len(few[page]) + SPARE}
    often = {page: len(said) for page, said in grown.items() if len(said) > MOST}
    assert len(few) > 50
    assert (more, often) == ({}, {})
