"""The same done to many submissions: what will happen to which, then the button that does it, then what was done and what was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import documents as shared
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.inbox import FACETS, PATH
from api.pages.rendering import page, see_other, with_query
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.schemas.outcomes import ArchiveIn
from api.security import CurrentVisit, SubmissionTaker, Visit
from api.services import bulking
from api.services.bulking import MOST, Details, Do
from api.services.codes import code_lists
from api.services.keeping_views import LONGEST_QUERY
from api.settings import Settings
from models.actors import Actor
from models.base import DomainError
from models.decisions import ReasonMissing
from models.documents import StaleVersion
from models.innovations import Innovation
from models.queries import recipients
from models.queries.documents import NotFound
from models.triage import SnoozeRefused, must_be_a_day_to_come
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_WORDS: Final[Mapping[Do, tuple[str, str]]] = {
    Do.TAKE: ("Take {these}", "You see to it from now on"),
    Do.GIVE_BACK: ("Give {these} back", "Anybody can see to it again"),
    Do.ASSIGN: ("Give {these} to a colleague", "Your colleague sees to it from now on"),
    Do.SNOOZE: ("Put {these} off", "It leaves the list until the day that you choose; its clock runs on"),
    Do.WAKE: ("Bring {these} back to the list", "It is in the list again"),
    Do.ARCHIVE: ("Archive {these}", "It is archived, and its innovator is told why"),
}
"""The heading and the button, and what will happen to each."""
_EXAMPLE: Final = 14
"""How many days from now the day is that is shown as an example."""
_FIELDS: Final = ("to", "over", "until-day", "until-month", "until-year", "reason", "note")
_CHANGED: Final = "Somebody changed it after you opened the page. Look at it again."
_GONE: Final = "It is no longer there."


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the form is about: what to do, to which submissions in which versions, and where to go back to."""

    do: Do
    versions: Mapping[UUID, int]
    back: str

    @classmethod
    def of(cls, sent: FormData) -> "_Chosen":
        """As the form says it; raises InvalidRequest for what no page of ours sends."""
        versions = forms.versions(forms.texts(sent, "chosen")[:MOST])
        return cls(Do(shared.chosen(forms.text(sent, "do"), list(Do)) or Do.TAKE), versions, _kept(forms.text(sent, "back")))


@router.get("/triage/bulk")
def preview(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: SubmissionTaker,
    session: Reading,
    at: Now,
    do: str | None = None,
    chosen: Annotated[list[UUID], Query(max_length=MOST)] = [],  # noqa: B006 -- FastAPI copies it
    back: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
) -> HTMLResponse:
    """What will happen to which of the ticked submissions; nothing has happened yet."""
    wanted = Do(shared.chosen(do, list(Do)) or Do.TAKE)
    return _show(request, session, visit, _Chosen(wanted, dict.fromkeys(chosen, 0), _kept(back)), at=at)


@router.post("/triage/bulk")
def do_it(request: Request, *, visit: CurrentVisit, actor: SubmissionTaker, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Do it to each; what was refused is told line by line, and the rest is done."""
    database: Database = request.app.state.database
    chosen = _Chosen.of(sent)
    details, errors = _details(sent, chosen.do, at)
    if errors or not chosen.versions:
        with database.reading() as session:
            return _show(request, session, visit, chosen, at=at, errors=errors, sent=sent)
    done, refused = _each(database, chosen, details, actor=actor, at=at, settings=settings)
    if not refused:
        told = {"one": str(done[0])} if len(done) == 1 else {"count": str(len(done))}
        return see_other(PATH, **dict(parse_qsl(chosen.back)), done=chosen.do.value, **told)
    with database.reading() as session:
        rows = bulking.preview(session, chosen.do, list(chosen.versions), actor=actor)
        names = {line.submission.id: line.submission.innovation for line in rows}
    return page(
        request,
        "bulk_done.jinja",
        visit,
        status=http.HTTP_409_CONFLICT,
        title="Not all was done" if done else "Nothing was done",
        up=_up(chosen.back),
        done=[_named(each, names) for each in done],
        refused=[{**_named(each, names), "why": why} for each, why in refused.items()],
    )


def _each(
    database: Database, chosen: _Chosen, details: Details, *, actor: Actor, at: datetime, settings: Settings
) -> tuple[list[UUID], dict[UUID, str]]:
    """Each in a transaction of its own, so that one that is refused keeps none of the others back."""
    done, refused = [], {}
    for submission_id, version in chosen.versions.items():
        try:
            with database.transaction() as session:
                bulking.act(
                    session,
                    chosen.do,
                    submission_id,
                    details,
                    undo_window_seconds=settings.undo_window_seconds,
                    contact=settings.contact,
                    actor=actor,
                    at=at,
                    version=version or None,
                )
        except StaleVersion:
            refused[submission_id] = _CHANGED
        except NotFound:
            refused[submission_id] = _GONE
        except DomainError as error:
            refused[submission_id] = error.message
        else:
            done.append(submission_id)
    return done, refused


def _details(sent: FormData, do: Do, at: datetime) -> tuple[Details, list[FormError]]:
    """What the form says besides, or what is wrong with it."""
    if do is Do.ASSIGN:
        found = Details(to=forms.uuid(forms.text(sent, "to")), over=forms.text(sent, "over") == "yes")
        return found, [] if found.to else [FormError("to", "Choose a colleague")]
    if do is Do.SNOOZE:
        return _put_off(sent, at)
    return _archived(sent) if do is Do.ARCHIVE else (Details(), [])


def _put_off(sent: FormData, at: datetime) -> tuple[Details, list[FormError]]:
    day = forms.day_typed(sent, "until")
    if day is None:
        return Details(), [FormError("until", f"Enter a day within the next 60 days, like {forms.like_day(at, days=_EXAMPLE)}")]
    try:
        must_be_a_day_to_come(day.date(), day_of(at))
    except SnoozeRefused as error:
        return Details(), [FormError("until", error.message)]
    return Details(until=day.date()), []


def _archived(sent: FormData) -> tuple[Details, list[FormError]]:
    said = {"outcome": "archive", "reason": forms.text(sent, "reason"), "note": forms.text(sent, "note")}
    try:
        return Details(reason=ArchiveIn.model_validate(said).choice.reason), []
    except ReasonMissing:
        return Details(), [FormError("note", "Say in the note what the other reason is")]
    except ValidationError as error:
        found = forms.errors_of(error, missing={}, labels={"note": "Note"})
        return Details(), [FormError("reason", "Choose a reason") if each.field == "reason" else each for each in found]


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    chosen: _Chosen,
    *,
    at: datetime,
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
) -> HTMLResponse:
    """The page before it is done; after an error, with what was typed and the versions that were looked at."""
    typed = {name: forms.text(sent, name) for name in _FIELDS} if sent else {}
    over = typed.get("over") == "yes" or chosen.do is Do.ASSIGN
    lines = bulking.preview(session, chosen.do, list(chosen.versions), actor=visit.actor, over=over)
    will = [line for line in lines if not line.refusal]
    none_chosen = [] if chosen.versions else [FormError("", "Tick at least one submission in the list", href=_up(chosen.back)["href"])]
    heading, each = _WORDS[chosen.do]
    these = "1 submission" if len(will) == 1 else f"{len(will)} submissions"
    nothing = "None of these can be changed like this" if lines else "Nothing is ticked"
    return page(
        request,
        "bulk.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors or none_chosen else http.HTTP_200_OK,
        title=heading.format(these=these) if will else nothing,
        up=_up(chosen.back),
        do=chosen.do.value,
        each=each,
        back=chosen.back,
        lines=[_line(line, chosen) for line in lines],
        any_taken=any(line.submission.assigned_to not in {None, visit.actor.person_id} for line in will),
        will=len(will),
        colleagues=[(str(person.id), person.name) for person in recipients.hub_staff(session) if person.id != visit.actor.person_id]
        if chosen.do is Do.ASSIGN
        else [],
        reasons=code_lists()["reason_codes"],
        errors=[*none_chosen, *errors],
        wrong=forms.by_field(errors),
        typed=typed,
        like_day=forms.like_day(at, days=_EXAMPLE),
    )


def _line(line: bulking.Line, chosen: _Chosen) -> dict[str, Any]:
    row = line.submission
    version = chosen.versions.get(row.id) or row.version
    left = f"{line.left} matches stay undecided." if line.left > 1 else ("1 match stays undecided." if line.left else "")
    return {
        "chosen": f"{row.id}.{version}",
        "href": f"{PATH}/{row.id}",
        "name": row.innovation.name,
        "holder": row.in_words if row.assigned_to is not None else "",
        "refusal": line.refusal,
        "left": left,
    }


def _named(submission_id: UUID, names: Mapping[UUID, Innovation]) -> dict[str, str]:
    known = names.get(submission_id)
    return {"name": known.name if known else "A submission", "href": f"{PATH}/{submission_id}" if known else ""}


def _up(back: str) -> dict[str, str]:
    return {"href": f"{PATH}?{back}" if back else PATH, "text": "Triage"}


def _kept(back: str) -> str:
    """The filters of the list that one came from; what is none of them is left out."""
    said = dict(parse_qsl(back[:LONGEST_QUERY]))
    return with_query("", {name: said.get(name) for name in (*FACETS, "q")}).removeprefix("?")
