"""Problems as pages: what the service answers to programs as RFC 9457, people are told in words."""

from typing import Final

from asgi_correlation_id import correlation_id
from fastapi import Request, Response
from starlette import status as http

from api.errors import Told, problem
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
    410: ("This link does not work any more", "If you do not know what to do, write to the Hub."),
    412: ("Somebody was faster", "Go back, read the page again, and repeat your change."),
    413: ("That is too long", "Send a shorter text or a smaller file."),
    415: ("We could not read that", "Go back and use the form on the page."),
    422: ("Something is not right", "Check the address or the form. Choose filters from the lists on the page."),
    429: ("Too many tries", "Wait a little, then try again."),
    500: ("Something went wrong on our side", "Nothing was changed. Try again in a few minutes. If it happens again, tell the Hub."),
    503: ("The service is busy", "Nothing was changed. Try again in a minute."),
}
_SIGN_IN, _NEEDS, _CALLS = ("/sign-in", "Sign in"), ("/needs", "Look among the needs"), ("/calls", "Look among the calls")
_ANOTHER_ROLE: Final = ("/account#acting", "Act in another of your roles")
# status -> where to go from here, as address and words
NEXT: Final[dict[int, tuple[tuple[str, str], ...]]] = {
    401: (_SIGN_IN,),
    403: (("/sign-in", "Sign in as somebody else"), ("/account", "See which roles you have")),
    404: (_NEEDS, _CALLS),
    410: (("/sign-in#link", "Ask for a new link to sign in"), ("/begin", "Tell us what you offer")),
}
_TRY_AGAIN: Final = frozenset({429, 500, 503})
_WITH_CONTACT: Final = frozenset({403, 410, 500, 503})
# These errors speak to people; the details of the others are written for programs.
_TOLD: Final = frozenset(
    {
        "NotAllowed",
        "LinkSpent",
        "UnsubscribeRefused",
        "AskClosed",
        "ProposalClosed",
        "NotUndoable",
        "TransitionRefused",
        "StaleVersion",
        "TooManyAttempts",
        "TooManyRequests",
        "CrossSiteRefused",
        "RankingUnavailable",
    }
)


def error_page(request: Request, told: Told) -> Response:
    """What is told of a failure, for people; who must sign in to read a page is sent to do so."""
    if "text/html" not in request.headers.get("accept", ""):
        return problem(told)
    if told.title == "NotSignedIn" and request.method in {"GET", "HEAD"}:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return see_other("/sign-in", next=asked)
    heading, remedy = WORDS.get(told.status, WORDS[http.HTTP_500_INTERNAL_SERVER_ERROR])
    visit: Visit | None = getattr(request.state, "visit", None)
    ours = told.status >= http.HTTP_500_INTERNAL_SERVER_ERROR
    answer = page(
        request,
        "problem.jinja",
        visit or Visit(ANONYMOUS),
        status=told.status,
        title=heading,
        unknown_visitor=visit is None,
        detail=told.detail if told.title in _TOLD else "",
        remedy=remedy,
        following=_following(request, told.status, visit),
        with_contact=told.status in _WITH_CONTACT,
        correlation_id=correlation_id.get() if ours else "",
    )
    answer.headers.update({name: value for name, value in told.headers.items() if name.lower() in {"retry-after", "allow"}})
    return answer


def _following(request: Request, status: int, visit: Visit | None) -> list[tuple[str, str]]:
    """The ways on from a problem, as far as they are open to this visitor; who acts in one role may try another."""
    found = list(NEXT.get(status, ()))
    if request.method == "GET" and "endpoint" in request.scope:  # one of our pages was asked for, so that its address leads nowhere else
        found += _same_page(request, status)
    if status == http.HTTP_403_FORBIDDEN and visit is not None and visit.actor.roles < visit.held:
        found.insert(0, _ANOTHER_ROLE)
    if status == http.HTTP_404_NOT_FOUND and (visit is None or not visit.actor.is_known):
        found.append(_SIGN_IN)
    return found


def _same_page(request: Request, status: int) -> list[tuple[str, str]]:
    """The page that was asked for: once more where that may help, and without filters where one of them was wrong."""
    path, query = request.url.path, request.url.query
    if status == http.HTTP_422_UNPROCESSABLE_CONTENT and query:
        return [(path, "Open this page without filters")]
    return [(f"{path}?{query}" if query else path, "Try again")] if status in _TRY_AGAIN else []
