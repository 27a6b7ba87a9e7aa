"""Which refusals the audit keeps, and who was refused what; written down after the answer has gone out."""

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from fastapi import Request, Response
from starlette.background import BackgroundTask

from api.measuring import template_of
from api.services import refusing
from api.services.accounts import CrossSiteRefused, KeyRefused, ScopeMissing, SignInRefused
from api.services.attempts import TooManyAttempts
from api.services.refusing import Refused
from models.actors import ANONYMOUS, Actor, NotAllowed
from models.base import DomainError
from models.queries.documents import NotFound
from models.queries.subjects import TABLES

OF_ACTORS: Final = (NotAllowed, ScopeMissing, CrossSiteRefused, NotFound)
"""Kept when it is known who asked; what a stranger may not do is no event, because anybody could fill the table."""
OF_CLAIMS: Final = (SignInRefused, TooManyAttempts, KeyRefused)
"""Kept when there is an account or a key of what was claimed."""
_PREFIX: Final = re.compile(r"Bearer mk_([0-9a-f]{8})_", re.IGNORECASE)


def note(request: Request, error: DomainError, answer: Response) -> Response:
    """Have a refused attempt written down once this answer has gone out, so that nobody waits for it or learns from the wait."""
    if (refused := _refused(request, error)) is not None:
        state = request.app.state
        answer.background = BackgroundTask(refusing.write, state.database, state.repeats, refused)
    return answer


def _refused(request: Request, error: DomainError) -> Refused | None:
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    account: str = getattr(request.state, "account", "")
    prefix = _PREFIX.match(request.headers.get("authorization", ""))
    claims = isinstance(error, OF_CLAIMS) and (account or prefix)
    if not claims and not (isinstance(error, OF_ACTORS) and actor.is_known):
        return None
    return Refused(
        error=type(error).__name__,
        method=request.method,
        route=template_of(request.scope),
        at=datetime.now(UTC),
        actor=actor,
        thing=_thing(request),
        hidden=isinstance(error, NotFound),
        account=account,
        key_prefix=prefix[1] if prefix else "",
    )


def _thing(request: Request) -> tuple[str, UUID] | None:
    """What the address names, by the name of its variable part."""
    for name, value in request.path_params.items():
        if (kind := name.removesuffix("_id")) in TABLES:
            try:
                return kind, UUID(str(value))
            except ValueError:
                return None
    return None
