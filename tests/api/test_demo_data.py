"""The demo data are whole, coded, honest about what is illustrative, and free of personal data."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from api.services.content import InnovationContent, NeedContent, warnings_of
from models.decisions import ReasonCode
from models.documents import Visibility
from models.innovations import Innovation, InnovationKind, Stage
from models.needs import CriterionKind, Need, NeedStatus

Row = dict[str, Any]

DATA = Path(__file__).parents[2] / "api" / "data"
SHARED = {"key", "visibility", "source", "source_url", "verified", "illustrative", "patients_range", *Need.FACETS}
NEED_COLUMNS = {
    *SHARED,
    *Need.TEXTS,
    *("by_when", "said_by", "places", "criteria", "open_to_improvement_methods", "decision_date", "review_date"),
    *("theme", "status", "owning_organisation"),
}
INNOVATION_COLUMNS = {
    *SHARED,
    *Innovation.TEXTS,
    *("supplier", "kind", "categories", "main_category", "main_purpose", "stage", "stage_source", "standards", "evidences"),
    *("requires_smartphone", "integrates_with", "deployed", "website", "external_ids"),
    *("consent_by", "consent_at", "consent_scope"),
}
STORED_ELSEWHERE = {"owning_organisation"}  # a foreign key in the table, an ODS code here
KEPT_BESIDE = {"key", "status", "verified", "illustrative"}  # what a writer cannot say of their own row
SINGLE_CODES = {
    "patients_range": "patients_range",
    "main_category": "categories",
    "main_purpose": "main_purpose",
    "kind": "kinds",
    "stage": "stages",
}
CODE_LISTS = {
    name: name for name in ("care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities", "categories", "said_by")
}
DATES = ("by_when", "decision_date", "review_date")
LONGEST = {"description": 500, "problems_tackled": 1500, "how_it_works": 1500, "evidence_summary": 1000, "eligibility": 1000}


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


CODES = load("codes.json")
PLACES: list[Row] = load("demo/places.json")
ORGANISATIONS: list[Row] = load("demo/organisations.json")
NEEDS: list[Row] = load("demo/needs.json")
INNOVATIONS: list[Row] = load("demo/innovations.json")
ROWS = NEEDS + INNOVATIONS
FULL_NEEDS = [row for row in NEEDS if set(row) == NEED_COLUMNS]
FULL_INNOVATIONS = [row for row in INNOVATIONS if set(row) == INNOVATION_COLUMNS]


def values(name: str) -> set[str]:
    return {entry["value"] for entry in CODES[name]}


def texts(value: Any) -> Iterator[str]:
    """Every string below a value, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for below in value.values():
            yield from texts(below)
    elif isinstance(value, list):
        for below in value:
            yield from texts(below)


def test_all_rows_are_there_and_twenty_of_each_are_full() -> None:
    assert (len(PLACES), len(ORGANISATIONS), len(NEEDS), len(INNOVATIONS)) == (5, 12, 44, 109)
    assert len(FULL_NEEDS) >= 20
    assert len(FULL_INNOVATIONS) >= 20
    assert {"n-adhd", "n-bowel-triage", "n-active-recovery"} <= {row["key"] for row in FULL_NEEDS if row["places"] == ["LDS"]}


@pytest.mark.parametrize("rows", [PLACES, ORGANISATIONS, NEEDS, INNOVATIONS], ids=["places", "organisations", "needs", "innovations"])
def test_keys_are_unique(rows: list[Row]) -> None:
    assert len({row["key"] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("rows", "columns", "required"),
    [
        (
            NEEDS,
            NEED_COLUMNS,
            {"key", "title", "problem", "population", "desired_outcome", "places", "theme", "status", "visibility", "source"},
        ),
        (INNOVATIONS, INNOVATION_COLUMNS, {"key", "name", "kind", "description", "categories", "main_category", "visibility", "source"}),
    ],
    ids=["needs", "innovations"],
)
def test_rows_have_only_real_columns_and_the_required_ones(rows: list[Row], columns: set[str], required: set[str]) -> None:
    for row in rows:
        assert set(row) <= columns, row["key"]
        assert all(row.get(name) for name in required), row["key"]
        assert isinstance(row["verified"], bool), row["key"]


@pytest.mark.parametrize(("columns", "model"), [(NEED_COLUMNS, Need), (INNOVATION_COLUMNS, Innovation)], ids=["needs", "innovations"])
def test_every_column_has_its_place_in_the_record(columns: set[str], model: type[Need] | type[Innovation]) -> None:
    assert {name for name in columns - STORED_ELSEWHERE if not hasattr(model, name)} == set()


@pytest.mark.parametrize("row", FULL_NEEDS + FULL_INNOVATIONS, ids=lambda row: row["key"])
def test_a_full_row_leaves_nothing_empty(row: Row) -> None:
    assert [name for name, value in row.items() if value is None or value in ("", [], {})] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])
def test_the_service_takes_every_row_without_a_warning(row: Row) -> None:
    said = {name: value for name, value in row.items() if name not in KEPT_BESIDE}

    content = (NeedContent if "title" in row else InnovationContent).model_validate(said)

    assert warnings_of(content) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])
def test_every_code_is_in_its_list(row: Row) -> None:
    for column, name in SINGLE_CODES.items():
        assert column not in row or row[column] in values(name), column
    for column, name in CODE_LISTS.items():
        assert set(row.get(column, [])) <= values(name), column
    assert set(row.get("places", [])) <= {place["key"] for place in PLACES}
    assert row.get("owning_organisation", "QWO") in {organisation["ods"] for organisation in ORGANISATIONS}
    assert row["visibility"] in set(Visibility)
    assert row.get("status", NeedStatus.OPEN) in set(NeedStatus)
    assert row.get("main_category") in {None, *row.get("categories", [])}


@pytest.mark.parametrize("row", NEEDS, ids=lambda row: row["key"])
def test_every_must_have_says_what_its_kind_asks_for(row: Row) -> None:
    lists = {entry["value"]: entry["value_is"] for entry in CODES["criterion_kinds"]}
    for criterion in row.get("criteria", []):
        kind = CriterionKind(criterion["kind"])
        assert bool(criterion["value"]) is kind.takes_value
        if lists[kind] in CODES:
            assert criterion["value"] in values(lists[kind])


@pytest.mark.parametrize("row", INNOVATIONS, ids=lambda row: row["key"])
def test_standards_and_evidence_use_the_codes_of_the_record(row: Row) -> None:
    for standard in row.get("standards", []):
        assert standard["type"] in values("standards")
        assert standard["has_met"] in values("has_met")
    for evidence in row.get("evidences", []):
        assert evidence["submit_type"] in values("evidence_submit_types")
        assert evidence["evidence_type"] in values("evidence_types")
        assert evidence["summary"]
        date.fromisoformat(evidence["dated_on"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])
def test_dates_are_iso_and_reviews_lie_ahead(row: Row) -> None:
    for name in DATES:
        assert name not in row or date.fromisoformat(row[name])
    assert row.get("review_date", "2027") > "2026-12-31"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])
def test_illustrative_names_columns_that_the_row_has(row: Row) -> None:
    assert set(row["illustrative"]) <= set(row) - {"key", "illustrative", "source", "verified"}
    assert len(set(row["illustrative"])) == len(row["illustrative"])


def test_what_no_source_can_say_is_always_marked() -> None:
    invented = {"criteria", "funding", "decision_date", "review_date", "by_when", "said_by", "open_to_improvement_methods"}

    assert all(invented <= set(row["illustrative"]) for row in FULL_NEEDS)


def test_exactly_two_innovations_are_held_for_want_of_consent() -> None:
    held = {row["key"] for row in INNOVATIONS if not row.keys() & {"consent_by", "consent_at", "consent_scope"}}
    consented = [row for row in INNOVATIONS if row["key"] not in held]

    assert held == {"avacta", "sleepio"}
    assert {(row["consent_by"], row["consent_scope"]) for row in consented} == {("Demo data: public source", "matching")}
    assert all(datetime.fromisoformat(row["consent_at"]).utcoffset() is not None for row in consented)
    assert {row["visibility"] for row in INNOVATIONS} == set(Visibility)


@pytest.mark.parametrize("name", ["demo/places.json", "demo/organisations.json", "demo/needs.json", "demo/innovations.json"])
def test_nothing_in_the_files_looks_like_a_person(name: str) -> None:
    words = " ".join(text for text in texts(load(name)) if not text.startswith("https://"))

    assert re.findall(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)", words) == []  # an NHS number
    assert re.findall(r"(?<!\d)0\d{3,4} ?\d{3} ?\d{3,4}(?!\d)", words) == []  # a telephone number
    assert re.findall(r"\S+@[\w-]+\.\w+|\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", words) == []  # mail, National Insurance


@pytest.mark.parametrize("row", NEEDS, ids=lambda row: row["key"])
def test_a_need_names_no_innovation(row: Row) -> None:
    words = " ".join(row.get(name, "") for name in Need.TEXTS)

    assert [other["name"] for other in INNOVATIONS if re.search(rf"\b{re.escape(other['name'])}\b", words)] == []


@pytest.mark.parametrize("row", INNOVATIONS, ids=lambda row: row["key"])
def test_texts_fit_the_national_record(row: Row) -> None:
    assert {name for name, limit in LONGEST.items() if len(row.get(name, "")) > limit} == set()


def test_ods_codes_end_before_their_successor_begins() -> None:
    for place in PLACES:
        codes = {code["code"]: code for code in place["ods_codes"]}
        ended = [code for code in codes.values() if code["successor"]]
        assert len(codes) - len(ended) == 1, place["key"]
        for code in ended:
            assert date.fromisoformat(code["valid_to"]) < date.fromisoformat(codes[code["successor"]]["valid_from"])


@pytest.mark.parametrize(
    ("name", "enum"),
    [("stages", Stage), ("kinds", InnovationKind), ("reason_codes", ReasonCode), ("criterion_kinds", CriterionKind)],
    ids=["stages", "kinds", "reason_codes", "criterion_kinds"],
)
def test_our_own_lists_and_the_record_agree(name: str, enum: Any) -> None:
    assert [entry["value"] for entry in CODES[name]] == [member.value for member in enum]


def test_every_list_has_unique_values_and_english_labels() -> None:
    for name in CODES["about"]["record_lists"] + CODES["about"]["own_lists"]:
        assert len(values(name)) == len(CODES[name]), name
        assert all(entry["label"].strip() for entry in CODES[name]), name
    parents = {entry["parent"] for entry in CODES["diseases_conditions_impact"]} - {None}
    assert parents <= values("diseases_conditions_impact")
