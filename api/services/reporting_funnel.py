"""How far innovations come: of those handed in for the first time in a time, how many reached each step since."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.tabulating import Cell, Report, columns
from models.pipeline import ADOPTED_HERE, REACHED_A_PILOT, PipelineStage
from models.queries import reports

_COLUMNS: Final = columns(step="Step", innovations="Innovations", share="Share of those handed in")


def funnel(session: Session, *, since: datetime | None, until: datetime | None, **_moment: object) -> Report:
    """Each step with the innovations of the first one that came so far; a later step may be reached without an earlier one."""
    handed_in = reports.first_handed_in(session, since, until)
    pairs = reports.pairs_shown(session, None, None)
    steps: tuple[tuple[str, Collection[UUID]], ...] = (
        ("handed in", handed_in),
        ("given an outcome", reports.given_an_outcome(session)),
        ("shown for a need", {pair.innovation_id for pair in pairs}),
        ("confirmed for a need", {pair.innovation_id for pair in pairs if pair.confirmed}),
        ("introduced to a place", _reached(session, tuple(PipelineStage))),
        ("piloted in a place", _reached(session, tuple(REACHED_A_PILOT))),
        ("adopted in a place", _reached(session, tuple(ADOPTED_HERE))),
    )
    return Report(
        name="funnel",
        title="How far innovations come",
        question="Of the innovations that were handed in, how many came to a need, to a place and into use?",
        columns=_COLUMNS,
        rows=[_row(step, len(handed_in.intersection(reached)), len(handed_in)) for step, reached in steps],
        notes=[
            "Innovations are those handed in for the first time in the time; each step counts what became of them until now.",
            "Shown for a need means: put before the Hub as a strong or possible match.",
            "What was piloted or adopted and then stopped is counted. What was merged counts as one innovation.",
        ],
    )


def _reached(session: Session, stages: Collection[PipelineStage]) -> set[UUID]:
    return {innovation_id for _, innovation_id in reports.reached(session, stages)}


def _row(step: str, count: int, handed_in: int) -> dict[str, Cell]:
    return {"step": step, "innovations": count, "share": round(count / handed_in, 3) if handed_in else None}
