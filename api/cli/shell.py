"""What commands share: an open database, and answers for people and machines."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import make_url

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


def database_file() -> Path | None:
    """The file of a SQLite database; None for a database on a server."""
    url = make_url(settings().url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


@contextmanager
def opened() -> Iterator[Database]:
    """The database of the settings; raises Fault when it is not set up."""
    file = database_file()
    if file is not None and not file.is_file():  # opening it would make an empty one
        raise Fault(f"There is no database at {file}. Run `matching init`, or set MATCHING_HOME.")
    database = Database(settings().url)
    try:
        if migrations.current(database.engine) != migrations.head():
            raise Fault("The database is of another version. Run `matching init` to bring it to this one.")
        yield database
    finally:
        database.dispose()
