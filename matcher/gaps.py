"""What would change the verdicts on an innovation, told to whoever offers it, in plain words and in the order of weight."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matcher.codes import label
from matcher.types import Aspect, Criterion, CriterionKind, Facet, Finding, Verdict

_FIRST = (Verdict.EXCLUDED, Verdict.GAP, Verdict.UNKNOWN, Verdict.PARTLY)

_ABOUT: Mapping[Aspect | None, str] = MappingProxyType(
    {
        Aspect.PROBLEM: "The problem",
        Aspect.POPULATION: "The people",
        Aspect.OUTCOME: "What better looks like",
        Aspect.SETTING: "Where care is given",
        Aspect.CONDITIONS: "Health conditions",
    }
)
_NOW: Mapping[Aspect | None, Mapping[Verdict, str]] = MappingProxyType(
    {
        Aspect.PROBLEM: {
            Verdict.GAP: "Your text is about something else.",
            Verdict.PARTLY: "Your text takes on a part of it.",
            Verdict.UNKNOWN: "Your text does not say which problem it takes on.",
        },
        Aspect.POPULATION: {
            Verdict.GAP: "Your text names other people.",
            Verdict.PARTLY: "Your text names some of these people, or people like them.",
            Verdict.UNKNOWN: "Your text does not say whom it is for.",
        },
        Aspect.OUTCOME: {
            Verdict.GAP: "Your text names other gains.",
            Verdict.PARTLY: "Your text names a part of this.",
            Verdict.UNKNOWN: "Your text does not say what gets better.",
        },
        Aspect.SETTING: {
            Verdict.GAP: "You name other places of care.",
            Verdict.PARTLY: "You name some of these places of care.",
            Verdict.UNKNOWN: "You do not say where it is used.",
        },
        Aspect.CONDITIONS: {
            Verdict.GAP: "You name another condition.",
            Verdict.PARTLY: "You name a wider or a narrower condition.",
            Verdict.UNKNOWN: "You do not name a condition.",
        },
    }
)
_NEXT: Mapping[Aspect | None, Mapping[Verdict, str]] = MappingProxyType(
    {
        Aspect.PROBLEM: {
            Verdict.GAP: "If it can help with this problem too, say how. If it cannot, this need is not for you.",
            Verdict.PARTLY: "Say which part it takes on, and what others would still have to do.",
            Verdict.UNKNOWN: "Say which problem it takes on, and how.",
        },
        Aspect.POPULATION: {
            Verdict.GAP: "If it works for these people too, say so, and say how you know.",
            Verdict.PARTLY: "Say whether it works for all of these people.",
            Verdict.UNKNOWN: "Say whom it is for: their age, their health, and where they live or are cared for.",
        },
        Aspect.OUTCOME: dict.fromkeys(_FIRST[1:], "Say what changed where it was used, by how much, and who measured it."),
        Aspect.SETTING: dict.fromkeys(_FIRST[1:], "If it is used there, choose these places in your record."),
        Aspect.CONDITIONS: dict.fromkeys(_FIRST[1:], "If it is for this condition, choose it in your record."),
    }
)
_MUST: Mapping[CriterionKind, tuple[str, str]] = MappingProxyType(
    {
        CriterionKind.NO_SMARTPHONE: (
            "It must work without a smartphone",
            "Say whether people without a smartphone can use it. If they cannot, think of a way that they could.",
        ),
        CriterionKind.DTAC: ("It must meet the DTAC rules for digital tools", "Say how far you are with DTAC, and when you will be done."),
        CriterionKind.UKCA_CE: ("It must carry a UKCA or CE mark", "Say which mark you have, or when you will have it."),
        CriterionKind.MINIMUM_STAGE: (
            "It must have come this far: {}",
            "Say how far it has come, where it is in use, and what that showed.",
        ),
        CriterionKind.CARE_SETTING: ("It must be used here: {}", "If it is used there, choose this place in your record."),
        CriterionKind.INTEGRATES_WITH: ("It must work with {}", "Say whether it works with it today."),
        CriterionKind.STAFF_LEARNING: ("What staff can be asked to learn: {}", "Say what staff must learn, and how long that takes."),
        CriterionKind.PATIENT_LEARNING: (
            "What patients can be asked to learn: {}",
            "Say what patients must learn, and how long that takes.",
        ),
        CriterionKind.OTHER: ("{}", "Say how you stand to this."),
    }
)
"""Each must-have as it is asked for, and what to write or show."""

_MUST_NOW: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.EXCLUDED: "What you say rules this out.",
        Verdict.GAP: "What you say falls short of this.",
        Verdict.UNKNOWN: "You do not say.",
        Verdict.PARTLY: "You are part of the way there.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that stands between an innovation and a need: what is asked, how it stands, and what to write or show.

    `asked` holds the need's own words, where some were quoted.
    """

    about: str
    must_have: bool
    verdict: Verdict
    asked: str
    now: str
    next: str


@dataclass(frozen=True, slots=True)
class GapReport:
    """What fits already, and the steps that are left, the weightiest first."""

    fits: tuple[str, ...]
    steps: tuple[Step, ...]


def gap_report(findings: Iterable[Finding]) -> GapReport:
    """Tell from the findings on a pair what would change its verdicts.

    What is ruled out comes first, then what is missing, what is not said, and what is met in part; in each of these
    must-haves come before the rest, which keeps the order of the findings.
    """
    told = list(findings)
    fits = tuple(_about(finding) for finding in told if finding.verdict is Verdict.MET)
    left = [finding for finding in told if finding.verdict is not Verdict.MET]
    left.sort(key=lambda finding: (_FIRST.index(finding.verdict), finding.criterion is None))
    return GapReport(fits, tuple(map(_step, left)))


def _step(finding: Finding) -> Step:
    criterion = finding.criterion
    named = finding.missing if finding.aspect in {Aspect.SETTING, Aspect.CONDITIONS} else ""
    now = _MUST_NOW[finding.verdict] if criterion else f"{_NOW[finding.aspect][finding.verdict]} {named}".strip()
    return Step(
        about=_about(finding),
        must_have=criterion is not None,
        verdict=finding.verdict,
        asked=finding.need_quote.text if finding.need_quote else "",
        now=now,
        next=_MUST[criterion.kind][1] if criterion else _NEXT[finding.aspect][finding.verdict],
    )


def _about(finding: Finding) -> str:
    return _must(finding.criterion) if finding.criterion else _ABOUT[finding.aspect]


def _must(criterion: Criterion) -> str:
    value = criterion.value
    if criterion.kind is CriterionKind.CARE_SETTING:
        value = label(Facet.CARE_SETTINGS, value)
    elif criterion.kind is CriterionKind.MINIMUM_STAGE:
        value = value.lower()
    return _MUST[criterion.kind][0].format(value)
