"""embed, index, propose: the walk's middle steps, now rather than in the background."""

from datetime import UTC, datetime

from api.cli.shell import AsJson, answer, opened, say
from api.cli.working import context_around, owe_missing, work_off
from api.queue import Job
from api.services import indexing


def embed_command(as_json: AsJson = False) -> None:
    """Encode every need and innovation that is not encoded at its present version."""
    _catch_up(Job.EMBED, "encoded", as_json=as_json)


def propose_command(as_json: AsJson = False) -> None:
    """Rank what is not ranked at its present version, and put good matches before the Hub."""
    _catch_up(Job.PROPOSE, "ranked", as_json=as_json)


def index_command(as_json: AsJson = False) -> None:
    """Write a new snapshot of the vectors, from which a start is faster."""
    with opened() as database, database.reading() as session:
        name = indexing.write_snapshot(session, context_around(database).libraries, at=datetime.now(UTC))
    if as_json:
        answer({"snapshot": name})
    else:
        say(f"Wrote the snapshot {name}.")


def _catch_up(job: Job, done: str, *, as_json: bool) -> None:
    with opened() as database:
        context = context_around(database)
        owed = owe_missing(context, job)
        left = min(work_off(context, job)[job], owed)
    if as_json:
        answer({done: owed - left, "left": left})
    else:
        say(f"{done.capitalize()}: {owed - left}.")
        if left:
            say(f"Waiting: {left}. The running service does them, or `matching doctor` says why not.")
