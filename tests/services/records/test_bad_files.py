import codecs
import io
import json
import subprocess
import sys

import pytest

from api.services.csv_files import ImportFileRefused
from api.services.records.files import read_file
from api.services.records.identifiers import check_digit, misfit
from api.services.records.schema import Schemas

ID, OTHER_ID = "INN-2501-0007-5", "INN-2502-0008-7"
SCHEMAS = Schemas()
HEADER = "Section,Subsection,Question,Answer\n"
DETAILS = f"Innovation Details,Innovation Details,Innovation ID,{ID}\n"
NAMED = {"INNOVATION_DESCRIPTION": {"name": "Sensor"}}
MEASURE = """
import io, sys, time
from pathlib import Path
from api.services.csv_files import ImportFileRefused
from api.services.records.files import read_file
from api.services.records.schema import Schemas
began = time.perf_counter()
try:
    read_file(io.BytesIO(eval(sys.argv[1])), Schemas())
except ImportFileRefused as error:
    most = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]  # of this program alone, not of who started it
    print(error.details["problems"][0]["kind"], time.perf_counter() - began, int(most) // 1024)
"""


def read(text, **options):
    return read_file(io.BytesIO(text if isinstance(text, bytes) else text.encode()), SCHEMAS, **options)


@pytest.mark.parametrize(
    ("text", "line", "kind"),
    [
        ("", 1, "empty"),
        (" \n", 1, "empty"),
        ('""\n', 1, "no_header"),
        (codecs.BOM_UTF16_LE + HEADER.encode("utf-16-le"), 1, "not_utf8"),
        (HEADER.encode("utf-16-be"), 1, "not_utf8"),
        ((HEADER + DETAILS + "a,b,name,Café\n").encode("cp1252"), 3, "not_utf8"),
        (HEADER + DETAILS + "a,b," + "c" * 60 + ",\0\n", 3, "control_character"),
        (HEADER + DETAILS + 'a,b,name,"cut o', 3, "quotation"),
        (HEADER + DETAILS + "a,b,name\n", 3, "number_of_cells"),
        (HEADER, 2, "no_rows"),
        (HEADER + DETAILS + "a,b,q,x\n" * 5_001, 5003, "too_many_rows"),
        ("name,description\nA,B\n", 1, "no_header"),
        ("uniqueId,name,Innovation name\n", 1, "column_twice"),
        ("uniqueId,name\n", 2, "no_rows"),
        ("uniqueId," + ",".join(f"c{number}" for number in range(300)) + "\n", 1, "too_many_columns"),
        ("uniqueId," + "x" * 30_000 + "\n", 1, "header_too_long"),
        ("uniqueId,name\n" + f"{ID},A\n" * 501, 1, "too_many_records"),
        ('{"version": 4,\n "INNOVATION', 2, "not_json"),
        ('{"version": 4, "version": 5}', 1, "not_json"),
        ('{"version": NaN}', 1, "not_json"),
        ('{"version": 1e999}', 1, "not_json"),
        ('{"version": ' + "1" * 5000 + "}", 1, "not_json"),
        ('{"version": "\\ud800"}', 1, "control_character"),
        ("[" * 5_000, 1, "too_deep"),
        ('{"version":' + "[" * 40 + "]" * 40 + "}", 1, "too_deep"),
        ("[" + "[]," * 200_000 + "[]]", 1, "too_many_values"),
        ("[]", 1, "no_record"),
        ("[1]", 1, "no_record"),
        ('{"name": "A"}', 1, "no_record"),
        ('{"document": {"name": "A"}}', 1, "no_record"),
        ('{"document": 1}', 1, "no_record"),
        ('{"sections": []}', 1, "no_record"),
        ('{"sections": [{"section": 1}], "document": {}}', 1, "unknown_field"),
        ('[{"section": 1, "data": {}}]', 1, "bad_section"),
        ('[{"section": {"section": "A"}, "data": {}}, {"section": {"section": "A"}, "data": {}}]', 1, "bad_section"),
        ('{"uniqueId": 1, "version": 4}', 1, "no_text"),
        ('{"consent": 1, "version": 4}', 1, "unknown_field"),
        ('{"consent": {"who": "me"}, "version": 4}', 1, "unknown_field"),
        ("[" + ",".join(['{"version":4}'] * 501) + "]", 1, "too_many_records"),
        (b"x" * (10 * 1024 * 1024 + 1), 1, "too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_line_kind_and_remedy(text, line, kind):
    with pytest.raises(ImportFileRefused) as caught:
        read(text)

    (found,) = caught.value.details["problems"]
    assert (found["line"], found["kind"]) == (line, kind)
    assert found["remedy"].endswith(".")


def test_an_id_beside_several_records_is_refused():
    with pytest.raises(ImportFileRefused):
        read('[{"version": 4}, {"version": 4}]', unique_id=ID)


@pytest.mark.parametrize(
    "made",
    [
        "b'uniqueId' + b',' * 1_000_000",
        "b'uniqueId,name\\n' + b',' * 1_000_000",
        "b'Section,Subsection,Question,Answer\\n' + b',' * 10_000_000",
        "b'uniqueId,name\\n' + b'\"' + b'x' * 10_000_000",
        "b'uniqueId,name\\n' + b'a,b\\n' * 2_500_000",
        "b'[' + b'{},' * 3_000_000 + b'{}]'",
        "b'[' + b'1,' * 5_000_000 + b'1]'",
        "b'{' + b','.join(b'\"a%d\":1' % number for number in range(400_000)) + b'}'",
        "b'x' * 30_000_000",
        "'é'.encode('cp1252') * 10_000_000",
    ],
)
def test_what_is_refused_costs_seconds_and_little_memory(made):
    done = subprocess.run([sys.executable, "-c", MEASURE, made], capture_output=True, text=True, check=True, timeout=60)

    _, seconds, mebibytes = done.stdout.split()
    assert float(seconds) <= 5
    assert int(mebibytes) <= 256


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(ends):
    rows = [HEADER.strip(), DETAILS.strip(), "a;b;name;Sensor".replace(";", ",")]

    (entry,) = read(("\ufeff" + ends.join(rows)).encode())

    assert (entry.unique_id, entry.record.document) == (ID, NAMED)


def test_mixed_line_ends_and_empty_lines_are_read():
    (entry,) = read(HEADER + "\r\n\n" + DETAILS.replace("\n", "\r\n") + "a,b,name,Sensor\n")

    assert entry.record.document == NAMED


def test_guarded_formulas_come_back_without_their_guard():
    first, second = read(f"uniqueId;name\n{ID};'=SUM(1)\n{OTHER_ID};'quoted' word\n")

    assert first.record.answer("INNOVATION_DESCRIPTION", "name") == "=SUM(1)"
    assert second.record.answer("INNOVATION_DESCRIPTION", "name") == "'quoted' word"


def kinds(text, **options):
    return [[found["kind"] for found in entry.problems] for entry in read(text, **options)]


def test_ids_are_checked_and_told_by_line():
    rows = f"uniqueId,name\nINN-2501-0007-4,A\nINN-25-7,B\n,C\n{ID},D\n{ID},E\n{ID}\n"

    assert kinds(rows) == [["bad_id"], ["bad_id"], ["no_id"], [], ["repeated"], ["number_of_cells"]]
    assert kinds(f"uniqueId,name\n{ID},A\n", unique_id=OTHER_ID) == [["another_id"]]
    assert kinds(json.dumps(NAMED), unique_id=ID) == [[]]


def test_the_check_digit_is_the_sum_of_the_digits():
    assert (check_digit("25010007"), misfit(ID)) == (5, None)
    assert misfit("INN-2501-0007-6") is not None
    assert misfit("INN-2513-0007-9") is not None
    assert misfit("INN-٢٥01-0007-5") is not None


def found_in(document, **beside):
    (entry,) = read(json.dumps({"uniqueId": ID, "document": document, **beside}))
    return [(row["field"], row["kind"]) for row in entry.problems], [(row["field"], row["kind"]) for row in entry.warnings]


def test_patient_numbers_and_control_characters_are_refused_wherever_they_stand():
    said = {
        "INNOVATION_DESCRIPTION": {"name": "A", "supportDescription": "NHS number 943 476 5919", "areas": ["\x07"]},
        "NEW": {"x": ["QQ 12 34 56 C", "AB123456C"]},
    }

    problems, _ = found_in({"version": 4, **said})

    assert problems == [
        ("INNOVATION_DESCRIPTION.supportDescription", "patient_identifier"),
        ("INNOVATION_DESCRIPTION.areas", "control_character"),
        ("NEW.x", "patient_identifier"),
    ]
    (entry,) = read(f"uniqueId,name,owner.name\n{ID},A,943 476 5919\n")
    assert [row["kind"] for row in entry.problems] == ["patient_identifier"]


def test_an_answer_without_end_and_answers_without_number_are_refused():
    assert found_in({"version": 4, "NEW": {"x": "a" * 100_001}})[0] == [("NEW.x", "too_long")]
    assert found_in({"version": 4, "NEW": dict.fromkeys(map(str, range(2_001)), 1)})[0] == [("", "too_many_answers")]


def test_what_the_schema_does_not_know_is_kept_and_told():
    document = {
        "version": 4,
        "INNOVATION_DESCRIPTION": {
            **{"name": "A" * 101, "description": "<p>Hello</p>", "areas": ["OPERATIONAL_EXCELLENCE", "WHAT"], "mainPurpose": 7},
            **{"countryName": "England", "supportDescription": "Call 9434765919"},
        },
        "REGULATIONS_AND_STANDARDS": {"standards": [{"type": "NEW"}, {"type": "DTAC"}, {}]},
        "NEW": {"x": 1},
        "DEPLOYMENT": {"new": 1},
        "evidences": [{"evidenceSubmitType": "REAL_WORLD", "evidenceType": "HEARSAY"}, 3],
    }

    problems, warnings = found_in(document)

    assert problems == []
    assert warnings == [
        ("version", "other_version"),
        ("INNOVATION_DESCRIPTION.name", "longer_than_national"),
        ("INNOVATION_DESCRIPTION.description", "html"),
        ("INNOVATION_DESCRIPTION.areas", "code_of_another_version"),
        ("INNOVATION_DESCRIPTION.areas", "unknown_code"),
        ("INNOVATION_DESCRIPTION.mainPurpose", "unknown_code"),
        ("INNOVATION_DESCRIPTION.supportDescription", "looks_like_identifier"),
        ("REGULATIONS_AND_STANDARDS.standards", "unknown_code"),
        ("NEW.x", "unknown_section"),
        ("DEPLOYMENT.new", "unknown_question"),
        ("evidences.evidenceType", "unknown_code"),
    ]


def test_an_older_version_is_told_once_and_many_warnings_are_counted():
    older = {"version": "202209", "VALUE_PROPOSITION": {"problemsTackled": "Falls"}, "evidences": "odd"}

    assert found_in(older) == ([], [("version", "older_version")])
    many = found_in({"version": 4, "NEW": dict.fromkeys(map(str, range(60)), 1)})[1]
    assert (len(many), many[-1][1]) == (21, "more")
    assert found_in({"version": 4, "a\nb": {"x": 1}})[1][-1] == ("", "unknown_section")


@pytest.mark.parametrize(("version", "sound"), [("x" * 41, False), ("a b", False), ("2024-07", True)])
def test_a_version_is_a_short_word(version, sound):
    assert (found_in({"version": version, **NAMED})[0] == []) is sound
