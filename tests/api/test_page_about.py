"""What everybody may know: the figures are those of the README, the pages say what the settings say, and errors what to do."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.logos import logo_of
from api.main import create_app
from api.pages.measured import FIGURES
from api.settings import Settings
from models.people import Role
from tests import factories
from tests.pages import PAGE, Faults, read, words

README = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
NUMBER = r"\d[\d,]*(?:\.\d+)?"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (300).to_bytes(4) + (100).to_bytes(4)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 40"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("figure", FIGURES, ids=[each.asked for each in FIGURES])
def test_a_figure_is_one_of_the_readme_and_so_is_its_command(figure):
    said = [float(each.replace(",", "")) for each in re.findall(NUMBER, figure.said)]
    known = {*said, *(round(100 * each, 6) for each in said), 100.0}

    assert figure.said in README
    assert f"`{figure.command}`" in README
    assert {float(each.replace(",", "")) for each in re.findall(NUMBER, figure.seen)} - known <= {32.0}  # how many needs stand in the row


def test_the_page_of_matching_tells_the_figures_the_borders_of_the_bands_and_the_limits(client):
    page = words(read(client, "/how-matching-works").text)

    assert all(f"{each.seen}." in page for each in FIGURES)
    assert not any(each.command in page for each in FIGURES)
    assert "The program expects that at least 3 in 4 pairs like this fit." in page
    assert "The program expects that between 1 in 2 and 3 in 4 pairs like this fit." in page
    for told in ("People decide", "Nothing fits yet", "not known yet", "English only", "Possible match"):
        assert told in page
    assert "44 West Yorkshire needs" in README  # as the page says


def test_everybody_reads_what_the_service_is_and_keeps(client, settings):
    privacy, accessibility = (words(read(client, path).text) for path in ("/privacy", "/accessibility"))

    assert f"deleted after {settings.unclaimed_days} days" in privacy
    assert all(name in privacy for name in ("matching_session", "matching_device", "matching_draft", "matching_sent"))
    assert "An innovation stays until you delete it" in privacy
    assert all(settings.mail_from in page for page in (privacy, accessibility))
    assert "WCAG 2.2" in accessibility


def test_every_page_leads_to_them(client):
    page = read(client, "/").text

    assert all(f'href="{path}"' in page for path in ("/how-matching-works", "/accessibility", "/privacy"))


def test_the_pages_say_what_the_settings_say(app, tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(PNG)
    said = {"service_name": "Needs of the north", "logo": str(logo), "settled_days": 365, "contact_email": "hub@example.org"}
    branded = TestClient(create_app(app.state.settings.model_copy(update=said)))

    page, privacy, picture = read(branded, "/privacy").text, words(read(branded, "/privacy").text), branded.get("/logo?v=1")

    assert "Needs of the north" in page
    assert re.search(r'<img class="app-logo" src="/logo\?v=\w{12}" alt="" width="120" height="40">', page)
    assert Faults.of(page) == []
    assert ("deleted after 365 days" in privacy, "hub@example.org" in privacy) == (True, True)
    assert (picture.content, picture.headers["content-type"], picture.headers["cache-control"]) == (
        PNG,
        "image/png",
        "public, max-age=86400",
    )


def test_there_is_no_logo_unless_one_is_set(client):
    assert "app-logo" not in read(client, "/").text
    assert read(client, "/logo").status_code == 204
    assert logo_of("") is None


@pytest.mark.parametrize(
    ("name", "body", "sides"),
    [
        ("a.svg", SVG, (20, 40)),
        ("b.SVG", b"<svg width='400px' height='100px'>", (160, 40)),
        ("c.svg", b'<svg width="10%" height="5em" viewBox="0,0,100,10">', (160, 16)),
        ("d.png", PNG, (120, 40)),
    ],
)
def test_a_logo_has_its_size_before_it_is_loaded(tmp_path, name, body, sides):
    (tmp_path / name).write_bytes(body)

    found = logo_of(str(tmp_path / name))

    assert (found.width, found.height, found.body) == (*sides, body)


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("a.gif", b"GIF89a", "ends with .png or .svg"),
        ("b.png", b"GIF89a", "is no PNG file"),
        ("c.png", PNG[:16] + bytes(8), "is no PNG file"),
        ("d.svg", b"<svg>", "how large it is"),
        ("e.svg", b"no picture", "how large it is"),
        ("f.svg", b'<svg width="0" height="5">', "how large it is"),
        ("g.png", PNG + bytes(50_000), "more than 50,000 bytes"),
        ("h.png", None, "not there"),
    ],
)
def test_a_file_that_is_no_logo_stops_the_start(tmp_path, name, body, told):
    if body is not None:
        (tmp_path / name).write_bytes(body)

    with pytest.raises(ValueError, match=told):
        Settings(logo=str(tmp_path / name))


class TestErrorPages:
    def test_what_there_is_not_leads_on(self, client, hub):
        stranger, known, need = read(client, "/nowhere").text, read(hub, "/calls/WYC-2026-9999"), read(client, f"/needs/{'0' * 32}")

        assert all(f'href="{path}"' in stranger for path in ("/needs", "/calls", "/sign-in", "/"))
        assert (known.status_code, 'href="/sign-in"' in known.text) == (404, False)
        assert "or you may have to sign in" in words(need.text)

    def test_what_one_may_not_leads_to_ones_roles_and_says_whom_to_ask(self, client_as, settings):
        page = read(client_as(Role.BOARD), "/events")

        assert page.status_code == 403
        assert 'href="/account"' in page.text
        assert f"Write to {settings.mail_from}" in words(page.text)
        assert "Act in another" not in page.text

    def test_a_link_that_works_no_more_leads_to_a_new_one(self, client):
        page = read(client, "/links/never-made")

        assert (page.status_code, 'href="/sign-in#link"' in page.text) == (410, True)

    def test_what_was_changed_meanwhile_and_a_filter_that_there_is_not_say_what_to_do(self, client, make, client_as):
        call = make(factories.make_call)

        stale = client_as(Role.HUB).post(f"/calls/{call.reference}/close", data={"version": "9"}, headers=PAGE)

        assert (stale.status_code, "look at it and try again" in stale.text) == (409, True)
        assert "Choose filters from the lists" in read(client, "/calls?show=some").text
        assert 'href="/calls">Open this page without filters' in read(client, "/calls?unknown=1").text

    def test_too_many_requests_say_when_to_go_on(self, app, settings):
        busy = TestClient(create_app(settings.model_copy(update={"reads_per_minute": 1})), raise_server_exceptions=False)
        read(busy, "/calls")

        page = read(busy, "/calls")

        assert (page.status_code, int(page.headers["retry-after"]) > 0) == (429, True)
        assert re.search(r"Wait \d+ second", words(page.text))

    def test_a_failure_of_ours_says_so_with_a_number_and_whom_to_ask(self, app, make, settings, monkeypatch):
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("secret words")

        monkeypatch.setattr("api.pages.calls.calls.page", broken)
        make(factories.make_place, "LDS")
        page = read(TestClient(app, raise_server_exceptions=False), "/calls?q=falls&place=LDS")

        assert page.status_code == 500
        assert "quote this number" in page.text
        assert 'href="/calls?q=falls&amp;place=LDS">Try again' in page.text
        assert f"Write to {settings.mail_from}" in words(page.text)
        assert "secret words" not in page.text
