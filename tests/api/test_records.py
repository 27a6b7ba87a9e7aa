"""National records over the API: a file of them in, one innovation out in each shape."""

import json

import pytest

from api.services.records.writing import RecordFormat
from models.innovations import ExternalId
from models.people import Role
from tests import factories
from tests.services.records.test_schema import live

pytestmark = pytest.mark.both

RECORDS = "/api/v1/records"
ID = "INN-2501-0007-5"
DOCUMENT = {
    "version": 4,
    "INNOVATION_DESCRIPTION": {"name": "=Falls sensor", "categories": ["MEDICAL_DEVICE", "NEW"]},
    "UNDERSTANDING_OF_NEEDS": {"problemsTackled": "Patients fall\nat night."},
    "NEW_SECTION": {"x": [1, None]},
}


def send(client, said, **fields):
    raw = said if isinstance(said, bytes) else said.encode() if isinstance(said, str) else json.dumps(said).encode()
    return client.post(RECORDS, data={"unique_id": ID, **fields}, files={"file": ("record.json", raw, "application/json")})


def test_a_record_comes_in_once_and_goes_out_as_it_came(hub):
    dry = send(hub, DOCUMENT, dry_run="true").json()
    first = send(hub, DOCUMENT, consent_basis="Signed form").json()
    again = send(hub, DOCUMENT).json()

    assert (dry["status"], dry["created"], dry["held"], dry["records"][0]["innovation_id"]) == ("checked", 1, 1, None)
    assert (first["status"], first["created"], first["held"]) == ("complete", 1, 0)
    assert (again["status"], again["unchanged"], len(hub.get("/api/v1/innovations").json()["items"])) == ("complete", 1, 1)
    assert {(each["field"], each["kind"]) for each in first["warnings"]} == {
        ("version", "other_version"),
        ("INNOVATION_DESCRIPTION.categories", "unknown_code"),
        ("NEW_SECTION.x", "unknown_section"),
    }
    reply = hub.get(f"/api/v1/innovations/{first['records'][0]['innovation_id']}/record")
    assert (reply.json(), reply.headers["content-disposition"]) == (DOCUMENT, f'attachment; filename="{ID}-document.json"')


@pytest.mark.parametrize("shape", RecordFormat)
def test_every_shape_that_goes_out_comes_in_again_and_changes_nothing(hub, shape):
    innovation_id = send(hub, DOCUMENT).json()["records"][0]["innovation_id"]

    reply = hub.get(f"/api/v1/innovations/{innovation_id}/record?format={shape}")
    again = send(hub, reply.content).json()

    assert reply.headers["content-type"].split(";")[0] == ("text/csv" if "csv" in shape else "application/json")
    assert (again["status"], again["records"][0]["changes"]) == ("complete", [])
    assert hub.get(f"/api/v1/innovations/{innovation_id}/record").json() == DOCUMENT | {
        key: value for key, value in hub.get(f"/api/v1/innovations/{innovation_id}/record").json().items() if value == {}
    }


def test_what_was_edited_here_is_told_and_kept_until_overwriting_is_asked_for(hub):
    innovation_id = send(hub, DOCUMENT).json()["records"][0]["innovation_id"]
    address = f"/api/v1/innovations/{innovation_id}"
    hub.patch(address, json={"problems_tackled": "Ours"}, headers={"If-Match": hub.get(address).headers["etag"]})
    theirs = DOCUMENT | {"UNDERSTANDING_OF_NEEDS": {"problemsTackled": "Theirs"}}

    kept = send(hub, theirs).json()["records"][0]
    over = send(hub, theirs, overwrite="true").json()["records"][0]

    assert (kept["kept"], [(each["question"], each["kind"]) for each in kept["changes"]]) == (
        ["problems_tackled"],
        [("problemsTackled", "changed")],
    )
    assert (over["fate"], over["kept"], hub.get(address).json()["problems_tackled"]) == ("changed", [], "Theirs")


def test_a_record_with_a_problem_is_refused_by_line_and_nothing_is_stored(hub):
    reply = send(hub, f"uniqueId,name\n{ID},Good\nINN-2501-0007-4,Bad\n", unique_id="")

    told = reply.json()
    assert (reply.status_code, told["status"], told["refused"]) == (200, "refused", 1)
    assert [(each["line"], each["kind"]) for each in told["problems"]] == [(3, "bad_id")]
    assert hub.get("/api/v1/innovations").json()["items"] == []


def test_a_file_that_is_none_is_refused_whole(hub):
    reply = send(hub, 'Section,Subsection,Question,Answer\na,b,name,"cut o')

    assert (reply.status_code, reply.json()["title"], reply.json()["problems"][0]["kind"]) == (422, "ImportFileRefused", "quotation")


def test_a_field_that_nobody_reads_is_refused(hub):
    assert send(hub, DOCUMENT, partial="true").status_code == 422


def test_a_record_is_for_its_owner_and_the_hub(make, hub, client_as):
    row = make(factories.make_innovation, external_ids=[ExternalId(system="innovation-service", value=ID)])
    address = f"/api/v1/innovations/{row.id}/record"

    asked = {role: client_as(role).get(address).status_code for role in (Role.INNOVATOR, Role.PLACE, Role.BOARD)}

    assert asked == {Role.INNOVATOR: 200, Role.PLACE: 403, Role.BOARD: 403}
    assert hub.get(address).json()["INNOVATION_DESCRIPTION"]["name"] == row.name
    assert send(client_as(Role.PLACE), DOCUMENT).status_code == 403


@pytest.fixture
def installed(settings):
    settings.record_schemas.mkdir(parents=True, exist_ok=True)
    file = settings.record_schemas / "4.json"
    file.write_text(json.dumps(live(4)), encoding="utf-8")
    yield
    file.unlink()


def test_an_installed_schema_names_the_questions(hub, installed):
    sent = send(hub, DOCUMENT).json()

    text = hub.get(f"/api/v1/innovations/{sent['records'][0]['innovation_id']}/record?format=record-csv").text

    assert '"What is name?","\'=Falls sensor"' in text
    assert "other_version" not in {each["kind"] for each in sent["warnings"]}
