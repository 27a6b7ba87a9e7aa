"""Imports over the API: a file, its report, its progress."""

import pytest

from models.keys import Scope
from models.people import Role
from tests import factories

pytestmark = pytest.mark.both

IMPORTS = "/api/v1/imports"
NEEDS_FILE = "title,problem,places\nFirst need,People wait too long for care.,LDS\nSecond need,Older people fall at home.,LDS|WAK\n"


@pytest.fixture
def places(make):
    return [make(factories.make_place, key) for key in ("LDS", "WAK")]


def send(client, text=NEEDS_FILE, side="need", **said):
    content = text.encode() if isinstance(text, str) else text
    return client.post(IMPORTS, data={"side": side, **said}, files={"file": ("upload.csv", content, "text/csv")})


def test_a_sound_file_is_taken_and_shown_whole_when_it_is_applied(hub, client, runner, places):
    reply = send(hub)

    assert (reply.status_code, reply.json()["status"], reply.json()["total_rows"]) == (202, "applying", 2)
    assert client.get("/api/v1/needs").json()["items"] == []
    runner.run_due()
    done = hub.get(reply.headers["location"]).json()
    assert (done["status"], done["applied_rows"], done["problems"]) == ("complete", 2, [])
    assert {row["title"] for row in client.get("/api/v1/needs").json()["items"]} == {"First need", "Second need"}


def test_a_bad_row_applies_nothing_and_is_told_by_line_field_and_remedy(hub, runner, places):
    reply = send(hub, NEEDS_FILE + "Third need,Nobody knows.,XXX\n")

    runner.run_due()
    told = reply.json()
    assert (reply.status_code, told["status"], told["invalid_rows"]) == (202, "refused", 1)
    assert [(row["line"], row["field"], row["kind"]) for row in told["problems"]] == [(4, "places", "unknown_place")]
    assert told["problems"][0]["remedy"].endswith(".")
    assert hub.get("/api/v1/needs").json()["items"] == []


def test_the_sound_rows_are_taken_when_that_is_wished(hub, runner, places):
    reply = send(hub, NEEDS_FILE + "Third need,Nobody knows.,XXX\n", partial="true")

    runner.run_due()

    assert hub.get(reply.headers["location"]).json()["applied_rows"] == 2


def test_a_dry_run_checks_and_applies_nothing(hub, runner, places):
    reply = send(hub, dry_run="true")

    runner.run_due()

    assert (reply.json()["status"], hub.get("/api/v1/needs").json()["items"]) == ("checked", [])


def test_innovations_without_consent_are_held_and_a_stated_basis_releases_them(hub, runner):
    text = "name,problems_tackled,how_it_works\nA test,Assessments wait.,At the clinic.\n"

    held = send(hub, text, side="innovation").json()
    released = send(hub, text.replace("A test", "A second test"), side="innovation", consent_basis="The framework agreement of 2026").json()

    assert (held["held_rows"], released["held_rows"]) == (1, 0)


def test_the_same_file_is_taken_once(hub, places):
    first = send(hub).json()["id"]

    reply = send(hub)

    assert (reply.status_code, reply.json()["title"], reply.json()["import_id"]) == (409, "AlreadyImported", first)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"title,unknown\nA,B\n", b"\x00\x01\x02", b'title,places\n"never closed', b"title,places\n"],
    ids=["empty", "not text", "unknown column", "control characters", "open quotation", "no rows"],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(hub, places, content):
    reply = send(hub, content)

    assert (reply.status_code, reply.json()["title"]) == (422, "ImportFileRefused")
    assert reply.json()["problems"][0]["remedy"]


@pytest.mark.parametrize("said", [{"side": "both"}, {"dry_run": "perhaps"}, {"consent_basis": "x" * 501}])
def test_a_form_that_may_not_be_is_refused(hub, said):
    data = {"side": "need", **said}

    reply = hub.post(IMPORTS, data=data, files={"file": ("upload.csv", b"title\n")})

    assert (reply.status_code, reply.json()["title"]) == (422, "InvalidRequest")


def test_a_field_that_nobody_reads_is_refused(hub, places):
    for said in ({"dryrun": "true"}, {"side": ["need", "need"]}):
        reply = hub.post(IMPORTS, data={"side": "need", **said}, files={"file": ("upload.csv", NEEDS_FILE.encode())})

        assert (reply.status_code, reply.json()["title"]) == (422, "InvalidRequest")
        assert "dryrun" not in reply.text


def test_the_token_of_a_browser_form_is_a_known_field(client_as, places):
    leeds = client_as(Role.PLACE, place="LDS")
    token = leeds.headers.pop("X-CSRF-Token")

    assert send(leeds, csrf_token=token).status_code == 202


def test_a_poisoned_header_is_refused_shortly(hub, places):
    for header in ("title,places," + ",".join(["x"] * 100_000), "title," + "p" * 140_000):
        reply = send(hub, f"{header}\nA,LDS\n")

        assert (reply.status_code, reply.json()["title"], len(reply.content) < 2000) == (422, "ImportFileRefused", True)


def test_a_form_without_a_file_is_refused(hub):
    reply = hub.post(IMPORTS, data={"side": "need"}, files={"other": ("upload.csv", b"title\n")})

    assert reply.status_code == 422


def test_a_place_imports_needs_of_its_own_only(client_as, places):
    leeds = client_as(Role.PLACE, place="LDS")

    assert send(leeds).json()["status"] == "applying"
    assert send(leeds, "title,places\nTheirs,WAK\n").json()["problems"][0]["kind"] == "not_your_place"
    assert send(leeds, "name\nA test\n", side="innovation").status_code == 403


def test_the_pipeline_imports_innovations(client_with_key):
    reply = send(client_with_key(Role.PIPELINE, {Scope.IMPORT}), "name\nA test\n", side="innovation")

    assert reply.status_code == 202


def test_an_import_is_known_to_who_began_it_and_to_the_hub(hub, client_as, places):
    leeds, wakefield = client_as(Role.PLACE, place="LDS"), client_as(Role.PLACE, place="WAK")
    url = send(leeds).headers["location"]

    assert [client.get(url).status_code for client in (leeds, hub, wakefield)] == [200, 200, 404]
