"""One pair before whoever decides it: both texts as they were judged, what stands beside them, and the verdict's form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import FormData

from api.pages import documents as shared
from api.pages import forms, matches, records, wording
from api.pages.forms import FormError
from api.pages.highlighting import spans_of
from api.schemas.proposals import DecisionIn
from models.actors import Actor
from models.decisions import Decision, ReasonCode, Verdict
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need
from models.proposals import Proposal

FIELDS: Final = ("verdict", "reason", "note", "until-day", "until-month", "until-year")
"""Of the form of a verdict, as they are kept when it is refused."""


@dataclass(frozen=True, slots=True)
class Undo:
    """The decision that this visitor may still take back, and until when."""

    verdict: str
    until: datetime


def verdict_sent(sent: FormData) -> FormData:
    """The form of a verdict by its own names; on the page of a submission it comes with that of the outcome, whose names are others."""
    if "pair_version" not in sent:
        return sent
    two = (Verdict.REJECTED.value, Verdict.DEFERRED.value)
    verdict = next((each for each in two if f"{each}-reason" in sent), forms.text(sent, "verdict"))
    said = {"verdict": verdict, "version": forms.text(sent, "pair_version")}
    own = {name: forms.text(sent, f"{verdict}-{name}") for name in ("reason", "note")}
    return FormData(said | own | {name: forms.text(sent, name) for name in FIELDS if name.startswith("until-")})


def read_verdict(sent: FormData, at: datetime) -> tuple[DecisionIn | None, list[FormError]]:
    """The decision that the form makes by the rules of the API, or what is wrong with it; the domain's rules stand on the proposal."""
    verdict, code, until = forms.text(sent, "verdict"), forms.text(sent, "reason"), forms.day_typed(sent, "until")
    if verdict not in {Verdict.CONFIRMED, Verdict.REJECTED, Verdict.DEFERRED}:
        return None, [FormError("", "Choose what you decide: confirm, reject or set aside")]
    said: dict[str, Any] = {"verdict": verdict, "note": forms.text(sent, "note")}
    found = []
    if verdict != Verdict.CONFIRMED and code in set(ReasonCode):
        said["reason"] = code
    elif verdict != Verdict.CONFIRMED:
        found.append(FormError(f"{verdict}-reason", "Choose a reason"))
    if verdict == Verdict.DEFERRED:
        said["until"] = until
        if until is None:
            found.append(FormError("deferred-until", "Enter the day on which to look again, like 27 3 2027"))
        elif until <= at:
            found.append(FormError("deferred-until", "Enter a day that is still to come"))
    try:
        decision = DecisionIn.model_validate(said)
    except ValidationError as error:
        refused = forms.errors_of(error, missing={}, labels={"note": "Note", "until": "Look at it again on"})
        told = {each.field for each in found}
        # The form that confirms has no field to which an error could lead.
        named = [FormError(f"{verdict}-{each.field}" if verdict != Verdict.CONFIRMED else "", each.message) for each in refused]
        return None, found + [each for each in named if each.field not in told]
    if decision.reason is ReasonCode.OTHER and not decision.note:
        found.append(FormError(f"{verdict}-note", "Say in the note what the other reason is"))
    return (None, found) if found else (decision, [])


def side_of(proposal: Proposal, document: Need | Innovation) -> dict[str, Any]:
    """One of the two texts as it was judged, the quoted words marked; one that may not be read today is no link."""
    side, today = document.side, proposal.need if document.side is Side.NEED else proposal.innovation
    judged = proposal.need_as_judged if side is Side.NEED else proposal.innovation_as_judged
    fields: Mapping[str, str] = judged.content["fields"]
    return {
        "kind": side.value,
        "name": document.name_shown,
        "href": f"/{side}s/{document.id}" if document is today else "",
        "about": matches.about(document),
        "status": wording.STATUSES[side][document.status],
        "sections": records.sections(document, fields=fields, spans=spans_of(proposal.findings, side.value, fields)),
        "source": shared.source_of(document),
        "newer": document.revision != judged.number,
    }


def readiness_of(innovation: Innovation) -> list[dict[str, Any]]:
    """Stage, standards and evidence: beside the match, never part of it."""
    stage = records.stage_in_words(innovation)
    rows = (
        ("stage", [stage] if stage else []),
        ("deployed", [wording.yes_no(innovation.deployed)] if innovation.deployed is not None else []),
        ("standards", records.standards_in_words(innovation)),
        ("evidences", records.evidences_in_words(innovation)),
    )
    labels = wording.FIELDS[Side.INNOVATION]
    return [{"label": labels[name], "items": items, "illustrative": name in innovation.illustrative} for name, items in rows]


def told(decision: Decision) -> dict[str, Any]:
    """One verdict in words, with who gave it and when."""
    return {
        "who": decision.decided_by_name,
        "what": wording.DECISIONS[decision.verdict],
        "when": decision.decided_at,
        "reason": wording.code("reason_codes", decision.reason_code) if decision.reason_code else "",
        "note": decision.note,
        "until": decision.until,
    }


def undo_of(proposal: Proposal, actor: Actor, at: datetime, window: float) -> Undo | None:
    """The latest decision that stands, when it is this visitor's and the window has not passed."""
    undone = {row.undoes_id for row in proposal.decisions}
    live = [row for row in proposal.decisions if row.verdict is not Verdict.UNDONE and row.id not in undone]
    if not live or live[-1].decided_by != actor.person_id:
        return None
    until = live[-1].decided_at + timedelta(seconds=window)
    return Undo(live[-1].verdict.value, until) if at < until else None
