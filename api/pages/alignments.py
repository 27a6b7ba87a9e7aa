"""The Hub's page of needs that align: groups with the reason, proposed to their owners or dismissed, beside what is joint."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import coaching, forms, place_words
from api.pages.forms import FormError, Sent
from api.pages.matches import about
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import AlignmentDismisser, AlignmentProposer, AlignmentReader, CurrentVisit, Visit
from api.services import aligning
from api.services.aligning import Alignment, AlignmentRefused, Member
from api.services.library import Libraries, RankingUnavailable
from models.documents import Side
from models.queries import documents
from models.queries.documents import NotFound

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_SHOWN: Final = 20
_GROUPS: Final = 8
_MEMBERS: Final = 5
"""How many needs of a group are shown beside its first, each with its reasons; the others come when these are seen to."""
_DONE: Final = {
    "proposed": "The owners are asked by mail to join. Only they join, or do not.",
    "dismissed": "These needs are shown as one no more, until one of their texts changes.",
}
_GONE: Final = "One of these needs is open no more, or was withdrawn. This is how it stands now."


@router.get("/alignment")
def alignment_page(
    request: Request, *, visit: CurrentVisit, actor: AlignmentReader, session: Reading, libraries: SharedLibraries, done: str = ""
) -> HTMLResponse:
    """Groups over all open needs, those with most voices first."""
    return _show(request, session, libraries, visit, done=_DONE.get(done, ""))


@router.post("/alignment/propose")
def propose(
    request: Request, *, visit: CurrentVisit, actor: AlignmentProposer, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Ask those who own the ticked needs to join the first of the group."""
    first, chosen = _chosen(sent)

    def ask(session: Session) -> None:
        aligning.propose(session, first[0], [each for each in chosen if each != first[0]], actor=actor, at=at)

    if not first or not [each for each in chosen if each != first[0]]:
        told = FormError("", "Tick at least one need that may join the first of its group", href=_group_of(first))
        return _refused(request, visit, libraries, told, http.HTTP_422_UNPROCESSABLE_CONTENT)
    return _done(request, visit, libraries, ask, done="proposed", first=first)


@router.post("/alignment/dismiss")
def dismiss(
    request: Request, *, visit: CurrentVisit, actor: AlignmentDismisser, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Say of the first of a group and the ticked needs that no two of them are one."""
    first, chosen = _chosen(sent)
    together = list(dict.fromkeys([*first, *chosen]))

    def apart(session: Session) -> None:
        aligning.dismiss(session, together, actor=actor, at=at)

    if len(together) <= 1:
        told = FormError("", "Tick at least one need that is not one with the first of its group", href=_group_of(first))
        return _refused(request, visit, libraries, told, http.HTTP_422_UNPROCESSABLE_CONTENT)
    return _done(request, visit, libraries, apart, done="dismissed", first=first)


def _chosen(sent: FormData) -> tuple[list[UUID], list[UUID]]:
    """The first of the group, and the needs that are ticked; what is no id is left out."""
    return _ids([forms.text(sent, "first")]), _ids(forms.texts(sent, "need"))


def _ids(texts: Sequence[str]) -> list[UUID]:
    return [found for text in texts if (found := forms.uuid(text)) is not None]


def _group_of(first: Sequence[UUID]) -> str:
    """Where the needs of a group are ticked."""
    return f"#which-{first[0]}" if first else ""


def _done(
    request: Request, visit: Visit, libraries: Libraries, take: Callable[[Session], None], *, done: str, first: Sequence[UUID]
) -> Response:
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            take(session)
        return see_other("/alignment", done=done)
    except AlignmentRefused as error:
        need = error.details.get("need")
        told = FormError("", error.message, href=f"#need-{first[0]}-{need}" if need else _group_of(first))
        return _refused(request, visit, libraries, told, http.HTTP_409_CONFLICT)
    except NotFound:
        return _refused(request, visit, libraries, FormError("", _GONE), http.HTTP_409_CONFLICT)


def _refused(request: Request, visit: Visit, libraries: Libraries, told: FormError, status: int) -> HTMLResponse:
    database: Database = request.app.state.database
    with database.reading() as session:
        return _show(request, session, libraries, visit, errors=[told], status=status)


def _show(
    request: Request,
    session: Session,
    libraries: Libraries,
    visit: Visit,
    *,
    done: str = "",
    errors: Sequence[FormError] = (),
    status: int = http.HTTP_200_OK,
) -> HTMLResponse:
    shown: dict[str, Any] = {"groups": [], "joint": [], "unread": 0, "needs": 0, "more": 0}
    try:
        found = aligning.alignments(session, libraries, actor=visit.actor)
        groups = [each for each in found.groups if not each.is_joint]
        shown = {
            "groups": [_group(each) for each in groups[:_GROUPS]],
            "joint": [_group(each) for each in found.groups if each.is_joint],
            "unread": found.unread,
            "needs": found.needs,
            "more": max(0, len(groups) - _GROUPS),
        }
    except RankingUnavailable:
        shown["unavailable"] = True
    return page(
        request,
        "alignment.jinja",
        visit,
        status=status,
        title="Needs that may be one",
        up={"href": "/needs", "text": "All needs"},
        dismissed=_dismissed(session, visit),
        done=done,
        errors=errors,
        **shown,
    )


def _group(found: Alignment) -> dict[str, Any]:
    shown = found.members[: _MEMBERS + 1]
    first, *others = [_member(each) for each in shown]
    return {
        "scale": place_words.scale_in_words(found.scale),
        "first": first,
        "others": others,
        "more": len(found.members) - len(shown),
        "joint": first["joint"] if found.is_joint else "",
        "asked": ", ".join(each["title"] for each in (first, *others) if each is first or each["may_ask"]),
        "names": ", ".join(each.need.title for each in found.members),
    }


def _member(member: Member) -> dict[str, Any]:
    return {
        "id": str(member.need.id),
        "href": f"/needs/{member.need.id}",
        "title": member.need.title,
        "about": about(member.need),
        "joint": f"/joint-needs/{member.joint_need_id}" if member.joint_need_id else "",
        "may_ask": member.need.owner_place_id is not None and not member.joint_need_id,
        "proposed_at": member.proposed_at,
        "reason": coaching.reason_shown(member.agreement) if member.agreement else None,
    }


def _dismissed(session: Session, visit: Visit) -> list[dict[str, Any]]:
    """What was dismissed and still counts, by the titles of both needs."""
    rows = aligning.dismissed(session, actor=visit.actor)[:_SHOWN]
    needs = documents.of_ids(session, Side.NEED, [each for row in rows for each in (row.one_id, row.other_id)], visit.actor)
    return [
        {"one": needs[row.one_id].title, "other": needs[row.other_id].title, "at": row.dismissed_at}
        for row in rows
        if row.one_id in needs and row.other_id in needs
    ]
