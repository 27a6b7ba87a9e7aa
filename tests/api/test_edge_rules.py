"""The rest of the edge rules, each with its attack; `docs/edges.md` lists them all and where they are tested."""

import hmac
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.security import COOKIE, CSRF_HEADER
from api.services import accounts
from models.documents import Revision
from models.keys import ApiKey
from models.needs import NeedStatus
from models.people import Role
from models.queries import places
from tests import factories
from tests.pages import PAGE, Faults

ROOT = Path(__file__).parents[2]
NEEDS, IMPORTS, SESSION = "/api/v1/needs", "/api/v1/imports", "/api/v1/session"
HIDDEN_TITLE = "Waiting \u202efor\u202c a\u200b test\u2066!\u2069"


def test_the_list_of_rules_names_tests_that_there_are():
    listed = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "edges.md").read_text(encoding="utf-8"))

    missing = [(file, name) for file, name in listed if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")]
    assert len(listed) >= 35
    assert missing == []


@pytest.mark.parametrize(("url", "field"), [(NEEDS, "title"), ("/api/v1/innovations", "name")])
def test_a_title_that_hides_or_turns_is_shown_plain_and_kept_as_it_was_written(hub, make, database, url, field):
    make(factories.make_place, "LDS")
    extra = {"places": ["LDS"]} if field == "title" else {"consent_by": "Managing director"}

    row = hub.post(url, json={field: HIDDEN_TITLE, **extra}).json()
    hub.patch(f"{url}/{row['id']}", json={field: f"New {HIDDEN_TITLE}"}, headers={"If-Match": "*"})

    shown = hub.get(f"{url}/{row['id']}").json()[field]
    page = hub.get(f"{url.removeprefix('/api/v1')}/{row['id']}", headers=PAGE).text
    with database.reading() as session:
        kept = [each.content["as_written"][field] for each in session.query(Revision).order_by(Revision.number)]
    assert (row[field], shown) == ("Waiting for a test!", "New Waiting for a test!")
    assert kept == [HIDDEN_TITLE, f"New {HIDDEN_TITLE}"]
    assert "\u202e" not in page


@pytest.mark.parametrize("sent", ["mk_{prefix}_" + "A" * 43, "mk_00000000_" + "A" * 43, "nonsense"], ids=["wrong", "unknown", "no key"])
def test_a_key_is_compared_in_constant_time_whether_or_not_there_is_one(make, database, monkeypatch, sent):
    prefix = make(factories.make_key).split("_")[1]
    compared = []
    genuine = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda known, given: compared.append((known, given)) or genuine(known, given))

    with database.reading() as session, pytest.raises(accounts.KeyRefused):
        accounts.actor_of_key(session, sent.format(prefix=prefix), at=factories.NOW)

    assert len(compared) == 1
    assert {len(given) for _, given in compared} == {64}  # hashes of secrets, never secrets


def test_a_key_is_nowhere_to_be_read_again(make, database, hub):
    key = make(factories.make_key)

    with database.reading() as session:
        row = session.query(ApiKey).filter_by(prefix=key.split("_")[1]).one()
        kept = " ".join(str(value) for value in vars(row).values())

    assert key.split("_", 2)[2] not in kept
    assert (len(row.prefix), len(row.secret_hash)) == (8, 64)


@pytest.mark.parametrize(
    ("method", "url", "headers", "content"),
    [
        ("GET", "/api/v1/places", {}, b""),
        ("GET", "/api/v1/nowhere", {}, b""),
        ("GET", "/needs", PAGE, b""),
        ("GET", "/nowhere", PAGE, b""),
        ("GET", "/assets/pages.css", {}, b""),
        ("DELETE", "/api/v1/places", {}, b""),
        ("POST", SESSION, {"Content-Type": "application/json"}, b"{"),
        ("POST", SESSION, {"Content-Type": "application/json"}, b"x" * (2**20 + 1)),
        ("GET", "/needs?q=" + "a" * 9_000, {}, b""),
        ("GET", "/needs", {"X-A": "a" * 33_000}, b""),
    ],
)
def test_every_answer_carries_the_correlation_id_that_was_sent(client, method, url, headers, content):
    reply = client.request(method, url, headers={**headers, "X-Correlation-ID": "asked-by-a-test"}, content=content)

    assert reply.headers["x-correlation-id"] == "asked-by-a-test"
    if reply.headers["content-type"] == "application/problem+json":
        assert reply.json()["correlation_id"] == "asked-by-a-test"


@pytest.mark.parametrize("longest", [8, 64])
def test_a_correlation_id_has_bounds(client, longest):
    assert client.get("/health/live", headers={"X-Correlation-ID": "a" * longest}).headers["x-correlation-id"] == "a" * longest
    beyond = longest + (1 if longest == 64 else -1)
    assert client.get("/health/live", headers={"X-Correlation-ID": "a" * beyond}).headers["x-correlation-id"] != "a" * beyond


def archive(text: bytes = b"title,places\n", copies: int = 1) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(copies):
            packed.writestr(f"xl/worksheets/sheet{number}.xml", text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("needs.xlsx", archive(), id="a spreadsheet"),
        pytest.param("needs.zip", archive(b"0" * 50_000_000), id="50 MB in a few kB"),
        pytest.param("needs.zip", archive(copies=500), id="500 files"),
        pytest.param("needs.csv", b"\x89PNG\r\n\x1a\n" + b"\xff" * 1000, id="a picture by the name of a table"),
        pytest.param("needs.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", id="a document"),
        pytest.param("needs.csv", b"MZ\x90\x00\x03" + b"\x00" * 1000, id="a program"),
        pytest.param("needs.csv", "title,places\n".encode("utf-16"), id="UTF-16"),
        pytest.param("needs.csv", b"\x1f\x8b\x08\x00" + b"\x00" * 100, id="gzip"),
        pytest.param("needs.csv", b"", id="nothing"),
        pytest.param("needs.csv", b"\x00" * 100_000, id="NUL"),
    ],
)
def test_an_upload_that_is_no_csv_is_refused_in_plain_words(hub, name, content):
    reply = hub.post(IMPORTS, data={"side": "need"}, files={"file": (name, content, "text/csv")})

    assert (reply.status_code, reply.json()["title"]) == (422, "ImportFileRefused")
    assert reply.json()["problems"][0]["line"] == 1
    assert re.search(r"(Take the template|CSV UTF-8|Mend the row)", reply.json()["detail"])
    assert len(reply.content) < 2000


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\a.csv", "/etc/passwd", "a" * 5_000, '"; drop table need', "a\u202evsc.exe"])
def test_the_name_of_an_upload_leads_nowhere(hub, make, name):
    make(factories.make_place, "LDS")

    reply = hub.post(IMPORTS, data={"side": "need"}, files={"file": (name, b"title,places\nA need,LDS\n", "text/csv")})

    assert reply.status_code in {202, 400, 422}
    assert not (ROOT / "etc").exists()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--\r\n"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 5_000, b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: attachment; name=a\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"X" * 500_000 + b": b\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 3_000 + b"--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n1\r\n' * 3_000 + b"--x--",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 2_000_000 + b"\r\n--x--\r\n",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n--x--\r\n"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=%d" % number for number in range(5_000))),
        ("application/x-www-form-urlencoded", b"&" * 500_000),
        ("application/x-www-form-urlencoded", b"email=%zz%ff%ed%a0%80&password=%00"),
    ],
)
@pytest.mark.parametrize("url", ["/sign-in", IMPORTS])
def test_a_form_made_to_hurt_is_refused(client, hub, url, content_type, body):
    reply = (client if url == "/sign-in" else hub).post(url, content=body, headers={"Content-Type": content_type})

    assert 400 <= reply.status_code < 500, reply.text
    assert len(reply.content) < 20_000


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("&".join(["limit=1"] * 900), 422),
        ("&".join(f"a{number}=1" for number in range(900)), 422),
        ("=" * 8_000, 422),
        ("&" * 8_000, 200),
    ],
    ids=["one 900 times", "900 unknown ones", "8,000 equals signs", "8,000 ampersands"],
)
def test_a_thousand_parameters_are_refused(client, query, status):
    reply = client.get(f"{NEEDS}?{query}")

    assert reply.status_code == status
    assert len(reply.content) < 1_000


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://testserver"])
@pytest.mark.parametrize("url", ["/api/v1/places", "/needs", "/assets/pages.css", "/api/v1/nowhere"])
def test_no_other_site_may_read_an_answer(client, origin, url):
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "Authorization"}

    replies = [client.get(url, headers=asked), client.options(url, headers=asked)]

    for reply in replies:
        assert [name for name in reply.headers if name.startswith("access-control-")] == []
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"
    assert replies[1].status_code in {404, 405}


@pytest.mark.parametrize("encoding", ["gzip", "br, zstd, deflate", "*", "gzip;q=1.0, identity;q=0"])
def test_nothing_is_compressed_so_that_no_length_tells_a_secret(client, encoding):
    reply = client.get("/needs", headers={**PAGE, "Accept-Encoding": encoding})

    assert reply.status_code == 200
    assert "content-encoding" not in reply.headers


def test_only_files_that_are_the_same_for_all_may_be_kept(hub, client, make):
    proposal = make(factories.make_proposal)
    personal = ["/", "/needs", f"/proposals/{proposal.id}", "/sign-in", "/api/v1/me", f"/api/v1/proposals/{proposal.id}", "/nowhere"]

    assert {hub.get(url, headers=PAGE).headers["cache-control"] for url in personal} == {"no-store"}
    assert "public" in hub.get("/assets/pages.css").headers["cache-control"]
    assert "set-cookie" not in hub.get("/assets/pages.css").headers
    assert list(client.cookies) == []


@pytest.fixture
def every_page(hub: TestClient, client: TestClient, make):
    """Every page in several states, by its address and how it was asked for."""
    need = make(factories.make_need, source="Somebody", source_url="https://example.org/a?b=c")
    proposal = make(factories.make_proposal, need)
    draft = make(factories.make_need, title="Draft", status=NeedStatus.DRAFT)
    innovation = make(factories.make_innovation, name="Another")
    token = {"csrf_token": hub.headers[CSRF_HEADER]}
    urls = ["/", "/needs", "/innovations", "/proposals", "/events", "/needs/new", "/innovations/new", "/nowhere", "/needs?surprise=1"]
    urls += [f"/needs/{need.id}", f"/needs/{draft.id}", f"/needs/{draft.id}/change", f"/innovations/{innovation.id}"]
    urls += [f"/innovations/{innovation.id}/change", f"/proposals/{proposal.id}", "/api/v1/docs"]
    answers = {f"GET {url}": hub.get(url, headers=PAGE) for url in urls}
    answers |= {f"anonymous {url}": client.get(url, headers=PAGE) for url in ["/", "/needs", "/sign-in", "/nowhere", f"/needs/{need.id}"]}
    answers |= {f"POST {url}": hub.post(url, data=token, headers=PAGE) for url in ["/needs/new", "/innovations/new", f"/needs/{need.id}"]}
    answers["wrong sign-in"] = client.post("/sign-in", data={"email": "a@b.org", "password": "wrong"}, headers=PAGE)
    answers["no token"] = hub.post("/needs/new", data={"csrf_token": "x"}, headers={**PAGE, CSRF_HEADER: "x"})
    answers["too large"] = hub.post("/needs/new", content=b"x" * (2**20 + 1), headers=PAGE)
    answers["too long"] = hub.get("/needs?q=" + "a" * 9_000, headers=PAGE)
    return answers


def test_no_page_holds_anything_that_could_run_but_scripts_with_its_nonce(every_page):
    assert len(every_page) > 25
    for asked, reply in every_page.items():
        assert reply.headers["content-type"].startswith("text/html"), asked
        nonce = re.search(r"script-src 'nonce-([\w-]{22})';", reply.headers["content-security-policy"])
        page = Faults.read(reply.text)
        assert page.found == [], asked
        assert nonce is not None
        assert set(page.nonces) == {nonce[1]}, asked


def test_the_policy_lets_nothing_in_that_is_not_ours(every_page, client, app, monkeypatch):
    def fail(*_args):
        raise RuntimeError

    monkeypatch.setattr(places, "all_places", fail)
    others = [
        client.get("/api/v1/places"),
        client.get("/api/v1/nowhere"),
        client.get("/api/v1/openapi.json"),
        client.get("/assets/pages.js"),
    ]

    for reply in [*every_page.values(), *others]:
        policy = dict(part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; "))
        assert policy.pop("script-src").startswith("'nonce-")
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }
        assert reply.headers["x-frame-options"] == "DENY"
        assert reply.headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in reply.headers  # this service was not told that it stands behind TLS
        assert "server" not in reply.headers
        assert "x-powered-by" not in reply.headers


def test_a_problem_is_one_by_the_standard_whatever_went_wrong(client, hub, make):
    proposal = make(factories.make_proposal)
    replies = [
        client.get("/api/v1/me"),
        client.get("/api/v1/nowhere"),
        client.put("/api/v1/places"),
        client.post(SESSION, content=b"{", headers={"Content-Type": "application/json"}),
        client.post(SESSION, json={"email": "a@b.org", "password": "wrong"}),
        client.post(SESSION, content=b"a", headers={"Content-Type": "text/plain"}),
        client.get(f"{NEEDS}?surprise=1"),
        hub.post(f"/api/v1/proposals/{proposal.id}/decision", json={"verdict": "rejected"}),
        hub.patch(f"{NEEDS}/{proposal.need_id}", json={"metric": "Weeks"}),
        hub.patch(f"{NEEDS}/{proposal.need_id}", json={"metric": "Weeks"}, headers={"If-Match": '"9"'}),
        client.get("/api/v1/needs?q=" + "a" * 9_000),
    ]

    assert [reply.status_code for reply in replies] == [401, 404, 405, 400, 401, 415, 422, 428, 428, 412, 414]
    for reply in replies:
        told = reply.json()
        assert reply.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "correlation_id"} <= told.keys()
        assert told["status"] == reply.status_code
        assert re.fullmatch(r"urn:matching:problem:[a-z-]+", told["type"])
        assert told["detail"].endswith(".")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400, "-" + "9" * 30, "0.1e-400", "1E+9999", "-0"])
def test_a_number_of_any_size_is_no_failure_of_ours(hub, make, number):
    body = f'{{"side": "need", "limit": {number}, "content": {{"title": "A need", "places": ["LDS"]}}}}'

    reply = hub.post("/api/v1/matches", content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code in {400, 422}
    assert number not in json.dumps(reply.json().get("errors", ""))


def test_a_browser_that_says_where_it_comes_from_needs_the_token_all_the_same(app, hub):
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
    bare = TestClient(app, cookies={COOKIE: hub.cookies[COOKIE]}, headers=headers)

    assert bare.post("/needs/new", data={"title": "A need"}).status_code == 403
    assert bare.delete(SESSION).status_code == 403


@pytest.mark.parametrize("role", [Role.HUB, Role.PLACE])
def test_reading_with_a_cookie_never_changes_anything(client_as, database, make, role):
    proposal = make(factories.make_proposal)
    visitor = client_as(role)

    replies = [visitor.get(f"/proposals/{proposal.id}/{step}") for step in ("decision", "undo")]
    replies += [visitor.get(f"{NEEDS}/{proposal.need_id}/withdraw"), visitor.get("/sign-out")]

    assert {reply.status_code for reply in replies} <= {404, 405}
    assert visitor.get("/api/v1/me").status_code == 200
