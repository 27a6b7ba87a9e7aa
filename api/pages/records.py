"""A need or an innovation as rows of labels and words, in the order in which people read it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from api.pages import wording
from api.pages.highlighting import Span, marked
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need

NO_SPANS: Final[Mapping[str, list[Span]]] = {}


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what it is called and what it says, as one text or as a list; `illustrative` when it was made up to show the field."""

    name: str
    label: str
    text: Markup | None = None
    items: tuple[str, ...] = ()
    illustrative: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Some rows under one heading."""

    heading: str
    rows: tuple[Row, ...]


_CODE_LISTS: Final = frozenset({"care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities", "categories", "said_by"})
_CODES: Final = {"patients_range": "patients_range", "main_purpose": "main_purpose", "kind": "kinds"}

_SECTIONS: Final[Mapping[Side, Sequence[tuple[str, tuple[str, ...]]]]] = {
    Side.NEED: (
        (
            "The problem",
            ("population", "patients_range", "problem", "consequence_for_patients", "consequence_for_staff", "current_practice"),
        ),
        ("What better looks like", ("desired_outcome", "metric", "baseline", "target", "by_when")),
        ("Must-haves", ("criteria", "open_to_improvement_methods")),
        ("Where and for whom", ("places", "care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities", "theme")),
        ("Who said so", ("said_by", "involvement", "owning_organisation")),
        ("Plans and money", ("strategic_link", "funding", "decision_date", "review_date")),
    ),
    Side.INNOVATION: (
        ("In short", ("supplier", "kind", "description", "problems_tackled", "how_it_works", "benefits")),
        ("Who it is for", ("eligibility", "patients_range", "current_pathway", "alternatives")),
        ("Where and for what", ("care_settings", "other_care_setting", "areas", "diseases_conditions_impact", "key_health_inequalities")),
        ("What it takes", ("requires_smartphone", "integrates_with", "staff_learning", "patient_learning")),
        ("Readiness and evidence", ("stage", "stage_source", "deployed", "standards", "evidence_summary", "evidences")),
        ("More about it", ("categories", "main_purpose", "website")),
    ),
}


def sections(
    document: Need | Innovation,
    *,
    fields: Mapping[str, str] | None = None,
    spans: Mapping[str, list[Span]] = NO_SPANS,
) -> list[Section]:
    """What a document says, without what it does not say.

    `fields` are the texts of an earlier version, to be shown instead of the present ones; `spans` are marked in them.
    """
    texts = fields if fields is not None else {name: getattr(document, name) for name in document.TEXTS}
    found = []
    for heading, names in _SECTIONS[document.side]:
        rows = tuple(row for name in names if (row := _row(document, name, texts, spans)) is not None)
        if rows:
            found.append(Section(heading, rows))
    return found


def _row(document: Need | Innovation, name: str, texts: Mapping[str, str], spans: Mapping[str, list[Span]]) -> Row | None:
    text = marked(texts[name], spans.get(name, ())) if texts.get(name) else None
    items: tuple[str, ...] = ()
    if name not in document.TEXTS:
        said = _SAID.get(name, _plain)(document, name)
        if isinstance(said, str):
            text = marked(said, ()) if said else None
        else:
            items = tuple(said)
    if text is None and not items:
        return None
    return Row(name, wording.FIELDS[document.side][name], text, items, illustrative=name in document.illustrative)


Said = str | list[str]


def _plain(document: Any, name: str) -> Said:  # noqa: ANN401 -- Need or Innovation
    value = getattr(document, name)
    if name in _CODE_LISTS:
        return [wording.code(name, each) for each in value]
    if name in _CODES:
        return wording.code(_CODES[name], value) if value else ""
    if value is None or isinstance(value, bool):
        return wording.yes_no(value)
    return wording.day(value) if isinstance(value, date) else value


def _stage(document: Innovation, _name: str) -> Said:
    return stage_in_words(document)


def _standards(document: Innovation, _name: str) -> Said:
    return standards_in_words(document)


def _evidences(document: Innovation, _name: str) -> Said:
    return evidences_in_words(document)


def _criteria(document: Need, _name: str) -> Said:
    return [wording.criterion({"kind": row.kind.value, "value": row.value}) for row in document.criteria]


def _places(document: Need, _name: str) -> Said:
    return [place.name for place in document.places]


def _supplier(document: Innovation, _name: str) -> Said:
    return document.supplier.name if document.supplier else ""


def _owner(document: Need, _name: str) -> Said:
    return document.owner_organisation.name if document.owner_organisation else ""


_SAID: Final[Mapping[str, Callable[[Any, str], Said]]] = {
    "criteria": _criteria,
    "places": _places,
    "supplier": _supplier,
    "owning_organisation": _owner,
    "stage": _stage,
    "standards": _standards,
    "evidences": _evidences,
}


def stage_in_words(innovation: Innovation) -> str:
    """How far it has come; empty when nobody said."""
    return wording.code("stages", innovation.stage) if innovation.stage else ""


def standards_in_words(innovation: Innovation) -> list[str]:
    """Each standard and whether it is met."""
    met = {"YES": "met", "IN_PROGRESS": "being worked on", "NOT_YET": "not met yet"}
    return [f"{wording.code('standards', row['type'])}: {met.get(row['has_met'], row['has_met'])}" for row in innovation.standards]


def evidences_in_words(innovation: Innovation) -> list[str]:
    """Each piece of evidence in one line: what kind, what it says, of when."""
    return [_evidence(row) for row in innovation.evidences]


def _evidence(row: Mapping[str, Any]) -> str:
    kind = wording.code("evidence_submit_types", row["submit_type"])
    how = wording.code("evidence_types", row["evidence_type"]) if row.get("evidence_type") else ""
    dated = f"({wording.day(date.fromisoformat(row['dated_on']))})" if row.get("dated_on") else ""
    return _joined((f"{kind}.", f"{how}." if how else "", row.get("summary") or "", dated))


def _joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)
