"""One page of A4 to take along: a match with its reasons, or a need with what may answer it, as they stand on the day."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.pages import documents as shared
from api.pages import matches, pairs, tables, wording
from api.pages.matches import FindingShown
from api.pages.rendering import page
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.security import CurrentVisit, NeedReader, Reviewer
from api.services import contacts, showing, stages
from api.services.contacts import Contacts
from models.actors import Actor
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need
from models.people import Person
from models.policies import PROPOSAL_READ
from models.proposals import Band, Proposal
from models.queries import calls, documents, proposals, unmet
from models.queries import stages as stage_rows
from models.runs import RankingRun

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_FINDINGS, _CANDIDATES, _PEOPLE, _PLACES, _MUST_HAVES = 5, 4, 2, 5, 5
"""How many of each there is room for; the test of one sheet fills them all with wide letters."""
_TITLE, _QUOTE, _LINE, _SHORT = 100, 80, 90, 60
# field -> how many of its letters there is room for, beside another text and alone
_NEED: Final = {"population": (110, 200), "problem": (240, 460), "desired_outcome": (150, 260), "metric": (90, 150)}
_NEED_ALONE: Final = {**_NEED, "consequence_for_patients": (0, 200), "current_practice": (0, 220), "baseline": (0, 90), "target": (0, 90)}
_INNOVATION: Final = {"description": (160, 0), "problems_tackled": (120, 0), "how_it_works": (170, 0), "benefits": (110, 0)}


@router.get("/proposals/{proposal_id}/brief")
def match_brief(
    request: Request, *, proposal_id: UUID, visit: CurrentVisit, actor: Reviewer, session: Reading, settings: CurrentSettings, at: Now
) -> HTMLResponse:
    """A match as somebody takes it into a meeting: both sides, why, how ready, where it is in use, whom to write to."""
    proposal = proposals.get(session, proposal_id, actor)
    need, innovation = showing.need_shown(proposal, actor), showing.innovation_shown(proposal, actor)
    findings = matches.findings_shown(proposal.findings)
    signs = stages.signs_of(session, [proposal], actor=actor)[proposal.id]
    return page(
        request,
        "match_brief.jinja",
        visit,
        title=f"{innovation.name_shown} for: {need.name_shown}",
        names={"need": clip(need.name_shown, _TITLE), "innovation": clip(innovation.name_shown, _TITLE)},
        up={"href": f"/proposals/{proposal_id}", "text": "Back to the match"},
        bodyClasses="app-one-page",
        band=wording.BANDS[proposal.band],
        state=wording.PROPOSAL_STATES[proposal.state],
        decision=pairs.told(standing) if (standing := proposal.closing_decision) else None,
        flags=matches.flags_shown(proposal.flags, actor),
        sides=[_side(need, _NEED), _side(innovation, _INNOVATION)],
        findings=[_clipped(each) for each in findings[:_FINDINGS]],
        findings_left=max(len(findings) - _FINDINGS, 0),
        readiness=[{**row, "items": clip("; ".join(row["items"]), _LINE)} for row in pairs.readiness_of(innovation)],
        signs=signs,
        stages=_stages(session, proposal, actor),
        contacts=_people(contacts.of_match(session, proposal, actor=actor)),
        run=_run(proposal.run, proposal),
        address=f"{settings.site}/proposals/{proposal_id}",
        at=at,
    )


@router.get("/needs/{need_id}/brief")
def need_brief(
    request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedReader, session: Reading, settings: CurrentSettings, at: Now
) -> HTMLResponse:
    """A need as somebody takes it into a meeting, with the matches that were proposed for it."""
    need = documents.need(session, need_id, actor)
    found = _candidates(session, need, actor)
    must_haves = [wording.criterion({"kind": row.kind.value, "value": row.value}) for row in need.criteria]
    return page(
        request,
        "need_brief.jinja",
        visit,
        title=need.title,
        name=clip(need.title, _TITLE),
        up={"href": f"/needs/{need_id}", "text": "Back to the need"},
        bodyClasses="app-one-page",
        need=need,
        status_shown=wording.STATUSES[Side.NEED][need.status],
        visibility=wording.VISIBILITIES[Side.NEED][need.visibility],
        stale=need.is_stale(at),
        side=_side(need, _NEED_ALONE, alone=True),
        must_haves=[clip(each, _QUOTE) for each in must_haves[:_MUST_HAVES]],
        must_haves_left=max(len(must_haves) - _MUST_HAVES, 0),
        facts=_facts(need),
        may_see=PROPOSAL_READ.admits(actor),
        candidates=[_candidate(row, actor) for row in found[:_CANDIDATES]],
        candidates_left=max(len(found) - _CANDIDATES, 0),
        answered=unmet.is_answered(session, need.id),
        call=calls.open_for(session, [need.id]).get(need.id),
        address=f"{settings.site}/needs/{need_id}",
        at=at,
    )


def clip(words: str, room: int) -> str:
    """As many whole words as there is room for, on one line."""
    line = " ".join(words.split())
    if len(line) <= room:
        return line
    cut = line[: room - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[room // 2 :] else cut}…"


def _side(document: Need | Innovation, fields: dict[str, tuple[int, int]], *, alone: bool = False) -> dict[str, Any]:
    labels = wording.FIELDS[document.side]
    texts = {name: clip(getattr(document, name), room[alone]) for name, room in fields.items()}
    source = shared.source_of(document)
    return {
        "kind": document.side.value,
        "name": clip(document.name_shown, _TITLE),
        "about": clip(matches.about(document), _LINE),
        "rows": [{"label": labels[name], "text": text, "made_up": name in document.illustrative} for name, text in texts.items() if text],
        "source": clip(source.text, _SHORT),
        "verified": source.verified,
        "illustrative": source.illustrative,
    }


def _clipped(finding: FindingShown) -> dict[str, Any]:
    return {
        "label": clip(finding.label, _QUOTE),
        "must_have": finding.must_have,
        "verdict": finding.verdict,
        "need": clip(finding.need_quote, _QUOTE),
        "innovation": clip(finding.innovation_quote, _QUOTE),
        "missing": clip(finding.missing, _QUOTE),
    }


def _stages(session: Session, proposal: Proposal, actor: Actor) -> list[str]:
    """Where this match stands in each place that the reader may know of."""
    latest = {step.place_id: step for step in stage_rows.history(session, proposal.id, actor)}
    return [f"{step.place.name}: {tables.STAGES[step.stage].lower()} since {wording.day(step.on_date)}" for step in latest.values()]


def _people(found: Contacts) -> dict[str, Any]:
    """Two people a side, or one a place where there are many places."""
    each = _PEOPLE if len(found.places) <= _PEOPLE else 1
    teams = [{"name": name, "people": _few(people, each)} for name, people in found.places[:_PLACES]]
    return {"places": teams, "offering": _few(found.offering, _PEOPLE), "after_meeting": found.after_meeting}


def _few(people: Sequence[Person], count: int) -> list[str]:
    return [f"{clip(person.name, _SHORT)}, {person.email}" for person in people[:count]]


def _run(run: RankingRun, proposal: Proposal) -> dict[str, Any]:
    """By what the pair was judged, and on which texts."""
    versions = {"need": proposal.need_revision, "innovation": proposal.innovation_revision}
    return {"at": run.created_at, "ranker": clip(run.ranker, 60), "versions": versions, "outdated": proposal.is_outdated}


def _candidates(session: Session, need: Need, actor: Actor) -> list[Proposal]:
    """What was proposed for it at or above *possible*, for those who may read matches."""
    if not PROPOSAL_READ.admits(actor):
        return []
    return [row for row in proposals.of_document(session, actor, need_id=need.id) if row.band is not Band.WEAK]


def _candidate(row: Proposal, actor: Actor) -> dict[str, Any]:
    innovation = showing.innovation_shown(row, actor)
    shown = matches.findings_shown(row.findings)
    return {
        "name": clip(innovation.name_shown, _QUOTE),
        "about": clip(matches.about(innovation), _SHORT),
        "band": wording.BANDS[row.band],
        "state": wording.PROPOSAL_STATES[row.state],
        "must_haves": matches.must_haves(shown),
        "words": clip(lead.innovation_quote, _SHORT) if (lead := matches.leading(shown)) else "",
    }


def _facts(need: Need) -> list[tuple[str, str]]:
    """The short fields, of those that say something."""
    labels = wording.FIELDS[Side.NEED]
    said: Iterable[tuple[str, str]] = (
        ("patients_range", wording.code("patients_range", need.patients_range) if need.patients_range else ""),
        ("care_settings", "; ".join(wording.code("care_settings", each) for each in need.care_settings)),
        ("said_by", "; ".join(wording.code("said_by", each) for each in need.said_by)),
        ("owning_organisation", need.owner_organisation.name if need.owner_organisation else ""),
        ("by_when", wording.day(need.by_when) if need.by_when else ""),
        ("decision_date", wording.day(need.decision_date) if need.decision_date else ""),
        ("review_date", wording.day(need.review_date) if need.review_date else ""),
        ("funding", need.funding),
    )
    return [(labels[name], clip(text, _SHORT)) for name, text in said if text]
