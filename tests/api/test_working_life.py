"""The story that the service is for, told over the API in both modes, from five answers to the board's report."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.resources import files
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from api.security import CSRF_HEADER
from models.people import Role
from models.working_days import add_working_days, day_of
from tests import factories

pytestmark = pytest.mark.both

FOUNDER = "founder@example.org"
FIVE_ANSWERS = {
    "name": "Steady at home",
    "problems_tackled": "Older people who fall at home lie for hours, call an ambulance and end up in hospital. "
    "Care homes cannot tell who is at risk of a fall or getting worse.",
    "how_it_works": "A sensor in the home and a phone line for care staff notice a fall or a change, and an urgent community response "
    "team is sent instead of an ambulance, so that people with frailty stay at home on a virtual ward.",
    "care_settings": ["CARE_HOMES_CARE_SETTING", "URGENT_AND_EMERGENCY"],
    "stage": "EVALUATION",
}
REAL_NEEDS = ("n-care-home-remote", "n-active-recovery", "n-frailty-find", "n-adhd", "n-amr")
CALDERDALES_OWN = {
    "title": "Care-home residents are taken to A&E for want of advice",
    "problem": "Care homes in Calderdale ring for an ambulance because nobody can look at a resident from afar in the evening.",
    "population": "Residents of care homes in Calderdale",
    "desired_outcome": "Fewer residents taken to hospital who could have been cared for in the home",
    "metric": "Ambulance calls from care homes a month",
    "places": ["CAL"],
    "care_settings": ["CARE_HOMES_CARE_SETTING"],
}
NOT_SENT = {"key", "status", "verified", "illustrative", "places", "owning_organisation"}
REASONS = ("not_ready", "evidence_too_weak", "wrong_setting", "already_in_use", "poor_value", "no_budget", "skills", "no_capacity")


def shipped(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(files("api").joinpath("data/demo", name).read_text(encoding="utf-8"))
    return rows


def mails_to(home: Path, address: str) -> list[EmailMessage]:
    """What lies in somebody's letter box, oldest first."""
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (home / "mail").glob("*.eml")]
    return sorted((mail for mail in found if mail["To"].addresses[0].addr_spec == address), key=lambda mail: mail["Date"].datetime)


def text_of(mail: EmailMessage) -> str:
    """What a mail says, its lines joined again."""
    body = mail.get_body()
    assert body is not None
    return " ".join(body.get_content().split())


def token_in(mail: EmailMessage, beginning: str) -> str:
    """The secret of a mail's link."""
    found = re.search(rf"{beginning}([\w-]+)", text_of(mail))
    assert found is not None, text_of(mail)
    return found[1]


def sent(reply: Any, status: int = 200) -> Any:
    assert reply.status_code == status, reply.text
    return reply.json()


def change(client: TestClient, address: str, body: Any = None, status: int = 200) -> Any:
    """Change a row as it was read just now."""
    return sent(client.post(address, json=body, headers={"If-Match": "*"}), status)


@pytest.fixture
def wait(runner: Any) -> Iterator[Callable[[float], None]]:
    """Let minutes pass and do everything that has fallen due."""
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:

        def until(minutes: float) -> None:
            clock.shift(timedelta(minutes=minutes))
            runner.sweep()
            runner.run_due()

        yield until


def test_from_five_answers_to_the_board_s_report(client, client_as, hub, make, runner, settings, wait):
    kirklees, calderdale = (client_as(Role.PLACE, place=key, email=f"{key.lower()}@example.org") for key in ("KIR", "CAL"))
    for key in ("BDC", "LDS", "WAK"):
        make(factories.make_place, key)
    theirs, own = state_needs(hub, kirklees, calderdale)
    wait(0)

    # A founder writes five answers without an account, sees three real needs, and is told when to hear.
    see_three_needs(client)
    saved = FIVE_ANSWERS | {"email": FOUNDER, "organisation": "Steady Ltd", "consent_by": "Founder", "visibility": "partners"}
    sent(client.post("/api/v1/front-door/submissions", json=saved), 202)
    wait(0)
    steady = open_the_link(client, *mails_to(settings.home, FOUNDER))
    wait(0)

    # Calderdale finds Kirklees's need and joins it with its own.
    similar = sent(calderdale.get(f"/api/v1/needs/{own}/similar"))["similar"]
    assert theirs in [each["need"]["id"] for each in similar]
    joint = change(calderdale, f"/api/v1/needs/{theirs}/join", {"need_id": own}, 201)
    assert joint["scale"]["places"] == ["CAL", "KIR"]
    wait(0)

    # Hub staff clear ten submissions, each founder having a reasoned letter.
    founders = {FOUNDER: steady} | hand_in_nine(client_as)
    wait(0)
    letters = clear(hub, steady, {theirs, own})
    assert (len(letters), sent(hub.get("/api/v1/submissions"))["items"]) == (10, [])
    wait(11)
    for address, innovation in founders.items():
        assert " ".join(letters[innovation].split()) in text_of(mails_to(settings.home, address)[-1])

    # Both places answer *meet*, and both sides are introduced.
    for place in (kirklees, calderdale):
        (asked,) = sent(place.get("/api/v1/place-answers", params={"state": "asked"}))["items"]
        change(place, f"/api/v1/place-answers/{asked['id']}/answer", {"answer": "meet"}, 201)
    wait(11)
    read = [text_of(mail) for mail in mails_to(settings.home, FOUNDER)]
    assert all(sum(people in text for text in read) == 1 for people in ("kir@example.org", "cal@example.org"))
    assert all(FOUNDER in text_of(mails_to(settings.home, people)[-1]) for people in ("kir@example.org", "cal@example.org"))

    # The board's report shows it.
    stages = sent(client_as(Role.BOARD).get("/api/v1/reports/stages-by-place"))["rows"]
    introduced = {row["place"]: row["standing"] for row in stages if row["stage"] == "introduced"}
    assert introduced == {"BDC": 0, "CAL": 1, "KIR": 1, "LDS": 0, "WAK": 0}


def state_needs(hub: TestClient, kirklees: TestClient, calderdale: TestClient) -> tuple[str, str]:
    """Real needs are stated, one of them by Kirklees, and one that is much like it by Calderdale; returns these two."""
    rows = {row["key"]: row for row in shipped("needs.json")}
    told = [{name: value for name, value in rows[key].items() if name not in NOT_SENT} | {"submit": True} for key in REAL_NEEDS]
    theirs = change(kirklees, "/api/v1/needs", told[0] | {"places": ["KIR"]}, 201)
    for each in told[1:]:
        change(hub, "/api/v1/needs", each | {"places": ["LDS"]}, 201)
    own = change(calderdale, "/api/v1/needs", CALDERDALES_OWN | {"submit": True}, 201)
    return theirs["id"], own["id"]


def see_three_needs(client: TestClient) -> None:
    """Ask at the front door; at least three of the real needs are shown as possible or strong, with the day of an answer."""
    rows = {row["key"]: row for row in shipped("needs.json")}
    seen = sent(client.post("/api/v1/front-door/matches", json=FIVE_ANSWERS))
    fitting = {match["need"]["title"] for match in seen["matches"] if match["band"] != "weak"}
    assert len(fitting) >= 3, seen["matches"]
    assert {rows[key]["title"] for key in REAL_NEEDS[:3]} <= fitting
    assert seen["hearing"]["by"] == add_working_days(day_of(datetime.now(UTC)), 6).isoformat()


def open_the_link(client: TestClient, mail: EmailMessage) -> str:
    """Open the link of the only mail that came; returns the innovation that was handed in by it."""
    opened = sent(client.post(f"/api/v1/links/{token_in(mail, '/links/')}", json={"name": "Founder"}), 201)
    client.headers[CSRF_HEADER] = opened["csrf_token"]
    client.headers["Sec-Fetch-Site"] = "same-origin"
    assert opened["status"] == "submitted"
    innovation: str = opened["innovation"]
    return innovation


def hand_in_nine(client_as: Callable[..., TestClient]) -> dict[str, str]:
    """Nine more firms hand real innovations in; returns them by the firms' addresses."""
    found = {}
    for number, row in enumerate(shipped("innovations.json")[:9]):
        address = f"founder.{number}@example.org"
        firm = client_as(Role.INNOVATOR, organisation=f"Firm {number}", email=address)
        told = {name: row[name] for name in ("name", "problems_tackled", "how_it_works", "care_settings", "stage") if row.get(name)}
        body = told | {"consent_by": "Founder", "visibility": "partners", "submit": True}
        found[address] = sent(firm.post("/api/v1/innovations", json=body), 201)["id"]
    return found


def clear(hub: TestClient, wanted: str, need_ids: set[str]) -> dict[str, str]:
    """Decide what is shown of each submission in the queue, and give each its outcome; returns the letters by innovation."""
    reasons, letters = cycle(REASONS), {}
    for line in sent(hub.get("/api/v1/submissions", params={"limit": 50}))["items"]:
        address = f"/api/v1/submissions/{line['id']}"
        change(hub, f"{address}/take")
        for shown in sent(hub.get(address))["proposals"]:
            proposal = shown["proposal"]
            fits = line["innovation"]["id"] == wanted and proposal["need"]["id"] in need_ids
            verdict = {"verdict": "confirmed"} if fits else {"verdict": "rejected", "reason": next(reasons)}
            change(hub, f"/api/v1/proposals/{proposal['id']}/decision", verdict, 201)
        outcome = {"outcome": "active"} if line["innovation"]["id"] == wanted else {"outcome": "archive", "reason": next(reasons)}
        letters[line["innovation"]["id"]] = change(hub, f"{address}/outcome", outcome, 201)["letter"]
    return letters
