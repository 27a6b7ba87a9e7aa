"""Pages of the bodies that help innovators: which there are, one of them, adding and changing one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import documents as shared
from api.pages import forms, wording
from api.pages.forms import FormError, Sent
from api.pages.keeping import UP, told
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.security import BodyKeeper, BodyReader, CurrentVisit, Visit
from api.services import supporting
from api.services.codes import code_lists
from api.services.content import BodyContent, host_of
from api.services.mailing import AddressRefused
from models.documents import StaleVersion
from models.innovations import InnovationKind, Stage
from models.policies import BODY_MANAGE, BODY_READ_ADDRESS
from models.queries import places, referrals
from models.queries.places import UnknownPlace
from models.referrals import BodyAddedBefore, BodyIncomplete, BodyKind, EvidenceAsked, Geography, SupportBody

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_LIST: Final = {"href": "/bodies", "text": "Bodies that help"}
KINDS: Final = {
    BodyKind.HEALTH_INNOVATION_NETWORK: "Health innovation network",
    BodyKind.RESEARCH_CENTRE: "Research centre",
    BodyKind.RESEARCH_INFRASTRUCTURE: "Research infrastructure",
    BodyKind.UNIVERSITY: "University",
    BodyKind.ACCELERATOR: "Accelerator",
    BodyKind.BUSINESS_SUPPORT: "Business support",
    BodyKind.INTELLECTUAL_PROPERTY: "Patents and licences",
    BodyKind.FUNDER: "Funder",
    BodyKind.REGULATOR: "Regulator",
    BodyKind.EVALUATOR: "Evaluator",
    BodyKind.NHS_SERVICE: "NHS service",
}
REACHES: Final = {
    Geography.PLACES: "Some places of West Yorkshire, ticked below",
    Geography.WEST_YORKSHIRE: "West Yorkshire",
    Geography.YORKSHIRE_AND_HUMBER: "Yorkshire and the Humber",
    Geography.ENGLAND: "England",
    Geography.UNITED_KINGDOM: "The United Kingdom",
}
EVIDENCE: Final = {
    EvidenceAsked.ANY: "Any",
    EvidenceAsked.NONE_YET: "Those who have none yet",
    EvidenceAsked.SOME: "Those who have some",
}
_LINES: Final = ("name", "helps_with", "contact_email", "contact_url", "source_url")
_CHOICES: Final = ("kind", "geography", "evidence")
_SEVERAL: Final = ("places", "stages", "kinds", "categories", "areas")
_ORDER: Final = ("name", "kind", "helps_with", "geography", "places", "stages", "kinds", "evidence", "categories", "areas", *_LINES[2:])
_MISSING: Final = {"name": "Enter the name of the body", "kind": "Choose what kind of body it is"}
_LABELS: Final = {
    "name": "Name",
    "kind": "What kind of body it is",
    "helps_with": "What it helps with",
    "geography": "Whom it serves",
    "places": "Places",
    "stages": "How far an innovation has come",
    "kinds": "What kind of thing it is",
    "evidence": "Evidence",
    "categories": "Categories",
    "areas": "Areas of work",
    "contact_email": "Where offers are mailed",
    "contact_url": "Page about how to reach it",
    "source_url": "Page that says so",
}
_DONE: Final = {"added": "The body is added. It is proposed from now on where it fits.", "changed": "The changes are kept."}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: as typed, or as stored; `once` makes one body of a form that is sent twice."""

    lines: Mapping[str, str] = field(default_factory=dict)
    several: Mapping[str, Iterable[str]] = field(default_factory=dict)
    verified: bool = False
    active: bool = True
    version: str = ""
    once: str = ""


@router.get("/bodies")
def bodies_list(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: BodyReader,
    session: Reading,
    kind: str | None = None,
    use: str | None = None,
    after: str | None = None,
    done: str = "",
) -> HTMLResponse:
    """The bodies, by name, narrowed by kind; those that are asked no more are listed apart."""
    wanted, out = shared.chosen(kind, list(BodyKind)), shared.chosen(use, ["out"])
    found = referrals.bodies(session, kind=BodyKind(wanted) if wanted else None, active=not out, after=after or None, limit=shared.LISTED)
    return page(
        request,
        "bodies.jinja",
        visit,
        title="Bodies that help",
        up=UP if actor.is_hub else None,
        done=_DONE.get(done, ""),
        rows=[{"href": f"/bodies/{row.id}", "name": row.name, "kind": KINDS[row.kind], "row": row} for row in found.rows],
        selects=[
            ("kind", "Kind", kind or "", [("", "Any kind"), *((each.value, text) for each, text in KINDS.items())]),
            ("use", "In use", use or "", [("", "Asked now"), ("out", "Asked no more")]),
        ],
        filtered=bool(wanted or out),
        turning=shared.turning(found, "/bodies", {"kind": wanted, "use": out}, after),
        may_add=BODY_MANAGE.admits(actor),
    )


@router.get("/bodies/new")
def write_body(request: Request, *, visit: CurrentVisit, actor: BodyKeeper, session: Reading) -> HTMLResponse:
    """The empty form."""
    return _form(request, session, visit, Typed(lines={"geography": Geography.WEST_YORKSHIRE}, once=str(uuid4())))


@router.post("/bodies/new")
def add_body(request: Request, *, visit: CurrentVisit, actor: BodyKeeper, at: Now, sent: Sent) -> Response:
    """Keep a new body; bad input comes back with what is wrong, and the same form twice adds one."""
    database: Database = request.app.state.database
    content, errors = _read(sent)
    once = forms.uuid(forms.text(sent, "once"))
    if content is not None:
        try:
            with database.transaction() as session:
                row = supporting.add(session, content.model_dump(), actor=actor, at=at, once=once)
            return see_other(f"/bodies/{row.id}", done="added")
        except BodyAddedBefore:
            return see_other(f"/bodies/{once}", done="added")
        except (UnknownPlace, AddressRefused, BodyIncomplete) as error:
            errors = _refused(error)
    with database.reading() as session:
        return _form(request, session, visit, _typed(sent), errors=errors)


@router.get("/bodies/{body_id}")
def one_body(request: Request, *, body_id: UUID, visit: CurrentVisit, actor: BodyReader, session: Reading, done: str = "") -> HTMLResponse:
    """One body: what it helps with, whom, and how it is reached."""
    row = referrals.body(session, body_id)
    names = {place.key: place.name for place in places.all_places(session)}
    return page(
        request,
        "body.jinja",
        visit,
        title=row.name,
        up=_LIST,
        done=_DONE.get(done, ""),
        row=row,
        facts=list(_facts(row, names)),
        address=row.contact_email if BODY_READ_ADDRESS.admits(actor) else "",
        shows_address=BODY_READ_ADDRESS.admits(actor),
        links=[(_LABELS[name], url, host_of(url)) for name in ("contact_url", "source_url") if (url := getattr(row, name))],
        may_change=BODY_MANAGE.admits(actor),
    )


@router.get("/bodies/{body_id}/change")
def change_body(request: Request, *, body_id: UUID, visit: CurrentVisit, actor: BodyKeeper, session: Reading) -> HTMLResponse:
    """The form with what is stored."""
    row = referrals.body(session, body_id)
    lines = {name: getattr(row, name) for name in (*_LINES, *_CHOICES)}
    several = {name: getattr(row, name) for name in _SEVERAL}
    typed = Typed(lines, several, verified=row.verified, active=row.active, version=str(row.version))
    return _form(request, session, visit, typed, body=row)


@router.post("/bodies/{body_id}/change")
def keep_change(request: Request, *, body_id: UUID, visit: CurrentVisit, actor: BodyKeeper, at: Now, sent: Sent) -> Response:
    """Keep what is changed; who was not the first is told, and what they typed is kept."""
    database: Database = request.app.state.database
    content, errors = _read(sent)
    stale = False
    if content is not None:
        try:
            with database.transaction() as session:
                supporting.change(session, body_id, content.model_dump(), actor=actor, at=at, version=forms.version(sent))
            return see_other(f"/bodies/{body_id}", done="changed")
        except StaleVersion:
            errors, stale = [forms.meanwhile_typed("body", f"/bodies/{body_id}")], True
        except (UnknownPlace, AddressRefused, BodyIncomplete) as error:
            errors = _refused(error)
    with database.reading() as session:
        row = referrals.body(session, body_id)
        typed = _typed(sent, version=str(row.version) if stale else forms.text(sent, "version"))
        status = http.HTTP_409_CONFLICT if stale else http.HTTP_422_UNPROCESSABLE_CONTENT
        return _form(request, session, visit, typed, errors=errors, body=row, status=status)


def _read(sent: FormData) -> tuple[BodyContent | None, list[FormError]]:
    said: dict[str, Any] = {name: forms.text(sent, name) for name in (*_LINES, *_CHOICES)}
    said = {name: value for name, value in said.items() if value or name in _LINES}
    said |= {name: forms.texts(sent, name) for name in _SEVERAL}
    said |= {"verified": bool(forms.text(sent, "verified")), "active": bool(forms.text(sent, "active"))}
    try:
        return BodyContent.model_validate(said), []
    except ValidationError as error:
        return None, forms.in_order(forms.errors_of(error, missing=_MISSING, labels=_LABELS), _ORDER)


def _refused(error: UnknownPlace | AddressRefused | BodyIncomplete) -> list[FormError]:
    if isinstance(error, AddressRefused):
        return [FormError("contact_email", error.message)]
    if isinstance(error, BodyIncomplete):
        return [FormError("places", "Tick the places that it serves")]
    return told(error)


def _typed(sent: FormData, *, version: str = "") -> Typed:
    return Typed(
        lines={name: forms.text(sent, name) for name in (*_LINES, *_CHOICES)},
        several={name: forms.texts(sent, name) for name in _SEVERAL},
        verified=bool(forms.text(sent, "verified")),
        active=bool(forms.text(sent, "active")),
        version=version,
        once=forms.text(sent, "once"),
    )


def _facts(row: SupportBody, names: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    reach = ", ".join(names.get(key, key) for key in row.places) if row.geography is Geography.PLACES else REACHES[row.geography]
    yield _LABELS["helps_with"], row.helps_with or "Not said"
    yield _LABELS["geography"], reach
    yield _LABELS["evidence"], EVIDENCE[row.evidence]
    for name in ("stages", "kinds", "categories", "areas"):
        yield _LABELS[name], ", ".join(wording.code(name, value) for value in getattr(row, name)) or "Any"


def _form(
    request: Request,
    session: Session,
    visit: Visit,
    typed: Typed,
    *,
    errors: list[FormError] | None = None,
    body: SupportBody | None = None,
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
) -> HTMLResponse:
    ticked = {name: set(typed.several.get(name, ())) for name in _SEVERAL}
    lists: dict[str, list[tuple[str, str]]] = {
        "places": [(row.key, row.name) for row in places.all_places(session)],
        "stages": [(each.value, wording.code("stages", each)) for each in Stage],
        "kinds": [(each.value, wording.code("kinds", each)) for each in InnovationKind],
        **{name: [(row["value"], row["label"]) for row in code_lists()[name]] for name in ("categories", "areas")},
    }
    return page(
        request,
        "body_form.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title=f"Change {body.name}" if body else "Add a body that helps",
        up={"href": f"/bodies/{body.id}", "text": body.name} if body else _LIST,
        body=body,
        typed=typed,
        labels=_LABELS,
        kind_options=[("", "Choose a kind"), *((each.value, text) for each, text in KINDS.items())],
        reach_options=[(each.value, text) for each, text in REACHES.items()],
        evidence_options=[(each.value, text) for each, text in EVIDENCE.items()],
        boxes_of={name: [(value, text, "", value in ticked[name]) for value, text in rows] for name, rows in lists.items()},
        errors=errors or [],
        wrong=forms.by_field(errors or []),
    )
