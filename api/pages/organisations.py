"""Pages of organisations: those that only their own people have named, to be confirmed, and how large each is and where."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import documents as shared
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.keeping import UP
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.security import CurrentVisit, OrganisationConfirmer, OrganisationDescriber, Visit
from api.services import confirming
from models.documents import TransitionRefused
from models.organisations import CompanySize, Organisation, OrganisationKind, Origin
from models.queries import organisations, people

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_LIST: Final = {"href": "/organisations", "text": "Organisations"}
_CANDIDATES: Final = 8
KINDS: Final = {
    OrganisationKind.ICB: "Integrated care board",
    OrganisationKind.NHS_TRUST: "NHS trust",
    OrganisationKind.COUNCIL: "Council",
    OrganisationKind.HEALTH_INNOVATION_NETWORK: "Health innovation network",
    OrganisationKind.UNIVERSITY: "University",
    OrganisationKind.SUPPLIER: "Supplier",
    OrganisationKind.VOLUNTARY: "Voluntary organisation",
    OrganisationKind.OTHER: "Other",
}
SIZES: Final = {
    CompanySize.UP_TO_5: "Up to 5 people",
    CompanySize.UP_TO_25: "6 to 25 people",
    CompanySize.UP_TO_100: "26 to 100 people",
    CompanySize.MORE: "More than 100 people",
}
ORIGINS: Final = {
    Origin.WEST_YORKSHIRE: "West Yorkshire",
    Origin.UK: "Elsewhere in the United Kingdom",
    Origin.OVERSEAS: "Overseas",
}
_DONE: Final = {
    "confirmed": "It is confirmed as a new organisation.",
    "same": "It is this organisation: its people and offers are here now.",
    "described": "Size and home are kept. Reports tell groups apart by them; matching never does.",
}


@router.get("/organisations")
def organisations_list(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: OrganisationConfirmer,
    session: Reading,
    q: Annotated[str, Query(max_length=200)] = "",
    after: str | None = None,
) -> HTMLResponse:
    """Those that wait for the Hub's word, and all that are confirmed, by name."""
    found = organisations.confirmed(session, words=q, after=after or None, limit=shared.LISTED)
    return page(
        request,
        "organisations.jinja",
        visit,
        title="Organisations",
        up=UP,
        waiting=[_listed(row) for row in confirming.waiting(session, actor)],
        rows=[_listed(row) for row in found.rows],
        words=q,
        turning=shared.turning(found, "/organisations", {"q": q}, after),
    )


def _listed(row: Organisation) -> dict[str, Any]:
    about = [KINDS[row.kind], row.town, SIZES[row.size] if row.size else "", ORIGINS[row.origin] if row.origin else ""]
    return {"href": f"/organisations/{row.id}", "name": row.name, "about": " · ".join(each for each in about if each)}


@router.get("/organisations/{organisation_id}")
def one_organisation(
    request: Request,
    *,
    organisation_id: UUID,
    visit: CurrentVisit,
    actor: OrganisationConfirmer,
    session: Reading,
    known: Annotated[str, Query(max_length=200)] = "",
    done: str = "",
) -> HTMLResponse:
    """One organisation: its people, its size and home; and for one that waits, whether it is new or known."""
    return _one(request, session, visit, organisation_id, known=known, done=_DONE.get(done, ""))


@router.post("/organisations/{organisation_id}/confirm")
def confirm(request: Request, *, organisation_id: UUID, visit: CurrentVisit, actor: OrganisationConfirmer, at: Now, sent: Sent) -> Response:
    """Say that it is new, or which known one it is."""
    database: Database = request.app.state.database
    as_known = forms.text(sent, "as") == "known"
    chosen = forms.uuid(forms.text(sent, "same_as")) if as_known else None
    if as_known and chosen is None:
        return _again(
            request, visit, organisation_id, FormError("same_as", "Choose the organisation that it is"), http.HTTP_422_UNPROCESSABLE_CONTENT
        )
    try:
        with database.transaction() as session:
            row = confirming.confirm(session, organisation_id, actor=actor, at=at, same_as=chosen)
    except TransitionRefused:
        told = "Somebody confirmed it meanwhile. This is how it stands now."
        return _again(request, visit, organisation_id, FormError("", told), http.HTTP_409_CONFLICT)
    return see_other(f"/organisations/{row.id}", done="same" if as_known else "confirmed")


@router.post("/organisations/{organisation_id}/profile")
def describe(
    request: Request, *, organisation_id: UUID, visit: CurrentVisit, actor: OrganisationDescriber, at: Now, sent: Sent
) -> Response:
    """Say how large it is and where it is at home; what is left open is not known."""
    database: Database = request.app.state.database
    size = next((each for each in CompanySize if each == forms.text(sent, "size")), None)
    origin = next((each for each in Origin if each == forms.text(sent, "origin")), None)
    with database.transaction() as session:
        confirming.describe(session, organisation_id, size=size, origin=origin, actor=actor, at=at)
    return see_other(f"/organisations/{organisation_id}", done="described")


def _again(request: Request, visit: Visit, organisation_id: UUID, error: FormError, status: int) -> HTMLResponse:
    database: Database = request.app.state.database
    with database.reading() as session:
        return _one(request, session, visit, organisation_id, errors=[error], status=status)


def _one(
    request: Request,
    session: Session,
    visit: Visit,
    organisation_id: UUID,
    *,
    known: str = "",
    done: str = "",
    errors: list[FormError] | None = None,
    status: int = http.HTTP_200_OK,
) -> HTMLResponse:
    row = confirming.one(session, organisation_id, visit.actor)
    words = known or next(iter(row.name.split()), "")
    like = [] if row.confirmed else organisations.confirmed_like(session, words, limit=_CANDIDATES)
    return page(
        request,
        "organisation.jinja",
        visit,
        status=status,
        title=row.name,
        up=_LIST,
        done=done,
        row=row,
        about=_listed(row)["about"],
        people=[{"href": f"/people/{each.id}", "name": each.name, "email": each.email} for each in people.of_organisation(session, row.id)],
        offers=organisations.offers_of(session, row.id, limit=shared.LISTED),
        known=known,
        searched=words,
        candidates=[(str(each.id), each.name, _listed(each)["about"], False) for each in like],
        sizes=[("", "Not known"), *((each.value, text) for each, text in SIZES.items())],
        origins=[("", "Not known"), *((each.value, text) for each, text in ORIGINS.items())],
        errors=errors or [],
        wrong=forms.by_field(errors or []),
    )
