"""Problems as pages: what the service answers to programs as RFC 9457, people are told in words."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request, Response
from starlette import status as http
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MEDIA_TYPE
from api.pages.rendering import page, see_other
from api.security import Visit
from models.actors import ANONYMOUS

# status -> (heading, what to do)
WORDS: Final[dict[int, tuple[str, str]]] = {
    400: ("We could not read that", "Go back, check what you sent, and send it again."),
    401: ("Sign in to go on", "Your sign-in may have ended. Sign in, go back, and send it again."),
    403: ("You may not do that", "Sign in as somebody who may, or ask the lead of the Hub."),
    404: ("Page not found", "Check the address. What you look for may have been withdrawn, or you may have to sign in to see it."),
    405: ("That cannot be done here", "Go back and use the buttons on the page."),
    409: ("That is no longer possible", "Go back and read the page again to see where it stands."),
    412: ("Somebody was faster", "Go back, read the page again, and repeat your change."),
    413: ("That is too long", "Send a shorter text or a smaller file."),
    415: ("We could not read that", "Go back and use the form on the page."),
    422: ("Something is not right", "Check the address or the form. Choose filters from the lists on the page."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    500: ("Something went wrong on our side", "Nothing was changed. Try again in a few minutes. If it happens again, tell the Hub."),
    503: ("The service is busy", "Nothing was changed. Try again in a minute."),
}
# These errors speak to people; the details of the others are written for programs.
_TOLD: Final = frozenset(
    {
        "NotAllowed",
        "ProposalClosed",
        "NotUndoable",
        "TransitionRefused",
        "StaleVersion",
        "TooManyAttempts",
        "CrossSiteRefused",
        "RankingUnavailable",
    }
)


@dataclass(slots=True)
class _Held:
    """An answer that is a problem, held back until its body is whole."""

    start: Message | None = None
    body: bytearray = field(default_factory=bytearray)


class ProblemPages:
    """Show people a page where programs are given a problem; who must sign in to read a page is sent to do so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but problems that are answers to a browser; these are held back and retold."""
        if scope["type"] != "http" or not _asks_for_page(scope):
            await self.app(scope, receive, send)
            return
        held = _Held()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and Headers(scope=message).get("content-type") == MEDIA_TYPE:
                held.start = message
            elif held.start is None:
                await send(message)
            else:
                held.body += message.get("body", b"")
                if not message.get("more_body", False):
                    answer = _page_of(Request(scope), held.start, json.loads(bytes(held.body)))
                    await answer(scope, receive, send)

        await self.app(scope, receive, watched)


def _asks_for_page(scope: Scope) -> bool:
    html = "text/html" in Headers(scope=scope).get("accept", "")
    return html and not scope["path"].startswith(("/api/", "/health/", "/assets/"))


def _page_of(request: Request, start: Message, problem: dict[str, Any]) -> Response:
    if problem["title"] == "NotSignedIn" and request.method in {"GET", "HEAD"}:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return see_other("/sign-in", next=asked)
    status: int = start["status"]
    heading, remedy = WORDS.get(status, WORDS[http.HTTP_500_INTERNAL_SERVER_ERROR])
    visit: Visit | None = getattr(request.state, "visit", None)
    ours = status >= http.HTTP_500_INTERNAL_SERVER_ERROR
    answer = page(
        request,
        "problem.jinja",
        visit or Visit(ANONYMOUS),
        status=status,
        title=heading,
        unknown_visitor=visit is None,
        detail=problem.get("detail", "") if problem["title"] in _TOLD else "",
        remedy=remedy,
        correlation_id=problem.get("correlation_id", "") if ours else "",
    )
    sent = Headers(raw=start["headers"])
    answer.headers.update({name: sent[name] for name in ("retry-after", "allow") if name in sent})
    return answer
