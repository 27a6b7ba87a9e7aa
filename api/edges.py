"""What every request passes through: its size, its log line, its headers, and an answer even when we fail."""

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from http import HTTPStatus
from secrets import token_urlsafe

import structlog
from asgi_correlation_id import correlation_id
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.browsers import COOKIE, cookie_name, keep_signed_in
from api.errors import FAILURE, answer, tell
from api.measuring import template_of
from api.services.accounts import SignedIn
from api.settings import Settings
from api.statuses import AddressTooLong, BodyTooLarge, HeadersTooLarge, HostUnknown, MalformedBody
from models.base import DomainError

LARGEST_JSON = 2**20
LARGEST_UPLOAD = 10 * 2**20
BODY_SECONDS = 60.0
LONGEST_ADDRESS = 8 * 2**10
LARGEST_HEADERS = 32 * 2**10
_PORT = re.compile(r":\d*$")
_log = structlog.get_logger("api")

_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class Gate(ABC):
    """Passes a request on, or answers it with what stands against it before anything of it is read."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask whether anything stands against it."""
        if scope["type"] == "http" and (refusal := self.refusal(scope)):
            await answer(Request(scope), tell(refusal))(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @abstractmethod
    def refusal(self, scope: Scope) -> DomainError | None:
        """What stands against a request; each gate has its own."""


class KnownHosts(Gate):
    """Answer only to our own names, so that no other name can be made to point here; supervisors may ask by any."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.names = frozenset(name.strip().lower() for name in settings.hosts.split(",") if name.strip())

    def refusal(self, scope: Scope) -> DomainError | None:
        """Compare the name asked for."""
        said = Headers(scope=scope).getlist("host")
        if len(said) > 1:
            return MalformedBody("The request names several hosts. Name one.")
        name = _PORT.sub("", "".join(said)).lower()
        if self.names and name not in self.names and not scope["path"].startswith("/health/"):
            return HostUnknown("There is no service of that name here. Ask for it by the name that its operator gave you.")
        return None


class HeadLimit(Gate):
    """Refuse an address or headers that are longer than anything we have ever asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def refusal(self, scope: Scope) -> DomainError | None:
        """Add up what came before the body."""
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
            return AddressTooLong(f"The address is longer than {LONGEST_ADDRESS} characters. Ask for less at once.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
            return HeadersTooLarge(f"The headers are larger than {LARGEST_HEADERS // 2**10} KiB. Remove cookies or headers.")
        return None


class SizeLimit:
    """Refuse a body over 1 MiB, an upload over 10 MiB: by what it says of itself, and by what arrives.

    One that does not arrive in time is refused too. It is read here, before any thread, connection or transaction is taken for it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body while it arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = LARGEST_UPLOAD if upload else LARGEST_JSON
        said = headers.get("content-length", "0")
        if not said.isdecimal() or int(said) > limit:
            refusal = BodyTooLarge(f"The body is larger than {limit // 2**20} MiB. Send less at once.")
            await answer(Request(scope), tell(refusal))(scope, receive, send)
            return
        arrived, whole, ends_at = 0, False, time.monotonic() + BODY_SECONDS

        async def counted() -> Message:
            nonlocal arrived, whole
            try:
                async with asyncio.timeout(None if whole else ends_at - time.monotonic()):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error
            arrived += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if arrived > limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self.app(scope, counted, send)


class Heads:
    """Answer HEAD as GET without the body, wherever there is a GET."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask for the whole answer and pass on its head."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        try:
            await self.app(asked, receive, without_body)
        finally:
            scope.update({**asked, "method": "HEAD"})  # what was found out on the way in, the log wants to know


class SafeHeaders:
    """Tell browsers what our answers may do; pages find their script nonce in `request.state.nonce`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.headers = _HEADERS | (_HTTPS_ONLY if settings.secure_cookies else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RenewedSignIn:
    """Give a browser the new token of its sign-in with whatever answer comes, unless the answer says another."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look for what `api.security` left with the request."""

        async def send_with_token(message: Message) -> None:
            renewed: SignedIn | None = scope.get("state", {}).get("renewed")
            if renewed is not None and message["type"] == "http.response.start":
                cookie = f"{cookie_name(COOKIE, self.settings)}="
                headers = MutableHeaders(scope=message)
                if not any(said.startswith(cookie) for said in headers.getlist("set-cookie")):
                    carrier = Response()
                    keep_signed_in(carrier, renewed, self.settings)
                    headers.append("set-cookie", carrier.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, send_with_token)


class LastResort:
    """Answer a failure of ours as a problem that tells nothing of it; the log has it under the correlation id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer when that fails."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            return  # nobody waits for an answer any more, and nothing of ours went wrong
        except Exception:
            if scope["type"] != "http" or started:
                raise
            _log.exception("request.failed", method=scope["method"])
            await answer(Request(scope), FAILURE)(scope, receive, send)


class RequestLog:
    """One line a request: method, route, status and time; never what was sent, asked for or answered."""

    def __init__(self, app: ASGIApp, *, quiet: Iterable[str] = ()) -> None:
        self.app = app
        self.quiet = frozenset(quiet)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write its line."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            if scope["path"] not in self.quiet:
                _log.info(
                    "request.answered",
                    method=scope["method"],
                    route=template_of(scope),
                    status=status,
                    milliseconds=round((time.perf_counter() - began) * 1000, 1),
                    actor=scope.get("state", {}).get("actor_name", ""),
                    correlation_id=correlation_id.get(),
                )
