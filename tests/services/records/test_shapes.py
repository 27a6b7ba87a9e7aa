import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.services.records import csv_shapes, json_shapes
from api.services.records.document import Coverage, NationalRecord, answers, changes, lost
from api.services.records.files import read_file
from api.services.records.schema import Kind, Schemas, shipped_file, shipped_schema
from bench.records import PARTLY, SHAPES, generated, trip, unique_id

ID = "INN-2501-0007-5"
SCHEMAS = Schemas()
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
ODD = st.sampled_from(["", "null", "undefined", "=1", "'=1", "''x", "json:1", 'json:"a"', '"a"', "\\", "a\r\nb", "Yes: Yes", "[1]"])
ANY = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | TEXTS | ODD, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


def _answers_of(question):
    text = TEXTS | ODD | st.sampled_from([*question.labels, *question.labels.values()] or ["x"])
    if question.kind in {Kind.TEXT, Kind.CODE}:
        return text | ANY
    if question.kind is Kind.PAIRS:
        first, second = question.parts
        return st.lists(st.fixed_dictionaries({first: text}, optional={second: text}), max_size=3) | ANY
    return st.lists(text, max_size=3) | ANY


QUESTIONS = [question for section in shipped_schema().sections for question in section.questions]


@st.composite
def documents(draw):
    document = {"version": draw(st.sampled_from(["202209", "202304", 202304, 1, 12, "x", 1.5]))}
    for question in draw(st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=8)):
        document.setdefault(question.section, {})[question.id] = draw(_answers_of(question))
    document["UNHEARD_OF"] = draw(st.dictionaries(TEXTS | ODD, ANY, max_size=3))
    return document


@pytest.mark.parametrize("shape", SHAPES)
@given(document=documents())
@settings(max_examples=60, deadline=None)
def test_no_shape_loses_an_answer(shape, document):
    assert trip(shape, [(ID, NationalRecord(document=document))], SCHEMAS)[1] == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_generated_records_of_all_versions_come_back_whole(shape):
    records = [(unique_id(number), generated(number)) for number in range(27)]

    carried, missing = trip(shape, records, SCHEMAS)

    assert (carried > 500, missing) == (True, 0)


def read(text, **options):
    return read_file(io.BytesIO(text.encode()), SCHEMAS, **options)


def test_a_document_is_kept_word_for_word():
    document = {"version": 4, "MARKET_RESEARCH": {}, "INNOVATION_DESCRIPTION": {"name": " Sensor\r\n"}, "evidences": [{"id": "1"}]}

    (entry,) = read(json.dumps(document), unique_id=ID)

    assert (entry.record.document, entry.covers, entry.unique_id) == (document, Coverage(whole=True), ID)
    assert NationalRecord.from_json(entry.record.to_json()) == entry.record


def test_a_search_row_takes_labels_and_codes_and_columns_by_id_or_label():
    text = "uniqueId,Innovation name,Categories,areas,owner.email,Colour\n"
    text += f'{ID},"Line one\\nsaid \\""hi\\""","[""Medical device"",""AI"",""NEW""]",PATIENT_SAFETY,a@example.org,blue\n'

    (entry,) = read(text)

    told = entry.record.document["INNOVATION_DESCRIPTION"]
    assert told == {"name": 'Line one\nsaid "hi"', "categories": ["MEDICAL_DEVICE", "AI", "NEW"], "areas": ["PATIENT_SAFETY"]}
    assert entry.record.listing == {"owner.email": "a@example.org", "Colour": "blue"}
    assert {(row["field"], row["kind"]) for row in entry.warnings} == {
        ("Colour", "unknown_column"),
        ("INNOVATION_DESCRIPTION.categories", "unknown_code"),
    }


def test_a_search_row_speaks_about_its_columns_alone():
    known = NationalRecord(document={"INNOVATION_DESCRIPTION": {"name": "Old", "description": "Kept", "areas": ["WORKFORCE"]}})

    (entry,) = read(f"uniqueId,name,areas\n{ID},New,\n")

    assert known.taking(entry.record, entry.covers).document == {"INNOVATION_DESCRIPTION": {"name": "New", "description": "Kept"}}


def test_a_record_csv_finds_its_questions_by_id_or_wording_and_keeps_what_it_does_not_know():
    rows = ["Section,Subsection,Question,Answer", f"Innovation Details,Innovation Details,Innovation ID,{ID}"]
    rows += ["About,Description,name,Sensor", "About,Description,categories,Medical device", "About,Description,areas,undefined"]
    rows += ["Company Details,Company Details,Registration number,0123", "About,Description,How blue is it?,Very", "About,Again,name,Twice"]

    (entry,) = read("\n".join(rows))

    assert entry.record.document == {"INNOVATION_DESCRIPTION": {"name": "Sensor", "categories": ["MEDICAL_DEVICE"]}}
    assert [row[2] for row in entry.record.rows] == ["Registration number", "How blue is it?", "name"]
    assert [row["line"] for row in entry.warnings if row["kind"] == "unknown_question"] == [7, 8]
    assert {row["field"] for row in entry.warnings if row["kind"] == "section_missing"} >= {"DEPLOYMENT", "MARKET_RESEARCH"}
    again = read(csv_shapes.record_csv(ID, entry.record, SCHEMAS))[0]
    assert again.record.rows == entry.record.rows


def test_the_all_sections_answer_names_evidence_and_knows_the_rest_of_it():
    piece = {"id": "1", "evidenceSubmitType": "REAL_WORLD", "summary": "Audit", "evidenceType": "OTHER"}
    record = NationalRecord(document={"version": 3, "EVIDENCE_OF_EFFECTIVENESS": {"hasEvidence": "YES"}, "evidences": [piece]})

    told = json_shapes.all_sections(record, SCHEMAS)
    national = [
        {"section": {"section": "EVIDENCE_OF_EFFECTIVENESS", "status": "SUBMITTED"}, "data": {"evidences": [{"id": "1", "name": "x"}, 3]}}
    ]
    (entry,) = read(json.dumps({"uniqueId": ID, "sections": national}))

    (section,) = [each for each in told if each["section"]["section"] == "EVIDENCE_OF_EFFECTIVENESS"]
    assert section["data"]["evidences"] == [piece | {"name": "real-world"}]
    assert record.taking(entry.record, entry.covers).document["evidences"] == [piece | {"name": "x"}, 3]
    plain = NationalRecord(document={"evidences": "none", "EVIDENCE_OF_EFFECTIVENESS": {}})
    (back,) = read(json.dumps({"uniqueId": ID, "sections": json_shapes.all_sections(plain, SCHEMAS)}))
    assert back.record.document["evidences"] == "none"


def test_evidence_is_joined_only_where_both_list_it():
    later = NationalRecord(document={"EVIDENCE_OF_EFFECTIVENESS": {}, "evidences": [{"id": "1"}]})
    covers = Coverage(sections=frozenset({"EVIDENCE_OF_EFFECTIVENESS"}), questions=frozenset({("", "evidences")}))

    for known in ("odd", None, [{"id": "2"}]):
        assert NationalRecord(document={"evidences": known}).taking(later, covers).document["evidences"] == [{"id": "1"}]


def test_states_and_rows_of_other_shapes_stay_beside_a_newer_document():
    known = NationalRecord(listing={"owner.name": "A"}, rows=(("a", "b", "c", "d"),), states={"DEPLOYMENT": {"status": "DRAFT"}})
    later = NationalRecord(document={"version": 5, "DEPLOYMENT": {"isDeployed": "YES"}})

    kept = known.taking(later, Coverage(whole=True))

    assert (kept.document, kept.listing, kept.rows, kept.version) == (later.document, known.listing, known.rows, "5")
    state = next(each["section"] for each in json_shapes.all_sections(kept, SCHEMAS) if each["section"]["section"] == "DEPLOYMENT")
    assert state["status"] == "DRAFT"


def test_a_difference_is_told_by_section_and_question_alone():
    before = {"version": 1, "A": {"gone": 1, "same": True, "other": 1}}
    after = {"version": 2, "A": {"same": True, "other": 1.0, "new": None}}

    told = [(each.question, each.kind) for each in changes(before, after)]

    assert told == [("gone", "removed"), ("new", "added"), ("other", "changed")]
    assert lost(before, after) == [("A", "gone"), ("A", "other")]
    assert set(answers(after)) == {("A", "same"), ("A", "other"), ("A", "new")}


def test_a_version_is_told_as_it_was_or_as_not_stated():
    versions = [NationalRecord(document={"version": said} if said is not None else {}).version for said in (4, "202209", None, "", [1])]

    assert versions == ["4", "202209", "unstated", "unstated", "unstated"]
    assert NationalRecord(document={"A": 1}).answer("A", "b") is None


def test_an_answer_that_stands_where_a_section_should_be_is_left_alone():
    assert NationalRecord(document={"A": "text"}).with_answers({("A", "b"): 1}).document == {"A": "text"}


def test_the_search_csv_has_all_columns_of_the_national_service_and_those_that_were_added():
    record = NationalRecord(document={"INNOVATION_DESCRIPTION": {"name": "=SUM(1)"}}, listing={"Colour": "@blue"})

    text = csv_shapes.search_csv([(ID, record)], SCHEMAS)

    header, row = text.splitlines()
    assert [cell.strip('"') for cell in header.split(",")] == [label for _, label in shipped_file()["search_columns"]] + ["Colour"]
    assert '"\'=SUM(1)"' in row
    assert '"\'@blue"' in row
    assert trip(PARTLY, [(ID, record)], SCHEMAS)[1] == 0


def test_an_entry_without_its_first_part_is_written_word_for_word():
    document = {"REGULATIONS_AND_STANDARDS": {"standards": [{"type": 7, "hasMet": "YES"}, {"type": "DTAC"}]}}

    assert trip("record CSV", [(ID, NationalRecord(document=document))], SCHEMAS)[1] == 0


def test_an_answer_that_was_emptied_in_the_file_is_one_no_more():
    known = NationalRecord(document={"NEW": {"x": "1", "y": "2"}})
    text = csv_shapes.record_csv(ID, known, SCHEMAS).replace('"x","1"', '"x",""')

    (entry,) = read(text)

    assert known.taking(entry.record, entry.covers).document == {"NEW": {"y": "2"}}


def test_what_a_record_says_has_one_hash_whatever_its_order():
    one, other = ({"A": {"x": 1, "y": 2}}, {"A": {"y": 2, "x": 1}})

    assert NationalRecord(document=one).hash == NationalRecord(document=other).hash
    assert NationalRecord(document=one).hash != NationalRecord(document=one, listing={"x": "1"}).hash
