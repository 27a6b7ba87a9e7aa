"""The page of activity: what happened, in order, with the positions that other systems read by, found by what, who and when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette import status as http

from api.pages import forms
from api.pages.event_words import KINDS, SUBJECTS, happened
from api.pages.forms import FormError
from api.pages.keeping import UP
from api.pages.rendering import page, with_query
from api.pages.views import views_shown
from api.pages.wording import LOCAL
from api.requests import Reading, StrictRoute
from api.schemas.events import Position
from api.security import ActivityReader, CurrentVisit
from api.statuses import InvalidRequest
from models.actors import Actor
from models.documents import Side
from models.events import Event
from models.policies import ACCOUNT_READ
from models.queries import documents, events, people, triage
from models.queries.events import Wanted

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
LISTED: Final = 50
_NO_NAMES: Final[Mapping[UUID, str]] = {}  # a file has ids
_NAMED: Final = 200  # people whose name holds what was typed
_PERSON: Final = re.compile("person:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_EXACT: Final = re.compile("key:[0-9a-f]{8}|system|anonymous|body")
_OTHERS: Final = {"system": "The service", "body": "A body that helps", "anonymous": "Somebody not signed in"}


class Asked(BaseModel):
    """What the address asks for; the days are read by the page, which tells what is wrong with them."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(pattern=r"^([a-z_]+\.[a-z_]+)?$", max_length=60)] = ""
    what: Annotated[str, Field(pattern="^[a-z_]*$", max_length=40)] = ""
    about: UUID | None = None
    who: Annotated[str, Field(max_length=200)] = ""
    since: Annotated[str, Field(max_length=20)] = ""
    until: Annotated[str, Field(max_length=20)] = ""
    after: Position | None = None
    before: Position | None = None

    def address(self, **turned: str) -> str:
        """The address of the same list, turned to another page."""
        return with_query("/events", self.said | turned)

    @property
    def said(self) -> dict[str, str]:
        """What narrows the list, as the address says it."""
        said = {"kind": self.kind, "what": self.what, "about": str(self.about or ""), "who": self.who}
        return said | {"since": self.since, "until": self.until}

    @property
    def narrows(self) -> bool:
        """Whether it asks for some events only."""
        return any((self.kind, self.what, self.about, self.who, self.since, self.until))


@dataclass(frozen=True, slots=True)
class _Found:
    rows: Sequence[Event]
    earlier: str
    later: str


@router.get("/events")
def activity(
    request: Request, *, visit: CurrentVisit, actor: ActivityReader, session: Reading, asked: Annotated[Asked, Query()]
) -> HTMLResponse:
    """The sealed events, latest first, as far as the address asks for them."""
    days, errors = _days(asked)
    found = _Found((), "", "") if errors else _look(session, actor, asked, days)
    names, called = _names(session, found.rows), _called(session, found.rows, actor)
    return page(
        request,
        "events.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Activity",
        up=UP,
        asked=asked,
        about=SUBJECTS.get(asked.what, ("subject", ""))[0].lower() if asked.about else "",
        kinds=[("", "Everything"), *sorted(KINDS.items(), key=lambda each: each[1])],
        subjects=[("", "Anything"), *((name, said[0]) for name, said in SUBJECTS.items())],
        rows=[_told(row, names, actor, called) for row in found.rows],
        earlier=found.earlier,
        later=found.later,
        views=views_shown(session, actor, "/events", asked.said),
        head=events.head(session)[0],
        errors=errors,
        wrong=forms.by_field(errors),
    )


def listed(session: Session, actor: Actor, asked: Asked, *, limit: int) -> list[dict[str, object]]:
    """The events that an address asks for, latest first, as the page tells them; raises InvalidRequest for what is no day."""
    days, errors = _days(asked)
    if errors:
        raise InvalidRequest(f"{errors[0].message}.")
    found = events.looked_for(session, actor, _wanted(session, asked, days), limit=limit)
    names = _names(session, found)
    return [_told(row, names, actor, _NO_NAMES) for row in found]


def _wanted(session: Session, asked: Asked, days: Mapping[str, datetime]) -> Wanted:
    return Wanted(kind=asked.kind, subject_kind=asked.what, subject_id=asked.about, actors=_actors(session, asked.who.strip()), **days)


def _look(session: Session, actor: Actor, asked: Asked, days: Mapping[str, datetime]) -> _Found:
    found = list(events.looked_for(session, actor, _wanted(session, asked, days), after=asked.after, before=asked.before, limit=LISTED + 1))
    more, forward = len(found) > LISTED, asked.after is not None
    shown = (found[-LISTED:] if forward else found[:LISTED]) if more else found
    if not shown:
        return _Found((), "", "")
    first, last = shown[-1].position or 0, shown[0].position or 0
    return _Found(
        shown,
        earlier=asked.address(before=str(first)) if (more if not forward else first > 1) else "",
        later=asked.address(after=str(last)) if (more if forward else asked.before is not None) else "",
    )


def _days(asked: Asked) -> tuple[dict[str, datetime], list[FormError]]:
    """From the beginning of one day to the end of another, in England; an error for what is no day."""
    found: dict[str, datetime] = {}
    errors = []
    for name in ("since", "until"):
        if typed := getattr(asked, name).strip():
            try:
                day = datetime.combine(date.fromisoformat(typed), time(), LOCAL)
                found[name] = day + timedelta(days=1) if name == "until" else day
            except (ValueError, OverflowError):
                errors.append(FormError(name, "Enter a day like 2027-03-27"))
    return found, errors


def _actors(session: Session, who: str) -> list[str] | None:
    """Who is meant, as events call them: by that name exactly, or everybody whose name or address holds the words."""
    if not who:
        return None
    if _EXACT.fullmatch(who) or _PERSON.fullmatch(who):
        return [who]
    others = [actor for actor, text in _OTHERS.items() if who.casefold() in text.casefold()]
    return [*others, *(f"person:{each}" for each in people.ids_named_like(session, who, limit=_NAMED))]


def _names(session: Session, rows: Sequence[Event]) -> dict[str, str]:
    """The names of all who did something, looked up together."""
    ids = {UUID(match[1]) for row in rows if (match := _PERSON.fullmatch(row.actor))}
    return {f"person:{each}": name for each, name in people.names_by_id(session, ids).items()}


def _called(session: Session, rows: Sequence[Event], actor: Actor) -> dict[UUID, str]:
    """The names of the needs, innovations and submissions that something happened to, as far as the reader may read them."""
    ids: dict[str, set[UUID]] = {"need": set(), "innovation": set(), "submission": set()}
    for row in rows:
        if row.subject_kind in ids:
            ids[row.subject_kind].add(row.subject_id)
    found = {each.id: each.name_shown for side in Side for each in documents.of_ids(session, side, ids[side.value], actor).values()}
    return found | {each.id: each.innovation.name_shown for each in triage.of_ids(session, ids["submission"], actor).values()}


def _told(event: Event, names: Mapping[str, str], actor: Actor, called: Mapping[UUID, str]) -> dict[str, object]:
    subject, path = SUBJECTS.get(event.subject_kind, ("", ""))
    if event.subject_kind == "person" and not ACCOUNT_READ.admits(actor):
        path = ""
    kind, _, value = event.actor.partition(":")
    others = {"person": "Somebody who has left", "key": f"Key {value}"} | _OTHERS
    return {
        "position": event.position,
        "what": happened(event.kind),
        "when": event.recorded_at,
        "href": f"{path}/{event.subject_id}" if path else "",
        "subject": subject,
        "called": called.get(event.subject_id, ""),
        "actor": names.get(event.actor) or others.get(kind, kind),
    }
