"""What a browser keeps of us: the token of its sign-in, one by which we know it again, and one of answers that it has begun."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request, Response
from starlette.requests import HTTPConnection

from api.db import Database
from api.services import accounts, devices, opening
from api.services.accounts import SignedIn
from api.services.attempts import Attempts
from api.services.opening import Opened
from api.settings import Settings
from models.actors import Actor

COOKIE, DEVICE_COOKIE, DRAFT_COOKIE, SENT_COOKIE = "matching_session", "matching_device", "matching_draft", "matching_sent"


@dataclass(frozen=True, slots=True)
class SentTo:
    """The address that a link was sent to, as typed, and whether using it hands the answers in."""

    address: str
    hands_in: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A browser in which somebody has just proven who they are."""

    signed_in: SignedIn
    device_token: str


def cookie_name(name: str, settings: Settings) -> str:
    """The name of a cookie; over https it has a prefix for which browsers refuse what other hosts or plain http set."""
    return f"__Host-{name}" if settings.secure_cookies else name


def session_token(request: HTTPConnection) -> str:
    """The token of the sign-in that a browser sent; empty for none."""
    return request.cookies.get(cookie_name(COOKIE, request.app.state.settings), "")


def sign_in(request: Request, *, email: str, password: str, at: datetime) -> Arrival:
    """Prove who somebody is and begin their session; the one that the browser had ends.

    Raises SignInRefused or TooManyAttempts.
    """
    state = request.app.state
    request.state.account = email  # for the audit, which names the person when there is one
    database: Database = state.database
    attempts: Attempts = state.attempts
    device_token = request.cookies.get(cookie_name(DEVICE_COOKIE, state.settings), "")
    with database.reading() as session:
        device = devices.known(session, email, device_token, at=at)
    with attempts.trying(account=email, address=request.client.host if request.client else "", device=device):
        with database.reading() as session:
            person = accounts.proven(session, email, password)  # long, and therefore outside the writing transaction
        with database.transaction() as session:
            begun = accounts.start_session(session, person.id, at=at, hours=state.settings.session_hours, replacing=session_token(request))
            return Arrival(begun, devices.remember(session, person.id, at=at, replacing=device_token))


def open_link(request: Request, token: str, *, name: str, at: datetime) -> tuple[Arrival, Opened]:
    """Use a link from a mail; a session that the browser had ends. Raises LinkSpent or SignInRefused."""
    state = request.app.state
    database: Database = state.database
    device_token = request.cookies.get(cookie_name(DEVICE_COOKIE, state.settings), "")
    actor: Actor = request.state.actor
    with database.transaction() as session:
        opened = opening.open_link(
            session,
            token,
            at=at,
            hours=state.settings.session_hours,
            name=name,
            replacing=session_token(request),
            visitor=actor.person_id if actor.key_id is None else None,
            staff_too=state.settings.link_sign_in == "all",
        )
        device = devices.remember(session, opened.signed_in.person.id, at=at, replacing=device_token)
    return Arrival(opened.signed_in, device), opened


def welcome(response: Response, arrival: Arrival, settings: Settings, *, at: datetime) -> None:
    """Give the browser both tokens."""
    keep_signed_in(response, arrival.signed_in, settings)
    _keep(response, DEVICE_COOKIE, arrival.device_token, until=at + devices.REMEMBERED, settings=settings)


def keep_signed_in(response: Response, signed_in: SignedIn, settings: Settings) -> None:
    """Give the browser its session's token, out of reach of scripts and of other sites."""
    _keep(response, COOKIE, signed_in.token, until=signed_in.expires_at, settings=settings)


def forget_sign_in(response: Response, settings: Settings) -> None:
    """Take the session's token out of the browser; the device stays known."""
    name = cookie_name(COOKIE, settings)
    response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies)


def draft_token(request: HTTPConnection) -> str:
    """The token of the front door's answers that this browser has begun; empty for none."""
    return request.cookies.get(cookie_name(DRAFT_COOKIE, request.app.state.settings), "")


def keep_draft(response: Response, token: str, settings: Settings, *, until: datetime) -> None:
    """Give the browser the token of the answers that it has begun."""
    _keep(response, DRAFT_COOKIE, token, until=until, settings=settings)


def remember_sent(response: Response, address: str, *, hands_in: bool, settings: Settings, until: datetime) -> None:
    """Let the browser show for a while where its answers were sent; we keep no address before its owner has said so."""
    said = base64.urlsafe_b64encode(json.dumps([address, hands_in]).encode()).decode()
    _keep(response, SENT_COOKIE, said, until=until, settings=settings)


def sent(request: HTTPConnection) -> SentTo | None:
    """Where this browser's answers were sent just now; None when it does not say, or not what we gave it."""
    raw = request.cookies.get(cookie_name(SENT_COOKIE, request.app.state.settings), "")
    try:
        address, hands_in = json.loads(base64.urlsafe_b64decode(raw.encode()))
    except (ValueError, TypeError):
        return None
    return SentTo(address, hands_in is True) if isinstance(address, str) else None


def forget_draft(response: Response, settings: Settings) -> None:
    """Take that token, and where the answers were sent, out of the browser."""
    for cookie in (DRAFT_COOKIE, SENT_COOKIE):
        name = cookie_name(cookie, settings)
        response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies)


def idle_limit(settings: Settings) -> timedelta:
    """How long a sign-in that nobody uses goes on."""
    return timedelta(minutes=settings.session_idle_minutes)


def _keep(response: Response, name: str, token: str, *, until: datetime, settings: Settings) -> None:
    response.set_cookie(
        cookie_name(name, settings), token, expires=until, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies
    )
