"""What is counted while the service works, and how Prometheus is told of it."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIServer

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from sqlalchemy import Engine, QueuePool, event
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.db import AWAY
from api.queue import Job
from api.services.library import RankingUnavailable
from api.services.measuring import Figures, Lookout, NoAnswer
from api.sharing import VARIABLE
from models.jobs import JobState

UNKNOWN = "none"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OUTCOMES = ("done", "failed", "waiting", "away")

_counted = CollectorRegistry()
_REQUESTS = Counter("matching_requests", "Requests answered.", ("method", "route", "status"), registry=_counted)
_REQUEST_SECONDS = Histogram(
    "matching_request_seconds",
    "From a request's arrival to the end of its answer.",
    ("method", "route"),
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
    registry=_counted,
)
_IN_FLIGHT = Gauge("matching_requests_in_flight", "Requests that are being answered.", registry=_counted, multiprocess_mode="livesum")
_JOB_RUNS = Counter("matching_job_runs", "Times that jobs were taken; jobs taken together are one.", ("job", "outcome"), registry=_counted)
_JOB_SECONDS = Histogram(
    "matching_job_seconds",
    "From taking a job, or jobs together, to the end of its effect.",
    ("job",),
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120),
    registry=_counted,
)
_CONNECTIONS = Gauge(
    "matching_database_connections_in_use", "Database connections in somebody's hands.", registry=_counted, multiprocess_mode="livesum"
)
if VARIABLE not in os.environ:
    ProcessCollector(registry=_counted)
for _job in Job:  # so that a rate has something to begin from
    _JOB_SECONDS.labels(_job.value)
    for _outcome in _OUTCOMES:
        _JOB_RUNS.labels(_job.value, _outcome)


class RequestMeter:
    """Counts every request by method, route template and class of status, with its time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        _IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, noting)
        finally:
            _IN_FLIGHT.dec()
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = template_of(scope)
            _REQUESTS.labels(method, route, f"{status // 100}xx" if status else "none").inc()
            _REQUEST_SECONDS.labels(method, route).observe(time.perf_counter() - began)


def template_of(scope: Scope) -> str:
    """The address of a request's route with its variable parts named; `none` for an address that there is not."""
    if (route := scope.get("route")) is not None:
        return _templates(scope["app"]).get(id(route), UNKNOWN)
    return scope.get("root_path", "") or UNKNOWN if scope.get("endpoint") is not None else UNKNOWN  # what is mounted, by its folder


@lru_cache(maxsize=2)
def _templates(app: FastAPI) -> dict[int, str]:
    return {id(each.original_route): each.path or UNKNOWN for each in iter_route_contexts(app.routes)}


@contextmanager
def measure_job(name: str) -> Iterator[None]:
    """Count one run of a job by how the block ends, with its time; what the block raises goes on."""
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    except RankingUnavailable:
        outcome = "waiting"
        raise
    except AWAY:
        outcome = "away"
        raise
    finally:
        _JOB_RUNS.labels(name, outcome).inc()
        _JOB_SECONDS.labels(name).observe(time.perf_counter() - began)


def watch_connections(engine: Engine) -> None:
    """Keep the gauge of connections in use true for this process."""

    def taken(*_: Any) -> None:  # noqa: ANN401 -- as SQLAlchemy sends it
        _CONNECTIONS.set(_in_use(engine))

    def returned(*_: Any) -> None:  # noqa: ANN401 -- likewise
        _CONNECTIONS.set(_in_use(engine) - 1)  # told just before it is back

    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", returned)


def _in_use(engine: Engine) -> int:
    return engine.pool.checkedout() if isinstance(engine.pool, QueuePool) else 1


def exposition(lookout: Lookout, *, mode: str) -> bytes:
    """All that there is to tell, in Prometheus's text format: what was counted, and how the walk stands."""
    standing = CollectorRegistry()
    standing.register(_Standing(lookout, mode))
    return _counts() + generate_latest(standing)


def serve_counts(port: int) -> tuple[WSGIServer, Thread]:
    """Tell on loopback what this process and those that it starts have counted, for a worker; returns what ends it."""
    return start_http_server(port, addr="127.0.0.1", registry=_countings())


def _counts() -> bytes:
    return generate_latest(_countings())


def _countings() -> CollectorRegistry:
    """What this process counted; where several count together, what all did."""
    if (folder := os.environ.get(VARIABLE)) is None:
        return _counted
    together = CollectorRegistry()
    together.register(_Together(Path(folder)))
    return together


class _Together(MultiProcessCollector):
    """The counts of all processes; what one had in hand when it died is in nobody's hands."""

    def __init__(self, folder: Path) -> None:
        super().__init__(None, str(folder))  # type: ignore[no-untyped-call]
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """The sums."""
        for process in {int(each.stem.rpartition("_")[2]) for each in self._folder.glob("gauge_live*.db")}:
            if not Path(f"/proc/{process}").exists():
                mark_process_dead(process, str(self._folder))  # type: ignore[no-untyped-call]
        found: Iterable[Metric] = super().collect()  # type: ignore[no-untyped-call]
        return found


class _Standing(Collector):
    """How the walk stands, asked when Prometheus asks; what cannot be known is left out."""

    def __init__(self, lookout: Lookout, mode: str) -> None:
        self._lookout, self._mode = lookout, mode

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        yield _gauge("matching_build_info", "What runs here.", ("version", "mode"), {(version("matching"), self._mode): 1})
        yield _gauge("matching_database_up", "Whether the database answers.", (), {(): self._database_up()})
        if (broker := self._lookout.broker_answers()) is not None:
            yield _gauge("matching_broker_up", "Whether the broker answers.", (), {(): broker})
        if (found := self._lookout.figures()) is not None:
            yield from _work(found)
            yield from _index(found, self._lookout.last_matching_fault())

    def _database_up(self) -> bool:
        try:
            self._lookout.step()
        except (SQLAlchemyError, NoAnswer):
            return False
        return True


def _work(found: Figures) -> Iterator[Metric]:
    """What is owed, and for how long."""
    states = {(job.value, state.value): found.jobs.get(job, {}).get(state, 0) for job in Job for state in JobState}
    yield _gauge("matching_jobs", "Jobs owed, by their state; dead ones wait for a person.", ("job", "state"), states)
    due = {(queue,): seconds for queue, seconds in found.due_seconds.items()}
    yield _gauge("matching_oldest_due_job_seconds", "For how long the oldest due job waits.", ("queue",), due)
    for step, waiting in (("embedding", found.to_embed), ("proposing", found.to_propose)):
        counts = {(side.value,): each.count for side, each in waiting.items()}
        ages = {(side.value,): found.age(each.since) for side, each in waiting.items()}
        yield _gauge(f"matching_{step}_backlog_documents", f"Documents that wait for {step}.", ("side",), counts)
        yield _gauge(f"matching_{step}_backlog_seconds", f"For how long the oldest document waits for {step}.", ("side",), ages)
    yield _gauge("matching_unsealed_events", "Events that have no place in the chain yet.", (), {(): found.unsealed.count})
    yield _gauge("matching_unsealed_events_seconds", "For how long the oldest of them waits.", (), {(): found.age(found.unsealed.since)})


def _index(found: Figures, fault: str) -> Iterator[Metric]:
    faults = {(part,): part == fault for part in ("encoder", "ranker", "snapshot")}
    yield _gauge("matching_part_missing", "Parts of the matching that are missing or damaged.", ("part",), faults)
    if found.changed_documents is not None:
        changed = {(): found.changed_documents}
        yield _gauge("matching_index_lag_documents", "Documents that changed since the newest snapshot.", (), changed)
    if found.snapshot_at is not None:
        yield _gauge("matching_snapshot_age_seconds", "Since the newest snapshot was written.", (), {(): found.age(found.snapshot_at)})


def _gauge(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    """One family, its values by the tuple of the values of its labels."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for each, value in values.items():
        family.add_metric(each, float(value))
    return family
