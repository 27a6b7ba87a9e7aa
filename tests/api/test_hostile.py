"""What an attacker tried once and must never work again: nothing of it is a failure of ours, and nothing of it is stored."""

import json

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError

from api.logs import configure_log
from api.security import COOKIE, CSRF_FIELD, CSRF_HEADER
from models.documents import Side
from models.people import Role
from models.queries import documents, places
from tests import factories
from tests.factories import ANY_VERSION
from tests.pages import PAGE

NEEDS, INNOVATIONS = "/api/v1/needs", "/api/v1/innovations"
HALF = b"\\ud800"  # half a character, when it is read as unicode_escape


def multipart(**fields: bytes) -> bytes:
    parts = [b'--x\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value for name, value in fields.items()]
    return b"\r\n".join([*parts, b"--x--\r\n"])


def form_type(charset: str) -> dict[str, str]:
    return {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "undefined", "idna", "latin-1", '"utf-16"', "no-such"])
def test_a_form_comes_in_utf_8_only(client, charset):
    body = multipart(email=HALF + b"@a.org", password=b"wrong wrong wrong")

    reply = client.post("/sign-in", content=body, headers=form_type(charset))

    assert (reply.status_code, reply.json()["title"]) == (415, "WrongMediaType")


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", "UTF_8", '"utf-8"'])
def test_utf_8_by_all_its_names_is_taken(client, charset):
    body = multipart(email="zoë@a.org".encode(), password=b"wrong wrong wrong")

    assert "E-mail address or password is wrong" in client.post("/sign-in", content=body, headers=form_type(charset)).text


def test_no_field_of_a_signed_in_form_is_read_in_an_encoding_that_the_sender_chose(app, hub, make):
    make(factories.make_place, "LDS")
    bare = TestClient(app, cookies={COOKIE: hub.cookies[COOKIE]}, raise_server_exceptions=False)
    token = hub.headers[CSRF_HEADER].encode()
    bodies = [multipart(csrf_token=HALF), multipart(csrf_token=token, title=HALF), multipart(csrf_token=token, places=HALF)]
    upload = multipart(csrf_token=token, side=b"need").removesuffix(b"--x--\r\n") + (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\\ud800.csv"\r\n\r\ntitle,places\nA,LDS\n\r\n--x--\r\n'
    )

    replies = [bare.post("/needs/new", content=body, headers=form_type("unicode_escape")) for body in bodies]
    replies.append(bare.post("/api/v1/imports", content=upload, headers=form_type("unicode_escape")))

    assert {reply.status_code for reply in replies} == {415}


@pytest.mark.parametrize(("name", "value"), [("email", "a\0@a.org"), ("places", "\0"), ("\0", "a"), (CSRF_FIELD, "\0")])
def test_a_form_field_that_no_database_can_hold_is_refused(client, name, value):
    reply = client.post("/sign-in", data={name: value})

    assert (reply.status_code, reply.json()["title"]) == (422, "ForbiddenCharacter")


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "", "http://testserver@elsewhere.example", "//testserver["])
def test_an_origin_that_is_none_is_another_site(client, hub, origin):
    headers = {"Origin": origin}

    replies = [
        client.post("/api/v1/session", json={"email": "nobody@example.org", "password": "wrong"}, headers=headers),
        hub.post(NEEDS, json={"title": "A need", "places": ["LDS"]}, headers=headers),
        hub.post("/needs/new", data={"title": "A need"}, headers=headers),
    ]

    assert [(reply.status_code, reply.json()["title"]) for reply in replies] == [(403, "CrossSiteRefused")] * 3


@pytest.mark.parametrize(
    ("url", "values"),
    [
        (NEEDS, {"source_url": "https://[bad"}),
        (NEEDS, {"title": "\ufb2c" * 300}),
        (NEEDS, {"title": "\u3164"}),
        (NEEDS, {"title": "943\u200b 476 5919"}),
        (NEEDS, {"by_when": "9999-12-31"}),
        (INNOVATIONS, {"website": "https://[bad"}),
        (INNOVATIONS, {"consent_at": "9999-12-31T23:59:59-14:00"}),
        (INNOVATIONS, {"consent_at": "0001-01-01T00:00:00+14:00"}),
        (INNOVATIONS, {"external_ids": [{"system": "x", "id": "1"}] * 2}),
    ],
)
def test_what_could_not_be_stored_or_shown_is_refused_before(hub, make, database, url, values):
    make(factories.make_place, "LDS")
    body = {"title": "A need", "places": ["LDS"]} if url == NEEDS else {"name": "A test", "consent_by": "Managing director"}

    created = hub.post(url, json=body | values)
    row = hub.post(url, json=body).json()
    changed = hub.patch(f"{url}/{row['id']}", json=values, headers=ANY_VERSION)

    assert [(reply.status_code, reply.json()["title"]) for reply in (created, changed)] == [(422, "InvalidRequest")] * 2
    with database.reading() as session:
        assert sum(documents.counts(session, side)["stored"] for side in Side) == 1


def test_a_source_that_is_no_address_does_not_take_its_page_with_it(hub, make):
    need = make(factories.make_need, source_url="https://[bad", source="Stored before it was checked")
    proposal = make(factories.make_proposal, need)

    for url in (f"/needs/{need.id}", f"/proposals/{proposal.id}"):
        page = hub.get(url, headers=PAGE)
        assert (page.status_code, "https://[bad" in page.text) == (200, False)


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_decision_is_deferred_to_a_time_that_there_is(hub, make, until):
    proposal = make(factories.make_proposal)

    reply = hub.post(
        f"/api/v1/proposals/{proposal.id}/decision",
        json={"verdict": "deferred", "reason": "no_budget", "until": until},
        headers=ANY_VERSION,
    )

    assert (reply.status_code, reply.json()["errors"][0]["kind"]) == (422, "time_out_of_range")


@pytest.mark.parametrize("after", ["99999999999999999999999", "-1", "ten"])
def test_a_position_that_there_cannot_be_is_refused_alike(hub, after):
    assert hub.get(f"/events?after={after}").status_code == 422
    assert hub.get(f"/api/v1/events?after={after}").status_code == 422
    assert hub.get("/events?after=0").status_code == 200


@pytest.mark.parametrize("url", [NEEDS, "/needs", "/health/live", "/api/v1/openapi.json", "/assets/pages.css", "/api/v1/needs/nonsense"])
def test_head_is_answered_as_get_without_its_body(hub, url):
    whole = hub.get(url)

    with structlog.testing.capture_logs() as log:
        head = hub.head(url)

    changing = {"x-correlation-id", "content-security-policy", "content-length"}
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert int(head.headers["content-length"]) > 0
    assert {k: v for k, v in head.headers.items() if k not in changing} == {k: v for k, v in whole.headers.items() if k not in changing}
    assert [(line["method"], line["status"]) for line in log] == ([] if url == "/health/live" else [("HEAD", whole.status_code)])


def test_head_is_no_way_round_who_may(client, hub):
    assert client.head(INNOVATIONS).status_code == 401
    assert hub.head("/api/v1/matches").status_code == 405


def test_the_log_of_a_failure_tells_where_and_never_what(app, client, monkeypatch, capsys):
    def fail(*_args):
        try:
            int("SECRET-1")
        except ValueError as error:
            raise IntegrityError("INSERT SECRET-2", {"title": "SECRET-3"}, Exception("Key (id)=(SECRET-4) exists")) from error

    monkeypatch.setattr(places, "all_places", fail)
    configure_log("INFO")

    client.get("/api/v1/places")

    structlog.reset_defaults()
    said = capsys.readouterr().err
    entry = next(json.loads(line) for line in said.splitlines() if "request.failed" in line)
    assert "SECRET" not in said
    assert "sqlalchemy.exc.IntegrityError at " in entry["exception"]
    assert "api/routes/places.py:" in entry["exception"]
    assert "because of ValueError at " in entry["exception"]


def test_an_error_of_the_database_does_not_hold_what_was_to_be_written(make, transaction):
    make(factories.make_person, Role.HUB, email="taken@example.org")

    with pytest.raises(IntegrityError) as failure, transaction() as session:
        factories.make_person(session, Role.HUB, email="taken@example.org", name="SECRET-7731")

    assert "SECRET-7731" not in str(failure.value)
