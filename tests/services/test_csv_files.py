import csv
import io
import json

import pytest
from sqlalchemy import select

from api.services import columns, demo, staging
from api.services.csv_files import ImportFileRefused
from models.actors import SYSTEM
from models.documents import Side
from models.innovations import Innovation, Stage
from models.needs import Need, NeedStatus
from models.queries import imports
from tests.imports import PROBLEM, problems_of, report_of
from tests.walk import now


def test_a_need_says_in_its_cells_what_its_columns_hold(database, stage, apply):
    header = "title;problem;places;said_by;criteria;by_when;decision_date;open_to_improvement_methods;visibility\n"
    row = f'People fall;"{PROBLEM};\nday and night";LDS|BDC;staff|patients;no_smartphone|minimum_stage=ADOPTION;'
    row += "31/03/2027;2027-01-31;No;partners\n"

    report = apply(stage("\ufeff" + header + row))

    assert (report.status, report.applied_rows, report.held_rows) == ("complete", 1, 0)
    with database.reading() as session:
        need = session.scalars(select(Need)).one()
        assert (need.status, need.live, need.import_line) == (NeedStatus.OPEN, True, 2)
        assert [place.key for place in need.places] == ["BDC", "LDS"]
        assert (need.problem, need.said_by) == (f"{PROBLEM};\nday and night", ["staff", "patients"])
        assert [(row.kind, row.value) for row in need.criteria] == [("no_smartphone", ""), ("minimum_stage", "ADOPTION")]
        assert (str(need.by_when), str(need.decision_date)) == ("2027-03-31", "2027-01-31")
        assert (need.open_to_improvement_methods, need.visibility) == (False, "partners")


def test_an_innovation_says_in_its_cells_what_its_columns_hold(database, stage, apply):
    cells = {
        "name": "Fall sensor",
        "how_it_works": "A sensor in the floor raises an alarm when somebody falls.",
        "standards": "DTAC=YES|CQC=NOT_YET",
        "evidences": 'REAL_WORLD:OTHER:Two wards: fewer falls|CLINICAL_OR_CARE::Pilot"',
        "external_ids": "register=77|hub=a=b",
        "integrates_with": '["EMIS | Web", "SystmOne"]',
        "requires_smartphone": "unknown",
        "deployed": "yes",
        "stage": "ADOPTION",
        "consent_by": "Director",
        "consent_at": "01/11/2026",
        "consent_scope": "matching",
        "website": "https://www.example.org",
    }
    stream = io.StringIO()
    csv.writer(stream).writerows([cells.keys(), cells.values()])

    apply(stage(stream.getvalue(), side=Side.INNOVATION))

    with database.reading() as session:
        row = session.scalars(select(Innovation)).unique().one()
        assert row.standards == [{"type": "DTAC", "has_met": "YES"}, {"type": "CQC", "has_met": "NOT_YET"}]
        assert [(item["evidence_type"], item["summary"]) for item in row.evidences] == [
            ("OTHER", "Two wards: fewer falls"),
            (None, 'Pilot"'),
        ]
        assert [(item.system, item.value) for item in row.external_ids] == [("hub", "a=b"), ("register", "77")]
        assert row.integrates_with == ["EMIS | Web", "SystmOne"]
        assert (row.requires_smartphone, row.deployed, row.stage) == (None, True, Stage.ADOPTION)
        assert (row.consent_by, row.consent_at.isoformat()) == ("Director", "2026-11-01T00:00:00+00:00")


def test_a_cell_may_be_json_where_words_hold_the_separators(database, stage, apply):
    cells = {
        "name": "Fall sensor",
        "evidences": json.dumps([{"submit_type": "REAL_WORLD", "summary": "a|b: c", "dated_on": "2026-01-31"}]),
        "standards": json.dumps([{"type": "DTAC", "has_met": "YES"}]),
    }
    stream = io.StringIO()
    csv.writer(stream).writerows([cells.keys(), cells.values()])

    apply(stage(stream.getvalue(), side=Side.INNOVATION))

    with database.reading() as session:
        row = session.scalars(select(Innovation)).unique().one()
        assert row.standards == [{"type": "DTAC", "has_met": "YES"}]
        assert [(item["summary"], item["dated_on"]) for item in row.evidences] == [("a|b: c", "2026-01-31")]


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-5 %", "@home"])
def test_the_guard_of_an_export_against_formulas_is_taken_off(database, stage, apply, cell):
    apply(stage(f"title,problem,places,baseline\nPeople fall,'tis so: {PROBLEM},LDS,'{cell}\n"))

    with database.reading() as session:
        need = session.scalars(select(Need)).one()
        assert (need.baseline, need.problem[:6]) == (cell, "'tis s")


@pytest.mark.parametrize("side", Side)
def test_the_template_passes_its_own_check(database, stage, side):
    with database.transaction() as session:
        demo.bring_in_places(session)

    report = report_of(database, stage(columns.template(side), side=side, dry_run=True))

    assert (report.status, report.total_rows, report.problems) == ("checked", 1, [])
    header = next(csv.reader(io.StringIO(columns.template(side))))
    assert tuple(header) == columns.names(side)


def test_what_a_cell_could_not_say_is_told_once(database, stage):
    import_id = stage("name,consent_by,consent_at,consent_scope\nA,Director,soon,matching\n", side=Side.INNOVATION)

    assert problems_of(database, import_id) == [(2, "consent_at", "not_a_time")]


@pytest.mark.parametrize(("moment", "kind"), [("2026-11-01T09:00:00", "timezone_aware"), ("2026-11-01T9", "not_a_time")])
def test_a_time_carries_its_zone(database, stage, moment, kind):
    import_id = stage(f"name,consent_by,consent_at,consent_scope\nA,Director,{moment},matching\n", side=Side.INNOVATION)

    assert problems_of(database, import_id) == [(2, "consent_at", kind)]


@pytest.mark.parametrize(
    ("raw", "line", "kind"),
    [
        (b"", 1, "no_header"),
        (b" \n", 1, "no_header"),
        (b"People fall,LDS\n", 1, "no_header"),
        (b"title,places\n", 2, "no_rows"),
        (b"title,places\n,\n\n", 2, "no_rows"),
        (b"title,places\n" + b"A,LDS\n" * 20_001, 20_002, "too_many_rows"),
        (b"title,places,colour\nA,LDS,red\n", 1, "unknown_column"),
        (b"title,places,problems\nA,LDS,red\n", 1, "unknown_column"),
        (b"title,places,\nA,LDS,red\n", 1, "unknown_column"),
        (b"title,places,title\nA,LDS,A\n", 1, "column_twice"),
        (b"title,problem\nA,B\n", 1, "column_missing"),
        ("title,places\nCafé,LDS\n".encode("latin-1"), 2, "not_utf8"),
        ("title,places\nA,LDS\n".encode("utf-16"), 1, "not_utf8"),
        (b"title,places\rA,LDS\r", 1, "line_ends"),
        (b'title,places\nA,LDS\n"B,LDS\nC,LDS\n', 3, "quotation"),
        (b'title,places\n"A"x,LDS\n', 2, "quotation"),
        (b"title,places\n" + b"A" * 200_000 + b",LDS\n", 2, "quotation"),
        (b"title,places," + b"A" * 131_073 + b"\nA,LDS,\n", 1, "header_too_long"),
        (b"title,places," + b",".join([b"x"] * 199) + b"\nA,LDS\n", 1, "too_many_columns"),
        (b"title,places,\x1b[2J\nA,LDS,\n", 1, "unknown_column"),
        (b'title,places\n"A"x\n', 2, "quotation"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(database, stage, raw, line, kind):
    with pytest.raises(ImportFileRefused) as refused:
        stage(raw)

    problem = refused.value.details["problems"][0]
    assert (problem["line"], problem["kind"]) == (line, kind)
    with database.reading() as session:
        assert imports.latest(session) == []


def test_a_header_of_a_hundred_thousand_columns_is_refused_before_anything_is_asked(database):
    rows = b"title,places," + b",".join(b"consequence_for_patient%d" % n for n in range(100_000)) + b"\nA,LDS\n"

    with pytest.raises(ImportFileRefused) as refused, database.reading() as session:
        staging.check(session, Side.NEED, io.BytesIO(rows), file_name="a.csv", actor=SYSTEM, at=now())

    assert not session.in_transaction()
    assert len(str(refused.value.details)) < 500


def test_a_column_that_is_nearly_ours_is_suggested(stage):
    with pytest.raises(ImportFileRefused, match=r"problems: There is no such column\. Call it problem"):
        stage("title,places,problems\nA,LDS,red\n")


def test_guidance_below_the_header_and_empty_rows_are_passed_over(database, stage):
    report = report_of(database, stage("title,places\n# what goes wrong,which place\n\n,\nA,LDS\n# real,LDS\n"))

    assert (report.total_rows, report.problems) == (2, [])


@pytest.mark.parametrize("key", ["x" * 101, "a\tb"])
def test_a_key_is_short_and_can_be_printed(database, stage, key):
    assert problems_of(database, stage(f"title,places,key\nA,LDS,{key}\n")) == [(2, "key", "bad_key")]
