import json

import pytest

from api.services.records.cells import read_labelled
from api.services.records.csv_shapes import record_csv
from api.services.records.document import NationalRecord
from api.services.records.schema import SHIPPED, Kind, SchemaRefused, Schemas, label_key, read_schema, shipped_file, shipped_schema

NO_NUMBER = "This is no schema"


def live(version=7, **more):
    """A schema as `GET /v1/ir-schema` answers it, with every question that a version must keep."""
    sections = {section: [question(name) for name in names] for section, names in shipped_file()["required"].items()}
    sections["INNOVATION_DESCRIPTION"] = [each for each in sections["INNOVATION_DESCRIPTION"] if each["id"] != "website"]
    for each in sections["INNOVATION_DESCRIPTION"]:
        if each["id"] == "hasWebsite":
            each |= {
                "dataType": "radio-group",
                "items": [{"id": "YES", "label": "Yes", "conditional": question("website")}, {"type": "separator"}, {"id": "NO"}],
            }
        if each["id"] == "categories":
            each |= {"dataType": "checkbox-array", "items": [{"id": "DIGITAL", "label": "Digital things"}]}
        if each["id"] == "mainCategory":
            each |= {"dataType": "radio-group", "items": [{"itemsFromAnswer": "categories"}]}
        if each["id"] == "countryLocation":
            each |= {"dataType": "autocomplete-array", "items": [{"id": "France", "label": "France"}]}
    for each in sections["TESTING_WITH_USERS"]:
        each |= {"dataType": "fields-group", "field": question("kind"), "addQuestion": question("feedback")}
    plans = next(each for each in sections["DEPLOYMENT"] if each["id"] == "deploymentPlans")
    plans |= {"dataType": "fields-group", "field": question("organizationDepartment")}
    parts = [{"id": name, "title": name.title(), "steps": [{"questions": asked}]} for name, asked in sections.items()]
    return {"version": version, "schema": {"sections": [{"id": "all", "title": "All", "subSections": parts}]}, **more}


def question(name):
    return {"id": name, "dataType": "text", "label": f"What is {name}?", "validations": {"maxLength": 50}}


def test_the_shipped_schema_has_every_question_with_its_codes():
    schema = shipped_schema()

    assert (schema.version, len(schema.questions), len(schema.sections)) == (SHIPPED, 73, 11)
    assert schema.questions["INNOVATION_DESCRIPTION", "mainCategory"].labels["AI"] == "Artificial intelligence (AI)"
    assert len(schema.questions["UNDERSTANDING_OF_NEEDS", "diseasesConditionsImpact"].labels) == 167
    standards = schema.questions["REGULATIONS_AND_STANDARDS", "standards"]
    assert (standards.kind, standards.parts, standards.part_labels["YES"]) == (Kind.PAIRS, ("type", "hasMet"), "Yes")
    assert schema.questions["DEPLOYMENT", "deploymentPlans"].kind is Kind.TEXTS


def test_a_live_schema_is_read_with_its_wordings():
    schema = read_schema(json.dumps(live()))

    told = {name: schema.questions["INNOVATION_DESCRIPTION", name] for name in ("name", "website", "mainCategory", "countryLocation")}
    assert (schema.version, told["name"].wording, told["name"].longest) == ("7", "What is name?", 50)
    assert told["mainCategory"].labels == {"DIGITAL": "Digital things"}
    assert (told["website"].kind, told["countryLocation"].kind) == (Kind.TEXT, Kind.CODE)
    assert schema.questions["TESTING_WITH_USERS", "userTests"].parts == ("kind", "feedback")
    assert schema.by_wording[label_key("  what IS name? ")].id == "name"


def test_a_record_is_read_and_written_by_the_schema_of_its_version():
    schemas = Schemas([read_schema(json.dumps(live(version))) for version in (7, 12)])

    text = record_csv(
        "INN-2501-0007-5", NationalRecord(document={"version": 7, "INNOVATION_DESCRIPTION": {"categories": ["DIGITAL"]}}), schemas
    )

    assert (schemas.newest.version, schemas.of(7).version, schemas.of("202209").version, Schemas().newest.version) == (
        "12",
        "7",
        "12",
        SHIPPED,
    )
    assert '"What is categories?","Digital things"' in text


def test_our_own_form_with_a_version_is_a_schema_too():
    own = {"version": "3", "sections": shipped_file()["sections"], "lists": shipped_file()["lists"]}

    assert read_schema(json.dumps(own)).digest == shipped_schema().digest


@pytest.mark.parametrize("version", [True, 0, "x", "-1", "²", None])
def test_a_schema_has_a_number(version):
    with pytest.raises(SchemaRefused, match=NO_NUMBER):
        read_schema(json.dumps(live(version)))


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"version": 1, "schema": {"sections": [{}]}}', "[" * 5_000])
def test_what_is_no_schema_is_refused(text):
    with pytest.raises(SchemaRefused, match=NO_NUMBER):
        read_schema(text)


def test_a_schema_keeps_what_every_version_must_have_and_names_identifiers():
    lacking = live()
    lacking["schema"]["sections"][0]["subSections"][0]["steps"][0]["questions"].pop(0)
    odd, many = live(), live()
    parts = odd["schema"]["sections"][0]["subSections"]
    parts[0]["steps"].append({"questions": [question("a b")]})
    many["schema"]["sections"][0]["subSections"][0]["steps"] += [{"questions": [question(f"q{number}")]} for number in range(1_000)]

    for said, told in ((lacking, "INNOVATION_DESCRIPTION.name"), (odd, "no identifier"), (many, "more than 1000")):
        with pytest.raises(SchemaRefused, match=told):
            read_schema(json.dumps(said))


def test_entries_of_two_parts_are_read_by_label_or_code():
    standards = shipped_schema().questions["REGULATIONS_AND_STANDARDS", "standards"]

    assert read_labelled("Class I medical device: Yes\nDTAC\nNobody knows", standards) == [
        {"type": "CE_UKCA_CLASS_I", "hasMet": "YES"},
        {"type": "DTAC"},
        {"type": "Nobody knows"},
    ]
