"""Whether this process can do its work, in words that say what to do."""

import threading
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy.exc import OperationalError

from api.db import Database
from api.services.library import Libraries, RankingUnavailable
from models.actors import SYSTEM
from models.documents import Side
from models.queries import jobs

_log = structlog.get_logger("api")


class State(StrEnum):
    """Ready and degraded answer requests; starting and down do not, or not all."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state, and what stands in the way of a better one."""

    state: State
    reasons: tuple[str, ...] = ()


class WarmUp:
    """Opens encoder, ranker and both libraries in a thread, so that no request waits for it."""

    def __init__(self, database: Database, libraries: Libraries) -> None:
        self._database, self._libraries = database, libraries
        self._thread = threading.Thread(target=self._run, name="warm-up", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    @property
    def under_way(self) -> bool:
        """Whether it has begun and not ended."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            open_libraries(self._database, self._libraries)
        except (RankingUnavailable, OperationalError) as error:  # /health/ready tries again and tells
            _log.warning("warm_up.failed", reason=type(error).__name__)


def open_libraries(database: Database, libraries: Libraries) -> None:
    """Open whatever is not open yet; raises RankingUnavailable with what is missing."""
    _ = libraries.ranker
    with database.reading() as session:
        for side in Side:
            libraries.view(session, side, SYSTEM)


def readiness(database: Database, libraries: Libraries, *, warming: bool, jobs_run: bool) -> Readiness:
    """The state of this process now; looks into the database, and opens what could not be opened before."""
    if warming:
        return Readiness(State.STARTING, ("The encoder and the index are being opened. Ask again in a few seconds.",))
    try:
        with database.reading() as session:
            dead = len(jobs.dead(session))
        reasons = _matching_faults(database, libraries)
    except OperationalError:
        return Readiness(State.DOWN, ("The database cannot be read. Run `matching doctor` to see why.",))
    if not jobs_run:
        reasons.append("Jobs are not being run in this process: new texts wait. Restart the service.")
    if dead:
        reasons.append(f"{dead} jobs failed too often and wait for a person. Run `matching doctor` to see them.")
    return Readiness(State.DEGRADED if reasons else State.READY, tuple(reasons))


def _matching_faults(database: Database, libraries: Libraries) -> list[str]:
    """What is wrong with the matching, without the server's file names, which are for its operator alone."""
    try:
        open_libraries(database, libraries)
    except RankingUnavailable as error:
        return [f"The {error.details['part']} is missing or damaged, so nothing is ranked. Run `matching doctor` on the server."]
    if libraries.degraded:
        return ["The newest snapshot is damaged and is not used. Run `matching doctor` on the server if this lasts."]
    return []
