"""Every page: who may come in, what it says in each of its states, and that what people wrote stays text."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.db import Database
from api.pages.rendering import STATIC, assets_version
from api.security import COOKIE, CSRF_HEADER
from api.services import delivering
from api.services.attempts import Attempts
from models.documents import Visibility
from models.events import Event
from models.needs import CriterionKind, NeedStatus
from models.people import Person, Role
from tests import factories
from tests.pages import HOSTILE, PAGE, read, words

ROLES = {
    "anonymous": None,
    "innovator": Role.INNOVATOR,
    "place": Role.PLACE,
    "hub": Role.HUB,
    "lead": Role.LEAD,
    "board": Role.BOARD,
}
# page -> who reads it; everybody else is refused, and who is not signed in is sent to do so
READERS = {
    "/": set(ROLES),
    "/sign-in": set(ROLES),
    "/needs": set(ROLES),
    "/needs/{need}": set(ROLES),
    "/innovations": {"innovator", "place", "hub", "lead", "board"},
    "/innovations/{innovation}": {"innovator", "place", "hub", "lead", "board"},
    "/needs/new": {"place", "hub", "lead"},
    "/needs/{need}/change": {"place", "hub", "lead"},
    "/innovations/new": {"innovator", "hub", "lead"},
    "/innovations/{innovation}/change": {"innovator", "hub", "lead"},
    "/proposals": {"place", "hub", "lead"},
    "/proposals/{proposal}": {"place", "hub", "lead"},
    "/events": {"hub", "lead"},
    **{path: {"hub", "lead"} for path in ("/manage", "/running", "/running/progress", "/mail", "/organisations")},
    **{path: {"lead"} for path in ("/people", "/people/invite", "/keys", "/keys/new", "/rankers", "/bodies/new")},
    "/bodies": set(ROLES) - {"anonymous"},
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_its_pages_and_no_others(
    role: str, client: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    proposal = make(factories.make_proposal)
    ids = {"need": proposal.need_id, "innovation": proposal.innovation_id, "proposal": proposal.id}
    visitor = client_as(ROLES[role]) if ROLES[role] else client

    found = {path: visitor.get(path.format(**ids), headers=PAGE, follow_redirects=False).status_code for path in READERS}

    refused = 303 if role == "anonymous" else 403
    assert found == {path: 200 if role in readers else refused for path, readers in READERS.items()}


def test_who_must_sign_in_comes_back_to_the_page_that_they_wanted(client: TestClient, make: Callable[..., Any]) -> None:
    person = make(factories.make_person)
    client.headers["Sec-Fetch-Site"] = "same-origin"

    sent = client.get("/proposals?band=strong", headers=PAGE)
    signed_in = client.post("/sign-in", data={"email": person.email, "password": factories.PASSWORD, "next": "/proposals?band=strong"})

    assert 'name="next" value="/proposals?band=strong"' in sent.text
    assert "Sign in to see that page" in sent.text
    assert (signed_in.status_code, str(signed_in.url)) == (200, "http://testserver/proposals?band=strong")
    assert "Hub officer" in signed_in.text


@pytest.mark.parametrize(("email", "password"), [("nobody@example.org", "no such account at all"), (None, "not the right password")])
def test_a_failed_sign_in_says_the_same_whoever_it_was(
    client: TestClient, make: Callable[..., Any], email: str | None, password: str
) -> None:
    tried = email or make(factories.make_person).email

    reply = client.post("/sign-in", data={"email": tried, "password": password}, headers=PAGE)

    assert reply.status_code == 422
    assert "E-mail address or password is wrong" in reply.text
    assert f'value="{tried}"' in reply.text
    assert password not in reply.text
    assert COOKIE not in reply.cookies


def test_a_sign_in_without_words_asks_for_them(client: TestClient) -> None:
    reply = client.post("/sign-in", data={}, headers=PAGE)

    assert reply.status_code == 422
    assert 'href="#email"' in reply.text
    assert 'href="#password"' in reply.text


def test_too_many_sign_ins_are_told_to_wait(app: FastAPI, client: TestClient) -> None:
    app.state.attempts = Attempts(1)
    client.post("/sign-in", data={"email": "a@example.org", "password": "wrong wrong wrong"})

    reply = client.post("/sign-in", data={"email": "a@example.org", "password": "wrong wrong wrong"}, headers=PAGE)

    assert reply.status_code == 429
    assert int(reply.headers["retry-after"]) > 0
    assert "Too many tries" in reply.text


def test_a_sign_in_from_another_site_is_refused(client: TestClient) -> None:
    reply = client.post("/sign-in", data={}, headers=PAGE | {"Sec-Fetch-Site": "cross-site"})

    assert reply.status_code == 403
    assert "This came from another site" in reply.text


def test_signing_out_ends_the_session(client_of: Callable[[Person], TestClient], make: Callable[..., Any]) -> None:
    browser = client_of(make(factories.make_person))

    gone = browser.post("/sign-out", follow_redirects=False)

    assert gone.status_code == 303
    assert browser.get("/proposals", headers=PAGE, follow_redirects=False).headers["location"] == "/sign-in?next=%2Fproposals"


def test_a_form_without_its_token_changes_nothing(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)
    del hub.headers[CSRF_HEADER]

    reply = hub.post(f"/proposals/{proposal.id}/decision", data={"verdict": "confirmed"}, headers=PAGE)

    assert reply.status_code == 403
    assert "You may not do that" in reply.text
    assert "To decide" in hub.get(f"/proposals/{proposal.id}", headers=PAGE).text


def test_every_form_that_changes_something_carries_the_token(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)
    draft = make(factories.make_need, status=NeedStatus.DRAFT, opened_at=None)

    pages = [
        hub.get(path, headers=PAGE).text for path in (f"/proposals/{proposal.id}", f"/needs/{draft.id}", "/needs/new", "/innovations/new")
    ]

    for page in pages:
        forms = re.findall(r'<form[^>]*method="post".*?</form>', page, flags=re.DOTALL)
        assert forms
        assert all(f'name="csrf_token" value="{hub.headers[CSRF_HEADER]}"' in form for form in forms)


def test_what_one_may_not_see_is_not_found(client: TestClient, make: Callable[..., Any]) -> None:
    hidden = make(factories.make_need, visibility=Visibility.HUB_ONLY)

    replies = [
        read(client, f"/needs/{hidden.id}"),
        read(client, "/needs/00000000-0000-4000-8000-000000000000"),
        read(client, "/nothing/here"),
    ]

    assert [reply.status_code for reply in replies] == [404, 404, 404]
    assert all("Page not found" in reply.text for reply in replies)


def test_programs_are_told_problems_and_people_are_shown_pages(client: TestClient) -> None:
    program, person = client.get("/nothing/here"), client.get("/nothing/here", headers=PAGE)

    assert program.headers["content-type"] == "application/problem+json"
    assert person.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/needs/not-an-id", "/proposals/not-an-id"])
def test_an_address_that_is_none_is_told_in_words(hub: TestClient, path: str) -> None:
    reply = hub.get(path, headers=PAGE)

    assert (reply.status_code, "Something is not right" in reply.text) == (422, True)


def test_a_form_that_is_too_long_is_refused_in_words(hub: TestClient) -> None:
    reply = hub.post("/needs/new", data={"problem": "x" * 1_200_000}, headers=PAGE)

    assert (reply.status_code, "That is too long" in reply.text) == (413, True)


def test_a_failure_of_ours_tells_nothing_but_a_number_to_quote(
    hub: TestClient, make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("api.pages.needs.documents.page", fail)

    reply = hub.get("/needs", headers=PAGE | {"X-Correlation-ID": "a-number-to-quote"})

    assert reply.status_code == 500
    assert "secret of the house" not in reply.text
    assert "Something went wrong on our side" in reply.text
    assert "a-number-to-quote" in reply.text


@pytest.mark.parametrize("role", [Role.HUB, Role.PLACE])
def test_hostile_text_stays_text(client_as: Callable[..., TestClient], make: Callable[..., Any], role: Role) -> None:
    texts = dict.fromkeys(("title", "problem", "population", "desired_outcome", "metric", "source"), HOSTILE)
    need = make(factories.make_need, **texts, theme=HOSTILE, source_url="javascript:alert(1)", criteria=((CriterionKind.OTHER, HOSTILE),))
    texts = dict.fromkeys(("name", "description", "problems_tackled", "how_it_works", "website", "source"), HOSTILE)
    innovation = make(factories.make_innovation, **texts, supplier=HOSTILE, integrates_with=[HOSTILE])
    finding = factories.make_finding(need, innovation) | {"missing": HOSTILE, "criterion": {"kind": "other", "value": HOSTILE}}
    proposal = make(factories.make_proposal, need, innovation, findings=[finding], flags=[HOSTILE])
    browser = client_as(role, name=HOSTILE)
    paths = ["/", f"/needs?q={HOSTILE[2:20]}", "/needs", f"/needs/{need.id}", "/innovations", f"/innovations/{innovation.id}", "/proposals"]

    for path in [*paths, f"/proposals/{proposal.id}"]:
        page = browser.get(path, headers=PAGE).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "javascript:" not in page, path
        assert "49" not in re.findall(r"&gt;(\d+)\{%", page), path


def test_what_was_typed_comes_back_as_text(hub: TestClient) -> None:
    reply = hub.post("/needs/new", data={"title": HOSTILE, "problem": HOSTILE, "visibility": HOSTILE, "places": HOSTILE}, headers=PAGE)

    assert reply.status_code == 422
    assert "<script>alert" not in reply.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in reply.text


def test_no_page_shows_a_number_for_how_likely_a_match_is(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal, probability=0.87654)

    for path in ("/", "/proposals", f"/proposals/{proposal.id}"):
        page = hub.get(path, headers=PAGE).text
        assert "Strong match" in page or path == "/"
        assert not re.search(r"0\.8|87|88 ?%", words(page)), path


def test_the_activity_names_what_happened_by_whom_and_in_what_order(app: FastAPI, hub: TestClient, make: Callable[..., Any]) -> None:
    empty = words(hub.get("/events", headers=PAGE).text)
    proposal = make(factories.make_proposal)
    hub.post(f"/proposals/{proposal.id}/decision", data={"verdict": "confirmed", "version": "1"})
    app.state.runner.run_due()

    shown = words(hub.get("/events", headers=PAGE).text)

    assert "Nothing has happened here yet" in empty
    assert re.search(r"2 What Match confirmed \( match of event 2 \) Who Hub officer When \d", shown)
    assert re.search(r"1 What Signed in Who Hub officer When \d", shown)


def test_the_activity_goes_back_to_its_beginning(hub: TestClient, database: Database, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)
    with database.transaction() as session:
        for number in range(120):
            actor = ("system", "key:0a1b2c3d", "person:00000000-0000-4000-8000-000000000000", "anonymous")[number % 4]
            at = datetime(2026, 11, 1, 9, number // 60, number % 60, tzinfo=UTC)
            session.add(Event.of("proposal.skipped", subject_kind="proposal", subject_id=proposal.id, actor=actor, at=at))
        session.flush()
        delivering.seal(session, at=datetime.now(UTC))

    latest = hub.get("/events", headers=PAGE).text
    earliest = hub.get("/events?after=0", headers=PAGE).text

    assert 'href="/events?before=72"' in latest  # the sign-in of who reads it is one, too
    assert 'href="/events?after=50"' in earliest
    assert {"The service", "Key 0a1b2c3d", "Somebody who has left"} <= set(re.findall(r"Who </span>([^<]*)<", earliest))


def test_pages_load_nothing_from_anywhere_else(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)

    page = hub.get(f"/proposals/{proposal.id}", headers=PAGE)

    loaded = re.findall(r'(?:src|action)="([^"]*)"|<link[^>]*href="([^"]*)"', page.text)
    assert all((source or link).startswith("/") for source, link in loaded)
    assert not re.search(r"\sstyle=|\son\w+=", page.text)
    nonce = re.search(r"'nonce-([^']+)'", page.headers["content-security-policy"])
    assert nonce is not None
    assert all(f'nonce="{nonce[1]}"' in tag for tag in re.findall(r"<script[^>]*>", page.text))


def test_the_files_that_pages_load_name_no_other_host_and_no_font_that_is_not_ours() -> None:
    files = [Path(str(STATIC)) / name for name in ("pages.css", "pages.js", "nhsuk/nhsuk-frontend-10.6.1.min.css")]

    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"https?://|Frutiger|@font-face", text), file.name


def test_files_are_kept_for_long_only_by_their_version(client: TestClient) -> None:
    current = client.get(f"/assets/pages.css?v={assets_version()}")
    other = client.get("/assets/pages.css?v=old")

    assert current.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert other.headers["cache-control"] == "public, no-cache"
    assert client.get("/assets/../settings.py").status_code == 404
