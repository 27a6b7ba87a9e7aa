"""Work done here and now that a running service would do in the background."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from api.cli.shell import database_file, opened, say
from api.cli.showing import progress
from api.db import Database
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.queue import Job, enqueue
from api.services import encoders
from api.services.faults import Fault
from api.services.library import Libraries
from api.settings import EncoderChoice, settings
from models.documents import Side
from models.queries import documents, jobs

BATCH_THREADS = 2  # of a process that encodes many texts and answers nobody meanwhile
_EXPORT = (sys.executable, "-c", "from api.cli import app; app()", "encoder", "export")
_BARS = {Job.EMBED: "Encoding texts", Job.PROPOSE: "Ranking"}


def libraries() -> Libraries:
    """Encoder, ranker and indexes as the settings name them."""
    return Libraries.of(settings(), threads=batch_threads())


def judging_libraries() -> Libraries:
    """Likewise, with the trained ranker that judges here, where there is a database that has one."""
    found, file = libraries(), database_file()
    if file is None or file.is_file():
        with opened() as database, database.reading() as session:
            found.follow(session)
    return found


def batch_threads() -> int:
    """How many threads encode in a process that answers nobody meanwhile."""
    return max(BATCH_THREADS, settings().encoder_threads)


def context_around(database: Database) -> Context:
    """What jobs work with."""
    return Context(database, libraries(), settings())


def export_encoder(choice: EncoderChoice) -> str:
    """Export an encoder to its folder in this home, with progress; returns its id."""
    with _exporting() as tell:
        return encoders.export_encoder(settings().folder_of(choice), choice.name, prompts=choice.prompts, on_progress=tell)


def export_cross_encoder(folder: Path, name: str) -> str:
    """Export a cross-encoder, with progress; returns its id."""
    with _exporting() as tell:
        return encoders.export_cross_encoder(folder, name, on_progress=tell)


@contextmanager
def _exporting() -> Iterator[Callable[[str], None]]:
    """One bar for the steps of an export."""
    with progress() as bars:
        task = bars.add_task("Loading torch", total=4)
        yield lambda step: bars.update(task, description=step, advance=1)
        bars.update(task, description="Exported the encoder", completed=4)


def export_if_missing() -> None:
    """Export the encoder when there is none yet, and say so; a damaged one is left for somebody to look at."""
    if not encoders.is_there(settings().encoder_folder):
        say("The encoder is exported once; this takes half a minute.")
        ended = subprocess.run(_EXPORT, stdout=sys.stderr, check=False)  # noqa: S603 -- ourselves; torch stays out of this process
        if ended.returncode:
            raise Fault("There is no encoder, and it could not be exported. Mend what is said above, then run this again.")


def owe_missing(context: Context, job: Job) -> int:
    """Queue the encoding or ranking of every document that lacks it; returns how many that are."""
    encoder_id, at, owed = context.libraries.encoder.id, datetime.now(UTC), 0
    with context.database.transaction() as session:
        for side in Side:
            stored = documents.counts(session, side)["stored"]
            if job is Job.EMBED:
                missing = documents.to_embed(session, side, encoder_id, stored)
            else:
                missing = documents.to_propose(session, side, stored)
            for document_id in missing:
                enqueue(session, job, at=at, bulk=True, side=side.value, id=str(document_id))
            owed += len(missing)
    return owed


def work_off(context: Context, *names: Job) -> dict[Job, int]:
    """Run queued jobs until none of these names is left or due; returns how many of each are left."""
    runner = Runner(context)
    with progress() as bars:
        tasks = {name: bars.add_task(_BARS[name], total=None) for name in names}
        most: Counter[Job] = Counter()
        done: Counter[Job] = Counter()
        while True:
            left = _queued(context.database, names)
            for name in names:
                most[name] = max(most[name], done[name] + left[name])
                done[name] = most[name] - left[name]
                bars.update(tasks[name], total=most[name], completed=done[name])
            if not any(left.values()) or not runner.run_one():
                return left


def _queued(database: Database, names: tuple[Job, ...]) -> dict[Job, int]:
    with database.reading() as session:
        counted = jobs.counts(session)
    return {name: counted.get(name, {}).get("queued", 0) for name in names}
