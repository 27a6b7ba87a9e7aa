"""What commands share: an open database, and answers for people and machines."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import inspect, make_url, text

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
        if _step_of(database) != newest_step():
            raise Fault("The database is of another version. Run `matching init` to bring it to this one.")
        yield database
    finally:
        database.dispose()


def newest_step() -> str:
    """The newest step of the database's history; read from its file, because to import alembic would double a command's start."""
    found = find_spec("migrations")
    folder = Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else Path()
    newest = max((folder / "versions").glob("*.py"))  # their names begin with the date
    return newest.read_text(encoding="utf-8").partition('\nrevision = "')[2].partition('"')[0]


def _step_of(database: Database) -> str:
    with database.reading() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return ""
        return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar())
