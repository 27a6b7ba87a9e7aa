"""What commands share: an open database, progress, tables, and answers that machines read."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import migrations
from api.db import Database
from api.services.faults import Fault
from api.settings import settings

_WIDE = 200  # columns where no terminal says how many there are

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output and nothing else.")]


def new_group(about: str) -> typer.Typer:
    """A group of commands that shows its help when it is called alone."""
    return typer.Typer(help=about, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def say(text: str) -> None:
    """Write one line for people; standard output belongs to answers."""
    typer.echo(text, err=True)


def answer(said: dict[str, Any]) -> None:
    """Write one JSON object to standard output."""
    sys.stdout.write(json.dumps(said, ensure_ascii=False, default=str) + "\n")


def show_table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Write a table to standard output."""
    table = Table(*heads, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE).print(table)


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars, for whatever takes more than a second."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, highlight=False)) as bars:
        yield bars


@contextmanager
def opened() -> Iterator[Database]:
    """The database of the settings; raises Fault when it is not set up."""
    database = Database(settings().url)
    try:
        if migrations.current(database.engine) != migrations.head():
            raise Fault("The database is not set up, or is of another version. Run `matching init`.")
        yield database
    finally:
        database.dispose()
