"""The regional strategy's measures of success, row by row: what this service knows of each, and what nobody collects here.

Source: West Yorkshire Healthtech Strategy 2022–2027, outline action plan, "How We Will Measure Success".
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from api.services.tabulating import Cell, Report, columns
from models.feedback import Answer
from models.organisations import CompanySize, Origin
from models.pipeline import REACHED_A_PILOT
from models.queries import feedback as feedback_rows
from models.queries import reports


class Collected(StrEnum):
    """Whether this service collects what a measure asks for."""

    YES = "collected"
    IN_PART = "in part"
    NO = "not collected"


@dataclass(frozen=True, slots=True)
class Figure:
    """A count and what it counts; `of` is the whole of which it is a part."""

    value: int | None = None
    unit: str = ""
    of: int | None = None
    note: str = ""


Count = Callable[[Session, datetime | None, datetime | None], Figure]
_ECOSYSTEM = "A well-aligned, innovation-driven healthtech ecosystem"
_NEED_LED = "Innovation is driven by need and adopted at scale"
_PROFILE = "West Yorkshire is recognised as a leading place"


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the strategy's table; without a count nothing of it is collected here, and `note` says where it would be."""

    goal: str
    words: str
    collected: Collected = Collected.NO
    count: Count | None = None
    note: str = ""


def success_measures(session: Session, *, since: datetime | None, until: datetime | None, **_moment: object) -> Report:
    """Every measure of the strategy, in its order; one that is not collected says so."""
    return Report(
        name="success-measures",
        title="The strategy's measures of success",
        question="What does this service know of how the Healthtech Strategy 2022–2027 measures success?",
        columns=columns(
            goal="Goal",
            measure="How success is measured",
            collected="Collected here",
            value="Figure",
            unit="What it counts",
            of="Of",
            note="Note",
        ),
        rows=[_row(measure, session, since, until) for measure in MEASURES],
        notes=["Measures and goals are the strategy's own, in short. “Not collected” means that this service holds nothing of it."],
    )


def _row(measure: Measure, session: Session, since: datetime | None, until: datetime | None) -> dict[str, Cell]:
    figure = measure.count(session, since, until) if measure.count else Figure()
    return {
        "goal": measure.goal,
        "measure": measure.words,
        "collected": measure.collected.value,
        "value": figure.value,
        "unit": figure.unit,
        "of": figure.of,
        "note": " ".join(note for note in (measure.note, figure.note) if note),
    }


def _feedback(session: Session, since: datetime | None, until: datetime | None) -> Figure:
    given = feedback_rows.by_outcome(session, since, until)
    said = Counter({answer: sum(count for (_, each), count in given.items() if each is answer) for answer in Answer})
    return Figure(said[Answer.YES], "answers that say: I know what to do next", said.total())


def _supported(session: Session, since: datetime | None, until: datetime | None) -> Figure:
    """A supplier is supported when the Hub made a submission active or handed it on."""
    bodies = reports.suppliers_supported(session, since, until)
    small = [body for body in bodies if body.size is not None and body.size is not CompanySize.MORE]
    unknown = sum(body.size is None for body in bodies)
    return Figure(len(small), "suppliers of up to 100 people made active or referred", len(bodies), f"Size not known: {unknown}.")


def _engagement(session: Session, since: datetime | None, until: datetime | None) -> Figure:
    calls, watches = reports.calls_published(session, since, until), reports.watches_set(session, since, until)
    return Figure(calls + watches, "calls published and watches set for needs", note=f"Calls: {calls}. Watches: {watches}.")


def _trialled(session: Session, since: datetime | None, until: datetime | None) -> Figure:
    taken = (step for step in reports.stages(session, until) if since is None or step.changed_at >= since)
    tried = {step.proposal_id for step in taken if step.stage in REACHED_A_PILOT}
    innovations = reports.innovations_of_proposals(session, tried)
    homes = [body.origin if body else None for innovation, body in reports.suppliers(session) if innovation in innovations]
    unknown = sum(home is None for home in homes)
    local = sum(home is Origin.WEST_YORKSHIRE for home in homes)
    return Figure(local, "innovations of West Yorkshire that a place piloted or adopted", len(homes), f"Origin not known: {unknown}.")


def _results(session: Session, since: datetime | None, until: datetime | None) -> Figure:
    return Figure(reports.results_recorded(session, since, until), "needs met, with the result beside the baseline")


def _barriers(session: Session, since: datetime | None, until: datetime | None) -> Figure:
    found: Sequence[int] = [len(each) for each in reports.all_reasons(session, since, until).values()]
    return Figure(sum(found), "reasons given why not")


MEASURES: Final[tuple[Measure, ...]] = (
    Measure(
        _ECOSYSTEM,
        "Feedback from stakeholders: qualitative research with business, innovators, academics and cluster members",
        Collected.IN_PART,
        _feedback,
        "One question after each outcome; the qualitative research is done elsewhere.",
    ),
    Measure(_ECOSYSTEM, "Number of new healthtech start-up companies, yearly", note="Companies House and the Combined Authority know it."),
    Measure(
        _ECOSYSTEM,
        "Number of healthtech SMEs supported through partnership programmes, yearly",
        Collected.IN_PART,
        _supported,
        "Support by this Hub only.",
    ),
    Measure(_ECOSYSTEM, "Number and value of funding bids and investments secured", note="Support bodies report it."),
    Measure(
        _NEED_LED,
        "Engagements with communications about system innovation needs",
        Collected.IN_PART,
        _engagement,
        "Visits of public pages are not counted, because nobody is tracked.",
    ),
    Measure(_NEED_LED, "Value of funding granted towards proof of concept and early evidence", note="Funders report it."),
    Measure(_NEED_LED, "Number of locally developed innovations trialled", Collected.YES, _trialled),
    Measure(_NEED_LED, "Number of patents", note="The strategy itself has yet to develop this measure."),
    Measure(
        _NEED_LED,
        "Health economics and impact of innovations",
        Collected.IN_PART,
        _results,
        "Results are measured by who owns the need; none is turned into money.",
    ),
    Measure(
        _NEED_LED,
        "Research on barriers, visited again after two and a half years",
        Collected.YES,
        _barriers,
        "See the report on barriers, by quarter and reason.",
    ),
    Measure(_PROFILE, "Number of regional inward investment wins, yearly", note="The Combined Authority knows it."),
    Measure(_PROFILE, "Number and impact of marketing and communication opportunities", note="The communications group knows it."),
)
