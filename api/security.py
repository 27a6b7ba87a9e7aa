"""Who is asking, and whether they may: keys and sign-ins become actors, and every route names the one it takes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from api.db import Database
from api.services import accounts
from api.services.accounts import CrossSiteRefused, KeyRefused, NotSignedIn, ScopeMissing, SignedIn
from api.settings import Settings
from models.actors import ANONYMOUS, Actor, NotAllowed
from models.keys import Scope
from models.people import Role

COOKIE = "matching_session"
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf_token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")

_bearer = HTTPBearer(auto_error=False, scheme_name="Key", description="A machine's key: `Authorization: Bearer mk_…`.")
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="SignIn",
    description=f"The cookie of POST /api/v1/session. Changes also carry the header {CSRF_HEADER} with that answer's csrf_token.",
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request's actor; a signed-in browser's forms must carry `csrf_token`."""

    actor: Actor
    csrf_token: str = ""


def same_origin(request: Request) -> None:
    """Refuse a change that another site's page sent; raises CrossSiteRefused.

    Browsers say where a request comes from, and programs say nothing.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = origin is not None and (not (place := _place_of(origin)) or place != request.headers.get("host"))
    if foreign or site not in (None, "same-origin", "none"):
        raise CrossSiteRefused("This came from another site. Open the page of this service and send it from there.")


def _place_of(origin: str) -> str:
    """Host and port of an origin; empty for what is none, such as the `null` of a page without one."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _csrf_token_sent(request: Request) -> str:
    if request.method in _SAFE_METHODS or COOKIE not in request.cookies:
        return ""
    if (token := request.headers.get(CSRF_HEADER)) is not None:
        return token
    if request.headers.get("content-type", "").startswith(_FORM_TYPES):
        return str((await request.form()).get(CSRF_FIELD, ""))
    return ""


def visit(
    request: Request,
    csrf_token: Annotated[str, Depends(_csrf_token_sent)],
    key: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> Visit:
    """Who sent the request: a key before a cookie; nobody when there is neither, or the sign-in is over."""
    database: Database = request.app.state.database
    now = datetime.now(UTC)
    found = Visit(ANONYMOUS)
    if "authorization" in request.headers:
        if key is None:
            raise KeyRefused("Send the key as 'Authorization: Bearer mk_…'.")
        with database.reading() as session:
            found = Visit(accounts.actor_of_key(session, key.credentials, at=now))
    elif cookie:
        with database.reading() as session:
            if known := accounts.actor_of_session(session, cookie, at=now):
                found = Visit(*known)
        if found.csrf_token and request.method not in _SAFE_METHODS:
            same_origin(request)
            accounts.check_csrf_token(found.csrf_token, csrf_token)
    request.state.actor_name = found.actor.name
    return found


CurrentVisit = Annotated[Visit, Depends(visit)]


@dataclass(frozen=True, slots=True)
class Allow:
    """A route's rule: the roles that may come in (none named: all who are known) and the scope that a key needs."""

    scope: Scope
    roles: frozenset[Role] = frozenset(Role)
    anonymous: bool = False

    def __call__(self, visit: CurrentVisit) -> Actor:
        """The actor; raises NotSignedIn, NotAllowed or ScopeMissing."""
        actor = visit.actor
        if actor.person_id is None and actor.key_id is None:
            if not self.anonymous:
                raise NotSignedIn("Sign in, or send a key.")
            return actor
        if not self.anonymous:
            if not actor.roles:
                raise NotAllowed("Your account has no role yet. Ask the Hub lead for one.")
            actor.must_be(*sorted(self.roles))
        if self.scope not in actor.scopes:
            raise ScopeMissing(f"This key was not made to {self.scope}. Ask the Hub lead for one with the scope '{self.scope}'.")
        return actor


def _unasked() -> Actor:
    return ANONYMOUS


Nobody = Annotated[Actor, Depends(_unasked)]  # who asks makes no difference, and is not looked up
Anyone = Annotated[Actor, Depends(Allow(Scope.READ, anonymous=True))]
SignedInActor = Annotated[Actor, Depends(Allow(Scope.READ))]
Writer = Annotated[Actor, Depends(Allow(Scope.WRITE, frozenset({Role.INNOVATOR, Role.PLACE, Role.HUB, Role.PIPELINE})))]
NeedWriter = Annotated[Actor, Depends(Allow(Scope.WRITE, frozenset({Role.PLACE, Role.HUB})))]
InnovationWriter = Annotated[Actor, Depends(Allow(Scope.WRITE, frozenset({Role.INNOVATOR, Role.HUB, Role.PIPELINE})))]
Reviewer = Annotated[Actor, Depends(Allow(Scope.READ, frozenset({Role.PLACE, Role.HUB, Role.PIPELINE})))]
HubStaff = Annotated[Actor, Depends(Allow(Scope.DECIDE, frozenset({Role.HUB})))]
Importer = Annotated[Actor, Depends(Allow(Scope.IMPORT, frozenset({Role.PLACE, Role.HUB, Role.PIPELINE})))]
Matcher = Annotated[Actor, Depends(Allow(Scope.READ, frozenset({Role.INNOVATOR, Role.PLACE, Role.HUB, Role.PIPELINE})))]
EventReader = Annotated[Actor, Depends(Allow(Scope.EVENTS, frozenset({Role.HUB, Role.PIPELINE})))]


def keep_signed_in(response: Response, signed_in: SignedIn, settings: Settings) -> None:
    """Give the browser its session's token, out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE, signed_in.token, expires=signed_in.expires_at, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies
    )


def forget_sign_in(response: Response, settings: Settings) -> None:
    """Take the session's token out of the browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies)
