"""worker and beat: the service mode's other processes."""

import os
from typing import Annotated

import typer

from api.cli.shell import opened
from api.logs import retell_the_rest
from api.services.faults import Fault
from api.settings import Settings, settings
from api.sharing import count_together


def worker_command(
    queues: Annotated[str, typer.Option(help="Which jobs, by comma: now (somebody waits), bulk, sweep.")] = "now,bulk,sweep",
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="How many jobs at once, each in a process of its own.")] = 1,
) -> None:
    """Run jobs in service mode, until stopped; a stop lets those in hand end."""
    chosen = _service_settings()
    if chosen.metrics_port:
        count_together(chosen.home, f"worker-{chosen.metrics_port}")  # before anything is counted
    from api.broker import QUEUES  # noqa: PLC0415 -- Celery is loaded by who needs it
    from api.worker import create_worker  # noqa: PLC0415 -- likewise

    if unknown := set(queues.split(",")) - set(QUEUES):
        raise Fault(f"There is no queue {', '.join(sorted(unknown))}. Choose among {', '.join(QUEUES)}.")
    with opened():
        pass  # the database is there and of this version
    retell_the_rest()
    level = chosen.log_level.lower()
    create_worker(chosen).worker_main(
        [
            "--quiet",
            "worker",
            f"--queues={queues}",
            f"--hostname={queues.replace(',', '-')}.{os.getpid()}@%h",  # several on one machine are told apart
            f"--concurrency={concurrency}",
            f"--loglevel={level}",
            "--without-gossip",
            "--without-mingle",
        ]
    )


def beat_command() -> None:
    """Have due and forgotten jobs looked for in service mode, until stopped; a second one does no harm."""
    chosen = _service_settings()
    from api.worker import create_worker  # noqa: PLC0415 -- Celery is loaded by who needs it

    retell_the_rest()
    create_worker(chosen).start(["--quiet", "beat", f"--loglevel={chosen.log_level.lower()}", "--pidfile="])


def _service_settings() -> Settings:
    chosen = settings()
    if not chosen.service_mode:
        raise Fault("This is for the service mode. Set MATCHING_BROKER_URL; in embedded mode `matching serve` runs the jobs.")
    return chosen
