"""Pages of watches: what one wants to be told of, an example of what it finds, and how often the mail comes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import forms
from api.pages.documents import turning
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.schemas.watches import WatchIn
from api.security import CurrentVisit, MailPreferrer, Visit, WatchBeginner, WatchChanger, WatchEnder, WatchReader
from api.services import mailing, watching
from api.services.library import Libraries, RankingUnavailable
from models.documents import StaleVersion
from models.grants import Subject
from models.mail import Frequency
from models.policies import MAIL_PREFERENCE_CHANGE, WATCH_CREATE_FOR_INNOVATIONS
from models.queries import facets, mail, places, watches
from models.queries.places import UnknownPlace
from models.watches import Watch, Watched, WatchEmpty, WatchKind, WatchRefused

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
LISTED: Final = 20
EXAMPLES: Final = 3
FIELDS: Final[Mapping[WatchKind, str]] = {WatchKind.TEXT: "text", WatchKind.THEME: "theme", WatchKind.PLACE: "place"}
_EMPTY: Final = {
    WatchKind.TEXT: "Write what you want to hear of",
    WatchKind.THEME: "Choose a theme",
    WatchKind.PLACE: "Choose a place",
}
_WHAT: Final = {Watched.NEEDS: "Needs and calls", Watched.INNOVATIONS: "Innovations"}
FREQUENCIES: Final = {
    Frequency.DAILY: "Every working day at seven in the morning, if there is something new",
    Frequency.WEEKLY: "Every Monday at seven in the morning, if there is something new",
    Frequency.OFF: "Never. I look here myself",
}
_DONE: Final[Mapping[str, str]] = {
    "begun": "You watch this from now on.",
    "paused": "This watch is paused. It finds nothing until you let it go on.",
    "going": "This watch goes on.",
    "ended": "The watch is deleted.",
    "mail": "We have noted how often you want mail.",
}


@router.get("/watches")
def list_watches(
    request: Request, *, visit: CurrentVisit, actor: WatchReader, session: Reading, after: str | None = None, done: str = ""
) -> HTMLResponse:
    """One's own watches, latest first, and the form for one more."""
    return _list(request, session, visit, after=after, done=done)


@router.post("/watches")
def begin(request: Request, *, visit: CurrentVisit, actor: WatchBeginner, at: Now, sent: Sent) -> Response:
    """Begin a watch, and show what it would have found."""
    database: Database = request.app.state.database
    typed = _typed(sent)
    said, errors = _read(typed)
    if said is not None:
        try:
            with database.transaction() as session:
                row = watching.begin(session, kind=said.kind, what=said.what, value=said.value, actor=actor, at=at)
            return see_other(f"/watches/{row.id}", done="begun")
        except (WatchEmpty, UnknownPlace):
            errors = [FormError(FIELDS[said.kind], _EMPTY[said.kind])]
        except WatchRefused as error:
            before = error.details.get("watch")
            errors = [FormError(FIELDS[said.kind], error.message, href=f"/watches/{before}" if before else "")]
    with database.reading() as session:
        return _list(request, session, visit, typed=typed, errors=errors)


@router.post("/watches/mail")
def prefer(request: Request, *, visit: CurrentVisit, actor: MailPreferrer, at: Now, sent: Sent) -> Response:
    """Say how often one wants to be told what was found."""
    database: Database = request.app.state.database
    said = forms.text(sent, "digest")
    if said not in set(Frequency):
        with database.reading() as session:
            return _list(request, session, visit, errors=[FormError("digest", "Choose how often you want mail")])
    with database.transaction() as session:
        mailing.prefer(session, MAIL_PREFERENCE_CHANGE.person(actor, Subject()), Frequency(said), actor=actor, at=at)
    return see_other("/watches", done="mail")


@router.get("/watches/{watch_id}")
def one_watch(
    request: Request,
    *,
    watch_id: UUID,
    visit: CurrentVisit,
    actor: WatchReader,
    session: Reading,
    libraries: SharedLibraries,
    done: str = "",
) -> HTMLResponse:
    """One watch with what it would have found of all that is there now."""
    return _one(request, session, libraries, watches.own(session, watch_id, actor), visit, done=done)


@router.post("/watches/{watch_id}/mute")
def mute(
    request: Request,
    *,
    watch_id: UUID,
    visit: CurrentVisit,
    actor: WatchChanger,
    libraries: SharedLibraries,
    at: Now,
    sent: Sent,
) -> Response:
    """Pause a watch, or let it go on."""
    database: Database = request.app.state.database
    muted = forms.text(sent, "muted") == "yes"
    try:
        with database.transaction() as session:
            watching.mute(session, watch_id, muted, actor=actor, at=at, version=forms.version(sent))
    except StaleVersion:
        with database.reading() as session:
            row = watches.own(session, watch_id, actor)
            return _one(request, session, libraries, row, visit, errors=[forms.meanwhile("watch")])
    return see_other(f"/watches/{watch_id}", done="paused" if muted else "going")


@router.post("/watches/{watch_id}/end")
def end(request: Request, *, watch_id: UUID, actor: WatchEnder, at: Now) -> Response:
    """Delete a watch, with what it found."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        watching.end(session, watch_id, actor=actor, at=at)
    return see_other("/watches", done="ended")


def _typed(sent: FormData) -> dict[str, str]:
    return {name: forms.text(sent, name) for name in ("kind", "what", *FIELDS.values())}


def _read(typed: Mapping[str, str]) -> tuple[WatchIn | None, list[FormError]]:
    """The watch that the form asks for, or what is wrong with it."""
    if typed["kind"] not in set(WatchKind):
        return None, [FormError("text", _EMPTY[WatchKind.TEXT])]
    kind = WatchKind(typed["kind"])
    value = typed[FIELDS[kind]].strip()
    if not value:
        return None, [FormError(FIELDS[kind], _EMPTY[kind])]
    try:
        return WatchIn.model_validate({"kind": kind, "what": typed["what"] or Watched.NEEDS, "value": value}), []
    except ValidationError as error:
        found = forms.errors_of(
            error, missing={"value": _EMPTY[kind]}, labels={"value": "What to look for", "what": "Needs or innovations"}
        )
        return None, [FormError(FIELDS[kind], each.message) if each.field == "value" else each for each in found]


def in_words(row: Watch, named: Mapping[str, str]) -> str:
    """What a watch asks for, such as `Needs and calls of Leeds`; `named` gives the names of places."""
    by = {
        WatchKind.TEXT: f"that fit “{row.value}”",
        WatchKind.THEME: f"on the theme “{row.value}”",
        WatchKind.PLACE: f"of {named.get(row.value, row.value)}",
    }
    return f"{_WHAT[row.what]} {by[row.kind]}"


def _list(
    request: Request,
    session: Session,
    visit: Visit,
    *,
    after: str | None = None,
    typed: Mapping[str, str] | None = None,
    errors: Sequence[FormError] = (),
    done: str = "",
) -> HTMLResponse:
    actor = visit.actor
    found = watches.page(session, actor, after=after or None, limit=LISTED)
    known = places.all_places(session)
    named = {place.key: place.name for place in known}
    themes = sorted(facets.needs(session, actor, "theme", filters={"status": "open"}), key=str.casefold)
    said = mail.preference(session, actor.person_id) if actor.person_id else None
    blank: dict[str, str] = dict.fromkeys(("kind", *FIELDS.values()), "") | {"what": Watched.NEEDS.value}
    return page(
        request,
        "watches.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="What you watch",
        up={"href": "/", "text": "First page"},
        rows=[{"href": f"/watches/{row.id}", "says": in_words(row, named), "row": row} for row in found.rows],
        turning=turning(found, "/watches", {}, after),
        typed=typed or blank,
        errors=forms.in_order(errors, (*FIELDS.values(), "what", "digest")),
        wrong=forms.by_field(errors),
        themes=themes,
        places=[(place.key, place.name) for place in known],
        for_innovations=WATCH_CREATE_FOR_INNOVATIONS.admits(actor),
        frequencies=FREQUENCIES,
        digest=(said.digest if said else Frequency.WEEKLY).value,
        done=_DONE.get(done, ""),
    )


def _one(
    request: Request,
    session: Session,
    libraries: Libraries,
    row: Watch,
    visit: Visit,
    *,
    errors: Sequence[FormError] = (),
    done: str = "",
) -> HTMLResponse:
    named = {place.key: place.name for place in places.all_places(session)}
    shown: dict[str, Any] = {}
    try:
        shown["found"] = watching.example(session, libraries, row, actor=visit.actor, limit=EXAMPLES)
    except RankingUnavailable:
        shown["unavailable"] = True
    return page(
        request,
        "watch.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=in_words(row, named),
        up={"href": "/watches", "text": "What you watch"},
        row=row,
        errors=errors,
        done=_DONE.get(done, ""),
        **shown,
    )
