"""The web's front door: everything put together by one factory."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import structlog
from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from api import errors
from api.db import Database
from api.edges import LastResort, RequestLog, SafeHeaders, SizeLimit
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.requests import StrictRoute
from api.routes import events, health, imports, innovations, matches, needs, people, places, proposals
from api.security import Nobody
from api.services.attempts import Attempts
from api.services.library import Libraries
from api.services.readiness import WarmUp
from api.settings import Settings

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TAGS = (
    ("people", "Signing in, and who one is."),
    ("places", "The five places, organisations, and the code lists of coded fields."),
    ("needs", "What places need solved."),
    ("innovations", "What is offered to them."),
    ("matches", "Ranked matches of a text that is not stored."),
    ("proposals", "Matches put before the Hub, and its decisions."),
    ("events", "What happened, in order, for systems that follow."),
    ("imports", "Files of needs or innovations."),
    ("health", "For supervisors and load balancers."),
)
_ABOUT = """Brings West Yorkshire's health needs and the innovations that answer them together.

Send a key as `Authorization: Bearer mk_…`, or sign in. Problems are RFC 9457. An unknown parameter or field is refused.
Reads carry an `ETag`; send it back as `If-Match` to change only what you read. Quote `X-Correlation-ID` when you ask for help."""


def create_app(settings: Settings) -> FastAPI:
    """The whole service in embedded mode; nothing heavy is loaded before it runs."""
    configure_log(settings.log_level)
    app = FastAPI(
        title=f"{settings.service_name} API",
        version=version("matching"),
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        openapi_tags=[{"name": name, "description": text} for name, text in _TAGS],
        responses=errors.problems(*errors.EVERYWHERE),
        lifespan=_lifespan,
        middleware=_edges(),
    )
    _put_state(app, settings)
    errors.install(app)
    v1 = APIRouter(prefix="/api/v1")
    for module in (people, places, needs, innovations, matches, proposals, events, imports):
        v1.include_router(module.router)
    app.include_router(v1)
    app.include_router(health.router)
    app.include_router(_documentation)
    app.mount("/api/v1/docs/assets", StaticFiles(directory=str(files("api").joinpath("static/vendor/swagger-ui"))))
    return app


def configure_log(level: str) -> None:
    """One line of JSON an entry, on standard error; texts and personal data are never among its values."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document, made once; `docs/openapi.json` is checked against it."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes
        )
        problem = errors.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        app.openapi_schema["components"]["schemas"] |= problem.pop("$defs") | {"Problem": problem}
    return app.openapi_schema


def _edges() -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(CorrelationIdMiddleware, header_name="X-Correlation-ID", validator=_is_correlation_id),
        Middleware(RequestLog, quiet=("/health/live", "/health/ready")),
        Middleware(SafeHeaders),
        Middleware(LastResort),
        Middleware(SizeLimit),
    ]


def _is_correlation_id(sent: str) -> bool:
    return _CORRELATION_ID.fullmatch(sent) is not None


def _put_state(app: FastAPI, settings: Settings) -> None:
    database = Database(settings.url)
    libraries = Libraries(
        encoder_folder=settings.encoder_folder,
        snapshot_folder=settings.snapshot_folder,
        ranker_path=Path(settings.ranker) if settings.ranker else None,
        threads=settings.encoder_threads,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.libraries = libraries
    app.state.attempts = Attempts(settings.sign_in_attempts)
    app.state.runner = Runner(Context(database=database, libraries=libraries, settings=settings))
    app.state.warm_up = WarmUp(database, libraries)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.warm_up.start()
    app.state.runner.start()
    yield
    app.state.runner.stop()
    app.state.database.dispose()


_documentation = APIRouter(prefix="/api/v1", route_class=StrictRoute, include_in_schema=False)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API documentation</title>
<link rel="stylesheet" href="/api/v1/docs/assets/swagger-ui.css">
<script src="/api/v1/docs/assets/swagger-ui-bundle.js" defer></script>
<script src="/api/v1/docs/assets/start.js" defer></script>
</head>
<body>
<main id="documentation"><p>The description of the API is at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p></main>
</body>
</html>
"""


@_documentation.get("/openapi.json")
async def openapi(_: Nobody, request: Request) -> JSONResponse:
    """Give the description of the API to programs."""
    return JSONResponse(describe(request.app))


@_documentation.get("/docs")
async def documentation(_: Nobody) -> HTMLResponse:
    """Show the description of the API to people; every file comes from this service."""
    return HTMLResponse(_PAGE)
