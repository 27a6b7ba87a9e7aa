"""The files of pages: compressed for who reads that, kept for long under the address that names their version."""

import gzip

import pytest
from fastapi.testclient import TestClient

from api.pages.rendering import STATIC, assets_version

STYLE = "/assets/nhsuk/nhsuk-frontend-10.6.1.min.css"
FIRST_LOAD_BYTES = 150_000
PLAIN = STATIC.joinpath("nhsuk/nhsuk-frontend-10.6.1.min.css").read_bytes()


def test_a_style_sheet_comes_compressed_and_is_the_same(client: TestClient) -> None:
    with client.stream("GET", STYLE, headers={"Accept-Encoding": "br, gzip;q=0.8"}) as reply:
        sent = b"".join(reply.iter_raw())

    assert (reply.headers["content-encoding"], reply.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert reply.headers["content-type"] == "text/css; charset=utf-8"
    assert len(sent) < len(PLAIN) / 5
    assert gzip.decompress(sent) == PLAIN


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "gzip; q=0.000", "", "deflate, gzipped"])
def test_who_does_not_read_gzip_gets_the_plain_file(client: TestClient, accepted: str) -> None:
    reply = client.get(STYLE, headers={"Accept-Encoding": accepted})

    assert "content-encoding" not in reply.headers
    assert (reply.headers["vary"], reply.content) == ("Accept-Encoding", PLAIN)


def test_the_compressed_and_the_plain_file_are_told_apart_and_not_sent_again(client: TestClient) -> None:
    tags = [client.get(STYLE, headers={"Accept-Encoding": each}).headers["etag"] for each in ("gzip", "identity")]

    again = [client.get(STYLE, headers={"Accept-Encoding": "gzip", "If-None-Match": tag}) for tag in tags]

    assert len(set(tags)) == 2
    assert [reply.status_code for reply in again] == [304, 200]
    assert again[0].headers["vary"] == "Accept-Encoding"


def test_a_picture_without_words_is_sent_as_it_is(client: TestClient) -> None:
    assert "content-encoding" not in client.get("/assets/nhsuk/LICENSE.txt", headers={"Accept-Encoding": "gzip"}).headers


def test_only_the_present_version_is_kept_for_long(client: TestClient) -> None:
    kept = [client.get(f"{STYLE}?v={version}").headers["cache-control"] for version in (assets_version(), "old")]

    assert kept == ["public, max-age=31536000, immutable", "public, no-cache"]


def test_pages_are_not_compressed_because_they_carry_secrets(client: TestClient) -> None:
    assert "content-encoding" not in client.get("/needs", headers={"Accept-Encoding": "gzip", "Accept": "text/html"}).headers


def test_a_first_visit_loads_little(client: TestClient) -> None:
    """Every style sheet and script that any page may ask for, as it is sent, and the page itself."""
    names = [each.name for each in STATIC.iterdir() if each.name.endswith((".css", ".js"))]
    names += [f"nhsuk/{each.name}" for each in STATIC.joinpath("nhsuk").iterdir() if each.name.endswith((".css", ".js"))]
    files = sum(_sent(client, f"/assets/{name}") for name in names)

    loaded = {path: files + _sent(client, path) for path in ("/", "/needs", "/calls", "/begin", "/sign-in", "/how-matching-works")}

    assert {path: size for path, size in loaded.items() if size > FIRST_LOAD_BYTES} == {}


def _sent(client: TestClient, path: str) -> int:
    with client.stream("GET", path, headers={"Accept": "*/*;q=0.1, text/html", "Accept-Encoding": "gzip"}) as reply:
        assert reply.status_code == 200, path
        return sum(map(len, reply.iter_raw()))
