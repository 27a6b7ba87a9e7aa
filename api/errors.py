"""Domain error -> HTTP problem (RFC 9457): one table, one shape, nothing of the input told back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from api.db import AWAY
from api.services.accounts import (
    CrossSiteRefused,
    KeyRefused,
    NotSignedIn,
    ScopeMissing,
)
from api.services.answering import KeyReused, RequestInFlight
from api.services.library import RankingUnavailable
from api.services.limiting import TooManyRequests
from api.services.proposing import NothingToRank
from api.statuses import (
    BodyTooLarge,
    BodyTooSlow,
    DatabaseBusy,
    ForbiddenCharacter,
    InvalidRequest,
    MalformedBody,
    PreconditionRequired,
    WrongMediaType,
    status_of,
)
from models.actors import NotAllowed
from models.base import DomainError
from models.decisions import NotUndoable, ReasonMissing
from models.documents import StaleVersion, TransitionRefused
from models.place_answers import AnswerClosed
from models.proposals import ProposalClosed
from models.queries.documents import NotFound
from models.queries.pages import BadCursor

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS_TOLD = 50
RETRY_SECONDS = 2
_log = structlog.get_logger("api")


# What to do, where the message of the error itself does not end with it.
_REMEDY: dict[type[DomainError], str] = {
    AnswerClosed: "Read the question again to see where it stands.",
    ProposalClosed: "Read the proposal again to see where it stands.",
    TransitionRefused: "Read it again to see where it stands.",
    NotUndoable: "Read it again to see what can still be done.",
    ReasonMissing: "Add it and send it again.",
}

# Words for outside, where the error's own are for the operator and name files of the server.
_OUTSIDE: dict[type[DomainError], str] = {
    RankingUnavailable: "Matching is not available now: a part of it is missing. Run `matching doctor` on the server to see what to do.",
}

_PLAIN_WORDS = {
    "uuid_parsing": "Give an id as it was returned: a UUID.",
    "uuid_type": "Give an id as it was returned: a UUID.",
    "extra_forbidden": "There is a field here that is not known. Check the spelling against the documentation.",
    "missing": "Give this field.",
    "string_unicode": "Give text in UTF-8.",
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    location: str = Field(description="Where: body, query or path, then the field; never its content.")
    kind: str = Field(description="What is wrong, as a word that stays the same.")
    message: str = Field(description="What is wrong and what to do.")


class Problem(BaseModel):
    """Why a request was not done (RFC 9457); some kinds carry more members."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:matching:problem:not-found",
                "title": "NotFound",
                "status": 404,
                "detail": "There is no need of that id that you may see. Check the id, or sign in as somebody who may.",
                "correlation_id": "0b0e6b4f6a0d4c5d9c0a5d1f7f1d2c3b",
            }
        },
    )

    type: str = Field(description="The kind of problem, as a URN that stays the same.")
    title: str = Field(description="The kind of problem, as the name of the domain's error.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened and what to do.")
    correlation_id: str = Field(description="Quote this when you ask for help.")
    errors: list[FieldError] | None = Field(default=None, description="For InvalidRequest: what is wrong, field by field.")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a failure, to programs as JSON and to people as a page."""

    status: int
    title: str
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, object] = field(default_factory=dict)


FAILURE = Told(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError")


def problem(told: Told) -> JSONResponse:
    """What is told, in the shape of RFC 9457; of a failure of ours no more than type, title and correlation id."""
    body: dict[str, object] = {"type": f"urn:matching:problem:{_kebab(told.title)}", "title": told.title}
    if told is not FAILURE:
        body |= {"status": told.status, "detail": told.detail, **told.members}
    body["correlation_id"] = correlation_id.get() or ""
    return JSONResponse(body, told.status, dict(told.headers), media_type=MEDIA_TYPE)


def tell(error: DomainError) -> Told:
    """What is told of a domain error, and in which headers.

    Among its details `retry_after_seconds` becomes Retry-After, and the present version of what is stale the ETag.
    """
    kind = type(error)
    status = status_of(kind)
    members = {key: value for key, value in error.details.items() if key not in _RESERVED and value is not None}
    headers: dict[str, str] = {}
    if (seconds := members.pop("retry_after_seconds", None)) is not None or status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(seconds or RETRY_SECONDS)
    if kind is StaleVersion and "version" in members:
        headers["ETag"] = f'"{members["version"]}"'
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="matching"'
    detail = " ".join(part for part in (_OUTSIDE.get(kind, error.message), _REMEDY.get(kind, "")) if part)
    return Told(status, kind.__name__, detail, headers, members)


ErrorPage = Callable[[Request, Told], Response]
Note = Callable[[Request, DomainError, Response], Response]
"""Has a refused attempt written down after its answer has gone out (`api.refusals`)."""


def answer(request: Request, told: Told) -> Response:
    """A page for people, when the app has pages and the address is one of theirs; else a problem."""
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    if page is None or request.url.path.startswith(("/api/", "/health/", "/metrics")):
        return problem(told)
    return page(request, told)


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of the errors that a route may answer with, those that any route may answer with among them."""
    told: dict[int | str, dict[str, Any]] = {}
    for error in sorted({*errors, *EVERYWHERE}, key=lambda kind: (status_of(kind), kind.__name__)):
        line = f"**{error.__name__}**: {(error.__doc__ or '').splitlines()[0]}"
        entry = told.setdefault(status_of(error), {"description": "", "content": {MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA}}})
        entry["description"] = f"{entry['description']}\n\n{line}".strip()
    return told


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    for kind in AWAY:
        app.add_exception_handler(kind, _database_busy)


# What routes of a kind may answer.
ASKING = (KeyRefused, NotSignedIn, NotAllowed, ScopeMissing)
READING = (*ASKING, NotFound)
LISTING = (*ASKING, BadCursor)
RANKING = (NothingToRank, RankingUnavailable)
SENDING = (CrossSiteRefused, MalformedBody, ForbiddenCharacter, WrongMediaType, BodyTooSlow)
CREATING = (*ASKING, *SENDING, RequestInFlight, KeyReused)
CHANGING = (*READING, *SENDING, TransitionRefused, PreconditionRequired, StaleVersion)
EVERYWHERE = (InvalidRequest, BodyTooLarge, TooManyRequests, DatabaseBusy)

_RESERVED = frozenset({"type", "title", "status", "detail", "correlation_id"})
_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}

# The same words for what the framework finds out before any of our code runs.
_FRAMEWORK: dict[int, DomainError] = {
    400: MalformedBody("The body could not be read. Check its form and send it again."),
    404: NotFound("There is nothing at this address. See /api/v1/docs for those that there are."),
    408: BodyTooSlow("The body did not arrive within a minute. Send it again over a faster line, or send less at once."),
    413: BodyTooLarge("The body is too large: at most 1 MiB of JSON, 10 MiB of upload. Send less at once."),
}


async def _domain_error(request: Request, error: Exception) -> Response:
    found = cast(DomainError, error)
    given = answer(request, tell(found))
    note: Note | None = getattr(request.app.state, "note_refusal", None)
    return given if note is None else note(request, found, given)


async def _invalid_request(request: Request, error: Exception) -> Response:
    found = [_field_error(item) for item in cast(RequestValidationError, error).errors()[:MOST_ERRORS_TOLD]]
    said = "Something in the request is not as it must be. See 'errors', mend it and send it again."
    return answer(request, tell(InvalidRequest(said, errors=found)))


async def _http_error(request: Request, error: Exception) -> Response:
    found = cast(HTTPException, error)
    if (same := _FRAMEWORK.get(found.status_code)) is not None:
        return answer(request, tell(same))
    title = "".join(re.findall("[A-Za-z]+", HTTPStatus(found.status_code).phrase.title()))
    headers = dict(found.headers or {})
    if found.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return answer(request, Told(found.status_code, title, "See /api/v1/docs for what this address takes.", headers))


def _methods_at(request: Request) -> set[str]:
    """What the address takes, over all its routes; the framework tells those of the first only."""
    contexts = [each for each in iter_route_contexts(request.app.routes) if each.methods]
    methods = {method for each in contexts if each.path_regex.match(request.url.path) for method in each.methods or ()}
    return methods | ({"HEAD"} if "GET" in methods else set())


async def _database_busy(request: Request, error: Exception) -> Response:
    _log.warning("database.busy", error=type(error.orig if isinstance(error, DBAPIError) else error).__name__)
    return answer(request, tell(DatabaseBusy("The database did not answer in time, and nothing was changed. Send the request again.")))


def _field_error(item: Mapping[str, Any]) -> dict[str, str]:
    """One error of pydantic without what was sent: values, and names that the sender made up, stay out."""
    kind = str(item["type"])
    place = [str(part) for part in item["loc"]]
    if kind == "extra_forbidden":
        place.pop()
    message = _PLAIN_WORDS.get(kind) or str(item["msg"]).removeprefix("Value error, ")
    return {"location": ".".join(place), "kind": kind, "message": message}


def _kebab(title: str) -> str:
    return re.sub("(?<!^)(?=[A-Z])", "-", title).lower()
