"""jobs: what waits, what failed, and trying it again."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table
from api.services import retrying
from api.services.faults import Fault
from models.actors import SYSTEM
from models.jobs import JobState
from models.queries import jobs

jobs_command = new_group("Jobs that wait or failed, and trying them again.")
_SHOWN = ("id", "name", "state", "due_at", "attempts", "last_error")


@jobs_command.command("list")
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only those in this state; dead ones failed too often.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the jobs that are owed, those due first at the top; one that is done is kept no longer."""
    with opened() as database, database.reading() as session:
        rows = jobs.page(session, state=state, name=None, after=None, limit=limit).rows
        counted = jobs.counts(session)
    found = [{name: str(getattr(row, name)) for name in _SHOWN} for row in rows]
    if as_json:
        answer({"jobs": found, "counts": counted})
    else:
        show_table("Jobs", _SHOWN, [tuple(row[name] for name in _SHOWN) for row in found])
        say(
            "; ".join(f"{name}: {', '.join(f'{n} {kind}' for kind, n in each.items())}" for name, each in counted.items())
            or "None is owed."
        )


@jobs_command.command("retry")
def retry(
    job: Annotated[UUID | None, typer.Argument(help="The id of one that failed too often.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that failed too often.")] = False,
) -> None:
    """Queue a job that failed too often once more."""
    if (job is None) == (not everything):
        raise Fault("Name one job, or say --all. `matching jobs list --state dead` shows them.")
    with opened() as database, database.transaction() as session:
        if job is None:
            count = retrying.retry_all(session, actor=SYSTEM, at=datetime.now(UTC))
        else:
            retrying.retry(session, job, actor=SYSTEM, at=datetime.now(UTC))
            count = 1
    say(f"{count} {'job is' if count == 1 else 'jobs are'} queued again.")
