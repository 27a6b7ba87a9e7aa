"""What a route is given: a strict body, known parameters, the one transaction, the time."""

import hashlib
import json
import math
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn, Protocol, TypeVar, get_origin

import structlog
from fastapi import Depends, Header, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import BaseModel
from python_multipart.multipart import parse_options_header
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from api.db import AWAY, Database
from api.security import CSRF_FIELD, CurrentVisit, Visit
from api.services import answering
from api.services.answering import Answer, Asked, Claim, RequestInFlight
from api.services.library import Libraries
from api.settings import Settings
from api.statuses import ForbiddenCharacter, InvalidRequest, MalformedBody, PreconditionRequired, WrongMediaType

DEEPEST_JSON = 64
ONCE_FIELD = "once"
ONCE_SECONDS = 10.0  # how long the second of two clicks waits for the first
_LOOK_SECONDS = 0.1
_log = structlog.get_logger("api")


class Versioned(Protocol):
    """Anything that is shown with the version that it has."""

    version: int


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_VISIBLE = r"^[\x21-\x7e]+$"
_JSON_TYPE = re.compile(r"application/(?:[\w.-]+\+)?json", re.IGNORECASE)


def _reading(request: Request) -> Iterator[Session]:
    database: Database = request.app.state.database
    with database.reading() as session:
        yield session


def _transaction(request: Request) -> Iterator[Session]:
    database: Database = request.app.state.database
    with database.transaction() as session:
        yield session


def _libraries(request: Request) -> Libraries:
    libraries: Libraries = request.app.state.libraries
    return libraries


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _now() -> datetime:
    return datetime.now(UTC)


def _expected_version(
    if_match: Annotated[
        str | None, Header(description="Needed: the ETag that you read, so that only that version is changed; `*` for any.")
    ] = None,
) -> int | None:
    """The version that may be changed, None for any; 0, which no row has, for a header that names none."""
    if if_match is None:
        raise PreconditionRequired("Read what you want to change, then send its ETag as If-Match: only that version is changed.")
    if if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*"(\d{1,9})"\s*', if_match)
    return int(found[1]) if found else 0


# With scope="function" the commit comes before the answer, and a commit that fails is not answered with success.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Transaction = Annotated[Session, Depends(_transaction, scope="function")]
SharedLibraries = Annotated[Libraries, Depends(_libraries)]
CurrentSettings = Annotated[Settings, Depends(_settings)]
Now = Annotated[datetime, Depends(_now)]
ExpectedVersion = Annotated[int | None, Depends(_expected_version)]


Shown = TypeVar("Shown", bound=Versioned)
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]


def tag(response: Response, shown: Shown) -> Shown:
    """Send the version of what is shown as its ETag."""
    response.headers["ETag"] = f'"{shown.version}"'
    return shown


class StrictRoute(APIRoute):
    """A route that takes only what it names: known parameters, the media type, and JSON without trapdoors."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Any]]:  # type: ignore[override]
        """Check the request before FastAPI reads it."""
        handle = super().get_route_handler()
        known = dict(_parameters(self.dependant))
        takes_form = self.body_field is not None and isinstance(self.body_field.field_info, Form)

        async def strict(request: Request) -> Response:
            _check_parameters(request, known)
            checked = CheckedRequest(request.scope, request.receive)
            try:
                if self.body_field is not None:
                    await _check_body(checked, form=takes_form)
                answer: Response = await handle(checked)
            except _AnsweredBefore as before:
                return _again(before.answer)
            except BaseException:
                await checked.end_once(None)
                raise
            finally:
                await checked.close()  # the files of a form, which a page would leave open
            checked.state.answer = answer  # `_creation` keeps it
            await checked.end_once(answer)
            return answer

        return strict


class CheckedRequest(Request):
    """A request whose JSON has been read and found harmless, and whose form is when it is read."""

    parsed: Any = None
    sent: FormData | None = None
    once: Claim | None = None

    async def end_once(self, answer: Response | None) -> None:
        """Keep where a form led, so that the same form leads there again; let go of one that did nothing."""
        if self.once is None:
            return
        claim, self.once = self.once, None
        done = answer is not None and answer.status_code == http.HTTP_303_SEE_OTHER and "set-cookie" not in answer.headers
        await run_in_threadpool(_end_once, self.app.state.database, claim, _as_kept(answer) if answer is not None and done else None)

    def payload_hash(self) -> str:
        """SHA-256 of what was sent: of JSON what it says, of a form its fields and files, whatever parts them."""
        said = self.parsed
        if self.sent is not None:
            parts = sorted(self.sent.multi_items(), key=lambda part: part[0])
            unsaid = {CSRF_FIELD, ONCE_FIELD}
            said = [[name, value if isinstance(value, str) else _of_file(value)] for name, value in parts if name not in unsaid]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    async def json(self) -> Any:  # noqa: ANN401 -- whatever JSON says
        """What the body says, read already."""
        return self.parsed

    async def _get_form(self, **limits: Any) -> FormData:  # noqa: ANN401 -- as Starlette has them
        # The encoding that a sender names would be used for every field, and some make half characters or fail.
        if _charset(self) not in {"", "utf-8"}:
            raise WrongMediaType("Send the form in UTF-8.")
        sent = await super()._get_form(**limits)
        for name, value in sent.multi_items():
            # Control characters that can be stored are left to the rules of the content, which tell a person the field.
            if _UNSTORABLE.search(name + value) if isinstance(value, str) else _FORBIDDEN.search(name + (value.filename or "")):
                await sent.close()
                raise ForbiddenCharacter("A field holds a control character or half a character. Remove it and send it again.")
        self.sent = sent
        return sent


def _of_file(sent: UploadFile) -> list[str]:
    sent.file.seek(0)
    digest = hashlib.sha256()
    while chunk := sent.file.read(1 << 20):
        digest.update(chunk)
    sent.file.seek(0)
    return [sent.filename or "", digest.hexdigest()]


class _AnsweredBefore(Exception):
    """The request came before under the same key."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def _creation(
    request: CheckedRequest,
    visit: CurrentVisit,
    now: Now,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=_VISIBLE,
            description="A new value of yours, such as a UUID: the same request sent again with it is answered again and done once.",
        ),
    ] = None,
) -> Iterator[Session]:
    """The transaction of a request that creates something, whose answer is kept in it when the request has a key."""
    database: Database = request.app.state.database
    if idempotency_key is None:
        with database.transaction() as session:
            yield session
        return
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise InvalidRequest("The header Idempotency-Key is there twice. Send it once.")
    asked = Asked(visit.actor.name, idempotency_key, f"{request.method} {request.url.path}", request.payload_hash())
    claim = _claim(database, asked, now)
    try:
        with database.transaction() as session:
            yield session
            answering.keep(session, claim, _as_kept(request.state.answer), at=now)
    except BaseException:
        _free(database, claim)
        raise


def once_only(request: CheckedRequest, visit: Visit, sent: FormData, now: datetime) -> None:
    """Let a form that was shown once do its work once: whoever sends it again, as a second click does, is led where the first was.

    A form that names the version which it changes needs no key: it finds that version gone.
    """
    shown = sent.get(ONCE_FIELD)
    if not isinstance(shown, str) or not shown or "version" in sent:
        return
    route = f"{request.method} {request.url.path}"
    # The form's own key, which is stored nowhere, is part of all that is: nobody can guess from a row what was typed, such as a password.
    key = hashlib.sha256(f"{shown} {route} {request.payload_hash()}".encode()).hexdigest()
    asked = Asked(visit.actor.name, key, route, payload_hash=key)
    database: Database = request.app.state.database
    until = time.monotonic() + ONCE_SECONDS
    while True:
        try:
            request.once = _claim(database, asked, now)
            return
        except RequestInFlight:
            if time.monotonic() > until:
                raise
        time.sleep(_LOOK_SECONDS)


def _end_once(database: Database, claim: Claim, answer: Answer | None) -> None:
    if answer is None:
        _free(database, claim)
        return
    try:
        with database.transaction() as session:
            answering.keep(session, claim, answer, at=_now())
    except (*AWAY, RequestInFlight) as error:  # what was asked for is done; the form may be sent again when the claim ends
        _log.warning("answer.not_kept", error=type(error).__name__)


def _claim(database: Database, asked: Asked, now: datetime) -> Claim:
    with database.reading() as session:  # who is told what was answered, or to wait, waits for no writer
        known = answering.answered(session, asked, at=now)
    if known is None:
        with database.transaction() as session:
            taken = answering.claim(session, asked, at=now)
        if isinstance(taken, Claim):
            return taken
        known = taken
    raise _AnsweredBefore(known)


def _as_kept(answer: Response) -> Answer:
    headers = {name: answer.headers[name] for name in answering.HEADERS if name in answer.headers}
    return Answer(answer.status_code, bytes(answer.body), headers)


def _free(database: Database, claim: Claim) -> None:
    """Let the key be used again, because nothing was done; when even that fails, the claim ends with its lease."""
    try:
        with database.transaction() as session:
            answering.free(session, claim)
    except AWAY as error:
        _log.warning("answer.claim_left", error=type(error).__name__)


def _again(answer: Answer) -> Response:
    """An answer that was given before, byte for byte."""
    return Response(answer.body, answer.status, {**answer.headers, "Idempotency-Replayed": "true"})


# Named after the actor by every route, so that who may not come in takes no key and is given no answer.
Creation = Annotated[Session, Depends(_creation, scope="function")]


def _charset(request: Request) -> str:
    _, options = parse_options_header(request.headers.get("content-type"))
    return options.get(b"charset", b"").decode("latin-1").strip().lower().replace("_", "-").replace("utf8", "utf-8")


def _parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Every query parameter of a route and of what it depends on, and whether it may be given several times."""
    for parameter in dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from ((field.alias or name, get_origin(field.annotation) is list) for name, field in kind.model_fields.items())
        else:
            yield parameter.alias, get_origin(kind) is list
    for each in dependant.dependencies:
        yield from _parameters(each)


def _check_parameters(request: Request, known: Mapping[str, bool]) -> None:
    """Refuse parameters that are not known, or given twice where `known` says that they are no list."""
    names = Counter(name for name, _ in request.query_params.multi_items())
    if names.keys() - known.keys():
        told = "Known here: " + ", ".join(sorted(known)) + "." if known else "None is known here."
        raise InvalidRequest(f"A query parameter is not known. {told}")
    if any(count > 1 and not known[name] for name, count in names.items()):
        raise InvalidRequest("A query parameter is given twice. Give it once.")
    if any(_FORBIDDEN.search(value) for _, value in request.query_params.multi_items()):
        raise ForbiddenCharacter("A query parameter holds a control character. Remove it and ask again.")


async def _check_body(request: CheckedRequest, *, form: bool) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if form:
        if media_type not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            raise WrongMediaType("Send this as multipart/form-data.")
        await request.form()  # kept for FastAPI, which would answer whatever is wrong with it by the same few words
    elif body := await request.body():
        if not _JSON_TYPE.fullmatch(media_type):
            raise WrongMediaType("Send this as application/json.")
        request.parsed = strict_json(body)


def strict_json(body: bytes) -> Any:  # noqa: ANN401 -- whatever JSON says
    """Read JSON as RFC 8259 has it, and less: no NaN, no key twice, no deep nest, no character that is none.

    Raises MalformedBody or ForbiddenCharacter; neither tells what was sent.
    """
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not UTF-8. Send JSON in UTF-8.") from error
    except RecursionError as error:
        raise MalformedBody(f"The body is nested deeper than {DEEPEST_JSON}. Send it flatter.") from error
    except ValueError as error:
        raise MalformedBody("The body is not JSON. Check it and send it again.") from error
    _check_values(value)
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("An object of the body names a field twice. Name it once.")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise MalformedBody("The body holds NaN or Infinity, which JSON has not. Send a number or null.")


def _check_values(value: Any) -> None:  # noqa: ANN401 -- whatever JSON says
    level = [value]
    for _ in range(DEEPEST_JSON):
        following: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                following += item.keys()
                following += item.values()
            elif isinstance(item, list):
                following += item
            elif isinstance(item, str) and _FORBIDDEN.search(item):
                raise ForbiddenCharacter("A text holds a control character or half a character. Remove it and send it again.")
            elif isinstance(item, float) and not math.isfinite(item):
                raise MalformedBody("A number is too large. Send a smaller one.")
        level = following
        if not level:
            return
    raise MalformedBody(f"The body is nested deeper than {DEEPEST_JSON}. Send it flatter.")
