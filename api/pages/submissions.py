"""One submission as the page of triage shows it: who has it, its pairs and the one in hand, what is to be said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.pages import matches, outcomes, pairs, records, wording
from api.pages.likenesses import likenesses_shown
from api.pages.outcomes import Bodies, Typed
from api.services import concluding, noting, precedents, showing, stages, stepping, triaging
from api.services.codes import code_lists
from api.services.library import Libraries, RankingUnavailable
from api.services.likening import flags_of_row
from api.services.proposing import NothingToRank, flags_as_json
from api.services.reading import unread_of
from models.actors import Actor
from models.clocks import ClockKind
from models.decisions import Verdict
from models.documents import Side
from models.policies import PROPOSAL_DECIDE, SUBMISSION_DECIDE
from models.proposals import Proposal, ProposalState
from models.queries import clocks, triage
from models.queries.triage import MOST_SHOWN
from models.subjects import subject_of
from models.triage import Outcome, OutcomeKind, Submission
from models.working_days import day_of, in_london

_KEYS_OF_REASONS: Final = "1234567890abo"
"""One a reason, in the order of the list; the last is *other*."""
_ASIDE: Final = timedelta(days=28)
_TOLD_APART: Final = "unread_text"
_VERDICTS: Final = {
    Verdict.CONFIRMED: "You confirmed the match with “{need}”",
    Verdict.REJECTED: "You rejected the match with “{need}”",
    Verdict.DEFERRED: "You set the match with “{need}” aside",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of a submission is looked at: which pair, all of them, which outcome.

    `kept` says that its duplicates stand there already, `after_outcome` that the outcome of another one led here,
    `at_pair` that the pair is to be read next, and not the outcome; `turned` that what was typed was typed for another outcome.
    """

    pair: UUID | None = None
    everything: bool = False
    outcome: OutcomeKind | None = None
    kept: bool = False
    after_outcome: bool = False
    at_pair: bool = False
    typed: Typed | None = None
    turned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Who looks, when, how long they may undo, and the address of the Hub that letters tell."""

    actor: Actor
    at: datetime
    window: float
    contact: str = ""


def view(session: Session, libraries: Libraries, submission_id: UUID, asked: Asked, by: Looker) -> dict[str, Any]:
    """All that the page says of one submission; raises NotFound."""
    found = triaging.shown(session, submission_id, actor=by.actor, everything=True)
    row, person_id = found.submission, by.actor.person_id
    first = found.proposals[:MOST_SHOWN]
    in_hand = _in_hand(found.proposals, asked, person_id)
    everything = asked.everything or (in_hand is not None and in_hand not in first)
    listed = found.proposals if everything else first
    may_act = row.is_open and row.assigned_to in {None, person_id} and SUBMISSION_DECIDE.allows(by.actor, subject_of(row))
    outcome = _outcome(session, row, first, asked, by, ranked=found.ranked) if may_act else None
    waits = any(stepping.waits_for(each, person_id) for each in first)
    return {
        "title": row.innovation.name_shown,
        "submission": row,
        "state": wording.SUBMISSION_STATES[row.state],
        "about": matches.about(row.innovation),
        "clock": _clock(session, row, by.at),
        "taken_by_other": row.is_open and row.assigned_to not in {None, person_id},
        "mine": row.is_open and row.assigned_to is not None and row.assigned_to == person_id,
        "may_act": may_act,
        **_beside(session, row, by.actor),
        "likenesses": () if asked.kept else likenesses_shown(session, libraries, row.innovation, by.actor),
        "earlier": [_earlier(each) for each in found.earlier],
        "history": [_outcome_told(each) for each in row.outcomes],
        "holder": _holder(session, row, by.actor),
        "rows": [_listed(number, each, row, in_hand, by.actor, all_of_them=everything) for number, each in enumerate(listed, 1)],
        "more": len(found.proposals) - len(listed),
        "undecided": any(each.state is ProposalState.OPEN for each in found.proposals),
        "ranked": found.ranked,
        "pair": _pair(session, libraries, in_hand, by, may_act=may_act) if in_hand is not None else None,
        "outcome": outcome,
        "at_pair": in_hand is not None and (asked.at_pair or outcome is None or outcome["typed"] is None),
        "lost": asked.typed.own_words if asked.typed is not None and not may_act else (),
        "last": _last(session, row, found.proposals, by),
        "before": _before(session, row, by) if asked.after_outcome else None,
        "next": f"/triage/next?after={row.id}{'' if waits or not first else '&done=true'}",
        "address": _address(row, in_hand, asked, everything=everything),
    }


def _in_hand(found: Sequence[Proposal], asked: Asked, person_id: UUID | None) -> Proposal | None:
    """The pair that is asked for, else the first that waits, else the best."""
    chosen = next((each for each in found if each.id == asked.pair), None)
    return chosen or stepping.next_pair(found[:MOST_SHOWN], person_id=person_id) or next(iter(found), None)


def _address(row: Submission, in_hand: Proposal | None, asked: Asked, *, everything: bool) -> str:
    said = [f"pair={in_hand.id}"] if in_hand is not None else []
    said += ["all=true"] if everything else []
    said += [f"outcome={asked.outcome}"] if asked.outcome is not None else []
    return f"/triage/{row.id}" + (f"?{'&'.join(said)}" if said else "")


def _clock(session: Session, row: Submission, at: datetime) -> dict[str, Any]:
    clock = clocks.of(session, ClockKind.TRIAGE, row.id)
    if clock is None or not row.is_open:
        return {}
    return {"days": clock.working_days(at), "due": clock.overdue_on, "overdue": clock.is_overdue(at), "paused": clock.is_paused}


def _beside(session: Session, row: Submission, actor: Actor) -> dict[str, Any]:
    """What staff should look at before any pair: flags, what is not read, and where it is in use."""
    innovation = row.innovation
    uptake = stages.uptake(session, innovation.id, actor=actor)
    return {
        "flags": matches.flags_shown([each for each in flags_as_json(flags_of_row(innovation)) if each["kind"] != _TOLD_APART], actor),
        "unread": wording.READABILITIES.get(innovation.readability, ""),
        "cut": [(wording.FIELDS[Side.INNOVATION].get(name, name), count) for name, count in unread_of(innovation).items()],
        "in_use": [(each.place.name, each.stage.value, each.since) for each in uptake.places],
        "pilots": uptake.signs.pilots,
        "third_pilot": uptake.signs.third_pilot_no_adoption,
        "sections": records.sections(innovation),
        "notes": noting.notes(session, row.id, actor=actor),
    }


def _earlier(row: Submission) -> dict[str, Any]:
    last = row.standing
    return {"href": f"/triage/{row.id}", "number": row.number, "when": row.submitted_at, "says": last.in_words if last else row.in_words}


def _holder(session: Session, row: Submission, actor: Actor) -> str:
    """Who has it or how it left; whoever gave it to a colleague reads that they did."""
    if row.is_open and row.open_ask is None and row.taken_at is not None and triage.assigner(session, row) == actor.name:
        return f"You gave this submission to {row.assigned_to_name} at {in_london(row.taken_at)}."
    return row.in_words


def _outcome_told(row: Outcome) -> dict[str, Any]:
    return {
        "to_print": f"/triage/{row.submission_id}/letters/{row.id}" if _is_to_print(row) else "",
        "says": row.in_words,
        "reason": wording.code("reason_codes", row.reason_code) if row.reason_code else "",
        "note": row.note,
        "letter": row.letter,
        "left": row.settled_at,
        "mailed_to": row.mailed_to,
        "undoing": row.kind is OutcomeKind.UNDONE,
    }


def _is_to_print(row: Outcome) -> bool:
    """Whether its letter stands, and found nobody to be mailed to."""
    submission = row.submission
    return row.settled_at is not None and not row.mailed_to and submission.standing is row and submission.left_by is None


def _listed(
    number: int, row: Proposal, submission: Submission, in_hand: Proposal | None, actor: Actor, *, all_of_them: bool
) -> dict[str, Any]:
    need = showing.need_shown(row, actor)
    return {
        "number": number,
        "href": f"/triage/{submission.id}?pair={row.id}{'&all=true' if all_of_them else ''}",
        "need": need.name_shown,
        "about": matches.about(need),
        "band": wording.BANDS[row.band],
        "state": _state_for(row, actor.person_id),
        "current": in_hand is not None and row.id == in_hand.id,
    }


def _state_for(row: Proposal, person_id: UUID | None) -> tuple[str, str]:
    """Where a pair stands for whoever looks: one that they skipped waits for others alone."""
    skipped = row.state is ProposalState.OPEN and not stepping.waits_for(row, person_id)
    return ("You skipped it", "grey") if skipped else wording.PROPOSAL_STATES[row.state]


def _pair(session: Session, libraries: Libraries, row: Proposal, by: Looker, *, may_act: bool) -> dict[str, Any]:
    """The pair in hand: its verdicts, both texts with the quoted words marked, and what stands beside them."""
    need, innovation = showing.need_shown(row, by.actor), showing.innovation_shown(row, by.actor)
    signs = stages.signs_of(session, [row], actor=by.actor)[row.id]
    open_now = row.state in {ProposalState.OPEN, ProposalState.DEFERRED}
    aside = day_of(by.at + _ASIDE)
    return {
        "row": row,
        "need": need.name_shown,
        "innovation": innovation.name_shown,
        "about": matches.about(need),
        "band": wording.BANDS[row.band],
        "state": _state_for(row, by.actor.person_id),
        "flags": matches.flags_shown(row.flags, by.actor),
        "findings": matches.findings_shown(row.findings),
        "sides": [pairs.side_of(row, innovation), pairs.side_of(row, need)],
        "readiness": pairs.readiness_of(innovation),
        "elsewhere": signs.piloted_elsewhere,
        "precedents": _precedents(session, libraries, row, by.actor),
        "history": [pairs.told(each) for each in row.decisions],
        "may_decide": may_act and open_now and PROPOSAL_DECIDE.allows(by.actor, subject_of(row)),
        "reasons": list(zip(_KEYS_OF_REASONS, code_lists()["reason_codes"], strict=True)),
        "aside": {"until-day": aside.day, "until-month": aside.month, "until-year": aside.year},
    }


def _precedents(session: Session, libraries: Libraries, row: Proposal, actor: Actor) -> list[dict[str, Any]] | None:
    """What places adopted for needs like this one; None while texts cannot be compared."""
    try:
        found = precedents.of_need(session, libraries, row.need_id, actor=actor, limit=MOST_SHOWN)
    except (RankingUnavailable, NothingToRank):
        return None
    return [
        {
            "place": each.place.name,
            "stage": each.stage.value,
            "since": each.since,
            "innovation": each.innovation.name_shown,
            "href": f"/innovations/{each.innovation.id}",
            "need": each.need.name_shown,
            "need_href": f"/needs/{each.need.id}",
            "result": each.result.text if each.result is not None else "",
        }
        for each in found
    ]


def _outcome(session: Session, row: Submission, first: Sequence[Proposal], asked: Asked, by: Looker, *, ranked: bool) -> dict[str, Any]:
    """The outcome's form: as it was sent, as it is asked for, or as the verdicts speak for it."""
    person_id = by.actor.person_id
    speaks_for = stepping.suggestion(first, person_id=person_id, ranked=ranked)
    kind = asked.typed.kind if asked.typed else asked.outcome or speaks_for.kind
    bodies = outcomes.bodies_of(session, row, by.actor) if kind is OutcomeKind.REFER else Bodies()
    typed = None
    if kind is not None:
        begun = outcomes.begun(kind, first, bodies, ranked=ranked, at=by.at)
        said = outcomes.completed(asked.typed, begun) if asked.turned and asked.typed else asked.typed or begun
        typed = outcomes.with_draft(session, row, outcomes.with_reason(said, bodies), actor=by.actor, at=by.at, contact=by.contact)
    told = outcomes.shown(row, typed, bodies, found=first, by=by.actor, ranked=ranked, suggested=speaks_for.kind)
    return told | {"to": _addresses(session, row)}


def _addresses(session: Session, row: Submission) -> list[str]:
    """Where its letter goes; none when it is to be printed."""
    return [person.email for person in concluding.innovators_of(session, row)]


def _last(session: Session, row: Submission, found: Sequence[Proposal], by: Looker) -> dict[str, Any] | None:
    """What this person may still take back of this submission: a verdict on one of its pairs, or its outcome."""
    step = stepping.last_step(row, found, person_id=by.actor.person_id, at=by.at, window_seconds=by.window)
    if step is None:
        return None
    if isinstance(step, Outcome):
        return _outcome_to_take_back(session, step, by)
    proposal = step.proposal
    says = _VERDICTS[step.verdict].format(need=showing.need_shown(proposal, by.actor).name_shown)
    return _taken_back_by(f"/triage/proposals/{proposal.id}/undo", says, step.decided_at, proposal.version, by)


def _before(session: Session, row: Submission, by: Looker) -> dict[str, Any] | None:
    """The outcome of another submission, which this person gave just now and may still take back."""
    given = stepping.just_given(session, person_id=by.actor.person_id, at=by.at, window_seconds=by.window)
    return _outcome_to_take_back(session, given, by) if given is not None and given.submission_id != row.id else None


def _outcome_to_take_back(session: Session, given: Outcome, by: Looker) -> dict[str, Any]:
    row = given.submission
    says = wording.OUTCOMES[given.kind].done.format(name=row.innovation.name_shown)
    return _taken_back_by(f"/triage/{row.id}/undo", says, given.given_at, row.version, by) | {
        "letter": True,
        "to": _addresses(session, row),
    }


def _taken_back_by(action: str, says: str, at: datetime, version: int, by: Looker) -> dict[str, Any]:
    return {"action": action, "says": says, "at": at, "until": at + timedelta(seconds=by.window), "version": version}
