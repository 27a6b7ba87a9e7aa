"""Advice beside the like needs while one writes, and on what is stored; it never blocks."""

import pytest

from models.people import Role
from tests import factories
from tests.walk import ADHD_NEED

NEEDS = "/api/v1/needs"
THIN = {
    "title": "ADHD waits",
    "problem": "Adults wait for years. We want the Zephyra app, and the MDT has no acuity data.",
    "places": ["LDS"],
    "metric": "TBC",
}


@pytest.fixture
def leeds(client_as, make):
    """A browser of the team of Leeds."""
    for key in ("LDS", "WAK"):
        make(factories.make_place, key)
    return client_as(Role.PLACE, place="LDS")


def test_who_writes_is_advised_and_may_save_all_the_same(leeds, runner):
    written = leeds.post("/api/v1/similar-needs", json={"content": THIN})
    stored = leeds.post(NEEDS, json=THIN | {"submit": True})
    read = leeds.get(f"{NEEDS}/{stored.json()['id']}/advice")

    told = written.json()["advice"]
    quotes = [(each["field"], each["quote"]) for each in told if each["quote"]]
    assert written.status_code == 200
    assert {each["kind"]: each["quote"] and each["quote"]["text"] for each in told if each["kind"] != "jargon"} == {
        "product_named": "Zephyra",
        "no_metric": None,
    }
    assert [each["quote"]["text"] for each in told if each["kind"] == "jargon"] == ["MDT", "acuity"]
    assert all(THIN[field][each["start"] : each["end"]] == each["text"] for field, each in quotes)
    assert stored.status_code == 201
    assert (read.status_code, read.json()["advice"]) == (200, told)


def test_advice_is_for_those_who_may_change_the_need(leeds, client_as):
    need_id = leeds.post(NEEDS, json={**ADHD_NEED, "submit": True}).json()["id"]
    address = f"{NEEDS}/{need_id}/advice"

    assert [client_as(role, **at).get(address).status_code for role, at in ((Role.PLACE, {"place": "WAK"}), (Role.BOARD, {}))] == [403, 403]
    assert client_as(Role.HUB).get(address).status_code == 200
    assert leeds.get(f"{NEEDS}/{need_id[:-4]}0000/advice").status_code == 404
    assert leeds.get(f"{NEEDS}/none/advice").status_code == 422
