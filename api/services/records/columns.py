"""A record -> what our columns say of it, in the terms of the present version; and what was edited here -> the record."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from api.services.codes import allowed, labels
from api.services.content import host_of
from api.services.records.cells import UNANSWERED, decoded, same
from api.services.records.document import EFFECTIVENESS, EVIDENCES, Name, NationalRecord
from api.services.records.schema import shipped_file
from models.innovations import InnovationKind, Stage

_DESCRIPTION, _NEEDS = "INNOVATION_DESCRIPTION", "UNDERSTANDING_OF_NEEDS"
TEXTS: Final[Mapping[str, Name]] = MappingProxyType(
    {
        "name": (_DESCRIPTION, "name"),
        "description": (_DESCRIPTION, "description"),
        "other_care_setting": (_DESCRIPTION, "otherCareSetting"),
        "website": (_DESCRIPTION, "website"),
        "problems_tackled": (_NEEDS, "problemsTackled"),
        "how_it_works": (_NEEDS, "howInnovationWork"),
        "evidence_summary": (EFFECTIVENESS, "summaryOngoingEvidenceGathering"),
        "alternatives": ("MARKET_RESEARCH", "whatCompetitorsAlternativesExist"),
        "current_pathway": ("CURRENT_CARE_PATHWAY", "potentialPathway"),
        "eligibility": ("COST_OF_INNOVATION", "eligibilityCriteria"),
    }
)
CODES: Final[Mapping[str, Name]] = MappingProxyType(
    {
        "main_category": (_DESCRIPTION, "mainCategory"),
        "main_purpose": (_DESCRIPTION, "mainPurpose"),
        "patients_range": ("COST_OF_INNOVATION", "patientsRange"),
    }
)
LISTS: Final[Mapping[str, Name]] = MappingProxyType(
    {
        "categories": (_DESCRIPTION, "categories"),
        "areas": (_DESCRIPTION, "areas"),
        "care_settings": (_DESCRIPTION, "careSettings"),
        "diseases_conditions_impact": (_NEEDS, "diseasesConditionsImpact"),
        "key_health_inequalities": (_NEEDS, "keyHealthInequalities"),
    }
)
COLUMNS: Final = (*TEXTS, *CODES, *LISTS, "benefits", "standards", "evidences", "deployed", "kind", "stage", "stage_source")
"""The columns that a record may write."""
_STANDARDS, _DEPLOYED = ("REGULATIONS_AND_STANDARDS", "standards"), ("DEPLOYMENT", "isDeployed")
# Where 202209 had what moved since.
_OLDER_PLACES: Final[Mapping[Name, Name]] = MappingProxyType({(_NEEDS, "problemsTackled"): ("VALUE_PROPOSITION", "problemsTackled")})
_LISTS_OF: Final = {"main_category": "categories"}
_KINDS: Final = {"PHARMACEUTICAL": InnovationKind.MEDICINE, "MODELS_CARE": InnovationKind.SERVICE_MODEL}
_STAGES: Final = {"DISCOVERY": Stage.DISCOVERY, "ADVANCED": Stage.DEVELOPMENT, "READY": Stage.ADOPTION}
_SUBMIT_TYPES: Final = {"CLINICAL": "CLINICAL_OR_CARE", "ECONOMIC": "COST_IMPACT_OR_ECONOMIC", "OTHER": "OTHER_EFFECTIVENESS"}
_UNSAID: Final[tuple[object, ...]] = (None, "", [])


def values_of(record: NationalRecord) -> dict[str, Any]:
    """What a record says in our columns, as plain JSON; a column of which it says nothing is left out.

    Codes that our lists do not have stay in the record alone, unless a rule of the national service names their successor.
    """
    told: dict[str, Any] = {name: _text(record, place) for name, place in TEXTS.items()}
    told["website"] = told["website"] if host_of(told["website"]) and len(told["website"].split()) == 1 else ""
    told |= {name: _code(record.answer(*place), _LISTS_OF.get(name, name)) for name, place in CODES.items()}
    told |= {name: list(_listed(record.answer(*place), name)) for name, place in LISTS.items()}
    told["benefits"] = "\n".join(each for each in _entries(record.answer(_NEEDS, "benefitsOrImpact")) if isinstance(each, str))
    told["standards"] = list(_standards(record))
    told["evidences"] = list(_evidences(record))
    told["deployed"] = {"YES": True, "NO": False}.get(str(record.answer(*_DEPLOYED)))
    told["kind"] = _KINDS.get(told["main_category"], InnovationKind.PRODUCT).value
    told |= _stage(record, deployed=told["deployed"])
    return {name: value for name, value in told.items() if value not in _UNSAID}


def supplier_of(record: NationalRecord) -> str:
    """The name of the organisation that offers it, where the shape tells one."""
    listed = decoded(record.listing.get("owner.companyName", ""))
    rows = (row[3] for row in record.rows if row[0].strip().lower() == "company details" and "name" in row[2].lower())
    return (listed or next(rows, "")).strip()


def overlaid(record: NationalRecord, current: Mapping[str, Any], written: Mapping[str, Any]) -> NationalRecord:
    """The record with what was edited here since it was written: columns that differ from what the import wrote."""
    edited = {name: current[name] for name in current if not same(_or_none(current[name]), _or_none(written.get(name)))}
    answers: dict[Name, Any] = {}
    for name, place in {**TEXTS, **CODES, **LISTS}.items():
        if name in edited:
            older = _OLDER_PLACES.get(place)
            answers[older if older and record.answer(*older) is not None else place] = _or_unanswered(edited[name])
    if "deployed" in edited:
        answers[_DEPLOYED] = UNANSWERED if edited["deployed"] is None else "YES" if edited["deployed"] else "NO"
    if "standards" in edited:
        answers[_STANDARDS] = _or_unanswered([{"type": each["type"], "hasMet": each["has_met"]} for each in edited["standards"]])
    if "evidences" in edited:
        answers["", EVIDENCES] = _or_unanswered([_piece(each) for each in edited["evidences"]])
    return record.with_answers(answers)


def _or_none(value: object) -> object:
    return None if value in _UNSAID else value


def _or_unanswered(value: object) -> object:
    return UNANSWERED if value in _UNSAID else value


def _piece(each: Mapping[str, Any]) -> dict[str, Any]:
    told = {"evidenceSubmitType": each["submit_type"], "evidenceType": each.get("evidence_type"), "summary": each.get("summary", "")}
    return {name: value for name, value in told.items() if value is not None}


def _text(record: NationalRecord, place: Name) -> str:
    older = _OLDER_PLACES.get(place)
    found = record.answer(*place) or (record.answer(*older) if older else None)
    return found if isinstance(found, str) else ""


def _entries(answer: object) -> list[Any]:
    return answer if isinstance(answer, list) else []


def _code(answer: object, listed: str) -> str | None:
    """The code, or its successor by the rules of the national service, where our list has it."""
    rules = shipped_file()["older_versions"]["upgrade_rules"]
    name = {"care_settings": "careSettings"}.get(listed, listed)
    code = rules.get(name, {}).get(answer, answer) if isinstance(answer, str) else None
    return code if code in allowed(listed) else None


def _listed(answer: object, listed: str) -> Iterator[str]:
    found = (_code(each, listed) for each in _entries(answer))
    yield from dict.fromkeys(code for code in found if code is not None)


def _standards(record: NationalRecord) -> Iterator[dict[str, str]]:
    for each in _entries(record.answer(*_STANDARDS)):
        if isinstance(each, Mapping) and each.get("type") in labels("standards") and each.get("hasMet") in labels("has_met"):
            yield {"type": each["type"], "has_met": each["hasMet"]}


def _evidences(record: NationalRecord) -> Iterator[dict[str, Any]]:
    for each in _entries(record.document.get(EVIDENCES)) or _entries(record.answer(EFFECTIVENESS, EVIDENCES)):
        if not isinstance(each, Mapping):
            continue
        older = each.get("evidenceType") in _SUBMIT_TYPES and "evidenceSubmitType" not in each
        submit_type = _SUBMIT_TYPES[each["evidenceType"]] if older else each.get("evidenceSubmitType")
        evidence_type = each.get("clinicalEvidenceType" if older else "evidenceType")
        if submit_type in labels("evidence_submit_types"):
            known = evidence_type if evidence_type in labels("evidence_types") else None
            summary = each.get("summary")
            yield {"submit_type": submit_type, "evidence_type": known, "summary": summary if isinstance(summary, str) else ""}


def _stage(record: NationalRecord, *, deployed: bool | None) -> dict[str, Any]:
    """How far it has come, from the maturity that the national service found, else from what the innovator says."""
    maturity = decoded(record.listing.get("assessment.maturityLevel", "")).strip()
    if maturity in _STAGES:
        return {"stage": _STAGES[maturity].value, "stage_source": maturity}
    prototype = record.answer(_NEEDS, "hasProductServiceOrPrototype")
    if prototype == "NO":
        return {"stage": Stage.DISCOVERY.value, "stage_source": "hasProductServiceOrPrototype: NO"}
    if deployed:
        return {"stage": Stage.ADOPTION.value, "stage_source": "isDeployed: YES"}
    return {"stage": Stage.DEVELOPMENT.value, "stage_source": "hasProductServiceOrPrototype: YES"} if prototype == "YES" else {}
