"""What is wrong with this installation, in plain words, and what to do about it."""

import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from importlib.metadata import PackageNotFoundError, requires, version
from socket import create_connection

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import migrations
from api.db import Database
from api.services.auditing import end_of_chain
from api.services.checks import Check
from api.services.heads import HeadUnreadable, KeptHead, latest
from api.services.library import Libraries, RankingUnavailable
from api.services.surroundings import check_backups, check_exposure, check_mail, check_queue, check_server
from api.services.switching import doubt
from api.settings import Settings
from matcher.snapshot import SnapshotDamaged, SnapshotMissing, load_newest
from models.documents import Side
from models.queries import documents, events, jobs, ranker_versions
from models.working_days import in_london

PYTHON = (3, 11)
LATE_MINUTES = 10
LEAST_FREE_BYTES = 200 * 1024 * 1024
_PINNED = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;]+)$")


def examine(settings: Settings, database: Database | None, libraries: Libraries, *, at: datetime) -> list[Check]:
    """Look at everything that the service needs; what cannot be looked at is left out, because its cause is told.

    `database` is None when there is no file that could be opened.
    """
    checks = [_python(), _packages(), _home(settings)]
    record = _database(database)
    checks += [record, _encoder(libraries), _ranker(libraries)]
    if database is not None and record.well:
        kept = _kept_head(settings)  # before the database is read, so that it is no younger than what is seen there
        with database.reading() as session:
            checks += check_server(session, settings)
            checks += _trained_ranker(session, libraries)
            checks += [_snapshots(session, libraries), _jobs(session, settings, at), _documents(session)]
            checks.append(check_mail(session, settings, at=at))
            checks += [_events(session, settings, at), _history(session, kept)]
    if settings.service_mode:
        checks += check_queue(settings)
    return [*checks, check_backups(settings, at), check_exposure(settings), _port(settings)]


def _python() -> Check:
    found = f"Python {platform.python_version()}"
    return Check("python", found, "" if sys.version_info[:2] == PYTHON else "Use Python 3.11: run `make setup`.")


def _packages() -> Check:
    try:
        wrong = list(_unlike_pins())
    except PackageNotFoundError:
        return Check("packages", "The project is not installed in this environment.", "Run `make setup`.")
    return Check("packages", "; ".join(wrong) or "as pinned", "Run `make setup`." if wrong else "")


def _unlike_pins() -> Iterator[str]:
    for requirement in requires("matching") or []:
        if pinned := _PINNED.match(requirement):
            try:
                installed = version(pinned[1])
            except PackageNotFoundError:
                installed = "missing"
            if installed != pinned[2]:
                yield f"{pinned[1]} is {installed}, not {pinned[2]}"


def _home(settings: Settings) -> Check:
    try:
        with tempfile.TemporaryFile(dir=settings.home):
            free = shutil.disk_usage(settings.home).free
    except OSError as error:
        return Check(
            "home", f"{settings.home}: {error.strerror}", "Run `matching init`, or set MATCHING_HOME to a folder that you may write."
        )
    found = f"{settings.home}, {free // 1024**2:,} MiB free"
    return Check("home", found, "" if free >= LEAST_FREE_BYTES else "Make room on this disk before anything else.")


def _database(database: Database | None) -> Check:
    if database is None:
        return Check("database", "There is none yet.", "Run `matching init`, or set MATCHING_HOME.")
    try:
        current = migrations.current(database.engine)
    except (SQLAlchemyError, OSError) as error:
        found = f"It cannot be reached ({type(error).__name__})."
        return Check("database", found, "Start the database server, or mend MATCHING_DATABASE_URL.")
    if current == migrations.head():
        return Check("database", f"reachable, at {current}")
    return Check("database", f"It stands at {current or 'nothing'}, not at {migrations.head()}.", "Run `matching init`.")


def _encoder(libraries: Libraries) -> Check:
    try:
        return Check("encoder", f"{libraries.encoder.id}, whole")
    except RankingUnavailable as error:
        return Check("encoder", error.message, "Run `matching encoder export`.")


def _ranker(libraries: Libraries) -> Check:
    try:
        found = libraries.ranker.id
    except RankingUnavailable as error:
        return Check("ranker", error.message, "Mend MATCHING_RANKER, or leave it empty for the packaged one.")
    try:
        doubtful = doubt(libraries.ranker, libraries.encoder.id)
    except RankingUnavailable:  # the encoder's own check tells it
        doubtful = ""
    if doubtful:
        return Check("ranker", doubtful, "Fit one for this encoder, or go back with `matching encoder switch --back`.")
    return Check("ranker", f"{found}, whole")


def _trained_ranker(session: Session, libraries: Libraries) -> Iterator[Check]:
    """The trained ranker that judges instead of the one of the settings, where there is one."""
    if (version := ranker_versions.active(session)) is None:
        return
    try:
        libraries.open_version(version)
    except RankingUnavailable as error:
        yield Check("trained ranker", error.message, "Bring its folder back, or run `matching ranker rollback`.")
    else:
        yield Check("trained ranker", f"{version.ranker_id} judges, whole")


def _snapshots(session: Session, libraries: Libraries) -> Check:
    try:
        found = load_newest(libraries.snapshots_of(session), libraries.encoder.id)
    except (RankingUnavailable, SnapshotMissing):
        return Check("snapshots", "none yet; the rows are searched")
    except SnapshotDamaged as error:
        return Check("snapshots", str(error), "Run `matching index`.")
    return Check("snapshots", f"whole, at event {found.position}")


def _jobs(session: Session, settings: Settings, at: datetime) -> Check:
    if dead := jobs.dead(session):
        found = f"{len(dead)} failed too often; the last error was {dead[-1].last_error}"
        return Check("jobs", found, "Mend the cause, then run `matching doctor --retry`.")
    waiting = jobs.next_due_at(session)
    if waiting is not None and waiting < at - timedelta(minutes=LATE_MINUTES):
        return Check("jobs", f"One has been due since {in_london(waiting)}.", _start(settings))
    return Check("jobs", f"{jobs.pending_count(session, at)} waiting, none late")


def _documents(session: Session) -> Check:
    counted = {side: documents.counts(session, side) for side in Side}
    behind = sum(row["searchable"] - row["embedded"] for row in counted.values())
    shown = ", ".join(f"{row['searchable']} {side}s searchable" for side, row in counted.items())
    if behind:
        return Check("documents", f"{shown}; {behind} not encoded yet", "Run `matching embed`, or wait for the service to do it.")
    return Check("documents", f"{shown}, all encoded")


def _events(session: Session, settings: Settings, at: datetime) -> Check:
    oldest = events.unsealed(session, limit=1)
    if oldest and oldest[0].recorded_at < at - timedelta(minutes=LATE_MINUTES):
        return Check("events", f"Unsealed since {in_london(oldest[0].recorded_at)}.", _start(settings))
    return Check("events", f"sealed up to {events.head(session)[0]}")


def _start(settings: Settings) -> str:
    return "Start a worker: `matching worker`, and `matching beat`." if settings.service_mode else "Start the service: `matching serve`."


def _kept_head(settings: Settings) -> KeptHead | HeadUnreadable | None:
    try:
        return latest(settings.heads_folder)
    except HeadUnreadable as error:
        return error


def _history(session: Session, kept: KeptHead | HeadUnreadable | None) -> Check:
    """The end of the event chain; reading all of it is for `matching audit verify`."""
    if isinstance(kept, HeadUnreadable):
        return Check("history", str(kept), "Run `matching audit verify`, and find out who wrote there.")
    if wrong := end_of_chain(session, kept):
        return Check("history", wrong, "Run `matching audit verify`, and find out who could write to the database.")
    return Check("history", f"goes on after the head that was kept on {kept.date:%d %B %Y}" if kept else "no head of it was kept yet")


def _port(settings: Settings) -> Check:
    if settings.port == 0:
        return Check("port", "any free one")
    where = f"{settings.host}:{settings.port}"
    try:
        create_connection((settings.host, settings.port), timeout=1).close()
    except OSError:
        return Check("port", f"{where} is free")
    if _is_ours(settings):
        return Check("port", f"this service answers at {where}")
    return Check("port", f"Another program listens at {where}.", "Stop that program, or set MATCHING_PORT to another number.")


def _is_ours(settings: Settings) -> bool:
    connection = HTTPConnection(settings.host, settings.port, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200  # noqa: PLR2004 -- OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
