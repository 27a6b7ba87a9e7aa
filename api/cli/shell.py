"""What commands share: an open database, and answers for people and machines."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

import migrations
from api.db import Database
from api.services.faults import Fault
from api.settings import settings

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
