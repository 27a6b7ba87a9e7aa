"""What the pages of needs and of innovations have in common: one record, its matches, and its next steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import chances, coding, forms, wording
from api.pages.forms import FormError
from api.pages.likenesses import likenesses_shown
from api.pages.matches import NOT_ASKED, Answer, answer, flags_shown
from api.pages.need_parts import need_parts
from api.pages.records import sections
from api.pages.rendering import page, see_other, with_query
from api.security import Visit
from api.services import intake
from api.services.content import host_of
from api.services.library import Libraries
from api.services.likening import flags_of_row
from api.services.proposing import flags_as_json
from api.services.reading import unread_of
from api.statuses import InvalidRequest
from models.actors import Actor
from models.documents import Side, StaleVersion
from models.innovations import INNOVATION_TRANSITIONS, SEARCHABLE_STATUSES, Innovation, InnovationStatus
from models.needs import NEED_TRANSITIONS, Need, NeedStatus
from models.policies import INNOVATION_CREATE, INNOVATION_READ_STATUS
from models.queries import documents
from models.queries.pages import Page
from models.subjects import subject_of

LISTED = 20
MOST_LISTED = 1_000_000
"""More than any list has; what an address says beyond it is no place in a list."""
_TO_HAND_IN = frozenset({NeedStatus.DRAFT, InnovationStatus.DRAFT, InnovationStatus.REFERRED, InnovationStatus.ARCHIVED})
_TOLD_TO_ALL = "unread_text"  # what is not read is told to the writer too, and once is enough


@dataclass(frozen=True, slots=True)
class Source:
    """Where a record comes from, and whether parts of it were made up to show the fields."""

    text: str
    url: str
    host: str
    verified: bool | None
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Turning:
    """The links around one page of a list, and which of all its rows stand there, where that is counted."""

    next: str
    first: str
    shown: str = ""


def source_of(document: Need | Innovation) -> Source:
    """The source as a page shows it; only a web address becomes a link."""
    host = host_of(document.source_url)
    return Source(
        text=document.source.rstrip("."),
        url=document.source_url if host else "",
        host=host,
        verified=document.verified,
        illustrative=bool(document.illustrative),
    )


def turning(
    found: Page[Any], path: str, filters: Mapping[str, str | None], after: str | None, *, seen: int = 0, total: int | None = None
) -> Turning:
    """The next page of a list with the same filters, and the way back to its beginning.

    Where a list knows its `total`, the address of a page says how many rows stand before it.
    """
    before = seen if after else 0
    first, last = before + 1, before + len(found.rows)
    place = {"seen": str(last)} if total is not None else {}
    following = with_query(path, {**filters, "after": found.following, **place}) if found.following else ""
    known = total is not None and found.rows and last <= total
    return Turning(next=following, first=with_query(path, filters) if after else "", shown=f"{first}–{last} of {total}" if known else "")


def chosen(value: str | None, allowed: Sequence[str]) -> str | None:
    """A filter's value, or None when the form left it open; raises InvalidRequest for one that is not on offer."""
    if not value:
        return None
    if value not in allowed:
        raise InvalidRequest("That filter is not known. Choose from the list on the page.")
    return value


def own(session: Session, side: Side, document_id: UUID, actor: Actor) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """A document that the actor may change; raises NotFound or NotAllowed."""
    document = documents.get(session, side, document_id, actor)
    intake.CHANGE[side].check(actor, subject_of(document))
    return document


def show(
    request: Request,
    session: Session,
    libraries: Libraries,
    document: Need | Innovation,
    *,
    visit: Visit,
    at: datetime,
    done: str = "",
    errors: Sequence[FormError] = (),
    wanted: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    """The page of one need or innovation; `wanted` is the need that an innovation was offered for, with how it stands to it."""
    actor, side = visit.actor, document.side
    changeable = intake.CHANGE[side].allows(actor, subject_of(document))
    return page(
        request,
        "need.jinja" if isinstance(document, Need) else "document.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=document.name_shown,
        up={"href": f"/{side}s", "text": f"All {side}s"},
        side=side.value,
        document=document,
        status_shown=wording.STATUSES[side][document.status],
        visibility=wording.read_by(document),
        held=isinstance(document, Innovation) and document.held,
        stale=isinstance(document, Need) and document.is_stale(at),
        unread=wording.READABILITIES.get(document.readability, ""),
        cut=[(wording.FIELDS[side].get(name, name), count) for name, count in unread_of(document).items()],
        flags=flags_shown([row for row in flags_as_json(flags_of_row(document)) if row["kind"] != _TOLD_TO_ALL], actor),
        likenesses=likenesses_shown(session, libraries, document, actor),
        sections=sections(document),
        source=source_of(document),
        sure=chances.in_words(session, libraries),
        own_only=side is Side.NEED and not actor.is_anonymous and not actor.is_partner,
        matches=_matches(session, libraries, document, actor),
        unaccepted=coding.unaccepted(document) if changeable else [],
        answer_at=_answer_at(document, actor),
        standing=wanted,
        may_follow=isinstance(document, Innovation) and not actor.is_hub and INNOVATION_READ_STATUS.allows(actor, subject_of(document)),
        may_submit=changeable and document.status in _TO_HAND_IN,
        may_withdraw=changeable and _withdrawable(document),
        may_edit=changeable and _withdrawable(document),
        done=_DONE[side].get(done, ""),
        errors=errors,
        **(need_parts(session, document, actor, at=at) if isinstance(document, Need) else {}),
    )


def _answer_at(document: Need | Innovation, actor: Actor) -> str:
    """Where somebody who may have an answer to an open need goes on; empty for those who offer nothing."""
    if not isinstance(document, Need) or document.status is not NeedStatus.OPEN:
        return ""
    if actor.is_anonymous:
        return f"/begin?need={document.id}"
    return f"/innovations/new?need={document.id}" if INNOVATION_CREATE.admits(actor) and not actor.is_hub else ""


def _matches(session: Session, libraries: Libraries, document: Need | Innovation, actor: Actor) -> Answer:
    """Ranked for who has signed in; not for what is settled or held, which is matched with nothing."""
    waits = document.status in {NeedStatus.DRAFT, NeedStatus.OPEN, InnovationStatus.DRAFT, *SEARCHABLE_STATUSES}
    held = isinstance(document, Innovation) and document.held
    return answer(session, libraries, document, actor=actor) if waits and not held and not actor.is_anonymous else NOT_ASKED


def _withdrawable(document: Need | Innovation) -> bool:
    if isinstance(document, Need):
        return NeedStatus.WITHDRAWN in NEED_TRANSITIONS[document.status]
    return InnovationStatus.WITHDRAWN in INNOVATION_TRANSITIONS[document.status]


_DONE = {
    Side.NEED: {
        "saved": "The need is saved as a draft. Only you and the Hub can see it.",
        "changed": "Your changes are saved.",
        "submitted": "The need is open. We look for matches from now on.",
        "joined": "The need is open and joined with the other one. We look for matches for both from now on.",
        "left": "The need has left the joint need. We look for matches for it alone from now on.",
        "renewed": "The need is renewed. It stays open.",
        "met": "The need is met, and its result is written down. Well done.",
        "closed": "The need is closed. It no longer appears in any list of matches.",
        "withdrawn": "The need is withdrawn. It no longer appears in any list of matches.",
    },
    Side.INNOVATION: {
        "saved": "The innovation is saved as a draft. Nobody has been sent it yet.",
        "changed": "Your changes are saved.",
        "submitted": "The innovation is sent in. The Hub looks at it next.",
        "withdrawn": "The innovation is withdrawn. It no longer appears in any list of matches.",
    },
}


@dataclass(frozen=True, slots=True)
class Step:
    """What a button does to a document, and the word for it once it is done."""

    take: Callable[..., object]
    done: str


def take(
    step: Step, request: Request, side: Side, document_id: UUID, *, visit: Visit, libraries: Libraries, at: datetime, sent: FormData
) -> Response:
    """Take a step with a document and show it; when it changed while its page stood open, it is shown instead of the step taken."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            step.take(session, side, document_id, actor=visit.actor, at=at, version=forms.version(sent))
    except StaleVersion:
        with database.reading() as session:
            document = documents.get(session, side, document_id, visit.actor)
            return show(request, session, libraries, document, visit=visit, at=at, errors=[forms.meanwhile(side)])
    return see_other(f"/{side}s/{document_id}", done=step.done)
