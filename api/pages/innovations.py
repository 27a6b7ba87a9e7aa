"""Pages of innovations: the list, one innovation with its matches, writing and changing one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import coding, filters, forms, matches, wording
from api.pages import documents as shared
from api.pages.forms import FormError, Sent
from api.pages.matches import about
from api.pages.rendering import page, see_other
from api.pages.views import views_shown
from api.pages.wanted import WantedNeed, wanted_need
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import (
    CurrentVisit,
    InnovationChanger,
    InnovationReader,
    InnovationSubmitter,
    InnovationWithdrawer,
    InnovationWriter,
    Visit,
)
from api.services import intake, merging
from api.services.codes import code_lists
from api.services.content import InnovationContent
from api.services.suggesting import FACETS as CODED
from models.actors import Actor
from models.documents import Side, StaleVersion, Visibility
from models.innovations import Innovation, InnovationStatus, Stage
from models.policies import INNOVATION_CREATE, INNOVATION_GIVE
from models.queries import documents, facets

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

ANSWERS: Final = ("name", "problems_tackled", "how_it_works", "stage")
MISSING: Final = {
    "name": "Enter the name of the innovation",
    "problems_tackled": "Say what problem it tackles",
    "how_it_works": "Say how it works",
    "care_settings": "Choose where it is used",
    "stage": "Choose how far it has come",
}
FIELDS: Final = ("name", "supplier", "problems_tackled", "how_it_works", *CODED, "stage", "visibility")
CONSENT_SCOPE: Final = "matching"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: as typed, or as stored."""

    values: Mapping[str, str]
    codes: coding.Codes
    visibility: str
    consent: bool
    supplier: str = ""
    version: str = ""


class InnovationsAsked(BaseModel):
    """Which innovations a visitor wants to see, as the address says it."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(default="", max_length=200)
    stage: str | None = None
    status: str | None = None
    after: str | None = None

    @property
    def narrowed(self) -> dict[str, str]:
        """The filters as queries take them; raises InvalidRequest for what is not on offer."""
        said = {"stage": shared.chosen(self.stage, list(Stage)), "status": shared.chosen(self.status, list(InnovationStatus))}
        return {name: value for name, value in said.items() if value is not None}


@router.get("/innovations")
def innovations_list(
    request: Request, *, visit: CurrentVisit, actor: InnovationReader, session: Reading, asked: Annotated[InnovationsAsked, Query()]
) -> HTMLResponse:
    """Innovations that the visitor may read, newest first, narrowed by words, stage and status."""
    wanted, q, after = asked.narrowed, asked.q, asked.after
    found = documents.page(session, Side.INNOVATION, actor, filters=wanted, text=q, after=after or None, limit=shared.LISTED)
    counts = {by: facets.innovations(session, actor, by, filters=wanted, text=q) for by in facets.INNOVATIONS_BY}
    return page(
        request,
        "innovations.jinja",
        visit,
        title="Innovations",
        lead=_lead(actor),
        rows=[_listed(row) for row in found.rows],
        number=filters.counted(_number(counts["status"], wanted.get("status")), "innovation", "innovations"),
        words=q,
        selects=_selects(asked, counts),
        filtered=bool(q or wanted),
        views=views_shown(session, actor, "/innovations", {"q": q, **wanted}),
        turning=shared.turning(found, "/innovations", {"q": q, **wanted}, after),
        may_write=INNOVATION_CREATE.admits(actor),
    )


def _number(by_status: facets.Counts, status: str | None) -> int:
    """How many innovations the list holds; each has a status."""
    return sum(by_status.values()) if status is None else by_status.get(status, 0)


def _selects(asked: InnovationsAsked, counts: dict[str, facets.Counts]) -> list[filters.Choice]:
    stages = [(each.value, wording.code("stages", each)) for each in Stage]
    statuses = [(each.value, wording.STATUSES[Side.INNOVATION][each][0]) for each in InnovationStatus]
    stage, status = asked.stage or "", asked.status or ""
    return [
        filters.choice("stage", "How far it has come", stage, everything=("", "Any stage"), options=stages, counts=counts["stage"]),
        filters.choice("status", "Status", status, everything=("", "All"), options=statuses, counts=counts["status"]),
    ]


def _lead(actor: Actor) -> str:
    if actor.is_hub:
        return "What has been offered to the health and care system of West Yorkshire."
    return "What partners may read." if actor.is_partner else "What your organisation offers."


def _listed(innovation: Innovation) -> dict[str, Any]:
    tags = [wording.STATUSES[Side.INNOVATION][innovation.status]]
    if innovation.held:
        tags.append(("Held: no consent", "yellow"))
    text = innovation.description or innovation.problems_tackled
    return {"href": f"/innovations/{innovation.id}", "name": innovation.name, "about": about(innovation), "text": text, "tags": tags}


@router.get("/innovations/new")
def write_innovation(request: Request, *, visit: CurrentVisit, actor: InnovationWriter, session: Reading, need: str = "") -> HTMLResponse:
    """The empty form, with the need that somebody set out to answer."""
    typed = Typed(dict.fromkeys(ANSWERS, ""), dict.fromkeys(CODED, ()), Visibility.HUB_ONLY, consent=False)
    return _form(request, visit, typed, wanted=wanted_need(session, need, actor))


@router.post("/innovations/new")
def keep_innovation(request: Request, *, visit: CurrentVisit, actor: InnovationWriter, at: Now, sent: Sent) -> Response:
    """Keep the innovation as a draft, or send it in; bad input comes back with what is wrong beside it."""
    database: Database = request.app.state.database
    content, errors = _read(sent, actor, at)
    with database.reading() as session:
        wanted = wanted_need(session, forms.text(sent, "need"), actor)
    if content is None:
        return _form(request, visit, _typed(sent), errors=errors, wanted=wanted)
    sent_in = forms.text(sent, "then") == "submit"
    with database.transaction() as session:
        row = intake.create(session, Side.INNOVATION, content, actor=actor, at=at, submit_too=sent_in)
    done = "submitted" if sent_in else "saved"
    if wanted is not None:
        return see_other(f"/innovations/{row.id}", done=done, need=str(wanted.need.id))
    return see_other(f"/innovations/{row.id}", done=done)


@router.get("/innovations/{innovation_id}")
def innovation_page(
    request: Request,
    *,
    innovation_id: UUID,
    visit: CurrentVisit,
    actor: InnovationReader,
    session: Reading,
    libraries: SharedLibraries,
    at: Now,
    done: str = "",
    need: str = "",
) -> Response:
    """One innovation: what it says, and the needs that it may answer; one that was merged is shown where it is now."""
    if (kept := merging.stands_for(session, innovation_id, actor=actor)) is not None:
        return RedirectResponse(f"/innovations/{kept}", 308)
    row = documents.innovation(session, innovation_id, actor)
    wanted = wanted_need(session, need, actor)
    standing = wanted.shown | matches.standing(session, libraries, row, wanted.need, actor) if wanted is not None else None
    return shared.show(request, session, libraries, row, visit=visit, at=at, done=done, wanted=standing)


@router.get("/innovations/{innovation_id}/change")
def change_innovation(
    request: Request, *, innovation_id: UUID, visit: CurrentVisit, actor: InnovationChanger, session: Reading
) -> HTMLResponse:
    """The form with what is stored."""
    row: Innovation = shared.own(session, Side.INNOVATION, innovation_id, actor)
    typed = Typed(
        values={name: getattr(row, name) or "" for name in ANSWERS},
        codes=coding.stored_codes(row),
        visibility=row.visibility,
        consent=row.consent_at is not None,
        supplier=row.supplier.name if row.supplier else "",
        version=str(row.version),
    )
    return _form(request, visit, typed, innovation=row)


@router.post("/innovations/{innovation_id}/change")
def keep_change(request: Request, *, innovation_id: UUID, visit: CurrentVisit, actor: InnovationChanger, at: Now, sent: Sent) -> Response:
    """Keep what was changed; what somebody else changed meanwhile is not overwritten."""
    database: Database = request.app.state.database
    with database.reading() as session:
        row: Innovation = shared.own(session, Side.INNOVATION, innovation_id, actor)
    typed = _typed(sent)
    content, errors = _read(sent, actor, at)
    if content is not None:
        try:
            with database.transaction() as session:
                changes = _changes(content, row, actor) | content.model_dump(include=set(coding.asked(sent)))
                intake.change(session, Side.INNOVATION, row.id, changes, actor=actor, at=at, version=forms.version(sent))
            return see_other(f"/innovations/{row.id}", done="changed")
        except StaleVersion as error:
            errors = [forms.meanwhile_typed("innovation", f"/innovations/{row.id}")]
            typed = replace(typed, version=str(error.details["version"]))
    return _form(request, visit, typed, errors=errors, innovation=row)


@router.post("/innovations/{innovation_id}/submit")
def send_in(
    request: Request,
    *,
    innovation_id: UUID,
    visit: CurrentVisit,
    _actor: InnovationSubmitter,
    libraries: SharedLibraries,
    at: Now,
    sent: Sent,
) -> Response:
    """Send a draft in."""
    taken = shared.Step(intake.submit, "submitted")
    return shared.take(taken, request, Side.INNOVATION, innovation_id, visit=visit, libraries=libraries, at=at, sent=sent)


@router.post("/innovations/{innovation_id}/withdraw")
def withdraw_innovation(
    request: Request,
    *,
    innovation_id: UUID,
    visit: CurrentVisit,
    _actor: InnovationWithdrawer,
    libraries: SharedLibraries,
    at: Now,
    sent: Sent,
) -> Response:
    """Take an innovation back."""
    taken = shared.Step(intake.withdraw, "withdrawn")
    return shared.take(taken, request, Side.INNOVATION, innovation_id, visit=visit, libraries=libraries, at=at, sent=sent)


def _typed(sent: FormData) -> Typed:
    return Typed(
        values={name: forms.text(sent, name) for name in ANSWERS},
        codes=coding.sent_codes(sent),
        visibility=forms.text(sent, "visibility"),
        consent=forms.text(sent, "consent") == "yes",
        supplier=forms.text(sent, "supplier"),
        version=forms.text(sent, "version"),
    )


def _read(sent: FormData, actor: Actor, at: datetime) -> tuple[InnovationContent | None, list[FormError]]:
    """The content that the form makes, or what is wrong with it."""
    typed = _typed(sent)
    errors = forms.missing_answers(typed.values, MISSING)
    if not typed.codes["care_settings"]:
        errors.append(FormError("care_settings", MISSING["care_settings"]))
    said: dict[str, Any] = {**typed.values, **typed.codes, "stage": typed.values["stage"] or None}
    said |= {"visibility": typed.visibility or Visibility.HUB_ONLY}
    if INNOVATION_GIVE.admits(actor) and typed.supplier.strip():
        said["supplier"] = typed.supplier.strip()
    if typed.consent:
        said |= {"consent_by": actor.shown_as, "consent_at": at, "consent_scope": CONSENT_SCOPE}
    try:
        content = InnovationContent.model_validate(said)
    except ValidationError as error:
        labels = {**wording.FIELDS[Side.INNOVATION], "visibility": "Who may read it"}
        told = {each.field for each in errors}
        return None, errors + [each for each in forms.errors_of(error, missing=MISSING, labels=labels) if each.field not in told]
    return (None, errors) if errors else (content, [])


def _changes(content: InnovationContent, row: Innovation, actor: Actor) -> dict[str, Any]:
    """What the form changes: a consent that stands keeps who gave it and when."""
    changes = content.model_dump(include={*ANSWERS, "care_settings", "visibility"})
    if (row.consent_at is not None) != bool(content.consent_by):
        changes |= content.model_dump(include={"consent_by", "consent_at", "consent_scope"})
    if INNOVATION_GIVE.admits(actor) and content.supplier:
        changes["supplier"] = content.supplier
    return changes


def _form(
    request: Request,
    visit: Visit,
    typed: Typed,
    *,
    errors: Sequence[FormError] = (),
    innovation: Innovation | None = None,
    wanted: WantedNeed | None = None,
) -> HTMLResponse:
    lists = code_lists()
    coded = coding.questions(Side.INNOVATION, coding.texts_of(innovation, typed.values), typed.codes)
    settings_told = coding.hints(coded.pop("care_settings", None))  # its whole list is on the form
    return page(
        request,
        "innovation_form.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Change this innovation" if innovation else "Offer an innovation",
        up={"href": f"/innovations/{innovation.id}", "text": innovation.name}
        if innovation
        else {"href": "/innovations", "text": "All innovations"},
        innovation=innovation,
        wanted=wanted.shown if wanted is not None else None,
        typed=typed,
        errors=forms.in_order(errors, FIELDS),
        wrong=forms.by_field(errors),
        care_settings=lists["care_settings"],
        coded=coded,
        settings_told=settings_told,
        stages=lists["stages"],
        visibilities=wording.VISIBILITIES[Side.INNOVATION],
        for_hub=INNOVATION_GIVE.admits(visit.actor),
    )
