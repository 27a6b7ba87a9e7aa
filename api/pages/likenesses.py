"""Innovations that may be the same: told on the page of one, and two of them side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session
from starlette import status as http

from api.pages import forms, records, wording
from api.pages.forms import FormError
from api.pages.highlighting import Span
from api.pages.matches import about
from api.pages.rendering import page
from api.requests import Reading, StrictRoute
from api.security import CurrentVisit, InnovationComparer, Visit
from api.services import likening
from api.services.library import Libraries, RankingUnavailable
from api.services.likening import Duplicate
from api.services.proposing import NothingToRank
from models.actors import Actor
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need
from models.policies import INNOVATION_MERGE, INNOVATION_READ_DUPLICATES
from models.subjects import subject_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_LIKENESSES: Final = {True: ("Nearly the same", "orange"), False: ("Much in common", "yellow")}
_SUPPLIERS: Final = {True: "The same organisation", False: "Another organisation", None: "Organisation not known"}


_SHOWN: Final = 5
"""The likest are shown; each of them leads to those that are like it in turn."""


@dataclass(frozen=True, slots=True)
class LikenessShown:
    """One innovation that may be the same, in words."""

    name: str
    href: str
    compare: str
    about: str
    tag: tuple[str, str]
    supplier: str
    age: str
    words: str


def likenesses_shown(session: Session, libraries: Libraries, document: Need | Innovation, actor: Actor) -> Sequence[LikenessShown]:
    """Those that may be the same as this one, for those who may know; none where nothing can be compared now."""
    if not isinstance(document, Innovation) or not INNOVATION_READ_DUPLICATES.admits(actor):
        return ()
    try:
        found = likening.duplicates_of(session, libraries, document.id, actor=actor, limit=_SHOWN)
    except (RankingUnavailable, NothingToRank):  # the part of the page about matches says so already
        return ()
    return [_shown(document.id, each) for each in found]


def _shown(asked: UUID, found: Duplicate) -> LikenessShown:
    other = found.innovation
    return LikenessShown(
        name=other.name_shown,
        href=f"/innovations/{other.id}",
        compare=f"/innovations/{asked}/compare/{other.id}",
        about=about(other),
        tag=_LIKENESSES[found.likeness.is_nearly_the_same],
        supplier=_SUPPLIERS[found.same_supplier],
        age="came in after this one" if found.newer else "came in before this one",
        words=found.likeness.there.text,
    )


@router.get("/innovations/{innovation_id}/compare/{other_id}")
def compare_innovations(
    request: Request, *, innovation_id: UUID, other_id: UUID, visit: CurrentVisit, _: InnovationComparer, session: Reading
) -> HTMLResponse:
    """Two innovations side by side, the words that both hold marked, and the form that merges them."""
    return compared(request, session, visit, (innovation_id, other_id))


def compared(
    request: Request,
    session: Session,
    visit: Visit,
    ids: tuple[UUID, UUID],
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    errors: Sequence[FormError] = (),
    status: int = http.HTTP_200_OK,
) -> HTMLResponse:
    """The page of two innovations, as it is asked for or as a form that was refused leads back to it."""
    one, other, likeness = likening.compared(session, *ids, actor=visit.actor)
    quotes = (likeness.here, likeness.there) if likeness else (None, None)
    marked: list[Mapping[str, list[Span]]] = [{quote.field: [(quote.start, quote.end)]} if quote else {} for quote in quotes]
    return page(
        request,
        "compare.jinja",
        visit,
        status=status,
        title=f"{one.name_shown} and {other.name_shown}",
        up={"href": f"/innovations/{one.id}", "text": one.name_shown},
        tag_shown=_LIKENESSES[likeness.is_nearly_the_same] if likeness else None,
        sides=[_side(row, spans) for row, spans in zip((one, other), marked, strict=True)],
        action=f"/innovations/{ids[0]}/compare/{ids[1]}",
        same_supplier=one.supplier_id is not None and one.supplier_id == other.supplier_id,
        may_merge=all(INNOVATION_MERGE.allows(visit.actor, subject_of(row)) for row in (one, other)),
        typed=typed,
        errors=errors,
        wrong=forms.by_field(errors),
    )


def _side(row: Innovation, spans: Mapping[str, list[Span]]) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "version": row.version,
        "name": row.name_shown,
        "href": f"/innovations/{row.id}",
        "about": about(row),
        "status": wording.STATUSES[Side.INNOVATION][row.status],
        "created_at": row.created_at,
        "sections": records.sections(row, spans=spans),
    }
