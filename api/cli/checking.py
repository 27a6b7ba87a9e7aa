"""doctor and events: what is wrong, and what happened."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli.shell import AsJson, answer, database_file, opened, say
from api.cli.showing import show_table
from api.cli.working import libraries
from api.db import Database
from api.services import delivering, retrying
from api.services.doctor import examine
from api.settings import settings
from models.actors import SYSTEM


def doctor_command(
    retry: Annotated[bool, typer.Option("--retry", help="First try again every job that failed too often.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say in plain words what is wrong here and what to do."""
    if retry:
        with opened() as record, record.transaction() as session:
            say(f"{retrying.retry_all(session, actor=SYSTEM, at=datetime.now(UTC))} jobs are queued again.")
    file = database_file()
    database = Database(settings().url) if file is None or file.is_file() else None
    checks = examine(settings(), database, libraries(), at=datetime.now(UTC))
    if database is not None:
        database.dispose()
    well = all(check.well for check in checks)
    if as_json:
        shown = [
            {"name": check.name, "state": check.state, "well": check.well, "found": check.found, "remedy": check.remedy} for check in checks
        ]
        answer({"well": well, "checks": shown})
    else:
        rows = [(check.name, check.state, check.found, check.remedy) for check in checks]
        show_table("Doctor", ("Part", "State", "Found", "What to do"), rows)
    if not well:
        raise typer.Exit(1)


def events_command(
    after: Annotated[int, typer.Option(min=0, help="The position after which to begin.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what happened after a position of the event chain."""
    with opened() as database, database.reading() as session:
        feed = delivering.events_after(session, after, actor=SYSTEM, limit=limit)
    rows = [
        {
            "position": row.position,
            "kind": row.kind,
            "subject_kind": row.subject_kind,
            "subject_id": str(row.subject_id),
            "actor": row.actor,
            "recorded_at": row.recorded_at.isoformat(),
            "data": row.data,
        }
        for row in feed.events
    ]
    if as_json:
        answer({"events": rows, "position": feed.position, "more": feed.more})
    else:
        shown = ("position", "kind", "subject_kind", "subject_id", "actor", "recorded_at")
        show_table("Events", shown, [tuple(str(row[name]) for name in shown) for row in rows])
        say(f"Go on with --after {feed.position}." if feed.more else f"That is all up to position {feed.position}.")
