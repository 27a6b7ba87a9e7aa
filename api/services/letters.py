"""What an innovator is told of an outcome, drafted from the verdicts on the best pairs; staff may change every word of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from api.services import writing
from matcher.gaps import Step, gap_report
from matcher.types import Aspect, Criterion, CriterionKind, Finding, Quote, Verdict
from models.clocks import OVERDUE_AFTER
from models.decisions import Reason, ReasonCode
from models.documents import Visibility
from models.needs import Need
from models.place_answers import ANSWERED_WITHIN, QuestionState
from models.proposals import Proposal, ProposalState
from models.triage import OutcomeKind, Submission
from models.working_days import add_working_days, day_of

_MOST_PAIRS: Final = 2
_MOST_STEPS: Final = 3
_UNNAMED: Final = "a need that is not public yet"
_WHY: Final[Mapping[ReasonCode, tuple[str, str]]] = MappingProxyType(
    {
        ReasonCode.NOT_THIS_PROBLEM: (
            "It takes on another problem than those that our places have told us about.",
            "If it can help with one of our open needs, tell us how.",
        ),
        ReasonCode.WRONG_POPULATION: (
            "It is for other people than those in our open needs.",
            "If it works for these people too, say so, and say how you know.",
        ),
        ReasonCode.WRONG_SETTING: (
            "It is used in other places of care than those in our open needs.",
            "If it can be used there too, say where it has been used.",
        ),
        ReasonCode.NOT_READY: (
            "It has not come far enough yet for our places to use it.",
            "Tell us when it has come further, and what you have tested.",
        ),
        ReasonCode.EVIDENCE_TOO_WEAK: (
            "There is not enough proof yet that it works.",
            "Send us results: what changed, by how much, and who measured it.",
        ),
        ReasonCode.DUPLICATE: (
            "We have it already, under another name.",
            "If it is not the same, tell us what is different.",
        ),
        ReasonCode.ALREADY_IN_USE: (
            "Our places use something like it already.",
            "If yours does more, tell us what, and how you know.",
        ),
        ReasonCode.NO_CAPACITY: (
            "Our places have no staff time for something new of this kind now.",
            "Tell us how little staff time it takes to start, and to run.",
        ),
        ReasonCode.NO_BUDGET: (
            "Our places have no money for it now.",
            "Tell us what it costs, what it saves, and who could pay for a start.",
        ),
        ReasonCode.POOR_VALUE: (
            "It costs more than our places can pay for what it gives.",
            "Tell us what it costs for each person, and what it saves.",
        ),
        ReasonCode.DIGITAL_INCLUSION_RISK: (
            "Some people could not use it, because it needs a device or skills that they do not have.",
            "Tell us how people without a smartphone or the internet can use it.",
        ),
        ReasonCode.SKILLS: (
            "Staff or patients would have to learn more than our places can ask of them now.",
            "Tell us what they must learn, and how long that takes.",
        ),
    }
)
"""Why not, and what would change it, in words for people outside; *other* is told in the words of whoever decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An outcome that is to be given, with all that it needs."""

    kind: OutcomeKind
    reason: Reason = field(default_factory=Reason)
    question: str = ""
    answer_by: date | None = None
    body_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A need that an innovation came near to, and what was missing."""

    title: str
    steps: Sequence[Step]


def draft(
    submission: Submission,
    proposals: Sequence[Proposal],
    choice: Choice,
    *,
    given_by: str,
    body: str,
    ranked: bool,
    at: datetime,
    contact: str = "",
) -> str:
    """The letter of an outcome: where it is, whose turn, by when, whom to ask; on refusal why and what would change it.

    `proposals` are those in force, best first; only needs that are public are named. `body` is whom it is
    passed on to, `contact` the Hub's own address. `ranked` is false while matches
    are still being looked for, when nothing is said of what was not found.
    """
    confirmed = [row for row in proposals if row.state is ProposalState.CONFIRMED]
    why, change = _WHY.get(choice.reason.code, (choice.reason.note, "")) if choice.reason.code else ("", "")
    if confirmed and choice.reason.code is ReasonCode.NOT_THIS_PROBLEM:  # it is on the problem of the need that it was confirmed for
        why, change = "", ""
    values: dict[str, Any] = {
        "innovation": submission.innovation.name,
        "given_by": given_by,
        "contact": contact,
        "by": add_working_days(day_of(at), OVERDUE_AFTER),
        "overdue_after": OVERDUE_AFTER,
        "places_by": _places_answer_by(confirmed, at=at),
        "confirmed": [_named(row.need) for row in confirmed],
        "places": len({place.id for row in confirmed for place in row.need.places}),
        "question": choice.question,
        "answer_by": choice.answer_by,
        "body": body,
        "body_named": choice.body_id is not None,
        "note": choice.reason.note,
        "why": why,
        "change": change or "Tell us what is new, and we read it again.",
        "nearest": _nearest(proposals),
        "nothing_fits": ranked and submission.innovation.searchable and not proposals,
    }
    return _environment().get_template(f"{choice.kind.value}.txt").render(values).strip()


def _places_answer_by(confirmed: Iterable[Proposal], *, at: datetime) -> date | None:
    """The last day of those that places were told, or would be told today; None while no place is to answer."""
    days = []
    for row in confirmed:
        if not row.place_answers and row.may_be_put_to_places:
            days.append(add_working_days(day_of(at), ANSWERED_WITHIN))
        days += [each.answer_by for each in row.place_answers if each.state is QuestionState.ASKED and each.answer_by is not None]
    return max(days, default=None)


def _named(need: Need) -> str:
    if need.visibility is not Visibility.PUBLIC:
        return _UNNAMED
    return f"{need.title} ({', '.join(place.name for place in need.places)})"


def _nearest(proposals: Iterable[Proposal]) -> list[Near]:
    """What was missing in the best pairs with public needs on the same problem that are still open, as far as anything was."""
    open_to_all = (row for row in proposals if row.need.visibility is Visibility.PUBLIC and row.need.searchable)
    public = [(row.need.title, findings_of(row.findings)) for row in open_to_all]
    near = [Near(title, gap_report(findings).steps[:_MOST_STEPS]) for title, findings in public if not _is_of_another_problem(findings)]
    return [each for each in near if each.steps][:_MOST_PAIRS]


def _is_of_another_problem(findings: Iterable[Finding]) -> bool:
    return any(each.aspect is Aspect.PROBLEM and each.verdict is Verdict.GAP for each in findings)


def findings_of(stored: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """The findings of a stored proposal, as the matching gave them."""
    return [
        Finding(
            aspect=Aspect(row["aspect"]) if row["aspect"] else None,
            criterion=Criterion(CriterionKind(row["criterion"]["kind"]), row["criterion"]["value"]) if row["criterion"] else None,
            verdict=Verdict(row["verdict"]),
            need_quote=Quote(**row["need_quote"]) if row["need_quote"] else None,
            innovation_quote=Quote(**row["innovation_quote"]) if row["innovation_quote"] else None,
            missing=row["missing"],
        )
        for row in stored
    ]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("api", "templates/letters"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        autoescape=select_autoescape(default_for_string=False),  # a letter is plain text, in which nothing is to be escaped
    )
    made.filters["day"] = writing.day
    return made
