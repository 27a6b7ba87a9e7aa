import pytest

from api.services.records.columns import overlaid, supplier_of, values_of
from api.services.records.document import NationalRecord


def said(listing=None, rows=(), **document):
    return NationalRecord(document=document, listing=listing or {}, rows=rows)


def test_a_record_of_202209_is_read_in_the_terms_of_today():
    description = {
        "name": "Sensor",
        "areas": ["COVID_19", "CANCER", "DIGITALLY_ENABLING_PRIMARY_CARE"],
        "careSettings": ["STP_ICS", "CCGS", "PHARMACY", 3],
    }
    pieces = [{"evidenceType": "CLINICAL", "clinicalEvidenceType": "CONFERENCE", "summary": "Talk"}, {"evidenceType": "ODD"}, "odd"]
    record = said(
        version="202209",
        INNOVATION_DESCRIPTION=description,
        VALUE_PROPOSITION={"problemsTackled": "Patients fall."},
        EVIDENCE_OF_EFFECTIVENESS={"evidences": pieces},
    )

    told = values_of(record)

    assert told == {
        "name": "Sensor",
        "kind": "PRODUCT",
        "problems_tackled": "Patients fall.",
        "areas": ["EMERGING_INFECTIOUS_DISEASES", "DIGITALISING_SYSTEM"],
        "care_settings": ["ICS", "PHARMACY"],
        "evidences": [{"submit_type": "CLINICAL_OR_CARE", "evidence_type": "CONFERENCE", "summary": "Talk"}],
    }
    assert overlaid(record, {"problems_tackled": "New"}, told).answer("VALUE_PROPOSITION", "problemsTackled") == "New"


def test_evidence_standards_and_benefits_are_read_where_our_lists_have_them():
    record = said(
        evidences=[{"evidenceSubmitType": "REAL_WORLD", "evidenceType": "HEARSAY", "summary": 3}],
        REGULATIONS_AND_STANDARDS={"standards": [{"type": "DTAC", "hasMet": "YES"}, {"type": "DTAC"}, {"type": "NEW", "hasMet": "YES"}, 3]},
        UNDERSTANDING_OF_NEEDS={"benefitsOrImpact": ["Reduces mortality", 3, "Saves time"], "problemsTackled": ["no text"]},
    )

    told = values_of(record)

    assert told["evidences"] == [{"submit_type": "REAL_WORLD", "evidence_type": None, "summary": ""}]
    assert told["standards"] == [{"type": "DTAC", "has_met": "YES"}]
    assert told["benefits"] == "Reduces mortality\nSaves time"
    assert "problems_tackled" not in told


@pytest.mark.parametrize(
    ("address", "kept"), [("https://example.org", True), ("www.example.org", False), ("https://a b", False), ("", False)]
)
def test_a_web_address_is_taken_when_it_is_one(address, kept):
    assert ("website" in values_of(said(INNOVATION_DESCRIPTION={"website": address}))) is kept


@pytest.mark.parametrize(
    ("listing", "prototype", "deployed", "stage"),
    [
        ({"assessment.maturityLevel": "READY"}, "NO", None, "ADOPTION"),
        ({"assessment.maturityLevel": "ADVANCED"}, None, None, "DEVELOPMENT"),
        ({"assessment.maturityLevel": "odd"}, "NO", "YES", "DISCOVERY"),
        ({}, "YES", "YES", "ADOPTION"),
        ({}, "YES", "NO", "DEVELOPMENT"),
        ({}, None, None, None),
    ],
)
def test_how_far_it_has_come_is_told_with_its_source(listing, prototype, deployed, stage):
    record = said(listing, UNDERSTANDING_OF_NEEDS={"hasProductServiceOrPrototype": prototype}, DEPLOYMENT={"isDeployed": deployed})

    told = values_of(record)

    assert told.get("stage") == stage
    assert ("stage_source" in told) is (stage is not None)


@pytest.mark.parametrize(
    ("category", "kind"), [("PHARMACEUTICAL", "MEDICINE"), ("MODELS_CARE", "SERVICE_MODEL"), ("AI", "PRODUCT"), ("NEW", "PRODUCT")]
)
def test_the_main_category_tells_what_kind_it_is(category, kind):
    assert values_of(said(INNOVATION_DESCRIPTION={"mainCategory": category}))["kind"] == kind


def test_the_supplier_is_named_by_the_search_csv_or_the_record_csv():
    row = ("Company Details", "Company Details", "Company name", "Example Ltd")

    assert supplier_of(said({"owner.companyName": 'The \\"A\\" Firm'})) == 'The "A" Firm'
    assert supplier_of(said(rows=(("Key progress areas", "", "Name", "No"), row))) == "Example Ltd"
    assert supplier_of(said()) == ""


def test_what_was_emptied_here_is_taken_out_of_what_is_given_back():
    record = said(DEPLOYMENT={"isDeployed": "YES"}, INNOVATION_DESCRIPTION={"name": "A", "mainPurpose": "DIAGNOSE_CONDITION"})

    told = overlaid(
        record, {"deployed": None, "main_purpose": None, "name": "A"}, {"deployed": True, "main_purpose": "DIAGNOSE_CONDITION", "name": "A"}
    )

    assert told.document == {"DEPLOYMENT": {}, "INNOVATION_DESCRIPTION": {"name": "A"}}
