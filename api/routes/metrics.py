"""What Prometheus asks for; outside the versioned API, and only for who has a key for it."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool

from api.db import AWAY
from api.errors import ASKING, problems
from api.measuring import exposition
from api.requests import StrictRoute
from api.security import MetricsReader

REMEMBERED = timedelta(hours=1)


class RememberedScrapers:
    """The keys that were let in of late, as hashes: while the database is away, nobody else can say whose they are."""

    def __init__(self) -> None:
        self._until: dict[bytes, datetime] = {}

    def remember(self, request: Request, *, at: datetime) -> None:
        """Let this request's key in for a while longer."""
        if (key := _hash_of_key(request)) is not None:
            self._until = {each: until for each, until in self._until.items() if until > at} | {key: at + REMEMBERED}

    def knows(self, request: Request, *, at: datetime) -> bool:
        """Whether this request's key was let in of late."""
        key = _hash_of_key(request)
        return key is not None and key in self._until and self._until[key] > at


class _ScrapedRoute(StrictRoute):
    """Answers a key that was let in of late even while the database, which knows keys, is away."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Any]]:  # type: ignore[override]
        """Let in as ever; then as remembered."""
        handle = super().get_route_handler()

        async def remembering(request: Request) -> Response:
            scrapers: RememberedScrapers = request.app.state.scrapers
            try:
                answer: Response = await handle(request)
            except AWAY:
                if not scrapers.knows(request, at=datetime.now(UTC)):
                    raise
                return await run_in_threadpool(_tell, request)
            scrapers.remember(request, at=datetime.now(UTC))
            return answer

        return remembering


router = APIRouter(tags=["health"], route_class=_ScrapedRoute)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The metrics, in Prometheus's text format."}, **problems(*ASKING)},
)
def metrics(request: Request, _: MetricsReader) -> Response:
    """Tell what was counted, how far the walk is behind, and whether database and broker answer."""
    return _tell(request)


def _tell(request: Request) -> Response:
    state = request.app.state
    told = exposition(state.lookout, mode="service" if state.settings.service_mode else "embedded")
    return Response(told, media_type=CONTENT_TYPE_LATEST)


def _hash_of_key(request: Request) -> bytes | None:
    sent = request.headers.get("authorization")
    return hashlib.sha256(sent.encode()).digest() if sent else None
