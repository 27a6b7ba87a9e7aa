"""One page of A4 to take along: a match with its reasons, or a need with what may answer it, as they stand on the day."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.pages import documents as shared
from api.pages import matches, pairs, tables, wording
from api.pages.rendering import page
from api.pages.sheets import FACT, HALF, LABEL, WHOLE, Sheet, clip, fullest, tall
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

_FINDINGS, _CANDIDATES, _PEOPLE, _PLACES = 5, 4, 2, 5
"""How many of each there is always room for; the test of one sheet fills them all with wide letters."""
_TITLE, _QUOTE, _LINE, _SHORT = 100, 80, 90, 60
# field -> how many of its letters there is always room for, beside another text and alone
_NEED: Final = {"population": (110, 200), "problem": (240, 460), "desired_outcome": (150, 260), "metric": (90, 150)}
_NEED_ALONE: Final = {**_NEED, "consequence_for_patients": (0, 200), "current_practice": (0, 220), "baseline": (0, 90), "target": (0, 90)}
_INNOVATION: Final = {"description": (160, 0), "problems_tackled": (120, 0), "how_it_works": (170, 0), "benefits": (110, 0)}
_FIRST: Final = ("excluded", "gap", "unknown", "partly", "met")
"""The order of verdicts among must-haves, and then among the rest: what is missing first."""
_HEADS: Final = {"match": 165.0, "need": 150.0}
"""Points that tags, headings and sources take on either sheet."""
_AS_TITLE: Final = 38.0
_HEADING: Final = 19.0
_NOBODY: Final = "nobody has an account yet"
_MARK: Final = "(illustrative)"
_TAGS: Final = "Possible match To decide Must-haves:"
"""What stands beside the words of an answer, for its width."""


@router.get("/proposals/{proposal_id}/brief")
def match_brief(
    request: Request, *, proposal_id: UUID, visit: CurrentVisit, actor: Reviewer, session: Reading, settings: CurrentSettings, at: Now
) -> HTMLResponse:
    """A match as somebody takes it into a meeting: both sides, why, how ready, where it is in use, whom to write to."""
    proposal = proposals.get(session, proposal_id, actor)
    need, innovation = showing.need_shown(proposal, actor), showing.innovation_shown(proposal, actor)
    signs = stages.signs_of(session, [proposal], actor=actor)[proposal.id]
    people = _people(contacts.of_match(session, proposal, actor=actor))
    findings, in_use = _ordered(proposal.findings), _stages(session, proposal, actor)
    standing = proposal.closing_decision
    decision = pairs.told(standing) if standing else None
    flags = matches.flags_shown(proposal.flags, actor)
    names = {"need": clip(need.name_shown, _TITLE), "innovation": clip(innovation.name_shown, _TITLE)}
    head = _HEADS["match"] + tall(" for ".join(names.values()), width=_AS_TITLE) * 1.4
    head += tall(*([" ".join(map(str, decision.values()))] if decision else []), *(each.kind for each in flags[:1]))

    def compose(sheet: Sheet) -> dict[str, Any]:
        sheet.height += head
        return _match(sheet, (need, innovation), findings, in_use, people)

    shown, sheet = fullest(compose, rows=len(findings), fewest=_FINDINGS)
    return page(
        request,
        "match_brief.jinja",
        visit,
        title=f"{innovation.name_shown} for: {need.name_shown}",
        names=names,
        up={"href": f"/proposals/{proposal_id}", "text": "Back to the match"},
        bodyClasses="app-one-page",
        band=wording.BANDS[proposal.band],
        state=wording.PROPOSAL_STATES[proposal.state],
        decision=decision,
        flags=flags,
        **shown,
        findings_left=len(findings) - len(shown["findings"]),
        cut=sheet.cut,
        signs=signs,
        stages=in_use[:_PLACES],
        contacts=people,
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

    def compose(sheet: Sheet) -> dict[str, Any]:
        return _need(sheet, need, must_haves, found, actor)

    shown, sheet = fullest(compose, rows=max(len(must_haves), len(found)), fewest=_CANDIDATES)
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
        visibility=wording.read_by(need),
        stale=need.is_stale(at),
        **shown,
        must_haves_left=len(must_haves) - len(shown["must_haves"]),
        must_haves_made_up="criteria" in need.illustrative,
        may_see=PROPOSAL_READ.admits(actor),
        candidates_left=len(found) - len(shown["candidates"]),
        cut=sheet.cut,
        answered=unmet.is_answered(session, need.id),
        call=calls.open_for(session, [need.id]).get(need.id),
        address=f"{settings.site}/needs/{need_id}",
        at=at,
    )


def _match(
    sheet: Sheet, pair: tuple[Need, Innovation], findings: Sequence[Mapping[str, Any]], in_use: Sequence[str], people: dict[str, Any]
) -> dict[str, Any]:
    """Why the two may fit and both texts, as far as this try has room beside where it is in use and whom to write to."""
    need, innovation = pair
    why = [_finding(sheet, row, need, innovation) for row in sheet.first(findings)]
    sides = [_side(sheet, need, _NEED), _side(sheet, innovation, _INNOVATION)]
    readiness = [
        {**row, "text": sheet.clip("; ".join(row["items"]), _LINE, row["label"]), "made_up": row["illustrative"]}
        for row in pairs.readiness_of(innovation)
    ]
    for row in why:
        sheet.take(_line(row))
    told = tall(f"{'; '.join(in_use[:_PLACES])} {_MARK}", "signs", width=HALF)
    sheet.height += max(side["height"] for side in sides)
    sheet.height += max(_HEADING + told + _tall_facts(readiness), tall(*people["lines"], width=HALF))
    return {"findings": why, "sides": sides, "readiness": readiness}


def _need(sheet: Sheet, need: Need, must_haves: Sequence[str], found: Sequence[Proposal], actor: Actor) -> dict[str, Any]:
    """What the need asks for and what may answer it, likewise."""
    side = _side(sheet, need, _NEED_ALONE, alone=True)
    asked = [sheet.clip(each, _QUOTE, "Must-haves") for each in sheet.first(must_haves)]
    facts = _facts(sheet, need)
    candidates = [_candidate(sheet, row, actor) for row in sheet.first(found)]
    for row in candidates:
        sheet.take(" ".join((row["name"], _TAGS, row["about"], row["must_haves"], row["words"])))
    sheet.height += _HEADS["need"] + side["height"]
    sheet.height += max(tall(*(f"{each} {_MARK}" for each in asked), width=HALF - 3), _tall_facts(facts))
    return {"side": side, "must_haves": asked, "facts": facts, "candidates": candidates}


def _side(sheet: Sheet, document: Need | Innovation, fields: dict[str, tuple[int, int]], *, alone: bool = False) -> dict[str, Any]:
    labels = wording.FIELDS[document.side]
    texts = {name: sheet.clip(getattr(document, name), room[alone], labels[name]) for name, room in fields.items()}
    rows = [{"label": labels[name], "text": text, "made_up": name in document.illustrative} for name, text in texts.items() if text]
    source, about = shared.source_of(document), clip(_about(document), _LINE)
    return {
        "kind": document.side.value,
        "about": about,
        "rows": rows,
        "source": sheet.clip(source.text, _SHORT, "Source"),
        "verified": source.verified,
        "illustrative": source.illustrative,
        "height": tall(about, *(line for text in texts.values() if text for line in ("label", text)), width=WHOLE if alone else HALF),
    }


def _about(document: Need | Innovation) -> str:
    """The line under the name, which says of a made-up stage that it is one."""
    return f"{matches.about(document)}{f' {_MARK}' if 'stage' in document.illustrative else ''}"


def _ordered(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Must-haves first, and in both parts what is missing before what is met."""
    return sorted(findings, key=lambda row: (not row.get("criterion"), _FIRST.index(row["verdict"])))


def _finding(sheet: Sheet, found: Mapping[str, Any], need: Need, innovation: Innovation) -> dict[str, Any]:
    """One verdict with the words that carry it, each marked where it was made up to show the field."""
    [row] = matches.findings_shown([found])
    made_up = {
        "label": row.must_have and "criteria" in need.illustrative,
        "need": _field(found, "need_quote") in need.illustrative,
        "innovation": _field(found, "innovation_quote") in innovation.illustrative,
    }
    return {
        "label": sheet.clip(row.label, _QUOTE, "Why these two"),
        "must_have": row.must_have,
        "verdict": row.verdict,
        "need": sheet.clip(row.need_quote, _QUOTE, "Why these two"),
        "innovation": sheet.clip(row.innovation_quote, _QUOTE, "Why these two"),
        "missing": sheet.clip(row.missing, _QUOTE, "Why these two"),
        "made_up": made_up,
    }


def _line(row: Mapping[str, Any]) -> str:
    """A finding as it stands on paper, for its width."""
    quoted = [f"{side} “{row[key]}”" for key, side in (("need", "Need:"), ("innovation", "Innovation:")) if row[key]]
    marks = [_MARK for said in row["made_up"].values() if said]
    return " ".join(("Must-have:" if row["must_have"] else "", row["label"], row["verdict"][0], *(quoted or [row["missing"]]), *marks))


def _tall_facts(rows: Iterable[Mapping[str, Any]]) -> float:
    """The height of labels with what they say beside them."""
    labels = ((f"{row['label']} {_MARK if row['made_up'] else ''}", row["text"]) for row in rows)
    return sum(max(tall(label, width=LABEL), tall(text, width=FACT)) for label, text in labels)


def _field(found: Mapping[str, Any], quote: str) -> str:
    """The field from which words are quoted."""
    name: str = (found.get(quote) or {}).get("field", "")
    return name


def _stages(session: Session, proposal: Proposal, actor: Actor) -> list[str]:
    """Where this match stands in each place that the reader may know of."""
    latest = {step.place_id: step for step in stage_rows.history(session, proposal.id, actor)}
    return [f"{step.place.name}: {tables.STAGES[step.stage].lower()} since {wording.day(step.on_date)}" for step in latest.values()]


def _people(found: Contacts) -> dict[str, Any]:
    """Two people a side, or one a place where there are many places."""
    each = _PEOPLE if len(found.places) <= _PEOPLE else 1
    teams = [{"name": name, "people": _few(people, each)} for name, people in found.places[:_PLACES]]
    offering = _few(found.offering, _PEOPLE)
    lines = [*(f"{team['name']} {_NOBODY} {'; '.join(team['people'])}" for team in teams), f"{_NOBODY} {'; '.join(offering)}"]
    return {"places": teams, "offering": offering, "after_meeting": found.after_meeting, "lines": lines}


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


def _candidate(sheet: Sheet, row: Proposal, actor: Actor) -> dict[str, Any]:
    innovation = showing.innovation_shown(row, actor)
    shown = matches.findings_shown(row.findings)
    return {
        "name": sheet.clip(innovation.name_shown, _QUOTE, "What may answer it"),
        "about": sheet.clip(_about(innovation), _SHORT, "What may answer it"),
        "band": wording.BANDS[row.band],
        "state": wording.PROPOSAL_STATES[row.state],
        "must_haves": matches.must_haves(shown),
        "words": sheet.clip(lead.innovation_quote, _SHORT, "What may answer it") if (lead := matches.leading(shown)) else "",
    }


def _facts(sheet: Sheet, need: Need) -> list[dict[str, Any]]:
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
    return [
        {"label": labels[name], "text": sheet.clip(text, _SHORT, labels[name]), "made_up": name in need.illustrative}
        for name, text in said
        if text
    ]
