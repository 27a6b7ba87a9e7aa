"""Pages of needs that are one, or may be: others like a need, joining and leaving, and what may answer all of them."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import coaching, forms, matches, place_words
from api.pages.forms import FormError, Sent
from api.pages.need_parts import joint_shown
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, JointNeedReader, NeedComparer, NeedJoiner, NeedLeaver, Visit
from api.services import aligning, joining, joint_matching, precedents
from api.services.joint_matching import JointMatch
from api.services.library import Libraries, RankingUnavailable
from api.services.precedents import Precedent
from api.services.proposing import NothingToRank
from models.actors import Actor
from models.documents import StaleVersion
from models.joint_needs import JoinRefused, JointNeed, NotJoint
from models.needs import Need, NeedStatus
from models.policies import JOINT_NEED_MATCH, NEED_JOIN, NEED_READ_PRECEDENTS, NEED_SIMILAR
from models.queries import documents
from models.subjects import subject_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_UNAVAILABLE: Final = (
    "We cannot compare needs at the moment. Everything else works. Try again in a few minutes; if this stays, tell the Hub lead."
)


@router.get("/needs/{need_id}/similar")
def similar_page(
    request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedComparer, session: Reading, libraries: SharedLibraries
) -> HTMLResponse:
    """Other places' needs like this one, with joining in one step, and what was adopted for such needs."""
    return _similar(request, session, libraries, visit, documents.need(session, need_id, actor))


@router.post("/needs/{need_id}/join")
def join_need(
    request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedJoiner, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Join another place's need, whose address this is, with one's own."""
    database: Database = request.app.state.database
    own_id = forms.uuid(forms.text(sent, "need_id"))
    with database.reading() as session:
        other = documents.need(session, need_id, actor)
        own = documents.need(session, own_id, actor) if own_id is not None else other
    try:
        with database.transaction() as session:
            joining.join(session, other.id, own.id, actor=actor, at=at)
        return see_other(f"/needs/{own.id}", done="joined")
    except JoinRefused as error:
        with database.reading() as session:
            return _similar(request, session, libraries, visit, own, errors=[FormError("", error.message)])


@router.post("/needs/{need_id}/leave")
def leave_joint_need(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedLeaver, at: Now, sent: Sent) -> Response:
    """Take one's need out of its joint need, by the version of that."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            joining.leave(session, need_id, actor=actor, at=at, version=forms.version(sent))
        return see_other(f"/needs/{need_id}", done="left")
    except NotJoint:
        return see_other(f"/needs/{need_id}", done="left")
    except StaleVersion:
        with database.reading() as session:
            joint = joining.of_need(session, need_id, actor=actor)
            told = [
                FormError("", "Somebody joined or left after you opened the page. This is how it stands now: look at it and try again.")
            ]
            return _joint(request, session, None, visit, joint, errors=told) if joint else see_other(f"/needs/{need_id}")


@router.get("/joint-needs/{joint_need_id}")
def joint_need_page(
    request: Request, *, joint_need_id: UUID, visit: CurrentVisit, actor: JointNeedReader, session: Reading, libraries: SharedLibraries
) -> HTMLResponse:
    """A joint need: its members in their own words, its scale, and the one list of what may answer them."""
    return _joint(request, session, libraries, visit, joining.get(session, joint_need_id, actor=actor))


def _similar(
    request: Request, session: Session, libraries: Libraries, visit: Visit, need: Need, *, errors: Sequence[FormError] = ()
) -> HTMLResponse:
    actor = visit.actor
    NEED_SIMILAR.check(actor, subject_of(need))
    found: Sequence[dict[str, Any]] = ()
    before: Sequence[dict[str, Any]] = ()
    silent = ""
    try:
        found = [coaching.similar_shown(each) for each in aligning.similar_to(session, libraries, need.id, actor=actor)]
        if NEED_READ_PRECEDENTS.allows(actor, subject_of(need)):
            before = [_precedent(each) for each in precedents.of_need(session, libraries, need.id, actor=actor)]
    except RankingUnavailable:
        silent = _UNAVAILABLE
    except NothingToRank as error:
        silent = error.message
    joint = joining.of_need(session, need.id, actor=actor)
    return page(
        request,
        "similar.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=f"Others with a need like this: {need.title}",
        up={"href": f"/needs/{need.id}", "text": need.title},
        need=need,
        found=found,
        precedents=before,
        silent=silent,
        joint=f"/joint-needs/{joint.id}" if joint is not None else "",
        is_draft=need.status is NeedStatus.DRAFT and NEED_JOIN.allows(actor, subject_of(need)),
        errors=errors,
    )


def _precedent(each: Precedent) -> dict[str, Any]:
    return {
        "need": {"href": f"/needs/{each.need.id}", "title": each.need.title},
        "innovation": {"href": f"/innovations/{each.innovation.id}", "name": each.innovation.name_shown},
        "place": each.place.name,
        "stage": place_words.STAGES[each.stage],
        "since": each.since,
        "result": each.result.text if each.result else "",
        "measured": each.result.measured_value if each.result else "",
        "reason": coaching.reason_shown(each.reason),
    }


def _joint(
    request: Request,
    session: Session,
    libraries: Libraries | None,
    visit: Visit,
    joint: JointNeed,
    *,
    errors: Sequence[FormError] = (),
) -> HTMLResponse:
    shown = joint_shown(session, joint, visit.actor)
    may_match = joint.in_force and libraries is not None and JOINT_NEED_MATCH.allows(visit.actor, subject_of(joint))
    return page(
        request,
        "joint_need.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=" and ".join(member["title"] for member in shown["members"][:2]) or "A joint need",
        up={"href": "/needs", "text": "All needs"},
        joint=shown,
        in_force=joint.in_force,
        may_match=may_match,
        errors=errors,
        **(_candidates(session, libraries, joint.id, visit.actor) if may_match and libraries is not None else {}),
    )


def _candidates(session: Session, libraries: Libraries, joint_need_id: UUID, actor: Actor) -> dict[str, Any]:
    """The one list of all members, or why there is none."""
    try:
        found = joint_matching.matches_of(session, libraries, joint_need_id, actor=actor, limit=matches.RANKED)
    except RankingUnavailable:
        return {"unavailable": True}
    except NothingToRank as error:
        return {"nothing_to_rank": error.message}
    cards = [_candidate(each, actor) for each in found.matches if each.match.judgement.band.value != "weak"]
    return {"nothing_fits": found.nothing_fits, "compared": found.candidate_count, "cards": cards}


def _candidate(each: JointMatch, actor: Actor) -> dict[str, Any]:
    return {"card": matches.innovation_card(each.match, actor), "answers": {"href": f"/needs/{each.member.id}", "title": each.member.title}}
