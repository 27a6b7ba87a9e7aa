"""Needs, barriers, stages, exposure and inequality: what is counted, group by group."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import calling
from api.services.codes import code_lists
from api.services.tabulating import Cell, Column, Report, columns
from matcher.significance import wilson
from models.actors import SYSTEM, Actor
from models.decisions import ReasonCode
from models.documents import Side
from models.feedback import QUESTION, Answer
from models.needs import Need, NeedStatus
from models.organisations import CompanySize, Origin
from models.pipeline import ADOPTED_HERE, PipelineStage
from models.place_answers import PLACES_OF_THE_REGION
from models.queries import calls as calls_of
from models.queries import feedback as feedback_rows
from models.queries import joint_needs, reports, unmet
from models.queries import places as place_rows
from models.queries.reports import Pair
from models.working_days import day_of

EVERYWHERE: Final = "WY"
"""Stands for a need of all five places, which is one voice and not five places that agree."""
_AT_ONCE: Final = 500
_NO_THEME, _NOT_KNOWN = "no theme", "not known"


def needs_by_place(session: Session, *, at: datetime, **_rest: object) -> Report:
    """Needs by theme and place; one of all five places stands in a row of its own."""
    unanswered = joint_needs.with_mates(session, {need.id for need in _unmet(session, SYSTEM)})
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for need in reports.needs(session, [NeedStatus.OPEN, NeedStatus.MET, NeedStatus.CLOSED]):
        for place in voices(place.key for place in need.places):
            cell = counted[need.theme or _NO_THEME, place]
            cell[need.status.value] += 1
            cell["unmet"] += need.id in unanswered
            cell["stale"] += need.is_stale(at)
    names = ("open", "unmet", "stale", "met", "closed")
    return Report(
        name="needs-by-place",
        title="Needs by theme and place",
        question="Which needs does each place have, and which of them does nothing answer yet?",
        columns=columns(theme="Theme", place="Place", open="Open", unmet="Open, unmet", stale="Open, to renew", met="Met", closed="Closed"),
        rows=[{"theme": theme, "place": place, **{name: cell[name] for name in names}} for (theme, place), cell in sorted(counted.items())],
        notes=[f"{EVERYWHERE} is a need of West Yorkshire as a whole: one voice. A need of two to four places counts once in each."],
    )


def unmet_needs(session: Session, *, at: datetime, actor: Actor, **_period: datetime | None) -> Report:
    """The open needs that nothing answers yet, of those that the actor may read."""
    rows = _unmet(session, actor)
    places = calling.asked_by_all(session, rows, actor=actor)
    known, calls = unmet.searched(session, rows), calls_of.open_for(session, [need.id for need in rows])
    return Report(
        name="unmet-needs",
        title="Unmet needs",
        question="Which open needs does nothing that we know answer, and since when?",
        columns=columns(
            need="Need",
            title="Title",
            places="Places",
            theme="Theme",
            days="Days without an answer",
            best_band="Best that was seen",
            looked_at="Innovations looked at",
            call="Open call",
        ),
        rows=[
            {
                "need": str(need.id),
                "title": need.title,
                "places": " ".join(places[need.id]),
                "theme": need.theme or _NO_THEME,
                "days": (day_of(at) - day_of(known[need.id].since)).days,
                "best_band": band.value if (band := known[need.id].band) else None,
                "looked_at": known[need.id].looked_at,
                "call": calls[need.id].reference if need.id in calls else None,
            }
            for need in rows
        ],
        notes=[
            "A joint need is one row, that of its oldest member, with the places of all.",
            "Needs that you may not read are left out here; the table of needs by theme and place counts them.",
        ],
    )


def barriers(session: Session, *, since: datetime | None, until: datetime | None, **_moment: object) -> Report:
    """Why not, by quarter and reason, and who said so."""
    sources = reports.all_reasons(session, since, until)
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for source, found in sources.items():
        for barrier in found:
            counted[quarter_of(barrier.at), barrier.reason][source] += 1
    order = {code.value: number for number, code in enumerate(ReasonCode)}
    return Report(
        name="barriers",
        title="Barriers",
        question="What keeps innovations from being used, and does it change?",
        columns=(
            Column("quarter", "Quarter"),
            Column("reason", "Reason"),
            Column("hub", "Pairs rejected or deferred by the Hub"),
            Column("archived", "Submissions archived"),
            Column("place", "No of a place"),
            Column("stopped", "Pilots and evaluations stopped"),
            Column("referral", "Referrals declined"),
            Column("all", "All"),
        ),
        rows=[
            {"quarter": quarter, "reason": reason, **{name: cell[name] for name in sources}, "all": cell.total()}
            for (quarter, reason), cell in sorted(
                counted.items(), key=lambda each: (each[0][0], order.get(each[0][1], len(order)), each[0])
            )
        ],
        notes=["Quarters are those of the calendar. What was taken back is not counted."],
    )


def stages_by_place(session: Session, *, since: datetime | None, until: datetime | None, **_moment: object) -> Report:
    """How many matches reached each stage in each place in the time, and where they stood at its end."""
    keys = {place.id: place.key for place in place_rows.all_places(session)}
    reached: Counter[tuple[str, PipelineStage]] = Counter()
    standing: Counter[tuple[str, PipelineStage]] = Counter()
    for (_, place_id), steps in groupby(reports.stages(session, until), key=lambda step: (step.proposal_id, step.place_id)):
        taken = list(steps)
        standing[keys[place_id], taken[-1].stage] += 1
        reached.update((keys[place_id], stage) for stage in {step.stage for step in taken if since is None or step.changed_at >= since})
    return Report(
        name="stages-by-place",
        title="Stages by place",
        question="How far have confirmed matches come, place by place?",
        columns=columns(place="Place", stage="Stage", reached="Reached it in the time", standing="Stand in it at the end"),
        rows=[
            {"place": key, "stage": stage.value, "reached": reached[key, stage], "standing": standing[key, stage]}
            for key in sorted(keys.values())
            for stage in PipelineStage
        ],
    )


def exposure(session: Session, *, since: datetime | None, until: datetime | None, **_moment: object) -> Report:
    """Who is put before the Hub, and how often it says yes: by place of the need, and by size and origin of the supplier."""
    joint = joint_needs.joint_ids(session)
    pairs = _once(reports.pairs_shown(session, since, until), joint)
    offered = reports.suppliers(session)
    sizes = {innovation: (body.size if body else None) or _NOT_KNOWN for innovation, body in offered}
    origins = {innovation: (body.origin if body else None) or _NOT_KNOWN for innovation, body in offered}
    rows = [_exposed("place of the need", key, None, pairs_of) for key, pairs_of in _by_place(pairs, _voices_of_all(session, joint))]
    rows += _by_supplier("company size", sizes, [*CompanySize, _NOT_KNOWN], pairs)
    rows += _by_supplier("origin", origins, [*Origin, _NOT_KNOWN], pairs)
    return Report(
        name="exposure",
        title="Exposure and acceptance",
        question="Who is put before the Hub, and is any group of suppliers or any place accepted less often?",
        columns=columns(
            by="By",
            group="Group",
            handed_in="Innovations handed in",
            shown="Of them shown at least once",
            pairs="Pairs shown",
            confirmed="Confirmed",
            rejected="Rejected",
            acceptance="Confirmed of decided",
            low="At least (95 %)",
            high="At most (95 %)",
        ),
        rows=rows,
        notes=[
            "A pair is shown when it is put before the Hub as strong or possible; it counts once, however often it was ranked.",
            "Needs that are joint now count as one need, in the place of each. What was merged counts as one innovation.",
            "Innovations handed in are all until now, pairs are those of the time.",
            "Intervals are Wilson's, as if each pair were decided for itself; pairs of one need or innovation are more alike than that.",
            "Groups may differ though their intervals overlap a little; of many groups some stand apart by chance.",
            "Size and origin are no part of the matching.",
        ],
    )


def inequalities(session: Session, **_rest: object) -> Report:
    """Needs and innovations by the health inequalities that they name."""
    codes = {side: reports.inequality_codes(session, side) for side in Side}
    joint = joint_needs.joint_ids(session)
    shown = _once(reports.pairs_shown(session, None, None), joint)
    adopted = {(joint.get(need_id, need_id), innovation_id) for need_id, innovation_id in reports.reached(session, ADOPTED_HERE)}
    rows: list[dict[str, Cell]] = []
    for code in code_lists()["key_health_inequalities"]:
        mine = {side: {row for row, held in codes[side].items() if code["value"] in held} for side in Side}
        wanted = {joint.get(need_id, need_id) for need_id in mine[Side.NEED]}
        of_code = [pair for pair in shown if pair.need_id in wanted]
        rows.append(
            {
                "code": code["value"],
                "label": code["label"],
                "needs": len(mine[Side.NEED]),
                "innovations": len(mine[Side.INNOVATION]),
                "pairs": len(of_code),
                "confirmed": sum(pair.confirmed for pair in of_code),
                "adopted": sum(need_id in wanted for need_id, _ in adopted),
            }
        )
    return Report(
        name="inequalities",
        title="Health inequalities",
        question="Which inequalities do needs name, and are those needs answered?",
        columns=columns(
            code="Code",
            label="Inequality",
            needs="Needs open or met",
            innovations="Innovations handed in",
            pairs="Pairs shown for these needs",
            confirmed="Of them confirmed",
            adopted="Of them adopted in a place",
        ),
        rows=rows,
        notes=["A document with several codes counts once under each. A pair of a joint need counts under the codes of all its members."],
    )


def feedback(session: Session, *, since: datetime | None, until: datetime | None, **_moment: object) -> Report:
    """What innovators answered to the one question after an outcome."""
    given, counts = feedback_rows.by_outcome(session, since, until), feedback_rows.outcomes(session, since, until)
    rows: list[dict[str, Cell]] = []
    for kind in sorted({kind for kind, _ in given} | set(counts)):
        said = {answer.value: given[kind, answer] for answer in Answer}
        rows.append({"outcome": kind, "outcomes": counts[kind], "answers": sum(said.values()), **said})
    return Report(
        name="feedback",
        title="Feedback after outcomes",
        question=f"What do innovators answer to “{QUESTION}”, by the outcome that they were given?",
        columns=columns(outcome="Outcome", outcomes="Given", answers="Answers", yes="Yes", partly="Partly", no="No"),
        rows=rows,
        notes=["Answers are free to give; who answers may differ from who does not."],
    )


def voices(place_keys: Iterable[str]) -> list[str]:
    """Under which places a need counts: all five are one voice."""
    keys = sorted(place_keys)
    return [EVERYWHERE] if len(keys) == PLACES_OF_THE_REGION else keys


def quarter_of(moment: datetime) -> str:
    """The quarter of the calendar, such as 2026-Q4, in London."""
    day = day_of(moment)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def _unmet(session: Session, actor: Actor) -> list[Need]:
    found: list[Need] = []
    after = None
    while True:
        page = unmet.page(session, actor, after=after, limit=_AT_ONCE)
        found += page.rows
        if (after := page.following) is None:
            return found


def _voices_of_all(session: Session, joint: Mapping[UUID, UUID]) -> Mapping[UUID, set[str]]:
    """Under which places each need counts, or each joint need as one."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for need_id, rows in groupby(reports.places_of_needs(session), key=lambda row: row[0]):
        found[joint.get(need_id, need_id)].update(voices(row[1] for row in rows))
    return found


def _once(pairs: Iterable[Pair], joint: Mapping[UUID, UUID]) -> list[Pair]:
    """The pairs with needs that are joint taken for one: such a pair is decided as any of its needs' was."""
    found: dict[tuple[UUID, UUID], Pair] = {}
    for pair in pairs:
        key = joint.get(pair.need_id, pair.need_id), pair.innovation_id
        before = found.get(key, Pair(*key, confirmed=False, rejected=False))
        found[key] = Pair(*key, confirmed=before.confirmed or pair.confirmed, rejected=before.rejected or pair.rejected)
    return list(found.values())


def _by_place(pairs: Sequence[Pair], voices_of: Mapping[UUID, set[str]]) -> list[tuple[str, list[Pair]]]:
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        for key in voices_of.get(pair.need_id, ()):
            found[key].append(pair)
    return sorted(found.items())


def _by_supplier(by: str, group_of: Mapping[UUID, str], groups: Sequence[str], pairs: Sequence[Pair]) -> list[dict[str, Cell]]:
    handed_in = Counter(group_of.values())
    return [
        _exposed(by, group, handed_in[group], [pair for pair in pairs if group_of.get(pair.innovation_id) == group])
        for group in groups
        if handed_in[group]
    ]


def _exposed(by: str, group: str, handed_in: int | None, pairs: Sequence[Pair]) -> dict[str, Cell]:
    confirmed, rejected = sum(pair.confirmed for pair in pairs), sum(pair.rejected and not pair.confirmed for pair in pairs)
    decided = confirmed + rejected
    low, high = wilson(confirmed, decided) if decided else (None, None)
    return {
        "by": by,
        "group": str(group),
        "handed_in": handed_in,
        "shown": len({pair.innovation_id for pair in pairs}),
        "pairs": len(pairs),
        "confirmed": confirmed,
        "rejected": rejected,
        "acceptance": round(confirmed / decided, 3) if decided else None,
        "low": None if low is None else round(low, 3),
        "high": None if high is None else round(high, 3),
    }
