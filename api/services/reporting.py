"""The reports of the board: each a table that answers one question, of a time or as things stand now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from api.services import reporting_counts, reporting_funnel, reporting_measures, reporting_times
from api.services.tabulating import Report
from models.actors import Actor
from models.base import LAST_YEAR, DomainError
from models.policies import REPORT_READ
from models.working_days import LONDON


class PeriodInvalid(DomainError):
    """The last day of a time lies before its first."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of London, the last one with it; an open border is None."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise PeriodInvalid("The last day lies before the first. Exchange 'since' and 'until'.", field="until")

    @property
    def since(self) -> datetime | None:
        """The moment at which the first day begins."""
        return datetime.combine(self.first, time(), LONDON) if self.first is not None else None

    @property
    def until(self) -> datetime | None:
        """The moment at which the last day has ended; None also for the last day of all, after which nothing can be stored."""
        if self.last is None or self.last >= date(LAST_YEAR, 12, 31):
            return None
        return datetime.combine(self.last + timedelta(days=1), time(), LONDON)


Make = Callable[..., Report]


class ReportName(StrEnum):
    """What a report is called in addresses."""

    NEEDS_BY_PLACE = "needs-by-place"
    UNMET_NEEDS = "unmet-needs"
    FUNNEL = "funnel"
    TIME_IN_STATE = "time-in-state"
    BARRIERS = "barriers"
    STAGES_BY_PLACE = "stages-by-place"
    EXPOSURE = "exposure"
    INEQUALITIES = "inequalities"
    SUCCESS_MEASURES = "success-measures"
    FEEDBACK = "feedback"


REPORTS: Final[Mapping[ReportName, Make]] = MappingProxyType(
    {
        ReportName.NEEDS_BY_PLACE: reporting_counts.needs_by_place,
        ReportName.UNMET_NEEDS: reporting_counts.unmet_needs,
        ReportName.FUNNEL: reporting_funnel.funnel,
        ReportName.TIME_IN_STATE: reporting_times.time_in_state,
        ReportName.BARRIERS: reporting_counts.barriers,
        ReportName.STAGES_BY_PLACE: reporting_counts.stages_by_place,
        ReportName.EXPOSURE: reporting_counts.exposure,
        ReportName.INEQUALITIES: reporting_counts.inequalities,
        ReportName.SUCCESS_MEASURES: reporting_measures.success_measures,
        ReportName.FEEDBACK: reporting_counts.feedback,
    }
)
OF_NOW: Final = frozenset({ReportName.NEEDS_BY_PLACE, ReportName.UNMET_NEEDS, ReportName.INEQUALITIES})
"""The reports that tell how things stand now, whichever days are asked for."""


def report(session: Session, name: ReportName, period: Period, *, actor: Actor, at: datetime) -> Report:
    """One report. One of how things stand now leaves the time out of account, and says so by having none.

    Counts are of everything; what is told of single needs is of those that the actor may read.
    """
    REPORT_READ.check(actor)
    made = REPORTS[name](session, since=period.since, until=period.until, at=at, actor=actor)
    return made if name in OF_NOW else made.of(period.first, period.last)
