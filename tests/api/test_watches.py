"""Watches of one's own, over the API."""

import pytest

from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION

WATCHES = "/api/v1/watches"
TEXT = {"kind": "text", "value": "falls at home"}


def test_a_watch_is_begun_read_muted_and_ended(client_as):
    founder = client_as(Role.INNOVATOR)

    begun = founder.post(WATCHES, json=TEXT)
    where = begun.headers["location"]
    muted = founder.patch(where, json={"muted": True}, headers={"If-Match": begun.headers["etag"]})
    listed = founder.get(WATCHES).json()["items"]
    ended = founder.delete(where)

    assert (begun.status_code, begun.json()["what"], begun.json()["muted"]) == (201, "needs", False)
    assert (muted.json()["muted"], muted.headers["etag"]) == (True, '"2"')
    assert listed == [muted.json()] == [begun.json() | {"muted": True, "version": 2}]
    assert (ended.status_code, ended.content, founder.get(where).status_code) == (204, b"", 404)
    assert founder.delete(where).status_code == 404


@pytest.mark.parametrize(
    ("said", "status", "title"),
    [
        ({"kind": "text", "value": ""}, 422, "InvalidRequest"),
        ({"kind": "text", "value": "  \u200b "}, 422, "InvalidRequest"),
        ({"kind": "text", "value": "?!"}, 422, "WatchEmpty"),
        ({"kind": "text", "value": "x" * 501}, 422, "InvalidRequest"),
        ({"kind": "text", "value": "NHS number 943 476 5919"}, 422, "InvalidRequest"),
        ({"kind": "text", "value": 7}, 422, "InvalidRequest"),
        ({"kind": "smell", "value": "x"}, 422, "InvalidRequest"),
        ({"kind": "place", "value": "XXX"}, 422, "UnknownPlace"),
        ({"kind": "text", "value": "falls", "person_id": "me"}, 422, "InvalidRequest"),
        ({"kind": "text", "value": "falls", "what": "innovations"}, 403, "NotAllowed"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_what_to_do(client_as, make, said, status, title):
    make(factories.make_place)

    reply = client_as(Role.INNOVATOR).post(WATCHES, json=said)

    assert (reply.status_code, reply.json()["title"]) == (status, title)


def test_the_same_is_watched_once(client_as):
    founder = client_as(None)
    first = founder.post(WATCHES, json=TEXT).json()

    again = founder.post(WATCHES, json=TEXT | {"value": "FALLS at home"})

    assert (again.status_code, again.json()["watch"]) == (409, first["id"])


def test_nobody_reads_or_changes_the_watches_of_others(hub, client_as, make):
    others = make(factories.make_watch)

    assert hub.get(WATCHES).json()["items"] == []
    assert hub.get(f"{WATCHES}/{others.id}").status_code == 404
    assert hub.patch(f"{WATCHES}/{others.id}", json={"muted": True}, headers=ANY_VERSION).status_code == 404
    assert hub.delete(f"{WATCHES}/{others.id}").status_code == 404


def test_watches_are_a_persons_and_no_machines(client, client_with_key):
    assert client.get(WATCHES).status_code == client.post(WATCHES, json=TEXT).status_code == 401
    machine = client_with_key()
    assert machine.get(WATCHES).status_code == machine.post(WATCHES, json=TEXT).status_code == 403


def test_watches_are_paged_latest_first(client_as):
    founder = client_as(Role.INNOVATOR)
    for number in range(3):
        founder.post(WATCHES, json=TEXT | {"value": f"subject {number}"})

    first = founder.get(f"{WATCHES}?limit=2").json()
    second = founder.get(WATCHES, params={"limit": 2, "after": first["next"]}).json()

    assert [row["value"] for row in (*first["items"], *second["items"])] == ["subject 2", "subject 1", "subject 0"]
