"""Feeds of what is open to everybody, with the filters of the pages; they say the same to all, whoever asks."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette import status as http

from api.pages.atom import MEDIA_TYPE, Entry, Feed, written
from api.pages.calls import CallsAsked
from api.pages.open_needs import NeedsAsked
from api.pages.rendering import with_query
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.security import CallReader, NeedReader
from api.settings import Settings
from models.actors import ANONYMOUS
from models.calls import Call
from models.documents import Side
from models.needs import Need, NeedStatus
from models.queries import calls, documents, places
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
LATEST: Final = 50
FRESH_SECONDS: Final = 600
LONGEST_SUMMARY: Final = 500
_NOTHING_YET: Final = datetime(2026, 1, 1, tzinfo=UTC)
_HUB: Final = "The Innovation and Improvement Hub"


@router.get("/needs.atom", response_class=Response)
def needs_feed(
    request: Request, *, _: NeedReader, session: Reading, settings: CurrentSettings, asked: Annotated[NeedsAsked, Query()]
) -> Response:
    """The latest open needs that everybody may read."""
    known = [row.key for row in places.all_places(session)]
    wanted = asked.narrowed(ANONYMOUS, known) | {"status": NeedStatus.OPEN}
    found = documents.page(session, Side.NEED, ANONYMOUS, filters=wanted, text=asked.q, limit=LATEST)
    feed = Feed(
        title=f"Open needs – {settings.service_name}",
        subtitle="What the health and care system of West Yorkshire needs solved.",
        address=settings.site + with_query("/needs.atom", asked.said),
        page=settings.site + with_query("/needs", asked.said),
        author=_HUB,
        entries=[_of_need(row, settings) for row in found.rows],
        otherwise=_NOTHING_YET,
    )
    return _answer(request, feed)


@router.get("/calls.atom", response_class=Response)
def calls_feed(
    request: Request, *, _: CallReader, session: Reading, settings: CurrentSettings, at: Now, asked: Annotated[CallsAsked, Query()]
) -> Response:
    """The latest open calls."""
    wanted = asked.narrowed([row.key for row in places.all_places(session)]) | {"open_only": True}
    found = calls.page(session, ANONYMOUS, day=day_of(at), **wanted, limit=LATEST)
    feed = Feed(
        title=f"Calls for answers – {settings.service_name}",
        subtitle="Needs to which no answer has been found yet.",
        address=settings.site + with_query("/calls.atom", asked.said),
        page=settings.site + with_query("/calls", asked.said),
        author=_HUB,
        entries=[_of_call(row, settings) for row in found.rows],
        otherwise=_NOTHING_YET,
    )
    return _answer(request, feed)


def _of_need(need: Need, settings: Settings) -> Entry:
    return Entry(
        id=f"urn:uuid:{need.id}",
        title=need.title,
        link=f"{settings.site}/needs/{need.id}",
        summary=_short(need.problem or need.title),
        published=need.opened_at or need.created_at,
        updated=need.updated_at,
        author=_asking(need),
        categories=_categories(need),
    )


def _of_call(call: Call, settings: Settings) -> Entry:
    return Entry(
        id=f"urn:uuid:{call.id}",
        title=f"{call.need.title} ({call.reference})",
        link=f"{settings.site}/calls/{call.reference}",
        summary=_short(call.introduction or call.need.problem or call.need.title),
        published=call.published_at,
        updated=max(call.published_at, call.need.updated_at),
        author=_asking(call.need),
        categories=_categories(call.need),
    )


def _asking(need: Need) -> str:
    return ", ".join(place.name for place in need.places) or _HUB


def _categories(need: Need) -> list[str]:
    return [place.name for place in need.places] + ([need.theme] if need.theme else [])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SUMMARY else f"{text[:LONGEST_SUMMARY].rstrip()}…"


def _answer(request: Request, feed: Feed) -> Response:
    """The feed, or that it is as it was; readers ask often."""
    body = written(feed)
    headers = {"ETag": f'"{sha256(body).hexdigest()[:32]}"', "Cache-Control": f"public, max-age={FRESH_SECONDS}"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=http.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)
