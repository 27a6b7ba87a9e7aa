"""backup and restore: everything in the database, in one file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.serving import claimed_home
from api.cli.shell import AsJson, answer, opened, say
from api.cli.showing import progress
from api.services.backing_up import back_up, heads_file, usual_target
from api.services.backup_files import tables
from api.services.restoring import restore
from api.settings import settings
from models.working_days import in_london


def backup_command(
    file: Annotated[Path | None, typer.Argument(help="The file to write; without one, a new file in MATCHING_BACKUP_FOLDER.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything in the database into one file, while the service goes on."""
    at = datetime.now(UTC)
    target = file or usual_target(settings(), at)
    with opened() as database, _told("Writing") as tell:
        manifest = back_up(database, target, heads=heads_file(settings()), at=at, replace=force, on_progress=tell)
    if as_json:
        answer({"file": str(target), "bytes": target.stat().st_size, "rows": manifest.rows, "position": manifest.head.position})
    else:
        say(f"Wrote {target}: {manifest.rows:,} rows, the event chain up to {manifest.head.position}.")
        say("It holds personal data and password hashes: keep it as you keep the database.")


def restore_command(
    file: Annotated[Path, typer.Argument(help="A file that `matching backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Restore over a database that holds people, needs or innovations.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database: all of it, or nothing."""
    with claimed_home(), _told("Reading") as tell:
        restored = restore(file, settings(), replace=replace, at=datetime.now(UTC), on_progress=tell)
    if as_json:
        answer(asdict(restored))
        return
    say(f"Restored {restored.rows:,} rows as they were at {in_london(restored.made_at)}. Everybody has to sign in again.")
    say(f"Whoever follows the events goes on after position {restored.position}, even if they had read further.")
    if restored.heads_aside is not None:
        say(f"The kept heads of the history that was replaced lie in {restored.heads_aside}; keep them.")
    for finding in restored.findings:
        say(f"Beware, the history was backed up like this: {finding}")
    start = "API, workers and beat (`matching serve`, `worker`, `beat`)" if settings().service_mode else "the service: `matching serve`"
    say(f"Run `matching doctor`, then start {start}. It makes new snapshots by itself.")


@contextmanager
def _told(doing: str) -> Iterator[Callable[[str], None]]:
    with progress() as bars:
        task = bars.add_task(doing, total=len(tables()))

        def tell(table: str) -> None:
            bars.update(task, description=f"{doing} {table}", advance=1)

        yield tell
