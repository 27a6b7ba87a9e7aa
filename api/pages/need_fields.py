"""What the form of a need asks: four answers first, the rest in groups; read as typed, and back from what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import FormData

from api.pages import coding, forms, wording
from api.pages.forms import FormError
from api.services.content import NeedContent
from api.services.suggesting import FACETS
from models.documents import Side, Visibility
from models.innovations import Stage
from models.needs import CriterionKind, Need

FOUR: Final = ("population", "problem", "desired_outcome", "metric")
ANSWERS: Final = (*FOUR, "title")
MISSING: Final = {
    "population": "Say whose problem it is",
    "problem": "Say what goes wrong",
    "desired_outcome": "Say what better looks like",
    "metric": "Say how we would know that it is better",
    "title": "Enter a title for the need",
    "places": "Choose at least one place",
}
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "today": ("patients_range", "consequence_for_patients", "consequence_for_staff", "current_practice"),
    "measure": ("baseline", "target", "by_when"),
    "must": ("criteria",),
    "voices": ("said_by", "involvement"),
    "plans": (
        "theme",
        "owning_organisation",
        "strategic_link",
        "open_to_improvement_methods",
        "funding",
        "decision_date",
        "review_date",
    ),
}
"""What a coach asks later, none of it a must."""
_DAYS: Final = ("by_when", "decision_date", "review_date")
_EMPTY_IS_NONE: Final = frozenset({"patients_range", "owning_organisation", "theme"})
_SINGLE: Final = tuple(
    name for names in GROUPS.values() for name in names if name not in {*_DAYS, "criteria", "said_by", "open_to_improvement_methods"}
)
_DAY_PARTS: Final = tuple(f"{name}-{part}" for name in _DAYS for part in ("day", "month", "year"))
_FLAGS: Final = tuple(kind for kind in CriterionKind if not kind.takes_value)
LINES: Final = (CriterionKind.INTEGRATES_WITH, CriterionKind.STAFF_LEARNING, CriterionKind.PATIENT_LEARNING, CriterionKind.OTHER)
"""Must-haves in words, one a line."""
_YES_NO: Final[Mapping[str, bool | None]] = {"yes": True, "no": False, "": None}
ORDER: Final = (*ANSWERS, "places", *FACETS, *(name for names in GROUPS.values() for name in names), "visibility", "join")


@dataclass(frozen=True, slots=True)
class Must:
    """The must-haves as the form shows them: boxes, a stage, and words one a line."""

    flags: Sequence[str] = ()
    stage: str = ""
    settings: Sequence[str] = ()
    lines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: as typed, or as stored."""

    values: Mapping[str, str]
    places: Sequence[str]
    visibility: str
    codes: coding.Codes
    said_by: Sequence[str] = ()
    must: Must = field(default_factory=Must)
    version: str = ""


def blank(places: Sequence[str]) -> Typed:
    """Nothing typed yet; these places are ticked."""
    return Typed({}, places, Visibility.PUBLIC, dict.fromkeys(FACETS, ()))


def typed(sent: FormData) -> Typed:
    """What was typed."""
    names = (*ANSWERS, *_SINGLE, *_DAY_PARTS, "open_to_improvement_methods")
    return Typed(
        values={name: forms.text(sent, name) for name in names},
        places=forms.texts(sent, "places"),
        visibility=forms.text(sent, "visibility"),
        codes=coding.sent_codes(sent),
        said_by=forms.texts(sent, "said_by"),
        must=Must(
            forms.texts(sent, "must_flags"),
            forms.text(sent, "must_stage"),
            forms.texts(sent, "must_settings"),
            {kind.value: forms.text(sent, f"must_{kind.value}") for kind in LINES},
        ),
        version=forms.text(sent, "version"),
    )


def stored(need: Need) -> Typed:
    """What is stored, as the form has it."""
    values = {name: str(getattr(need, name) or "") for name in (*ANSWERS, *_SINGLE) if name != "owning_organisation"}
    values["owning_organisation"] = (need.owner_organisation.ods_code or "") if need.owner_organisation else ""
    values["open_to_improvement_methods"] = {True: "yes", False: "no", None: ""}[need.open_to_improvement_methods]
    for name in _DAYS:
        values |= _in_parts(name, getattr(need, name))
    by_kind: dict[CriterionKind, list[str]] = {}
    for row in need.criteria:
        by_kind.setdefault(row.kind, []).append(row.value)
    return Typed(
        values=values,
        places=[row.key for row in need.places],
        visibility=need.visibility,
        codes=coding.stored_codes(need),
        said_by=need.said_by,
        must=Must(
            [kind.value for kind in _FLAGS if kind in by_kind],
            max(by_kind.get(CriterionKind.MINIMUM_STAGE, [""]), key=["", *Stage].index),  # the strictest asks for the others too
            by_kind.get(CriterionKind.CARE_SETTING, []),
            {kind.value: "\n".join(by_kind.get(kind, [])) for kind in LINES},
        ),
        version=str(need.version),
    )


def _in_parts(name: str, value: date | None) -> dict[str, str]:
    return {f"{name}-day": str(value.day), f"{name}-month": str(value.month), f"{name}-year": str(value.year)} if value else {}


def said(sent: FormData) -> tuple[dict[str, Any], list[FormError]]:
    """What the form says by the names of the content; what it did not ask for is left out, and days that are none are told."""
    found: dict[str, Any] = {name: forms.text(sent, name) for name in ANSWERS}
    errors = []
    for name in _SINGLE:
        if name in sent:
            found[name] = forms.text(sent, name) or (None if name in _EMPTY_IS_NONE else "")
    for name in _DAYS:
        if f"{name}-day" in sent:
            day = forms.day_typed(sent, name)
            found[name] = day.date() if day else None
            if day is None and any(forms.text(sent, f"{name}-{part}").strip() for part in ("day", "month", "year")):
                errors.append(FormError(name, f"{wording.FIELDS[Side.NEED][name]}: enter a day, like 27 3 2027, or leave it empty"))
    if "open_to_improvement_methods" in sent:
        found["open_to_improvement_methods"] = _YES_NO.get(forms.text(sent, "open_to_improvement_methods"))
    asked = forms.texts(sent, "asked")
    if "said_by" in asked:
        found["said_by"] = forms.texts(sent, "said_by")
    if "criteria" in asked:
        found["criteria"] = _criteria(typed(sent).must)
    found |= {"places": forms.texts(sent, "places"), "visibility": forms.text(sent, "visibility") or Visibility.PUBLIC}
    return found | dict(coding.sent_codes(sent)), errors


def _criteria(must: Must) -> list[dict[str, str]]:
    """The must-haves in the order of their kinds."""
    rows = [(kind, "") for kind in must.flags]
    rows += [(CriterionKind.MINIMUM_STAGE.value, must.stage)] if must.stage else []
    rows += [(CriterionKind.CARE_SETTING.value, value) for value in must.settings]
    rows += [(kind, line.strip()) for kind, text in must.lines.items() for line in text.splitlines() if line.strip()]
    return [{"kind": kind, "value": value} for kind, value in rows]


def asked_for(sent: FormData) -> set[str]:
    """The fields of the content that a change takes from this form; those that it did not ask for stay as they are."""
    return {*said(sent)[0]} - {*FACETS} | {*coding.asked(sent)}


def read(sent: FormData) -> tuple[NeedContent | None, list[FormError]]:
    """The content that the form makes, or what is wrong with it."""
    found, errors = said(sent)
    errors = forms.missing_answers({name: found[name] for name in ANSWERS}, MISSING) + errors
    try:
        content = NeedContent.model_validate(found)
    except ValidationError as error:
        labels = {**wording.FIELDS[Side.NEED], "visibility": "Who may read it"}
        told = {each.field for each in errors}
        refused = forms.errors_of(error, missing=MISSING, labels=labels)
        return None, errors + [each for each in refused if each.field not in told]
    return (None, errors) if errors else (content, [])


def unfolded(errors: Sequence[FormError], shown: Typed) -> set[str]:
    """The groups that stand open: those with an error, and those in which something is said."""
    wrong = {error.field for error in errors}
    full = {name.rpartition("-")[0] or name for name, text in shown.values.items() if text} | {
        name for name, filled in (("said_by", shown.said_by), ("criteria", _criteria(shown.must))) if filled
    }
    return {group for group, names in GROUPS.items() if {*names} & (wrong | full)}
