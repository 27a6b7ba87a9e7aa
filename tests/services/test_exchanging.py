"""National records brought in and given back, on the walk's own database."""

import io
import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from api.services import accounts, exchanging, intake
from api.services.csv_files import ImportFileRefused
from api.services.exchanging import Fate
from api.services.records.csv_shapes import search_csv
from api.services.records.document import NationalRecord, lost
from api.services.records.schema import Schemas
from api.services.records.writing import RecordFormat, written
from bench.records import generated
from models.actors import SYSTEM, NotAllowed
from models.documents import Revision, Side, StaleVersion
from models.events import Event
from models.innovations import ExternalId, Innovation, InnovationStatus
from models.people import Role
from models.queries import documents
from tests import factories
from tests.triage import innovator
from tests.walk import now

ID, OTHER_ID = "INN-2501-0007-5", "INN-2502-0008-7"
SCHEMAS = Schemas()
DOCUMENT = {
    "version": 4,
    "INNOVATION_DESCRIPTION": {"name": "Falls sensor", "description": "A bedside sensor.", "areas": ["PATIENT_SAFETY", "NEW_CODE"]},
    "UNDERSTANDING_OF_NEEDS": {"problemsTackled": "Patients fall at night.", "howInnovationWork": "It senses who gets up."},
    "DEPLOYMENT": {"isDeployed": "YES"},
    "NEW_SECTION": {"x": [1]},
}


def changed(**description):
    return DOCUMENT | {"INNOVATION_DESCRIPTION": DOCUMENT["INNOVATION_DESCRIPTION"] | description}


@pytest.fixture
def bring(database):
    """Check a file and store it; returns what became of it."""

    def brought(said, *, actor=SYSTEM, unique_id=ID, **options):
        raw = (said if isinstance(said, str) else json.dumps(said)).encode()
        with database.reading() as session:
            checked = exchanging.check(session, io.BytesIO(raw), SCHEMAS, actor=actor, at=now(), unique_id=unique_id, **options)
        with database.transaction() as session:
            return exchanging.apply(session, checked, actor=actor, at=now())

    return brought


@pytest.fixture
def one(database):
    """The one innovation that there is."""

    def read():
        with database.reading() as session:
            return session.scalars(select(Innovation).options(selectinload(Innovation.external_ids))).unique().one()

    return read


@pytest.fixture
def give(database):
    """The one innovation as a national record."""

    def given(innovation_id):
        with database.reading() as session:
            return exchanging.export(session, innovation_id, actor=SYSTEM)

    return given


def kinds(checked):
    return [[found["kind"] for found in plan.problems] for plan in checked.plans]


def test_a_record_becomes_an_innovation_and_is_kept_word_for_word(bring, one, give):
    checked = bring(DOCUMENT, consent_basis="Signed form")

    row = one()
    (plan,) = checked.plans
    assert (checked.status, plan.fate, plan.innovation_id, plan.held) == ("complete", Fate.CREATED, row.id, False)
    assert (row.name, row.problems_tackled, row.areas, row.deployed) == (
        "Falls sensor",
        "Patients fall at night.",
        ["PATIENT_SAFETY"],
        True,
    )
    assert (row.consent_by, row.consent_scope, row.searchable, row.record_version) == ("Signed form", "matching", True, "4")
    assert [(each.system, each.value) for each in row.external_ids] == [("innovation-service", ID)]
    assert (give(row.id)[0], lost(DOCUMENT, give(row.id)[1].document)) == (ID, [])


def test_without_consent_a_record_is_held_until_a_basis_is_stated(bring, one):
    first = bring(DOCUMENT)

    assert (first.plans[0].held, one().held, one().searchable) == (True, True, False)
    second = bring(DOCUMENT, consent_basis="Signed form")
    assert (second.plans[0].fate, second.plans[0].held, one().consent_by) == (Fate.CHANGED, False, "Signed form")
    third = bring(DOCUMENT, consent_basis="Another form")
    assert (third.plans[0].fate, one().consent_by) == (Fate.UNCHANGED, "Signed form")


def test_consent_may_be_of_the_row_and_is_whole(bring, one):
    said = {"consent_by": "Director", "consent_at": "2026-11-01T09:00:00Z", "consent_scope": "matching"}

    half = bring({"uniqueId": ID, "document": DOCUMENT, "consent": {"consent_by": "Director"}})
    odd = bring({"uniqueId": ID, "document": DOCUMENT, "consent": said | {"consent_at": "never"}})
    whole = bring({"uniqueId": ID, "document": DOCUMENT, "consent": said}, consent_basis="For the others")

    assert (kinds(half), half.plans[0].fate, kinds(odd)[0][0][:8]) == ([["consent_incomplete"]], Fate.REFUSED, "datetime")
    assert (whole.status, one().consent_by, one().consent_at.day) == ("complete", "Director", 1)


def test_the_same_record_again_changes_nothing(bring, one):
    bring(DOCUMENT)
    before = one()

    again = bring(json.dumps(DOCUMENT, indent=3))

    assert (again.plans[0].fate, again.plans[0].changes) == (Fate.UNCHANGED, [])
    assert (one().version, one().updated_at) == (before.version, before.updated_at)


def test_another_record_is_a_new_version_with_its_differences(bring, one, database):
    bring(DOCUMENT)

    again = bring(changed(description="A pressure mat."))

    (plan,) = again.plans
    assert (plan.fate, [(each.question, each.kind) for each in plan.changes]) == (Fate.CHANGED, [("description", "changed")])
    assert (one().description, one().revision) == ("A pressure mat.", 2)
    with database.reading() as session:
        assert len(session.scalars(select(Revision)).all()) == 2
        told = session.scalars(select(Event).where(Event.kind == "innovation.record_imported").order_by(Event.recorded_at)).all()
        assert [(each.data["revision"], each.data["answers"]) for each in told] == [(1, 0), (2, 1)]


def test_a_change_that_no_matching_reads_is_kept_with_the_record_alone(bring, one):
    bring(DOCUMENT)

    again = bring(DOCUMENT | {"NEW_SECTION": {"x": [2]}})

    assert (again.plans[0].fate, one().revision, one().version) == (Fate.CHANGED, 1, 3)
    assert one().record["document"]["NEW_SECTION"] == {"x": [2]}


def edit(database, row, **values):
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, row.id, values, actor=SYSTEM, at=now())


def test_what_was_edited_here_stays_unless_overwriting_is_asked_for(bring, one, database):
    bring(DOCUMENT)
    edit(database, one(), description="As we wrote it.", eligibility="Adults")

    same = bring(DOCUMENT)
    kept = bring(changed(description="As they wrote it.", name="Sensor 2"))

    assert (same.plans[0].fate, same.plans[0].kept) == (Fate.UNCHANGED, [])
    assert (kept.plans[0].kept, one().description, one().name) == (["description"], "As we wrote it.", "Sensor 2")
    over = bring(changed(description="As they wrote it.", name="Sensor 2"), overwrite=True)
    assert (over.plans[0].kept, one().description, one().eligibility) == ([], "As they wrote it.", "")


def test_an_edit_made_here_is_in_what_is_given_back(bring, one, give, database):
    bring(DOCUMENT | {"evidences": [{"evidenceSubmitType": "REAL_WORLD", "summary": "Audit"}]})
    said = {"description": "As we wrote it.", "areas": [], "deployed": False, "standards": [{"type": "DTAC", "has_met": "YES"}]}
    edit(database, one(), **said, evidences=[{"submit_type": "REAL_WORLD", "evidence_type": "OTHER", "summary": "New"}])

    _, record = give(one().id)

    told = record.document
    assert told["INNOVATION_DESCRIPTION"] == {"name": "Falls sensor", "description": "As we wrote it."}
    assert (told["DEPLOYMENT"], told["NEW_SECTION"]) == ({"isDeployed": "NO"}, {"x": [1]})
    assert told["REGULATIONS_AND_STANDARDS"] == {"standards": [{"type": "DTAC", "hasMet": "YES"}]}
    assert told["evidences"] == [{"evidenceSubmitType": "REAL_WORLD", "evidenceType": "OTHER", "summary": "New"}]


def test_an_innovation_without_a_record_is_one_all_the_same(database, give):
    with database.transaction() as session:
        row = factories.make_innovation(session, website="https://example.org")

    unique_id, record = give(row.id)

    assert (unique_id, record.version, record.answer("INNOVATION_DESCRIPTION", "website")) == ("", "unstated", "https://example.org")
    assert record.answer("INNOVATION_DESCRIPTION", "careSettings") == ["MENTAL_HEALTH"]


def test_a_row_that_was_here_before_its_record_keeps_its_words(bring, one, database):
    with database.transaction() as session:
        factories.make_innovation(session, external_ids=[ExternalId(system="innovation-service", value=ID)])

    checked = bring(
        {"version": 4, "INNOVATION_DESCRIPTION": {"description": "Theirs"}, "COST_OF_INNOVATION": {"eligibilityCriteria": "Adults"}}
    )

    assert (checked.plans[0].fate, checked.plans[0].kept) == (Fate.CHANGED, ["description"])
    assert (one().eligibility, one().record_version) == ("Adults", "4")


def test_a_search_row_of_a_known_record_takes_nothing_else_away(bring, one, give):
    bring(DOCUMENT)

    checked = bring(f"Innovation ID,Innovation name,Owner Company\n{ID},Sensor 2,Example Ltd\n", unique_id="")

    assert (checked.plans[0].fate, one().name) == (Fate.CHANGED, "Sensor 2")
    _, record = give(one().id)
    assert record.document == changed(name="Sensor 2")
    assert "Example Ltd" in search_csv([(ID, record)], SCHEMAS)


def test_a_new_record_names_its_supplier(bring, one):
    bring(f"uniqueId,name,owner.companyName,assessment.maturityLevel\n{ID},Sensor,Example Ltd,READY\n", unique_id="")

    assert (one().supplier.name, one().stage, one().stage_source, one().record_version) == ("Example Ltd", "ADOPTION", "READY", "unstated")


def test_one_bad_record_stores_nothing(bring, database):
    rows = f"uniqueId,name\n{ID},Good\n{OTHER_ID},{'x' * 301}\nINN-2502-0008-1,Bad digit\n"

    checked = bring(rows, unique_id="")

    assert (checked.status, checked.count(Fate.REFUSED), kinds(checked)) == ("refused", 2, [[], ["string_too_long"], ["bad_id"]])
    with database.reading() as session:
        assert session.scalars(select(Innovation)).unique().all() == []


def test_a_dry_run_tells_and_stores_nothing(bring, database):
    checked = bring(DOCUMENT, dry_run=True)

    assert (checked.status, checked.count(Fate.CREATED)) == ("checked", 1)
    with database.reading() as session:
        assert session.scalars(select(Innovation)).unique().all() == []


def test_a_record_without_a_name_is_no_innovation_but_may_change_one(bring, one):
    nameless = {"version": 4, "DEPLOYMENT": {"isDeployed": "NO"}}

    assert kinds(bring(nameless)) == [["missing"]]
    bring(DOCUMENT)
    assert (bring(nameless).status, one().name) == ("complete", "Falls sensor")


def test_a_known_record_that_cannot_be_kept_is_refused(bring, one):
    bring(DOCUMENT)

    assert kinds(bring(changed(name="x" * 301))) == [["string_too_long"]]
    assert kinds(bring(changed(description="NHS number 943 476 5919"))) == [["patient_identifier"]]
    assert one().version == 2


@pytest.mark.parametrize(("values", "kind"), [({"status": InnovationStatus.WITHDRAWN}, "withdrawn"), ({"merged": True}, "merged")])
def test_what_is_no_more_takes_no_record(bring, database, values, kind):
    with database.transaction() as session:
        row = factories.make_innovation(session, external_ids=[ExternalId(system="innovation-service", value=ID)])
        if values.pop("merged", False):
            values["merged_into_id"] = factories.make_innovation(session).id
        for name, value in values.items():
            setattr(row, name, value)

    assert kinds(bring(DOCUMENT)) == [[kind]]


def test_only_the_hub_and_the_pipeline_bring_records_in_and_the_pipeline_only_its_own(bring, database, make_actor):
    with database.transaction() as session:
        founder = accounts.actor_of_person(innovator(session))
    bring(DOCUMENT)

    with pytest.raises(NotAllowed):
        bring(DOCUMENT, actor=founder)
    assert kinds(bring(changed(name="Taken over"), actor=make_actor(Role.PIPELINE))) == [["taken"]]


@pytest.fixture
def make_actor(database):
    def made(role):
        with database.transaction() as session:
            return accounts.actor_of_key(session, factories.make_key(session, role), at=now())

    return made


def test_who_was_faster_is_not_overwritten(bring, one, database):
    bring(DOCUMENT)
    raw = io.BytesIO(json.dumps(changed(description="New")).encode())
    with database.reading() as session:
        checked = exchanging.check(session, raw, SCHEMAS, actor=SYSTEM, at=now(), unique_id=ID)
    edit(database, one(), eligibility="Adults")

    with pytest.raises(StaleVersion), database.transaction() as session:
        exchanging.apply(session, checked, actor=SYSTEM, at=now())


def test_a_basis_that_cannot_be_kept_is_refused(bring):
    with pytest.raises(ImportFileRefused, match="basis"):
        bring(DOCUMENT, consent_basis="\x07")


@pytest.mark.parametrize("shape", RecordFormat)
def test_generated_records_come_back_by_way_of_the_database(bring, give, database, shape):
    for number in range(9):
        record = generated(number)
        record = NationalRecord(
            document=record.document | {"INNOVATION_DESCRIPTION": record.document["INNOVATION_DESCRIPTION"] | {"name": "A name"}}
        )
        unique_id = f"INN-2501-000{number}-{8 + number if number < 2 else number - 2}"
        assert bring(written(RecordFormat.DOCUMENT, unique_id, record, SCHEMAS), unique_id=unique_id).status == "complete"
        with database.reading() as session:
            found = documents.by_external_ids(session, "innovation-service", {unique_id})

        _, given = give(found[unique_id])

        assert lost(record.document, given.document) == []
        assert bring(written(shape, unique_id, given, SCHEMAS), unique_id=unique_id).plans[0].changes == []
