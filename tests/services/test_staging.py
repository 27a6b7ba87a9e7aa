"""What is found in a file when it is checked, and what is kept of it."""

import csv
import io
import json

import pytest
from sqlalchemy import func, select

from api.queue import Job
from api.services import importing, staging
from api.services.csv_files import ImportFileRefused
from api.services.staging import AlreadyImported
from models.actors import SYSTEM
from models.documents import Side
from models.imports import ImportStatus
from models.needs import Need
from models.places import Place
from models.queries import imports, jobs
from tests.imports import NEEDS, PROBLEM, many, problems_of, report_of
from tests.walk import now

pytestmark = pytest.mark.both


def test_a_bad_row_applies_nothing_and_names_line_column_kind_and_remedy(database, stage, apply):
    rows = [
        "Good,A,LDS,,,,,",
        ",B,LDS,,,,,",
        "C,NHS number 943 476 5919,LDS,,,,,",
        "D,x,NOWHERE,,,,,",
        "E,x,LDS,32/13/2027,,,,",
        "F,x,LDS,,dtac=1,,,",
        "G,x,LDS,,,nobody,,",
        "H,x,LDS,,,,maybe,",
        "I,x,LDS,,,,,secret",
        f"{'J' * 301},x,LDS,,,,,",
        "K,x",
        'L,x,LDS,,"[1",,,',
        "M,x,BDC|CAL|KIR|LDS|WAK|LDS,,,,,",
    ]
    header = "title,problem,places,by_when,criteria,said_by,open_to_improvement_methods,visibility\n"

    import_id = stage(header + "\n".join(rows))

    assert problems_of(database, import_id) == [
        (3, "title", "missing"),
        (4, "problem", "patient_identifier"),
        (5, "places", "unknown_place"),
        (6, "by_when", "not_a_date"),
        (7, "criteria.1", "criterion_value"),
        (8, "said_by", "unknown_code"),
        (9, "open_to_improvement_methods", "not_yes_or_no"),
        (10, "visibility", "enum"),
        (11, "title", "string_too_long"),
        (12, "", "number_of_cells"),
        (13, "criteria", "not_json"),
        (14, "places", "too_long"),
    ]
    report = apply(import_id)
    assert (report.status, report.total_rows, report.invalid_rows, report.applied_rows) == ("refused", 13, 12, 0)
    assert all(row["remedy"].endswith(".") and "943" not in row["remedy"] for row in report.problems)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Need)) == 0


def test_partial_without_a_sound_row_is_refused(database, stage):
    assert report_of(database, stage("title,problem,places\n,B,LDS\n", partial=True)).status == "refused"


def test_a_dry_run_stores_no_document_and_may_be_followed_by_the_import(database, stage, apply):
    report = apply(stage(NEEDS, dry_run=True))

    assert (report.status, report.applied_rows) == ("checked", 0)
    assert apply(stage(NEEDS)).applied_rows == 1


def test_the_same_file_is_refused_with_the_earlier_import(stage, apply):
    first = stage(NEEDS)
    apply(first)

    with pytest.raises(AlreadyImported, match=str(first)) as refused:
        stage(NEEDS)

    assert refused.value.details == {"import_id": str(first)}
    stage(NEEDS + f"Others fall,{PROBLEM},BDC\n")


def test_a_refused_file_may_be_brought_again(database, stage):
    bad = "title,problem,places\n,B,LDS\n"

    assert stage(bad) != stage(bad)


def test_a_row_may_not_repeat_the_key_or_external_id_of_another(database, stage):
    rows = "name,key,external_ids\nA,k,r=1\nB,k,\nC,,r=1\n"

    import_id = stage(rows, side=Side.INNOVATION)

    assert problems_of(database, import_id) == [(3, "key", "repeated"), (4, "external_ids", "repeated")]


def test_a_row_may_not_take_a_key_or_external_id_that_is_there(database, stage, apply):
    rows = "name,key,external_ids\nA,k,r=1\n"
    apply(stage(rows, side=Side.INNOVATION))

    import_id = stage(rows.replace("A,", "B,"), side=Side.INNOVATION)

    assert problems_of(database, import_id) == [(2, "key", "already_there"), (2, "external_ids", "already_there")]


def test_an_unknown_organisation_is_told(database, stage):
    rows = "title,places,owning_organisation\nA,LDS,RGD\nB,LDS,XXX\n"

    assert problems_of(database, stage(rows)) == [(3, "owning_organisation", "unknown_organisation")]


@pytest.mark.parametrize("row", ["A,Director,,matching", "A,,2026-11-01,"])
def test_half_a_consent_is_none(database, stage, row):
    import_id = stage(f"name,consent_by,consent_at,consent_scope\n{row}\n", side=Side.INNOVATION, consent_basis="Terms")

    assert problems_of(database, import_id) == [(2, "consent_by", "consent_incomplete")]


def test_a_basis_of_consent_that_cannot_be_kept_is_refused(stage):
    with pytest.raises(ImportFileRefused, match="The basis of consent cannot be kept"):
        stage("name\nA\n", side=Side.INNOVATION, consent_basis="x" * 501)


def test_a_number_that_may_be_a_patients_is_warned_about(database, stage):
    report = report_of(database, stage("title,problem,places\nA,Ring 9434765919 first,LDS\n"))

    assert [(row["line"], "ten-digit" in row["remedy"]) for row in report.warnings] == [(2, True)]


def test_staging_owes_the_application_and_a_refused_file_owes_nothing(database, stage):
    stage("title,problem,places\n,B,LDS\n")
    with database.reading() as session:
        assert Job.APPLY_IMPORT not in jobs.counts(session)

    import_id = stage(NEEDS)

    with database.reading() as session:
        assert jobs.counts(session)[Job.APPLY_IMPORT] == {"queued": 1}
        assert list(imports.unfinished(session)) == [import_id]


def test_progress_is_told_by_rows(stage):
    told = []

    stage(many(1200), on_progress=told.append)

    assert told == [500, 1000, 1200]


def test_ten_thousand_rows_are_checked_and_the_report_stays_short(database, stage):
    import_id = stage("title,problem,places\n" + "".join(f",{n},LDS\n" for n in range(10_000)))

    report = report_of(database, import_id)
    assert (report.total_rows, report.invalid_rows, len(report.problems)) == (10_000, 10_000, importing.SHOWN_PROBLEMS)
    assert report.to_json()["status"] == ImportStatus.REFUSED


POISON = [
    ("name,external_ids\nA,x=1|x=1\n", "external_ids"),
    ("name,external_ids\nA,x=1|x= 1\n", "external_ids"),
    ("name,consent_by,consent_at,consent_scope\nA,D,9999-12-31T23:59:59-14:00,matching\n", "consent_at"),
    ("name,consent_by,consent_at,consent_scope\nA,D,0001-01-01T00:00:00+14:00,matching\n", "consent_at"),
    ("name\n" + "\ufb2c" * 300 + "\n", "name"),
]


@pytest.mark.parametrize(("rows", "field"), POISON, ids=["twice", "twice but for a space", "too late", "too early", "grows"])
def test_a_row_that_could_not_be_applied_is_found_when_it_is_staged(database, stage, rows, field):
    import_id = stage(rows, side=Side.INNOVATION)

    assert [(line, name) for line, name, _ in problems_of(database, import_id)] == [(2, field)]
    assert report_of(database, import_id).status == "refused"
    assert stage(rows, side=Side.INNOVATION) != import_id


def test_one_row_full_of_faults_keeps_the_report_short(database, stage):
    entries = json.dumps([{"submit_type": "REAL_WORLD", "a secret key": 1}] * 40)
    stream = io.StringIO()
    csv.writer(stream).writerows([["name", "evidences"], ["A", entries]])

    report = report_of(database, stage(stream.getvalue(), side=Side.INNOVATION))

    assert (report.problem_count, len(report.problems)) == (40, staging.MOST_PROBLEMS_OF_A_ROW)
    assert "secret" not in str(report.problems)
    assert report.problems[0]["field"] == "evidences.1"


def test_a_file_name_is_kept_without_what_cannot_be_printed(database, stage):
    assert report_of(database, stage(NEEDS, file_name="a\x00\x1b\u202eb.csv")).file_name == "ab.csv"
    assert report_of(database, stage(many(2), file_name="\x00")).file_name == "upload.csv"


def test_others_write_while_a_file_is_checked_and_its_rows_are_worked_out(database, stage):
    import_id = stage(NEEDS)
    with database.reading() as reading, database.transaction() as other:
        other.add(Place(key="NEW", name="New", partnership="New", ods_codes=[]))
        other.flush()
        staging.check(reading, Side.NEED, io.BytesIO(many(2).encode()), file_name="a.csv", actor=SYSTEM, at=now())
        assert importing.next_step(reading, import_id, at=now()).rows
