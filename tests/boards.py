"""What a board reads about, for tests: needs of several places, innovations that came some way, and reasons why not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import deciding, referring, stages
from api.services.stages import Step
from models.actors import Actor
from models.decisions import Reason, ReasonCode, Verdict
from models.needs import Need, NeedStatus
from models.organisations import CompanySize, Origin
from models.pipeline import PipelineStage
from models.proposals import Proposal
from models.referrals import Answered, DeclineCode
from models.runs import RankingRun
from models.working_days import day_of
from tests import factories, merges, place_answers, triage

WEEK = timedelta(days=7)
EVERYWHERE = tuple(factories.PLACES)


def stand_in(session: Session, proposal: Proposal, place: str, *steps: PipelineStage, at: datetime, by: Actor) -> None:
    """Take a match on in a place, a day after another."""
    for number, stage in enumerate(steps):
        reason = Reason(code=ReasonCode.NO_BUDGET) if stage is PipelineStage.STOPPED else Reason()
        moment = at + timedelta(days=number)
        stages.change(session, proposal.id, Step(place, stage, on_date=day_of(moment), reason=reason), actor=by, at=moment)


def unmet(session: Session, *, at: datetime, looked_at: int = 7, **values: object) -> Need:
    """An open need that was ranked, and that nothing answers."""
    said = {"created_at": at, "opened_at": at, "updated_at": at, "proposed_revision": 1, "embedded_revision": 1}
    need = factories.make_need(session, **said | values)
    run = {"query_side": "need", "need_id": need.id, "query_revision": 1, "ranker": "test", "ranker_hash": "0" * 64, "encoder_id": "test"}
    session.add(RankingRun(**run, event_position=0, candidate_count=looked_at, best_probability=None, nothing_fits=True, created_at=at))
    session.flush()
    return need


def some_months(session: Session, at: datetime) -> dict[str, UUID]:
    """Needs in several themes, a match that a place adopted, one that was stopped, one that was turned down; by name."""
    began = at - 8 * WEEK
    hub = place_answers.staff(session, name="Hub triage officer")
    supplier = factories.make_organisation(session)
    supplier.size, supplier.origin = CompanySize.UP_TO_5, Origin.WEST_YORKSHIRE
    dated = {"created_at": began, "updated_at": began}
    falls = factories.make_need(
        session,
        title="Residents of care homes fall at night",
        theme="Ageing well",
        places=("LDS", "WAK"),
        opened_at=began,
        key_health_inequalities=["NONE"],
        **dated,
    )
    waits = factories.make_need(
        session, title="Scans of the heart wait for months", theme="Imaging", places=("BDC",), opened_at=began, **dated
    )
    everywhere = unmet(session, at=began, title="Spacers for inhalers are thrown away", theme="Net zero", places=EVERYWHERE)
    ended = factories.make_need(
        session, title="Letters nobody can read", theme="Inequalities", status=NeedStatus.MET, opened_at=began, **dated
    )

    used, stopped, turned_down = (_handed_in(session, name, began) for name in ("Night sensor", "Sensor mat", "Reminder by telephone"))
    adopted = place_answers.announced(session, falls, used, at=began + WEEK, created_at=began)
    stand_in(session, adopted, "LDS", *list(PipelineStage)[:4], at=began + 2 * WEEK, by=hub)
    given_up = place_answers.announced(session, falls, stopped, at=began + WEEK, created_at=began, probability=0.7)
    steps = (PipelineStage.INTRODUCED, PipelineStage.EVALUATING, PipelineStage.STOPPED)
    stand_in(session, given_up, "WAK", *steps, at=began + 2 * WEEK, by=hub)
    refused = factories.make_proposal(session, waits, turned_down, created_at=began)
    why = Reason(code=ReasonCode.WRONG_SETTING)
    said = {"actor": hub, "at": began + WEEK, "undo_window_seconds": triage.WINDOW}
    deciding.decide(session, refused.id, Verdict.REJECTED, reason=why, **said)
    asked = merges.referral(session, used, at=at - WEEK)
    declined = merges.referral(
        session, merges.active(session, name="Sleep diary"), merges.body(session, name="Regional test bed"), at=began
    )
    referring.answer(
        session, declined.id, Answered.DECLINED, code=DeclineCode.TOO_EARLY, note="Come back with a prototype.", actor=hub, at=at
    )
    return {
        "board_need": falls.id,
        "board_unmet": everywhere.id,
        "board_closed": ended.id,
        "board_match": adopted.id,
        "board_stopped": given_up.id,
        "board_referral": asked.id,
        "board_declined": declined.id,
    }


def _handed_in(session: Session, name: str, at: datetime) -> object:
    """An innovation that went through triage: archived, or made active."""
    row = triage.submission(session, at=at, name=name, created_at=at)
    by = triage.officer(session)
    choice = triage.ARCHIVE if name.startswith("Reminder") else triage.ACTIVE
    triage.settle(session, triage.conclude(session, row, replace(choice), by, at=at + WEEK), at=at + WEEK + triage.LATER)
    return row.innovation


def _referral(world: Any, what: str, **said: str) -> Any:
    found = world.make(merges.referral)
    world.on(None)
    return world.form(f"/referrals/{found.id}/{what}", version="1", **said)


def _referred_on(world: Any) -> Any:
    other = world.make(merges.body, name="Another body")
    return _referral(world, "on", body_id=str(other.id), reason="They plan evaluations.")


def _published(world: Any) -> Any:
    return world.form(f"/needs/{world.on(world.make(factories.make_need, proposed_revision=1)).id}/call")


def _rejected(world: Any) -> Any:
    chosen = f"{world.on(world.proposal())}.1"
    return world.form("/proposals/bulk", verdict="rejected", reason="no_budget", chosen=chosen)


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /referrals/{referral_id}/answer": ("referral.accepted", lambda world: _referral(world, "answer", answer="accepted")),
    "POST /referrals/{referral_id}/close": ("referral.closed", lambda world: _referral(world, "close", outcome="helped")),
    "POST /referrals/{referral_id}/on": ("referral.offered", _referred_on),
    "POST /needs/{need_id}/call": ("call.published", _published),
    "POST /proposals/bulk": ("proposal.rejected", _rejected),
}
"""What the pages for the board and of referrals change, and the event of each."""
