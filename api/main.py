"""The web's front door: everything put together by one factory."""

import os
import re
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from api import errors, refusals
from api.db import Database
from api.edges import HeadLimit, Heads, KnownHosts, LastResort, RenewedSignIn, RequestLog, SafeHeaders, SizeLimit
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.logs import configure_log, retell_the_rest
from api.measuring import RequestMeter, watch_connections
from api.pages import add_pages
from api.pauses import short_pauses
from api.routes import (
    accounts,
    alignments,
    asks,
    bodies,
    calls,
    documentation,
    events,
    feedback,
    front_door,
    health,
    imports,
    innovations,
    invitations,
    jobs,
    joint_needs,
    links,
    mail,
    matches,
    merges,
    metrics,
    need_results,
    needs,
    organisations,
    people,
    place_answers,
    places,
    precedents,
    proposals,
    rankers,
    records,
    referrals,
    reports,
    sign_offs,
    stages,
    submission_work,
    submissions,
    suggested_codes,
    watches,
)
from api.services.attempts import Attempts
from api.services.counting import storage_for
from api.services.library import Libraries
from api.services.limiting import Limits, LinkLimit
from api.services.measuring import Lookout
from api.services.readiness import WarmUp
from api.services.refusing import Repeats
from api.settings import Settings
from api.settings import settings as settings_of_environment

if TYPE_CHECKING:
    from api.broker import Publisher

_API = (
    people,
    places,
    needs,
    alignments,
    joint_needs,
    innovations,
    matches,
    suggested_codes,
    proposals,
    submissions,
    submission_work,
    asks,
    merges,
    bodies,
    referrals,
    events,
    imports,
    records,
    jobs,
    mail,
    front_door,
    links,
    invitations,
    accounts,
    organisations,
    calls,
    watches,
    place_answers,
    sign_offs,
    stages,
    need_results,
    reports,
    feedback,
    rankers,
    precedents,
)
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TAGS = (
    ("people", "Signing in, and who one is."),
    ("places", "The five places, organisations, and the code lists of coded fields."),
    ("needs", "What places need solved."),
    ("innovations", "What is offered to them."),
    ("front door", "Five answers without an account: which needs they may meet, and keeping them."),
    ("matches", "Ranked matches of a text that is not stored."),
    ("proposals", "Matches put before the Hub, and its decisions."),
    ("submissions", "What was handed in: the queue, one outcome each, questions and answers."),
    ("calls", "Needs that nothing answers yet, published for everybody to answer."),
    ("watches", "What somebody wants to be told of."),
    ("place answers", "What the places say to a confirmed match: meet, not now or no."),
    ("stages", "How far a match has come in each place."),
    ("reports", "Tables for the board, as JSON and CSV."),
    ("referrals", "Bodies that help innovators, and innovations offered to them."),
    ("events", "What happened, in order, for systems that follow."),
    ("imports", "Files of needs or innovations."),
    ("national records", "National Innovation Records, in and out, in four shapes."),
    ("rankers", "Rankers that were trained on decisions, and which one judges."),
    ("jobs", "Work that is owed in the background, and what failed too often."),
    ("mail", "Mail that is owed or has left, and how much of it one wants."),
    ("health", "For supervisors and load balancers."),
)
_ABOUT = """Brings West Yorkshire's health needs and the innovations that answer them together.

Send a key as `Authorization: Bearer mk_…`, or sign in. Problems are RFC 9457. An unknown parameter or field is refused.
Reads carry an `ETag`; send it back as `If-Match` to change only what you read.
A POST that creates takes an `Idempotency-Key`: sent again, it is done once. Quote `X-Correlation-ID` when you ask for help."""


def create_app(settings: Settings) -> FastAPI:
    """The whole service, in the mode of the settings; nothing heavy is loaded before it runs."""
    configure_log(settings.log_level)
    app = FastAPI(
        title=f"{settings.service_name} API",
        version=version("matching"),
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        generate_unique_id_function=lambda route: route.name,
        redoc_url=None,
        redirect_slashes=False,  # it would send people to whatever host their request named
        openapi_tags=[{"name": name, "description": text} for name, text in _TAGS],
        responses=errors.problems(),
        lifespan=_lifespan,
        middleware=_edges(settings),
    )
    _put_state(app, settings)
    errors.install(app)
    v1 = APIRouter(prefix="/api/v1")
    for module in _API:
        v1.include_router(module.router)
    app.include_router(v1)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(documentation.router)
    app.mount(documentation.ASSETS, documentation.assets())
    add_pages(app)
    return app


def application() -> FastAPI:
    """The app of this environment's settings, for servers that start several processes."""
    threading.Thread(target=_end_with, args=(os.getppid(),), name="parent", daemon=True).start()
    retell_the_rest()
    return create_app(settings_of_environment())


def _end_with(parent: int) -> None:
    """Stop as on a signal once the process that started this one is gone, so that its address is free for the next."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _edges(settings: Settings) -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(CorrelationIdMiddleware, header_name="X-Correlation-ID", validator=_is_correlation_id),
        Middleware(RequestLog, quiet=("/health/live", "/health/ready", "/metrics")),
        Middleware(RequestMeter),
        Middleware(Heads),
        Middleware(SafeHeaders, settings),
        Middleware(RenewedSignIn, settings),
        Middleware(LastResort),
        Middleware(HeadLimit),
        Middleware(KnownHosts, settings),
        Middleware(SizeLimit),
    ]


def _is_correlation_id(sent: str) -> bool:
    return _CORRELATION_ID.fullmatch(sent) is not None


def _put_state(app: FastAPI, settings: Settings) -> None:
    database = Database(settings.url, pool=settings.database_pool)
    libraries = Libraries.of(settings)
    app.state.settings = settings
    app.state.database = database
    app.state.libraries = libraries
    counts = storage_for(settings)
    app.state.limits = Limits(counts, reads=settings.reads_per_minute, writes=settings.writes_per_minute)
    app.state.link_limit = LinkLimit(counts, hourly=settings.links_per_hour)
    app.state.draft_limit = LinkLimit(counts, hourly=settings.links_per_hour, of="drafts", told="Too many answers were begun")
    app.state.attempts = Attempts(settings.sign_in_attempts, counts)
    app.state.runner = _hands(Context(database=database, libraries=libraries, settings=settings))
    app.state.warm_up = WarmUp(database, libraries)
    app.state.repeats = Repeats()
    app.state.note_refusal = refusals.note
    app.state.lookout = Lookout(database, libraries, ping=_ping(settings))
    app.state.scrapers = metrics.RememberedScrapers()
    watch_connections(database.engine)


def _hands(context: Context) -> "Runner | Publisher":
    """Who sees to the jobs: a thread of this process, or in service mode the workers, who are told."""
    if not context.settings.service_mode:
        return Runner(context)
    from api.broker import Publisher  # noqa: PLC0415 -- Celery is loaded by the mode that has it

    return Publisher(context.settings)


def _ping(settings: Settings) -> Callable[[], object] | None:
    """Asks the broker whether it is there; None in embedded mode, which has none."""
    if not settings.service_mode:
        return None
    from api.broker import ping  # noqa: PLC0415 -- likewise

    return partial(ping, settings.broker_url)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with short_pauses():
        app.state.warm_up.start()
        app.state.runner.start()
        yield
        app.state.runner.stop()
        app.state.database.dispose()
