import io
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from api.db import Database
from api.queue import Job
from api.services import importing, intake
from api.services.content import InnovationContent, NeedContent
from api.services.csv_files import ImportFileRefused
from api.services.importing import AlreadyImported
from models import Base
from models.actors import SYSTEM, NotAllowed
from models.documents import Side
from models.events import Event
from models.imports import ImportStatus
from models.innovations import Innovation
from models.needs import Need
from models.people import Role
from models.places import Place
from models.queries import documents, events, imports, jobs
from models.queries.documents import NotFound
from tests.imports import NEEDS, PROBLEM, problems_of, report_of
from tests.walk import ADHD_TEST, now


def many(count, *, start=1):
    return "title,problem,places\n" + "".join(f"Fall {n},{PROBLEM} {n},LDS\n" for n in range(start, start + count))


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


def test_partial_applies_the_sound_rows_and_reports_the_others(database, stage, apply):
    report = apply(stage("title,problem,places\nGood,x is wrong in the ward,LDS\n,B,LDS\n", partial=True))

    assert (report.status, report.applied_rows, report.invalid_rows) == ("complete", 1, 1)


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


def test_an_innovation_without_consent_is_held(database, stage, apply):
    report = apply(stage("name,how_it_works\nSensor,It raises an alarm when somebody falls at home.\n", side=Side.INNOVATION))

    assert (report.held_rows, report.applied_rows) == (1, 1)
    with database.reading() as session:
        assert session.scalars(select(Innovation)).unique().one().held
        assert "embed" not in jobs.counts(session)


@pytest.mark.parametrize("row", ["A,Director,,matching", "A,,2026-11-01,"])
def test_half_a_consent_is_none(database, stage, row):
    import_id = stage(f"name,consent_by,consent_at,consent_scope\n{row}\n", side=Side.INNOVATION, consent_basis="Terms")

    assert problems_of(database, import_id) == [(2, "consent_by", "consent_incomplete")]


def test_one_stated_basis_is_the_consent_of_every_row_without_its_own(database, stage, apply):
    rows = (
        "name,how_it_works,consent_by,consent_at,consent_scope\n"
        "Sensor,It raises an alarm when somebody falls at home.,,,\n"
        "Mat,It raises an alarm when somebody leaves the bed.,Director,2026-11-01,matching\n"
    )

    report = apply(stage(rows, side=Side.INNOVATION, consent_basis="Terms of the front door"))

    assert report.held_rows == 0
    with database.reading() as session:
        assert set(session.scalars(select(Innovation.consent_by))) == {"Terms of the front door", "Director"}
        assert jobs.counts(session)["embed"] == {"queued": 2}


def test_a_basis_of_consent_that_cannot_be_kept_is_refused(stage):
    with pytest.raises(ImportFileRefused, match="The basis of consent cannot be kept"):
        stage("name\nA\n", side=Side.INNOVATION, consent_basis="x" * 501)


def test_a_number_that_may_be_a_patients_is_warned_about(database, stage):
    report = report_of(database, stage("title,problem,places\nA,Ring 9434765919 first,LDS\n"))

    assert [(row["line"], "ten-digit" in row["remedy"]) for row in report.warnings] == [(2, True)]


def test_nothing_is_seen_before_the_last_row_is_stored(database, stage):
    import_id = stage(many(3))

    seen = []
    for _ in range(4):
        with database.transaction() as session:
            more = importing.apply_next(session, import_id, at=now(), chunk=1)
        with database.reading() as session:
            seen.append(
                (more, report_of(database, import_id).applied_rows, len(documents.page(session, Side.NEED, SYSTEM, filters={}).rows))
            )

    assert seen == [(True, 1, 0), (True, 2, 0), (True, 3, 0), (False, 3, 3)]


def test_an_import_that_was_killed_goes_on_where_it_stopped_and_doubles_nothing(database, stage, apply):
    import_id = stage(many(5))
    with database.transaction() as session:
        importing.apply_next(session, import_id, at=now(), chunk=2)
    with suppress(KeyboardInterrupt), database.transaction() as session:
        importing.apply_next(session, import_id, at=now(), chunk=2)
        raise KeyboardInterrupt

    report = apply(import_id, chunk=2)

    assert (report.status, report.applied_rows) == ("complete", 5)
    with database.reading() as session:
        assert sorted(session.scalars(select(Need.title))) == [f"Fall {n}" for n in range(1, 6)]


def test_a_complete_import_owes_the_walk_of_each_row_and_tells_it_once(database, stage, apply):
    import_id = stage(many(2))
    apply(import_id)
    apply(import_id)

    with database.reading() as session:
        kinds = list(session.scalars(select(Event.kind)))
        assert (kinds.count("need.opened"), kinds.count("import.staged"), kinds.count("import.completed")) == (2, 1, 1)
        assert jobs.counts(session)[Job.EMBED] == {"queued": 2}
        assert {event.actor for event in events.unsealed(session, limit=100)} == {"system"}


def test_staging_owes_the_application_and_a_refused_file_owes_nothing(database, stage):
    stage("title,problem,places\n,B,LDS\n")
    with database.reading() as session:
        assert Job.APPLY_IMPORT not in jobs.counts(session)

    import_id = stage(NEEDS)

    with database.reading() as session:
        assert jobs.counts(session)[Job.APPLY_IMPORT] == {"queued": 1}
        assert list(imports.unfinished(session)) == [import_id]


@pytest.mark.parametrize(("partial", "status", "applied"), [(False, "refused", 0), (True, "complete", 2)])
def test_a_row_that_somebody_else_stored_meanwhile_is_not_stored_twice(database, stage, apply, hub, partial, status, applied):
    rows = "name,external_ids,consent_by,consent_at,consent_scope\n" + "".join(f"S{n},r={n},D,2026-11-01,matching\n" for n in range(3))
    import_id = stage(rows, side=Side.INNOVATION, partial=partial)
    with database.transaction() as session:
        importing.apply_next(session, import_id, at=now(), chunk=1)
        taken = InnovationContent.model_validate({**ADHD_TEST, "external_ids": [{"system": "r", "id": "2"}]})
        intake.create(session, Side.INNOVATION, taken, actor=hub, at=now())

    report = apply(import_id, chunk=1)

    assert (report.status, report.applied_rows, report.invalid_rows) == (status, applied, 1)
    assert problems_of(database, import_id) == [(4, "external_ids", "already_there")]
    with database.reading() as session:
        names = sorted(session.scalars(select(Innovation.name)))
        assert names == ["Attention test"] + [f"S{n}" for n in range(applied)]


def test_needs_of_a_given_up_import_leave_nothing_behind(database, stage, apply, hub):
    rows = "title,problem,places,key,criteria\n" + "".join(f"F{n},{PROBLEM},LDS,k{n},dtac\n" for n in range(2))
    import_id = stage(rows)
    with database.transaction() as session:
        importing.apply_next(session, import_id, at=now(), chunk=1)
        other = intake.create(session, Side.NEED, NeedContent.model_validate({"title": "Other", "places": ["LDS"]}), actor=hub, at=now())
        other.key = "k1"

    assert apply(import_id).status == "refused"

    with database.reading() as session:
        assert list(session.scalars(select(Need.title))) == ["Other"]
    assert imports_again(stage, rows)


def imports_again(stage, rows):
    return stage(rows.replace("k1", "k9"))


def test_a_place_imports_needs_of_its_own_and_sees_its_own_imports_only(database, stage, person):
    leeds, wakefield = person(Role.PLACE, place="LDS"), person(Role.PLACE, place="WAK", shown_as="Wakefield place lead")

    assert problems_of(database, stage(NEEDS, actor=wakefield)) == [(2, "places", "not_your_place")]
    import_id = stage(NEEDS, actor=leeds)

    assert report_of(database, import_id, actor=leeds).status == "applying"
    with pytest.raises(NotFound):
        report_of(database, import_id, actor=wakefield)
    with pytest.raises(NotAllowed):
        stage("name\nA\n", side=Side.INNOVATION, actor=leeds)


def test_who_imported_stands_in_the_events(database, stage, apply):
    apply(stage(NEEDS, actor=replace(SYSTEM, name="key:0123abcd")))

    with database.reading() as session:
        assert {event.actor for event in events.unsealed(session, limit=100)} == {"key:0123abcd"}


def test_an_unknown_import_is_not_found(database):
    with database.reading() as session, pytest.raises(NotFound):
        imports.batch(session, session.scalars(select(Place.id)).first())


def test_progress_is_told_by_rows(stage):
    told = []

    stage(many(1200), on_progress=told.append)

    assert told == [500, 1000, 1200]


def test_ten_thousand_rows_are_checked_and_the_report_stays_short(database, stage):
    import_id = stage("title,problem,places\n" + "".join(f",{n},LDS\n" for n in range(10_000)))

    report = report_of(database, import_id)
    assert (report.total_rows, report.invalid_rows, len(report.problems)) == (10_000, 10_000, importing.SHOWN_PROBLEMS)
    assert report.to_json()["status"] == ImportStatus.REFUSED


@pytest.mark.postgresql
def test_an_import_walks_alike_on_postgresql(postgresql_url):
    database = Database(postgresql_url)
    Base.metadata.create_all(database.engine)
    rows = f"name,external_ids\nA {PROBLEM},r=1\n,r=2\nB {PROBLEM},r=3\nRing 9434765919,r=4\n".encode()
    with database.transaction() as session:
        batch = importing.stage(
            session, Side.INNOVATION, io.BytesIO(rows), file_name="rows.csv", actor=SYSTEM, at=now(), partial=True, consent_basis="Terms"
        )
        taken = InnovationContent.model_validate({**ADHD_TEST, "external_ids": [{"system": "r", "id": "3"}]})
        intake.create(session, Side.INNOVATION, taken, actor=SYSTEM, at=now())
    more = True
    while more:
        with database.transaction() as session:
            more = importing.apply_next(session, batch.id, at=now(), chunk=1)

    report = report_of(database, batch.id)
    assert (report.status, report.applied_rows, report.held_rows, len(report.warnings)) == ("complete", 2, 0, 1)
    assert [(row["line"], row["kind"]) for row in report.problems] == [(3, "missing"), (4, "already_there")]
    with database.transaction() as session:
        assert imports.taken_before(session, Side.INNOVATION, batch.file_hash) is not None
        imports.discard(session, Side.INNOVATION, batch.id)
        assert session.scalar(select(func.count()).select_from(Innovation)) == 3
    database.dispose()
