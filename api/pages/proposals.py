"""Pages of proposals: what waits for the Hub's decision, one pair side by side, the decision and its undo."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import chances, filters, forms, matches, pairs, place_words, precedents, wording
from api.pages import documents as shared
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other, with_query
from api.pages.views import views_shown
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.security import CurrentVisit, HubStaff, Reviewer, Skipper, Undoer, Visit
from api.services import deciding, showing, stages
from api.services.codes import code_lists
from api.services.deciding_many import MOST, Do
from api.services.library import Libraries
from api.services.stages import Signs
from models.actors import Actor
from models.decisions import Verdict
from models.documents import StaleVersion
from models.place_answers import PlaceAnswer, QuestionState
from models.places import Place
from models.policies import PROPOSAL_DECIDE
from models.proposals import Band, Proposal, ProposalClosed, ProposalState
from models.queries import place_answers, places, proposals, recipients
from models.queries.proposals import TO_DECIDE
from models.subjects import subject_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

PATH: Final = "/proposals"
FILTERS: Final = ("state", "band", "place")
_STATES: Final = {
    TO_DECIDE: "To decide now",
    ProposalState.DEFERRED.value: "Set aside",
    ProposalState.CONFIRMED.value: "Confirmed",
    ProposalState.REJECTED.value: "Rejected",
}
_DONE: Final = {
    Verdict.CONFIRMED.value: "You confirmed this match",
    Verdict.REJECTED.value: "You rejected this match",
    Verdict.DEFERRED.value: "You set this match aside",
    Verdict.UNDONE.value: "You took your decision back",
}
_DONE_TO_MANY: Final = {
    Do.REJECT.value: "You rejected {these}",
    Do.DEFER.value: "You set {these} aside",
    Do.SKIP.value: "You skipped {these}. Others still see them",
}


@router.get("/proposals")
def queue(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: Reviewer,
    session: Reading,
    at: Now,
    state: str | None = None,
    band: str | None = None,
    place: str | None = None,
    after: str | None = None,
    seen: Annotated[int, Query(ge=0, le=shared.MOST_LISTED)] = 0,
    skipped: str | None = None,
    done: str = "",
    count: Annotated[int, Query(ge=0, le=MOST)] = 0,
) -> HTMLResponse:
    """What waits for a decision, most probable first; or what was decided."""
    known = places.all_places(session)
    wanted = shared.chosen(state, list(_STATES)) or TO_DECIDE
    chosen_band = shared.chosen(band, list(Band))
    chosen_place = shared.chosen(place, [row.key for row in known])
    in_state = None if wanted == TO_DECIDE else ProposalState(wanted)
    in_band = Band(chosen_band) if chosen_band else None
    found = proposals.queue(
        session, actor, at=at, state=in_state, band=in_band, place=chosen_place, after=after or None, limit=shared.LISTED
    )
    signs = stages.signs_of(session, found.rows, actor=actor)
    selects, total = _selects(session, actor, at=at, known=known, state=in_state, band=in_band, place=chosen_place)
    questions = place_answers.of_proposals(session, actor, [row.id for row in found.rows])
    query = {"state": wanted if wanted != TO_DECIDE else None, "band": chosen_band, "place": chosen_place}
    return page(
        request,
        "proposals.jinja",
        visit,
        title="Matches to decide" if PROPOSAL_DECIDE.admits(actor) else "Proposed matches",
        rows=[
            _listed(row, signs[row.id], actor) | {"questions": [_question(each, actor) for each in questions[row.id]]} for row in found.rows
        ],
        deciding=wanted == TO_DECIDE,
        decides=PROPOSAL_DECIDE.admits(actor),
        skipped=bool(skipped),
        done=_DONE_TO_MANY[done].format(these=filters.counted(count, "match", "matches")) if done in _DONE_TO_MANY and count else "",
        number=filters.counted(total, "match", "matches"),
        selects=selects,
        filtered=bool(chosen_band or chosen_place or wanted != TO_DECIDE),
        may_decide_many=PROPOSAL_DECIDE.admits(actor) and wanted in {TO_DECIDE, ProposalState.DEFERRED},
        back=with_query("", query).removeprefix("?"),
        may_refer=actor.is_hub,
        views=views_shown(session, actor, PATH, filters.said(query)),
        turning=shared.turning(found, PATH, query, after, seen=seen, total=total),
    )


def _selects(
    session: Session,
    actor: Actor,
    *,
    at: datetime,
    known: Sequence[Place],
    state: ProposalState | None,
    band: Band | None,
    place: str | None,
) -> tuple[list[filters.Choice], int]:
    """The filters, each choice with how many matches it would show, and how many they leave together."""
    counts = proposals.counts_of(session, actor, at=at)
    counted = counts.by_state_and_band(place)
    all_places = [(row.key, row.name) for row in known]
    bands = [(each.value, wording.BANDS[each][0]) for each in Band]
    chosen = state.value if state is not None else TO_DECIDE
    by_place = counts.by_place(chosen, band)
    states = {name: sum(counted[name, each] for each in ([band] if band else Band)) for name in _STATES}
    by_band = {each.value: counted[chosen, each] for each in Band}
    named = _STATES if PROPOSAL_DECIDE.admits(actor) else _STATES | {TO_DECIDE: "For the Hub to decide"}
    selects = [
        ("state", "Show", chosen, [(name, f"{words} ({states[name]})") for name, words in named.items()]),
        filters.choice("band", "Match", band or "", everything=("", "All matches"), options=bands, counts=by_band),
        filters.choice("place", "Place", place or "", everything=("", "All places"), options=all_places, counts=by_place),
    ]
    return selects, states[chosen]


def _listed(row: Proposal, signs: Signs, actor: Actor) -> dict[str, Any]:
    shown = matches.findings_shown(row.findings)
    need, innovation = showing.need_shown(row, actor), showing.innovation_shown(row, actor)
    return {
        "id": str(row.id),
        "href": f"{PATH}/{row.id}",
        "need": need.name_shown,
        "need_about": matches.about(need),
        "innovation": innovation.name_shown,
        "innovation_about": matches.about(innovation),
        "band": wording.BANDS[row.band],
        "state": wording.PROPOSAL_STATES[row.state],
        "signs": signs,
        "lead": matches.leading(shown),
        "must_haves": matches.must_haves(shown),
        "decision": row.closing_decision,
    }


@router.get("/proposals/{proposal_id}")
def proposal_page(
    request: Request,
    *,
    proposal_id: UUID,
    visit: CurrentVisit,
    actor: Reviewer,
    session: Reading,
    settings: CurrentSettings,
    at: Now,
    done: str = "",
) -> HTMLResponse:
    """A need and an innovation side by side, what speaks for the pair and against it, and the decision."""
    proposal = proposals.get(session, proposal_id, actor)
    return _show(request, session, visit, proposal, at=at, window=settings.undo_window_seconds, done=_DONE.get(done, ""))


@router.post("/proposals/{proposal_id}/decision")
def decide(
    request: Request, *, proposal_id: UUID, visit: CurrentVisit, actor: HubStaff, settings: CurrentSettings, at: Now, sent: Sent
) -> Response:
    """Confirm, reject or set aside; what is missing is asked for with what was typed kept."""
    database: Database = request.app.state.database
    window = settings.undo_window_seconds
    decision, errors = pairs.read_verdict(sent, at)
    if decision is not None:
        try:
            with database.transaction() as session:
                deciding.decide(
                    session,
                    proposal_id,
                    Verdict(decision.verdict.value),
                    actor=actor,
                    at=at,
                    reason=decision.why,
                    undo_window_seconds=window,
                    version=forms.version(sent),
                )
            return see_other(f"/proposals/{proposal_id}", done=decision.verdict.value)
        except (ProposalClosed, StaleVersion) as error:
            return _refused(request, proposal_id, error, visit=visit, at=at, window=window, sent=sent)
    with database.reading() as session:
        proposal = proposals.get(session, proposal_id, actor)
        return _show(request, session, visit, proposal, at=at, window=window, errors=errors, sent=sent)


@router.post("/proposals/{proposal_id}/skip")
def skip(
    request: Request, *, proposal_id: UUID, visit: CurrentVisit, actor: Skipper, settings: CurrentSettings, at: Now, sent: Sent
) -> Response:
    """Hide it from this reviewer only, and go on to the next."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            deciding.skip(session, proposal_id, actor=actor, at=at, version=forms.version(sent))
    except (ProposalClosed, StaleVersion) as error:
        return _refused(request, proposal_id, error, visit=visit, at=at, window=settings.undo_window_seconds)
    with database.reading() as session:
        following = _next(session, actor, proposal_id, at)
    return see_other(f"/proposals/{following.id}") if following else see_other("/proposals", skipped="yes")


@router.post("/proposals/{proposal_id}/undo")
def undo(
    request: Request, *, proposal_id: UUID, visit: CurrentVisit, actor: Undoer, settings: CurrentSettings, at: Now, sent: Sent
) -> Response:
    """Take one's own decision back while the window lasts."""
    database: Database = request.app.state.database
    window = settings.undo_window_seconds
    try:
        with database.transaction() as session:
            deciding.undo(session, proposal_id, actor=actor, at=at, undo_window_seconds=window, version=forms.version(sent))
    except StaleVersion as error:
        return _refused(request, proposal_id, error, visit=visit, at=at, window=window)
    return see_other(f"/proposals/{proposal_id}", done=Verdict.UNDONE.value)


def _refused(
    request: Request,
    proposal_id: UUID,
    error: ProposalClosed | StaleVersion,
    *,
    visit: Visit,
    at: datetime,
    window: float,
    sent: FormData | None = None,
) -> HTMLResponse:
    """The proposal as it stands now, with who decided meanwhile, or that it changed; what was typed is kept."""
    told = forms.meanwhile("match") if isinstance(error, StaleVersion) else FormError("", error.message)
    database: Database = request.app.state.database
    with database.reading() as session:
        proposal = proposals.get(session, proposal_id, visit.actor)
        return _show(request, session, visit, proposal, at=at, window=window, errors=[told], sent=sent, status=http.HTTP_409_CONFLICT)


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    proposal: Proposal,
    *,
    at: datetime,
    window: float,
    done: str = "",
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
) -> HTMLResponse:
    open_now = proposal.state in {ProposalState.OPEN, ProposalState.DEFERRED}
    may_decide = PROPOSAL_DECIDE.allows(visit.actor, subject_of(proposal))
    following = _next(session, visit.actor, proposal.id, at) if may_decide else None
    need, innovation = showing.need_shown(proposal, visit.actor), showing.innovation_shown(proposal, visit.actor)
    libraries: Libraries = request.app.state.libraries
    return page(
        request,
        "proposal.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title=f"{innovation.name_shown} for: {need.name_shown}",
        names={"need": need.name_shown, "innovation": innovation.name_shown},
        up={"href": "/proposals", "text": "Matches to decide" if may_decide else "Proposed matches"},
        proposal=proposal,
        band=wording.BANDS[proposal.band],
        sure=chances.in_words(session, libraries, judged_by=proposal.run.ranker_hash).get(proposal.band, ""),
        state=wording.PROPOSAL_STATES[proposal.state],
        flags=matches.flags_shown(proposal.flags, visit.actor),
        findings=matches.findings_shown(proposal.findings),
        sides=[pairs.side_of(proposal, need), pairs.side_of(proposal, innovation)],
        readiness=pairs.readiness_of(innovation),
        signs=stages.signs_of(session, [proposal], actor=visit.actor)[proposal.id],
        before=precedents.before(session, libraries, proposal.need, actor=visit.actor),
        staged=proposal.handed_on,
        history=[pairs.told(row) for row in proposal.decisions],
        may_read_all=visit.actor.is_hub,
        told=_told(session, proposal, visit.actor, at=at, window=window),
        questions=[_question(row, visit.actor) for row in place_answers.of_proposals(session, visit.actor, [proposal.id])[proposal.id]],
        asked_later=proposal.state is ProposalState.CONFIRMED and not proposal.handed_on,
        undo=pairs.undo_of(proposal, visit.actor, at, window),
        may_decide=may_decide and open_now,
        following=f"/proposals/{following.id}" if following else "",
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
        typed={name: forms.text(sent, name) for name in pairs.FIELDS} if sent else {},
        reasons=code_lists()["reason_codes"],
    )


def _told(session: Session, proposal: Proposal, actor: Actor, *, at: datetime, window: float) -> dict[str, Any] | None:
    """Of a confirmed match: when it was or will be announced, and who can help where it should not have been."""
    standing = proposal.closing_decision
    if proposal.state is not ProposalState.CONFIRMED or standing is None:
        return None
    due = standing.decided_at + timedelta(seconds=window)
    return {
        "announced_at": standing.announced_at,
        "by": standing.decided_by_name,
        "due": due if at < due else None,
        "leads": recipients.leads(session) if actor.is_hub else [],
    }


def _question(row: PlaceAnswer, actor: Actor) -> dict[str, Any]:
    """What a place was asked about the match and what it said; `yours` while this visitor's place is waited for."""
    return {
        "href": f"/place-answers/{row.id}",
        "place": row.asked_as,
        "yours": row.state is QuestionState.ASKED and row.place_id in actor.place_ids,
        "answer_by": row.answer_by,
        "said": place_words.SAID[row.answer] if row.answer else "",
        "who": row.answered_by_name,
        "when": row.answered_at,
        "until": row.until,
        "reason": wording.code("reason_codes", row.reason_code) if row.reason_code else "",
    }


def _next(session: Session, actor: Actor, proposal_id: UUID, at: datetime) -> Proposal | None:
    """The most probable match that waits for this reviewer, other than the one in hand."""
    waiting = proposals.queue(session, actor, at=at, limit=2).rows
    return next((row for row in waiting if row.id != proposal_id), None)
