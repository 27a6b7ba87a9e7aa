"""A record of the national service at the front door fills in what is empty, and nothing of it is kept beside."""

import json

import pytest

from api.services.records.csv_shapes import record_csv
from api.services.records.document import NationalRecord
from api.services.records.schema import Schemas
from tests.api.test_page_front_door import drafts, post
from tests.links import FIVE_ANSWERS
from tests.pages import PAGE, Faults, read, words

DOCUMENT = {
    "version": 4,
    "INNOVATION_DESCRIPTION": {"name": "Falls sensor", "careSettings": ["PHARMACY", "NEW"], "supportDescription": "Secret support"},
    "UNDERSTANDING_OF_NEEDS": {"problemsTackled": "Patients fall at night.", "hasProductServiceOrPrototype": "YES"},
}


def upload(client, said, **fields):
    raw = said if isinstance(said, bytes) else said.encode()
    return client.post("/begin/record", data=fields, files={"record": ("record.csv", raw)}, headers=PAGE)


@pytest.mark.parametrize("said", [json.dumps(DOCUMENT), record_csv("", NationalRecord(document=DOCUMENT), Schemas())])
def test_a_record_fills_the_form_and_gaps_are_asked(client, make, said):
    reply = upload(client, said)

    assert (reply.status_code, "We filled in what your record says" in words(reply.text), Faults.of(reply.text)) == (200, True, [])
    (draft,) = drafts(make)
    told = {"name": "Falls sensor", "problems_tackled": "Patients fall at night.", "care_settings": ["PHARMACY"], "stage": "DEVELOPMENT"}
    assert draft.answers == told | {"how_it_works": ""}
    again = post(client, "/begin", **told, how_it_works="", then="needs")
    assert (again.status_code, 'href="#how_it_works"' in again.text) == (422, True)


def test_what_was_typed_is_not_overwritten(client, make):
    post(client, "/begin", then="later", **FIVE_ANSWERS | {"how_it_works": ""})

    upload(client, json.dumps(DOCUMENT | {"UNDERSTANDING_OF_NEEDS": {"howInnovationWork": "It senses.", "problemsTackled": "Other"}}))

    (draft,) = drafts(make)
    assert (draft.answers["name"], draft.answers["problems_tackled"]) == (FIVE_ANSWERS["name"], FIVE_ANSWERS["problems_tackled"])
    assert draft.answers["how_it_works"] == "It senses."


def test_a_record_that_says_nothing_of_the_questions_begins_nothing(client, make):
    reply = upload(client, json.dumps({"version": 4, "NEW": {"x": "1"}}))

    assert "Your record answers none of these questions" in words(reply.text)
    assert drafts(make) == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", "Choose the file that you exported"),
        (b"x" * 1_100_000, "larger than 1 MB"),
        ("name\n".encode("utf-16"), "UTF-16"),
        (json.dumps([DOCUMENT, DOCUMENT]), "several innovations"),
        (json.dumps(DOCUMENT | {"NEW": {"x": "NHS number 943 476 5919"}}), "patient details may not be kept here"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_at_its_field(client, make, said, told):
    reply = upload(client, said)

    assert (reply.status_code, told in words(reply.text), 'href="#record"' in reply.text) == (422, True, True)
    assert Faults.of(reply.text) == []
    assert drafts(make) == []


def test_a_form_without_a_file_says_so(client):
    assert "Choose the file" in words(client.post("/begin/record", data={"record": "typed"}, headers=PAGE).text)


def test_the_page_says_what_is_kept_of_it(client):
    assert "We keep nothing else of it" in words(read(client, "/begin").text)
