"""Hostile and clumsy requests: refused in plain words, never a 500, and nothing of them told back."""

import json
import logging

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from api.edges import LARGEST_JSON, LARGEST_UPLOAD, LastResort
from api.main import create_app
from models.people import Role
from models.queries import places
from tests import factories

NEEDS = "/api/v1/needs"
BODY = {"title": "A need", "problem": "People wait too long for care.", "places": ["LDS"]}


@pytest.fixture
def leeds(make):
    return make(factories.make_place, "LDS")


def send(client, body, content_type="application/json"):
    return client.post(NEEDS, content=body, headers={"Content-Type": content_type})


def with_title(title: str) -> bytes:
    return b'{"places": ["LDS"], "title": ' + title.encode() + b"}"


@pytest.mark.parametrize(
    ("body", "status", "title"),
    [
        pytest.param(b"{", 400, "MalformedBody", id="cut off"),
        pytest.param(b"\xff\xfe{}", 400, "MalformedBody", id="not UTF-8"),
        pytest.param(json.dumps(BODY).encode("utf-16"), 400, "MalformedBody", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", 400, "MalformedBody", id="byte order mark"),
        pytest.param(with_title("NaN"), 400, "MalformedBody", id="NaN"),
        pytest.param(with_title("-Infinity"), 400, "MalformedBody", id="Infinity"),
        pytest.param(with_title("1e999"), 400, "MalformedBody", id="a number beyond all bounds"),
        pytest.param(with_title("1" * 5000), 400, "MalformedBody", id="an integer of 5,000 digits"),
        pytest.param(b'{"title": "a", "title": "b", "places": ["LDS"]}', 400, "MalformedBody", id="a key twice"),
        pytest.param(with_title('{"a": 1, "a": 2}'), 400, "MalformedBody", id="a key twice, further in"),
        pytest.param(with_title("[" * 65 + "]" * 65), 400, "MalformedBody", id="65 deep"),
        pytest.param(with_title("[" * 100_000 + "]" * 100_000), 400, "MalformedBody", id="100,000 deep"),
        pytest.param(with_title('"\\ud800"'), 422, "ForbiddenCharacter", id="half a character"),
        pytest.param(with_title('"\\udc00\\ud800"'), 422, "ForbiddenCharacter", id="two halves the wrong way round"),
        pytest.param(b'{"\\ud800": 1}', 422, "ForbiddenCharacter", id="half a character in a key"),
        pytest.param(with_title('"a\\u0000b"'), 422, "ForbiddenCharacter", id="NUL"),
        pytest.param(with_title('"a\\u001bb"'), 422, "ForbiddenCharacter", id="escape"),
        pytest.param(with_title('"a\\u007fb"'), 422, "ForbiddenCharacter", id="delete"),
        pytest.param(with_title('"a\\u0085b"'), 422, "InvalidRequest", id="a control character of the second block"),
        pytest.param(b"", 422, "InvalidRequest", id="nothing"),
        pytest.param(b"null", 422, "InvalidRequest", id="null"),
        pytest.param(b"[]", 422, "InvalidRequest", id="a list"),
        pytest.param(b'"text"', 422, "InvalidRequest", id="a text"),
        pytest.param(with_title("null"), 422, "InvalidRequest", id="no title"),
        pytest.param(with_title('"\\u200b\\u202e"'), 422, "InvalidRequest", id="a title that nobody can see"),
        pytest.param(with_title(json.dumps("x" * 301)), 422, "InvalidRequest", id="a long title"),
    ],
)
def test_a_bad_body_is_refused_in_plain_words(hub, leeds, body, status, title):
    reply = send(hub, body)

    assert (reply.status_code, reply.json()["title"]) == (status, title)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"].endswith(".")


def test_64_levels_are_no_error_of_depth(hub, leeds):
    reply = send(hub, with_title("[" * 62 + "]" * 62))

    assert reply.json()["title"] == "InvalidRequest"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""]
)
def test_a_body_of_another_kind_is_refused(hub, leeds, content_type):
    reply = send(hub, json.dumps(BODY), content_type)

    assert (reply.status_code, reply.json()["title"]) == (415, "WrongMediaType")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"]
)
def test_json_by_all_its_names_is_taken(hub, leeds, content_type):
    assert send(hub, json.dumps(BODY), content_type).status_code == 201


def test_an_upload_must_be_a_form(hub):
    reply = hub.post("/api/v1/imports", json={"side": "need"})

    assert (reply.status_code, reply.json()["title"]) == (415, "WrongMediaType")


def test_a_broken_form_is_no_failure_of_ours(hub):
    reply = hub.post("/api/v1/imports", content=b"--y\r\nbroken", headers={"Content-Type": "multipart/form-data; boundary=x"})

    assert (reply.status_code, reply.json()["title"]) in {(400, "MalformedBody"), (422, "InvalidRequest")}


def test_a_body_may_be_one_mebibyte(hub, leeds):
    filled = {**BODY, "problem": "word " * 19_999}
    padding = LARGEST_JSON - len(json.dumps(filled)) - 20

    reply = send(hub, json.dumps(filled).encode() + b" " * padding)

    assert reply.status_code == 201


@pytest.mark.parametrize("counted", [True, False], ids=["by what it says", "by what arrives"])
@pytest.mark.parametrize(
    ("url", "content_type", "limit"),
    [(NEEDS, "application/json", LARGEST_JSON), ("/api/v1/imports", "multipart/form-data; boundary=x", LARGEST_UPLOAD)],
)
def test_a_body_that_is_too_large_is_refused(hub, url, content_type, limit, counted):
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' if "form" in content_type else b'"'
    chunks = [start, *[b"x" * 65_536] * (limit // 65_536), b"x"]

    reply = hub.post(url, content=b"".join(chunks) if counted else iter(chunks), headers={"Content-Type": content_type})

    assert (reply.status_code, reply.json()["title"]) == (413, "BodyTooLarge")
    assert len(reply.content) < 1000


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 30])
def test_a_length_that_is_none_is_refused(hub, length):
    assert hub.post(NEEDS, content=b"{}", headers={"Content-Length": length, "Content-Type": "application/json"}).status_code == 413


@pytest.mark.parametrize("marker", ["SECRET-7731", "x" * 200_000])
@pytest.mark.parametrize(
    "make_body",
    [
        lambda marker: {**BODY, marker: 1},
        lambda marker: {**BODY, "visibility": marker},
        lambda marker: {**BODY, "by_when": marker},
        lambda marker: {**BODY, "criteria": [{"kind": marker}]},
        lambda marker: {**BODY, "criteria": [{marker: "a"}]},
        lambda marker: {**BODY, "care_settings": [marker]},
        lambda marker: {**BODY, "places": [marker]},
        lambda marker: {**BODY, "title": [marker]},
        lambda marker: {**BODY, "owning_organisation": marker},
        lambda marker: {**BODY, "open_to_improvement_methods": marker},
        lambda marker: {**BODY, "source_url": marker},
        lambda marker: marker,
    ],
)
def test_nothing_of_a_bad_body_is_told_back(hub, leeds, make_body, marker):
    reply = hub.post(NEEDS, json=make_body(marker))

    assert reply.status_code == 422
    assert marker[:30] not in reply.text
    assert len(reply.content) < 2000


def test_a_thousand_faults_are_answered_with_fifty(hub, leeds):
    reply = hub.post(NEEDS, json={**BODY, "criteria": [{"kind": "none"}] * 30, "said_by": list(range(200))})

    assert len(reply.json()["errors"]) == 50


def test_fields_at_fault_are_named_with_what_to_do(hub, leeds):
    reply = hub.post(NEEDS, json={"title": "A need", "places": ["LDS"], "patients_range": "MANY", "surprise": 1})

    assert reply.json()["errors"] == [
        {
            "location": "body.patients_range",
            "kind": "unknown_code",
            "message": "Use a code of the list patients_range; see GET /api/v1/codes.",
        },
        {
            "location": "body",
            "kind": "extra_forbidden",
            "message": "There is a field here that is not known. Check the spelling against the documentation.",
        },
    ]


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/needs/not-an-id",
        "/api/v1/needs/%00",
        "/api/v1/needs/..%2f..%2fetc",
        "/api/v1/needs?surprise=1",
        "/api/v1/needs?limit=0",
        "/api/v1/needs?limit=1000000",
        "/api/v1/needs?limit=9999999999999999999999999",
        "/api/v1/needs?limit=ten",
        "/api/v1/needs?limit=1&limit=2",
        "/api/v1/needs?status=unheard-of",
        "/api/v1/needs?q=%00",
        "/api/v1/needs?q=%1b",
        "/api/v1/needs?after=" + "x" * 600,
        "/api/v1/places?q=1",
        "/api/v1/events?after=-1",
        "/api/v1/events?after=99999999999999999999",
        "/api/v1/events?after=1.5",
        "/api/v1/proposals?need_id=1",
        "/health/live?verbose=1",
    ],
)
def test_a_bad_address_is_no_failure_of_ours(hub, url):
    reply = hub.get(url)

    assert reply.status_code in {404, 422}, reply.text
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("listed", ["needs", "innovations", "proposals"])
@pytest.mark.parametrize(
    "marker",
    [
        "",
        ">",
        "nonsense",
        ">x~x",
        ">i:1~i:2",
        ">s:x~s:y",
        ">i:99999999999999999999999999~s:a",
        ">f:0.5~s:x",
        ">dt:2026-01-01 00:00:00+00:00~s:x",
        ">dt:0001-01-01 00:00:00+14:00~uuid:0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
        "<f:0.5~uuid:0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
        "<dt:2026-01-01 00:00:00+00:00~uuid:0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
        ">f:0.5~uuid:0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11~f:0.5",
        ">dt:9999-12-31 23:59:59~uuid:00000000-0000-0000-0000-000000000000",
        ">dt:2026-01-01 00:00:00~uuid:00000000-0000-0000-0000-000000000000",
        ">f:a\rb",
    ],
)
def test_a_page_marker_that_was_made_up_never_reaches_the_database(hub, listed, marker):
    table = {"needs": "need", "innovations": "innovation", "proposals": "proposal"}[listed]

    for after in (marker, f"{table}.{marker}"):
        reply = hub.get(f"/api/v1/{listed}", params={"after": after})
        assert (reply.status_code, reply.json()["title"]) == (422, "BadCursor")
        assert hub.get(f"/{listed}", params={"after": after}).status_code == (422 if after else 200)


def test_a_page_marker_of_one_list_is_none_in_another(hub, make):
    for _ in range(2):
        make(factories.make_need)
        make(factories.make_innovation)
    following = hub.get("/api/v1/needs?limit=1").json()["next"]

    assert hub.get("/api/v1/needs", params={"after": following}).json()["next"] is None
    assert hub.get("/api/v1/innovations", params={"after": following}).json()["title"] == "BadCursor"


def test_unknown_parameters_are_answered_with_the_known_ones(client):
    reply = client.get("/api/v1/events?surprise=SECRET-7731")

    assert reply.json()["detail"] == "A query parameter is not known. Known here: after, kind, limit."


def test_text_is_stored_composed_and_titles_are_shown_as_they_read(hub, leeds):
    reply = hub.post(NEEDS, json={**BODY, "title": "Cafe\u0301 \u202ewaits\u200b", "problem": "Cafe\u0301\r\nwaits"})

    assert (reply.json()["title"], reply.json()["problem"]) == ("Café waits", "Café\nwaits")


@pytest.mark.parametrize("sent", ["bad id", "x" * 65, "a;b", "short", "<script>alert(1)</script>"])
def test_a_correlation_id_that_could_do_harm_is_replaced(client, sent):
    given = client.get("/health/live", headers={"X-Correlation-ID": sent}).headers["x-correlation-id"]

    assert given != sent
    assert len(given) == 32


def test_answers_tell_browsers_what_they_may_do(client):
    first, second = client.get("/api/v1/places").headers, client.get("/api/v1/nowhere").headers

    for headers in (first, second):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "default-src 'none'; script-src 'nonce-" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
    assert first["content-security-policy"] != second["content-security-policy"]  # a nonce is used once


def test_a_failure_of_ours_tells_no_more_than_its_name(app, client, monkeypatch, caplog):
    def fail(*_args):
        raise RuntimeError("the password is SECRET-7731")

    monkeypatch.setattr(places, "all_places", fail)

    with structlog.testing.capture_logs() as log:
        reply = client.get("/api/v1/places", headers={"X-Correlation-ID": "failing-on-purpose"})

    assert reply.status_code == 500
    assert reply.json() == {
        "type": "urn:matching:problem:internal-error",
        "title": "InternalError",
        "correlation_id": "failing-on-purpose",
    }
    assert reply.headers["x-correlation-id"] == "failing-on-purpose"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert any(entry["event"] == "request.failed" for entry in log)


def test_a_failure_after_the_answer_began_is_no_second_answer():
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        TestClient(LastResort(app)).get("/")


def test_a_busy_database_is_a_503_that_says_when_to_come_back(client, monkeypatch):
    def busy(*_args):
        raise OperationalError("SELECT 1", {}, Exception("database is locked"))

    monkeypatch.setattr(places, "all_places", busy)

    reply = client.get("/api/v1/places")

    assert (reply.status_code, reply.json()["title"], reply.headers["retry-after"]) == (503, "DatabaseBusy", "2")
    assert "SELECT" not in reply.text


def test_a_commit_that_fails_is_not_answered_with_success(hub, leeds, database, monkeypatch):
    def fail(_session):
        raise OperationalError("COMMIT", {}, Exception("disk is full"))

    monkeypatch.setattr("sqlalchemy.orm.Session.commit", fail)

    reply = hub.post(NEEDS, json=BODY)

    monkeypatch.undo()
    assert reply.status_code == 503
    assert hub.get(NEEDS).json()["items"] == []


def test_the_log_tells_of_a_request_and_nothing_of_its_content(hub, leeds):
    with structlog.testing.capture_logs() as log:
        hub.post(NEEDS + "?limit=SECRET-1", json={**BODY, "title": "SECRET-7731"})
        hub.post(NEEDS, json={**BODY, "title": "SECRET-7731"})
        hub.get("/health/live")
        hub.get("/api/v1/needs/0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11")
        hub.get("/SECRET-7731")

    lines = [entry for entry in log if entry["event"] == "request.answered"]
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 422), ("POST", 201), ("GET", 404), ("GET", 404)]
    assert [line["route"] for line in lines] == [NEEDS, NEEDS, NEEDS + "/{need_id}", "none"]
    assert lines[1]["actor"].startswith("person:")
    assert "SECRET" not in json.dumps(log)


def test_the_log_is_json_at_the_level_of_the_settings(settings, capsys):
    create_app(settings.model_copy(update={"log_level": "WARNING"})).state.database.dispose()

    structlog.get_logger().info("nothing.said")
    structlog.get_logger().warning("something.said", count=1)

    said = capsys.readouterr()
    assert json.loads(said.out + said.err)["event"] == "something.said"
    structlog.reset_defaults()
    assert logging.getLevelNamesMapping()["WARNING"] == logging.WARNING


def test_the_service_starts_and_stops_with_its_jobs(settings):
    app = create_app(settings)

    with TestClient(app) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        assert app.state.runner.is_running

    assert not app.state.runner.is_running
    structlog.reset_defaults()


def test_hub_staff_are_what_the_fixture_says(client_as):
    assert client_as(Role.HUB).get("/api/v1/me").json()["roles"] == ["hub"]
