"""What stands around the service: PostgreSQL, broker, workers and beat, mail server, backups, and how people reach it."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from api.services.backing_up import newest_at
from api.services.checks import Check
from api.settings import Settings
from models.queries import mail, servers
from models.working_days import in_london

if TYPE_CHECKING:
    from celery import Celery

OLDEST_POSTGRESQL = 150_000
OLDEST_REDIS = 7
MOST_SKEW_SECONDS = 2.0
MAIL_LATE, MAIL_TOLD = timedelta(hours=1), timedelta(days=7)
BACKUP_HOURS = 26  # one a night, and a little
_WORKER_CONNECTIONS = 4  # of each worker process, at most
_ANSWER_SECONDS = 1.0


def check_server(session: Session, settings: Settings) -> Iterator[Check]:
    """The database server and its clock; SQLite has neither."""
    if session.get_bind().dialect.name == "sqlite":
        if settings.service_mode:
            yield Check("server", "SQLite", "Several processes need PostgreSQL: set MATCHING_DATABASE_URL.")
        return
    found = servers.facts(session)
    told = f"PostgreSQL {found['server_version']}, {found['server_encoding']}, up to {found['max_connections']} connections"
    yield Check("server", told, _wrong_with_server(found))
    wanted = 2 * settings.database_pool * settings.processes + _WORKER_CONNECTIONS
    few = "Raise max_connections of PostgreSQL, or lower MATCHING_DATABASE_POOL or MATCHING_PROCESSES."
    yield Check("connections", f"the API takes up to {wanted}", few if wanted > int(found["max_connections"]) else "", mild=True)
    yield _clock(session)


def check_queue(settings: Settings) -> Iterator[Check]:
    """The broker, who works for it and who looks for forgotten work; only the service mode has them."""
    from api.broker import BrokerAway, celery_of, ping  # noqa: PLC0415 -- Celery is loaded by the mode that has it

    try:
        seconds = ping(settings.broker_url)
        yield _broker(settings.broker_url, seconds)
    except BrokerAway as error:
        yield Check(
            "broker", str(error).partition(". ")[0] + ".", "Start Redis, or mend MATCHING_BROKER_URL. Until then work waits in its rows."
        )
        return
    yield from _workers(celery_of(settings))


def check_mail(session: Session, settings: Settings, *, at: datetime) -> Check:
    """Whether mail leaves: what waits for long, and what of the last days did not arrive."""
    way = f"by {settings.smtp.host}" if settings.smtp else f"as files in {settings.mail_folder}, because MATCHING_SMTP_URL is not set"
    if (late := mail.waiting_since(session)) is not None and late < at - MAIL_LATE:
        return Check("mail", f"One has been waiting since {in_london(late)}.", "`matching mail list --state queued` says why.")
    if lost := mail.undelivered(session, since=at - MAIL_TOLD):
        told = ", ".join(f"{count} {state}" for state, count in sorted(lost.items()))
        return Check(
            "mail",
            f"Not delivered within a week: {told}.",
            "`matching mail list` says why; `matching mail send-again` tries again.",
            mild=True,
        )
    return Check("mail", f"sent {way}")


def check_backups(settings: Settings, at: datetime) -> Check:
    """How old the newest backup is."""
    if not settings.backup_folder:
        return Check("backup", "no folder is set", "Set MATCHING_BACKUP_FOLDER and run `matching backup` every night.", mild=True)
    folder = Path(settings.backup_folder)
    newest = newest_at(folder)
    if newest is None:
        return Check("backup", f"there is none in {folder}", "Run `matching backup`, and have it run every night.")
    late = newest < at - timedelta(hours=BACKUP_HOURS)
    return Check("backup", f"the newest is of {in_london(newest)}", "See why the nightly backup did not run." if late else "")


def check_exposure(settings: Settings) -> Check:
    """Whether what people send over a network is kept from others, and sent to this service on purpose."""
    reached = bool(settings.proxies) or not _is_loopback(settings.host)
    if not reached:
        return Check("exposure", f"only this machine reaches {settings.host}")
    if not settings.secure_cookies:
        return Check("exposure", "cookies are sent in the clear", "Put a TLS proxy before it and set MATCHING_SECURE_COOKIES=true.")
    if not settings.hosts:
        return Check("exposure", "requests to any host name are answered", "Set MATCHING_HOSTS to the names under which people reach it.")
    return Check("exposure", f"https alone, as {settings.hosts}")


def _wrong_with_server(found: Mapping[str, str]) -> str:
    if int(found["server_version_num"]) < OLDEST_POSTGRESQL:
        return "Use PostgreSQL 15 or later."
    if found["server_encoding"] != "UTF8":
        return "Make the database anew with ENCODING 'UTF8', and restore a backup into it."
    if off := [name for name in ("fsync", "full_page_writes", "synchronous_commit") if found[name] == "off"]:
        return f"Set {' and '.join(off)} to on: what was acknowledged may be lost at a loss of power."
    return ""


def _clock(session: Session) -> Check:
    before = datetime.now(UTC)
    theirs = servers.clock(session)
    skew = max((before - theirs).total_seconds(), (theirs - datetime.now(UTC)).total_seconds(), 0.0)
    return Check(
        "clock", f"{skew:.1f} s apart from the database", "Set the clocks of both machines by NTP." if skew > MOST_SKEW_SECONDS else ""
    )


def _broker(url: str, seconds: float) -> Check:
    """How Redis is set; a service that rents one may not be told, which is no fault."""
    told = f"it answers in {1000 * seconds:.0f} ms"
    try:
        with Redis.from_url(url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS) as client:
            version = str(client.info("server")["redis_version"])
            kept = {name: client.config_get(name)[name] for name in ("appendonly", "maxmemory-policy")}
    except RedisError:
        return Check("broker", f"{told}, and does not say how it is set")
    told = f"Redis {version}, {told}"
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        return Check("broker", told, "Use Redis 7 or later.")
    if kept["maxmemory-policy"] != "noeviction":
        return Check("broker", told, "Set maxmemory-policy to noeviction: a full Redis would drop messages unseen.", mild=True)
    if kept["appendonly"] != "yes":
        return Check("broker", told, "Set appendonly to yes: after a restart of Redis, work would wait for the next sweep.", mild=True)
    return Check("broker", f"{told}, appendonly, noeviction")


def _workers(app: "Celery") -> Iterator[Check]:
    from api.broker import QUEUES, SWEEP  # noqa: PLC0415 -- as above

    asked = app.control.inspect(timeout=_ANSWER_SECONDS)
    read = asked.active_queues() or {}
    if not read:
        yield Check("workers", "none answers", "Start one: `matching worker`.")
        return
    queues = {queue["name"] for each in read.values() for queue in each}
    missing = [name for name in QUEUES if name not in queues]
    told = f"{len(read)} answer: {', '.join(sorted(read))}"
    yield Check("workers", told, f"Start one for {', '.join(missing)}: `matching worker --queues {','.join(missing)}`." if missing else "")
    if SWEEP not in missing:
        yield _beat(app)


def _beat(app: "Celery") -> Check:
    """Beat keeps nothing; that the workers are being asked is seen from their counts."""
    from api.broker import DISPATCH_SECONDS, TASK  # noqa: PLC0415 -- as above

    before, began = _dispatches(app, TASK), time.monotonic()
    while time.monotonic() - began < 2 * DISPATCH_SECONDS:
        time.sleep(_ANSWER_SECONDS)
        if _dispatches(app, TASK) > before:
            return Check("beat", "it asks the workers for forgotten work")
    return Check("beat", f"it asked nothing for {2 * DISPATCH_SECONDS:.0f} s", "Start it: `matching beat`.")


def _dispatches(app: "Celery", task: str) -> int:
    told: Mapping[str, Any] = app.control.inspect(timeout=_ANSWER_SECONDS).stats() or {}
    return sum(each["total"].get(f"{task}dispatch", 0) for each in told.values())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
