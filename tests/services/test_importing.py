from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from api.queue import Job
from api.services import importing, intake
from api.services.content import InnovationContent, NeedContent
from models.actors import SYSTEM, NotAllowed
from models.documents import Side
from models.events import Event
from models.innovations import Innovation
from models.needs import Need
from models.organisations import Organisation
from models.people import Role
from models.places import Place
from models.queries import documents, events, imports, jobs
from models.queries.documents import NotFound
from tests.imports import NEEDS, PROBLEM, many, problems_of, report_of, take_next
from tests.walk import ADHD_TEST, now

pytestmark = pytest.mark.both


def test_partial_applies_the_sound_rows_and_reports_the_others(database, stage, apply):
    report = apply(stage("title,problem,places\nGood,x is wrong in the ward,LDS\n,B,LDS\n", partial=True))

    assert (report.status, report.applied_rows, report.invalid_rows) == ("complete", 1, 1)


def test_an_innovation_without_consent_is_held(database, stage, apply):
    report = apply(stage("name,how_it_works\nSensor,It raises an alarm when somebody falls at home.\n", side=Side.INNOVATION))

    assert (report.held_rows, report.applied_rows) == (1, 1)
    with database.reading() as session:
        assert session.scalars(select(Innovation)).unique().one().held
        assert "embed" not in jobs.counts(session)


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


def test_nothing_is_seen_before_the_last_row_is_stored(database, stage):
    import_id = stage(many(3))

    seen = []
    for _ in range(4):
        more = take_next(database, import_id, chunk=1)
        with database.reading() as session:
            seen.append(
                (more, report_of(database, import_id).applied_rows, len(documents.page(session, Side.NEED, SYSTEM, filters={}).rows))
            )

    assert seen == [(True, 1, 0), (True, 2, 0), (True, 3, 0), (False, 3, 3)]


def test_an_import_that_was_killed_goes_on_where_it_stopped_and_doubles_nothing(database, stage, apply):
    import_id = stage(many(5))
    take_next(database, import_id, chunk=2)
    with database.reading() as session:
        step = importing.next_step(session, import_id, at=now(), chunk=2)
    with suppress(KeyboardInterrupt), database.transaction() as session:
        importing.take(session, step, at=now())
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


@pytest.mark.parametrize(("partial", "status", "applied"), [(False, "refused", 0), (True, "complete", 2)])
def test_a_row_that_somebody_else_stored_meanwhile_is_not_stored_twice(database, stage, apply, hub, partial, status, applied):
    rows = "name,external_ids,consent_by,consent_at,consent_scope\n" + "".join(f"S{n},r={n},D,2026-11-01,matching\n" for n in range(3))
    import_id = stage(rows, side=Side.INNOVATION, partial=partial)
    take_next(database, import_id, chunk=1)
    with database.transaction() as session:
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
    take_next(database, import_id, chunk=1)
    with database.transaction() as session:
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


@pytest.mark.parametrize(("partial", "status", "applied"), [(False, "refused", 0), (True, "complete", 2)])
@pytest.mark.parametrize("stage_of_failure", ["compose", "store"])
def test_a_row_that_cannot_be_applied_after_all_is_named_and_blocks_nothing(
    database, stage, apply, monkeypatch, stage_of_failure, partial, status, applied
):
    import_id = stage(many(3), partial=partial)
    poison(monkeypatch, "Fall 2", at=stage_of_failure)

    report = apply(import_id)

    assert (report.status, report.applied_rows, report.invalid_rows, report.problem_count) == (status, applied, 1, 1)
    assert problems_of(database, import_id) == [(3, "", "cannot_be_stored")]
    assert ("Line 3" in report.reason) is not partial
    monkeypatch.undo()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Need)) == applied
        assert "need.created" not in set(session.scalars(select(Event.kind)))
    if not partial:
        assert apply(stage(many(3))).applied_rows == 3


def poison(monkeypatch, title, *, at):
    """Make one row fail as no rule foresees: when it is worked out, or in the database's driver."""
    compose = importing.compose

    def poisoned(side, said, known, **more):
        composed = compose(side, said, known, **more)
        if said["title"] == title:
            if at == "compose":
                raise OverflowError
            composed.row.import_line = composed.row.version = 2**70
        return composed

    monkeypatch.setattr(importing, "compose", poisoned)


def test_a_database_that_is_away_is_no_rows_fault(database, stage, monkeypatch):
    import_id = stage(NEEDS)

    def away(*_arguments):
        raise OperationalError("INSERT", None, Exception("away"))

    monkeypatch.setattr(imports, "store", away)
    with pytest.raises(OperationalError):
        take_next(database, import_id)

    assert report_of(database, import_id).status == "applying"


def test_a_place_that_is_gone_when_its_need_is_applied_refuses_the_import(database, stage, apply):
    import_id = stage(NEEDS.replace("LDS", "WAK"))
    with database.transaction() as session:
        session.delete(session.scalars(select(Place).where(Place.key == "WAK")).one())

    report = apply(import_id)

    assert (report.status, problems_of(database, import_id)) == ("refused", [(2, "places", "unknown_place")])


def test_a_row_that_newer_rules_forbid_is_named_when_it_is_applied(database, stage, apply):
    import_id = stage(NEEDS)
    with database.transaction() as session:
        row = imports.to_apply(session, import_id, 1)[0]
        row.data = {**row.data, "content": {**row.data["content"], "title": ""}}

    assert (apply(import_id).status, problems_of(database, import_id)) == ("refused", [(2, "title", "string_too_short")])


def test_rows_that_another_process_stored_meanwhile_are_not_stored_twice(database, stage, apply):
    import_id = stage(many(2))
    with database.reading() as session:
        first, second = (importing.next_step(session, import_id, at=now()) for _ in range(2))
    with database.transaction() as session:
        assert importing.take(session, first, at=now())
    with database.transaction() as session:
        assert importing.take(session, second, at=now())

    assert apply(import_id).applied_rows == 2
    with database.transaction() as session:
        assert not importing.take(session, first, at=now())
        importing.abandon(session, import_id, at=now())
    assert report_of(database, import_id).status == "complete"


def test_an_organisation_that_is_gone_when_its_need_is_applied_refuses_the_import(database, stage, apply):
    import_id = stage("title,places,owning_organisation\nA,LDS,RGD\n")
    with database.transaction() as session:
        session.scalars(select(Organisation).where(Organisation.ods_code == "RGD")).one().ods_code = None

    assert (apply(import_id).status, problems_of(database, import_id)) == ("refused", [(2, "owning_organisation", "unknown_organisation")])


def test_a_supplier_is_added_once_and_found_again(database, stage, apply):
    rows = "name,supplier\nA,New Firm\nB,New Firm\nC,Small Firm Ltd\nD,\n"

    apply(stage(rows, side=Side.INNOVATION))

    with database.reading() as session:
        found = {row.name: row.supplier.name if row.supplier else None for row in session.scalars(select(Innovation)).unique()}
        assert found == {"A": "New Firm", "B": "New Firm", "C": "Small Firm Ltd", "D": None}
        names = list(session.scalars(select(Organisation.name)))
        assert (names.count("New Firm"), names.count("Small Firm Ltd")) == (1, 1)


def test_a_title_is_shown_on_one_line_and_kept_as_it_was_written(database, stage, apply):
    apply(stage('title,places\n"Two\nlines",LDS\n'))

    with database.reading() as session:
        need = session.scalars(select(Need)).one()
        kept = documents.revision(session, Side.NEED, need.id, 1, SYSTEM)
        assert (need.title, kept.content["as_written"]) == ("Two lines", {"title": "Two\nlines"})


def test_an_import_stops_for_nothing_that_was_taken_since_it_was_checked(database, stage):
    rows = f"name,external_ids\nA {PROBLEM},r=1\n,r=2\nB {PROBLEM},r=3\nRing 9434765919,r=4\n"
    import_id = stage(rows, side=Side.INNOVATION, partial=True, consent_basis="Terms")
    with database.transaction() as session:
        taken = InnovationContent.model_validate({**ADHD_TEST, "external_ids": [{"system": "r", "id": "3"}]})
        intake.create(session, Side.INNOVATION, taken, actor=SYSTEM, at=now())

    while take_next(database, import_id, chunk=1):
        pass

    report = report_of(database, import_id)
    assert (report.status, report.applied_rows, report.held_rows, len(report.warnings)) == ("complete", 2, 0, 1)
    assert [(row["line"], row["kind"]) for row in report.problems] == [(3, "missing"), (4, "already_there")]
    with database.transaction() as session:
        imports.discard(session, Side.INNOVATION, import_id)
        assert session.scalar(select(func.count()).select_from(Innovation)) == 3, "what was shown is not discarded"
