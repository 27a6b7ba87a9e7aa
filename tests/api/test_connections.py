"""What attackers send below HTTP's good manners, over real connections: bounded in size and time, and never two answers for one."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
import structlog

from api import connections, edges
from api.settings import Settings
from tests.serving import Served, served

GET = b"GET /api/v1/places HTTP/1.1\r\nHost: ours\r\n"
POST = b"POST /api/v1/session HTTP/1.1\r\nHost: ours\r\nContent-Type: application/json\r\n"
BODY = b'{"email":"nobody@example.org","password":"x"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: ours\r\n\r\n"
CLOSE = b"Connection: close\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("connections")
    with served(Settings(home=home, hosts="ours, 127.0.0.1", log_level="WARNING", reads_per_minute=0, writes_per_minute=0)) as service:
        yield service


def send(service: Served, *parts: bytes, wait: float = 5.0) -> bytes:
    """Everything that comes back until the other side closes, or says nothing for so long."""
    came = b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=wait) as connection, contextlib.suppress(OSError):
        for part in parts:
            connection.sendall(part)
        while piece := connection.recv(65_536):
            came += piece
    return came


def statuses(came: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", came)]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(POST + LENGTH + CHUNKED + b"\r\n0\r\n\r\n" + HIDDEN, id="length and chunks"),
        pytest.param(POST + CHUNKED + LENGTH + b"\r\n0\r\n\r\n" + HIDDEN, id="chunks and length"),
        pytest.param(POST + LENGTH + b"Content-Length: 5\r\n\r\n" + BODY, id="two lengths"),
        pytest.param(POST + LENGTH + LENGTH + b"\r\n" + BODY, id="one length twice"),
        pytest.param(POST + b"Content-Length: 45, 45\r\n\r\n" + BODY, id="a list of lengths"),
        pytest.param(POST + b"Content-Length: +45\r\n\r\n" + BODY, id="a signed length"),
        pytest.param(POST + b"Content-Length: -1\r\n\r\n" + BODY, id="a negative length"),
        pytest.param(POST + b"Content-Length: 0x2d\r\n\r\n" + BODY, id="a length in hexadecimal"),
        pytest.param(POST + b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY, id="a length beyond all bounds"),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="an unknown coding"),
        pytest.param(POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN, id="chunks that are not last"),
        pytest.param(POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN, id="a coding behind a control character"),
        pytest.param(POST + CHUNKED + b"\r\nzz\r\n" + BODY + b"\r\n0\r\n\r\n", id="a chunk without a size"),
        pytest.param(POST + CHUNKED + b"\r\nfffffffffffffffff\r\n" + BODY, id="a chunk beyond all bounds"),
        pytest.param(POST + CHUNKED + b"\r\n2d\n" + BODY + b"\n0\n\n", id="chunks with bare line feeds"),
        pytest.param(GET.replace(b"\r\n", b"\n") + b"\n", id="a head with bare line feeds"),
        pytest.param(GET + b"X-A: b\r\n c\r\n\r\n", id="a folded header"),
        pytest.param(GET + b"X-A : b\r\n\r\n", id="a space before the colon"),
        pytest.param(GET + b"X-A: b\x00c\r\n\r\n", id="NUL in a header"),
        pytest.param(GET + b"X-A: b\rX-B: c\r\n\r\n", id="a carriage return in a header"),
        pytest.param(GET + b"Host: elsewhere\r\n" + CLOSE + b"\r\n", id="two hosts"),
        pytest.param(GET.replace(b"/api/v1/places", "/é".encode()) + b"\r\n", id="an address that is no ASCII"),
        pytest.param(b"get / HTTP/1.1\r\nHost: ours\r\n\r\n", id="a method in small letters"),
        pytest.param(b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: ours\r\n\r\n", id="CONNECT"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2 unasked"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", id="TLS"),
    ],
)
def test_what_two_could_read_differently_is_read_by_nobody(service, sent):
    assert statuses(send(service, sent)) == [400]


def test_a_length_that_is_too_short_leaves_no_second_request_behind(service):
    assert statuses(send(service, POST + b"Content-Length: 3\r\n\r\n" + BODY)) == [400]


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "OPTIONS", "PUT", "QUERY"])
def test_a_method_that_there_is_not_is_refused_and_told_nothing_back(service, method):
    came = send(service, f"{method} /api/v1/places HTTP/1.1\r\nHost: ours\r\nX-Secret: SECRET-7731\r\n".encode() + CLOSE + b"\r\n")

    assert statuses(came) in ([405], [400])
    assert b"SECRET" not in came
    assert b"access-control" not in came.lower()


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override: DELETE", "X-Method-Override: PUT", "X-Original-URL: /api/v1/me", "X-Rewrite-URL: /events"]
)
def test_no_header_makes_another_request_of_it(service, header):
    came = send(service, GET + header.encode() + b"\r\n" + CLOSE + b"\r\n")

    assert statuses(came) == [200]
    assert came.endswith(b"[]")


def test_no_upgrade_leads_out_of_http(service):
    asked = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

    assert statuses(send(service, GET + asked + b"\r\n", wait=0.5)) == [200]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"GET /needs?q=" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: ours\r\n\r\n", 414, id="an address of 9 kB"),
        pytest.param(GET + b"X-A: " + b"a" * 33_000 + b"\r\n\r\n", 431, id="a header of 33 kB"),
        pytest.param(GET + b"Cookie: " + b"a=b; " * 7_000 + b"\r\n\r\n", 431, id="7,000 cookies"),
        pytest.param(GET + b"X-A: a\r\n" * 9_000 + b"\r\n", 431, id="9,000 headers"),
        pytest.param(GET + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n", 431, id="a header of a megabyte"),
    ],
)
def test_a_head_has_a_bound(service, head, status):
    assert statuses(send(service, head, wait=0.5)) == [status]


def test_headers_without_an_end_are_not_read_for_ever(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(GET)
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 100 * connections.LARGEST_HEAD:
                sent += connection.send(b"X-A: " + b"a" * 8_192 + b"\r\n")

    assert sent < 100 * connections.LARGEST_HEAD


def test_a_second_request_of_a_connection_is_bounded_like_the_first(service):
    came = send(service, POST + LENGTH + b"\r\n" + BODY, GET + b"X-A: " + b"a" * 200_000, wait=3)

    assert statuses(came)[-1] == 431


@pytest.mark.parametrize("sent", [b"", b"GET / HT", GET], ids=["nothing", "half a line", "half a head"])
def test_who_does_not_end_a_head_is_sent_away(service, monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    began = time.monotonic()

    assert statuses(send(service, sent)) == [408]
    assert time.monotonic() - began < 3


def test_a_body_that_trickles_is_given_up_and_holds_nothing_meanwhile(service, monkeypatch):
    monkeypatch.setattr(edges, "BODY_SECONDS", 1.5)
    database = service.app.state.database

    def trickle(number: int) -> bytes:
        kinds = [POST + b"Content-Length: 500\r\n\r\n{", POST + CHUNKED + b"\r\n1\r\n{\r\n"]
        return send(service, kinds[number % 2])

    with ThreadPoolExecutor(60) as many:  # more than there are threads for requests
        slow = [many.submit(trickle, number) for number in range(60)]
        time.sleep(0.4)
        began = time.monotonic()
        quick = httpx2.get(f"{service.url}/api/v1/places").status_code
        took, held = time.monotonic() - began, database.engine.pool.checkedout()
        came = [each.result() for each in slow]

    assert (quick, held) == (200, 0)
    assert took < 1
    assert {tuple(statuses(each)) for each in came} == {(408,)}
    assert all(b'"title":"BodyTooSlow"' in each for each in came)


def test_who_goes_away_in_the_middle_is_no_failure_of_ours(service):
    with structlog.testing.capture_logs() as log:
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(POST + b"Content-Length: 500\r\n\r\n{")
            time.sleep(0.2)
        time.sleep(0.3)

    assert [entry["event"] for entry in log if entry["log_level"] == "error"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../main.py",
        "/assets/%2e%2e/main.py",
        "/assets/..%2f..%2fmain.py",
        "/assets/..\\..\\main.py",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/pages.css%00.png",
        "/assets/" + "a" * 5_000,
        "/assets/",
        "/assets/images",
        "/api/v1/docs/assets/../../../../main.py",
        "/api/v1/docs/assets/%2e%2e%2f%2e%2e%2fmain.py",
        "//elsewhere.example/%2e%2e",
        "/needs/",
    ],
)
def test_no_address_leads_out_of_the_files_of_pages_or_to_another_host(service, path):
    came = send(service, f"GET {path} HTTP/1.1\r\nHost: ours\r\nAccept: text/html\r\n".encode() + CLOSE + b"\r\n")

    assert statuses(came) == [404]
    assert b"location:" not in came.lower()


@pytest.mark.parametrize("host", ["ours", "OURS", "ours:8000", "ours:", "127.0.0.1:1"])
def test_our_own_names_are_answered(service, host):
    assert httpx2.get(f"{service.url}/api/v1/places", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["elsewhere.example", "ours.elsewhere.example", "", "ours@elsewhere", "[::1]", "ours, elsewhere"])
def test_no_other_name_can_be_made_to_point_here(service, host):
    reply = httpx2.get(f"{service.url}/api/v1/places", headers={"Host": host})

    assert (reply.status_code, reply.json()["title"]) == (421, "HostUnknown")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert httpx2.get(f"{service.url}/health/live", headers={"Host": host}).status_code == 200
