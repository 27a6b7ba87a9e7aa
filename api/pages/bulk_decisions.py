"""The same verdict on many matches: what will happen to which, then the button that does it, then what was done and what was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import documents as shared
from api.pages import forms, pairs, wording
from api.pages.forms import FormError, Sent
from api.pages.proposals import FILTERS, PATH
from api.pages.rendering import page, see_other, with_query
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.security import CurrentVisit, HubStaff, Visit
from api.services import deciding_many, showing
from api.services.codes import code_lists
from api.services.deciding_many import MOST, Do
from models.actors import Actor
from models.base import DomainError
from models.decisions import Reason
from models.documents import StaleVersion
from models.proposals import Proposal
from models.queries import proposals
from models.queries.documents import NotFound

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_LONGEST_BACK: Final = 300
_WORDS: Final[Mapping[Do, tuple[str, str]]] = {
    Do.REJECT: ("Reject {these}", "It is rejected for the reason that you give"),
    Do.DEFER: ("Set {these} aside", "It leaves the list until the day that you choose"),
    Do.SKIP: ("Skip {these}", "It leaves your list; others still see it"),
}
"""The heading and the button, and what will happen to each."""
_CHANGED: Final = "Somebody changed it after you opened the page. Look at it again."
_GONE: Final = "It is no longer there."


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the form is about: what to do, to which matches in which versions, and where to go back to."""

    do: Do
    versions: Mapping[UUID, int]
    back: str

    @classmethod
    def of(cls, sent: FormData) -> "_Chosen":
        """As the form says it; raises InvalidRequest for what no page of ours sends."""
        versions = forms.versions(forms.texts(sent, "chosen")[:MOST])
        return cls(_wanted(forms.text(sent, "verdict")), versions, _kept(forms.text(sent, "back")))


@router.get("/proposals/bulk")
def preview(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: HubStaff,
    session: Reading,
    do: str | None = None,
    chosen: Annotated[list[UUID], Query(max_length=MOST)] = [],  # noqa: B006 -- FastAPI copies it
    back: Annotated[str, Query(max_length=_LONGEST_BACK)] = "",
) -> HTMLResponse:
    """What will happen to which of the ticked matches; nothing has happened yet."""
    return _show(request, session, visit, _Chosen(_wanted(do), dict.fromkeys(chosen, 0), _kept(back)))


@router.post("/proposals/bulk")
def do_it(request: Request, *, visit: CurrentVisit, actor: HubStaff, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Do it to each; what was refused is told line by line, and the rest is done."""
    database: Database = request.app.state.database
    chosen = _Chosen.of(sent)
    reason = Reason()
    errors: list[FormError] = []
    if chosen.do is not Do.SKIP:
        decision, errors = pairs.read_verdict(sent, at)
        reason = decision.why if decision is not None else reason
    if errors or not chosen.versions:
        with database.reading() as session:
            return _show(request, session, visit, chosen, errors=errors, sent=sent)
    done, refused = _each(database, chosen, reason, actor=actor, at=at, window=settings.undo_window_seconds)
    if not refused:
        return see_other(PATH, **dict(parse_qsl(chosen.back)), done=chosen.do.value, count=str(len(done)))
    with database.reading() as session:
        rows = proposals.of_ids(session, list(chosen.versions), actor)
        named = {each: {"name": _pair(row, actor), "href": f"{PATH}/{each}"} for each, row in rows.items()}
    unknown = {"name": "A match", "href": ""}
    return page(
        request,
        "bulk_done.jinja",
        visit,
        status=http.HTTP_409_CONFLICT,
        title="Not all was done" if done else "Nothing was done",
        up=_up(chosen.back),
        done=[named.get(each, unknown) for each in done],
        refused=[{**named.get(each, unknown), "why": why} for each, why in refused.items()],
    )


def _each(
    database: Database, chosen: _Chosen, reason: Reason, *, actor: Actor, at: datetime, window: float
) -> tuple[list[UUID], dict[UUID, str]]:
    """Each in a transaction of its own, so that one that is refused keeps none of the others back."""
    done, refused = [], {}
    for proposal_id, version in chosen.versions.items():
        try:
            with database.transaction() as session:
                deciding_many.act(
                    session, chosen.do, proposal_id, reason, actor=actor, at=at, undo_window_seconds=window, version=version or None
                )
        except StaleVersion:
            refused[proposal_id] = _CHANGED
        except NotFound:
            refused[proposal_id] = _GONE
        except DomainError as error:
            refused[proposal_id] = error.message
        else:
            done.append(proposal_id)
    return done, refused


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    chosen: _Chosen,
    *,
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
) -> HTMLResponse:
    """The page before it is done; after an error, with what was typed and the versions that were looked at."""
    lines = deciding_many.preview(session, chosen.do, list(chosen.versions), actor=visit.actor)
    will = sum(not line.refusal for line in lines)
    none_chosen = [] if chosen.versions else [FormError("", "Tick at least one match in the list", href=_up(chosen.back)["href"])]
    heading, each = _WORDS[chosen.do]
    nothing = "None of these can be changed like this" if lines else "Nothing is ticked"
    return page(
        request,
        "bulk_decisions.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors or none_chosen else http.HTTP_200_OK,
        title=heading.format(these="1 match" if will == 1 else f"{will} matches") if will else nothing,
        up=_up(chosen.back),
        verdict=chosen.do.value,
        each=each,
        back=chosen.back,
        lines=[_line(line, chosen, visit.actor) for line in lines],
        will=will,
        reasons=code_lists()["reason_codes"],
        errors=[*none_chosen, *errors],
        wrong=forms.by_field(errors),
        typed={name: forms.text(sent, name) for name in pairs.FIELDS} if sent else {},
    )


def _line(line: deciding_many.Line, chosen: _Chosen, actor: Actor) -> dict[str, Any]:
    row = line.proposal
    return {
        "chosen": f"{row.id}.{chosen.versions.get(row.id) or row.version}",
        "href": f"{PATH}/{row.id}",
        "name": _pair(row, actor),
        "band": wording.BANDS[row.band],
        "refusal": line.refusal,
    }


def _pair(row: Proposal, actor: Actor) -> str:
    return f"{showing.innovation_shown(row, actor).name_shown} for {showing.need_shown(row, actor).name_shown}"


def _wanted(do: str | None) -> Do:
    return Do(shared.chosen(do, list(Do)) or Do.REJECT)


def _up(back: str) -> dict[str, str]:
    return {"href": f"{PATH}?{back}" if back else PATH, "text": "Matches to decide"}


def _kept(back: str) -> str:
    """The filters of the list that one came from; what is none of them is left out."""
    said = dict(parse_qsl(back[:_LONGEST_BACK]))
    return with_query("", {name: said.get(name) for name in FILTERS}).removeprefix("?")
