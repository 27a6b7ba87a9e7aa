"""How a need is renewed, met, closed, joined and left by form, and what the Hub makes of needs that align."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.needs import NeedStatus
from models.people import Role
from tests import factories, joint_needs, place_answers
from tests.api.test_joint_needs import CALDERDALE, KIRKLEES
from tests.factories import PLACES
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words

MAY = {"review-day": "3", "review-month": "5", "review-year": "2028"}
HOSTILE_SHORT = HOSTILE[:80]


@pytest.fixture
def leeds(client_as: Callable[..., TestClient]) -> TestClient:
    return client_as(Role.PLACE, name="Place lead of Leeds")


def send(client: TestClient, path: str, **form: str) -> Any:
    return client.post(path, data=form, headers=PAGE)


def test_an_open_need_is_renewed(leeds: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need)

    page = read(leeds, f"/needs/{need.id}/end")
    reply = send(leeds, f"/needs/{need.id}/renew", version="1", **MAY)

    assert "No day is set on which to look at it again" in words(page.text)
    assert f'href="/needs/{need.id}/end"' in read(leeds, f"/needs/{need.id}").text
    assert "The need is renewed" in words(reply.text)
    assert "It was to be looked at again on 3 May 2028" in words(read(leeds, f"/needs/{need.id}/end").text)


def test_a_need_is_met_with_its_result_against_the_baseline(leeds: TestClient, client: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(place_answers.announced, need=None, at=factories.NOW)
    said = {"result": "Three of four have their decision.", "measured_value": "17 weeks", "proposal_id": str(proposal.id)}

    form = read(leeds, f"/needs/{proposal.need_id}/end").text
    reply = send(leeds, f"/needs/{proposal.need_id}/met", version="1", **said)
    shown, to_all = words(reply.text), words(read(client, f"/needs/{proposal.need_id}").text)

    assert "Weeks from referral to decision" in words(form)
    assert f'value="{proposal.id}"' in form
    assert "This need is met Three of four have their decision." in shown
    assert "Where we are now 17 weeks" in shown
    assert "See the match that met it" in shown
    assert "17 weeks" in to_all
    assert "Place lead of Leeds" not in to_all


def test_a_need_is_closed_with_the_reason(leeds: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need)

    reply = send(leeds, f"/needs/{need.id}/close", version="1", reason="The clinic was moved.")
    again = send(leeds, f"/needs/{need.id}/close", version="2", reason="Once more.")

    assert "This need is closed The clinic was moved." in words(reply.text)
    assert (again.status_code, "This need is closed. Go back to it" in words(again.text)) == (409, True)
    assert "Renew or end it" not in reply.text


@pytest.mark.parametrize(
    ("step", "form", "field", "message"),
    [
        ("renew", {}, "review", "Enter a day, like 27 3 2027"),
        ("renew", MAY | {"review-year": "2020"}, "review", "Give a day to come"),
        ("renew", MAY | {"review-year": "2199"}, "review", "Give a day within three years"),
        ("met", {"result": " "}, "result", "Say what became better"),
        ("met", {"result": "Good.", "on-day": "99"}, "on", "or leave it empty for today"),
        ("met", {"result": "Good.", "on-day": "1", "on-month": "1", "on-year": "2199"}, "on", "That day is still to come"),
        ("met", {"result": "Good.", "proposal_id": "none"}, "proposal_id", "Which match met it"),
        ("met", {"result": "NHS number 943 476 5919"}, "result", "Remove an NHS number"),
        ("close", {}, "reason", "Say why the need is closed"),
    ],
)
def test_what_a_step_lacks_is_asked_for(
    leeds: TestClient, make: Callable[..., Any], step: str, form: dict[str, str], field: str, message: str
) -> None:
    proposal = make(place_answers.announced)

    reply = send(leeds, f"/needs/{proposal.need_id}/{step}", **{"version": "1", "measured_value": "Kept as typed"} | form)

    assert (reply.status_code, message in reply.text) == (422, True), words(reply.text)
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text
    assert f'id="{step}" open' in reply.text
    assert "Kept as typed" in reply.text


def test_a_match_of_another_need_did_not_meet_this_one(leeds: TestClient, make: Callable[..., Any]) -> None:
    need, other = make(factories.make_need), make(place_answers.announced)

    reply = send(leeds, f"/needs/{need.id}/met", version="1", result="Good.", proposal_id=str(other.id))

    assert (reply.status_code, "Name a confirmed match of this need" in reply.text) == (422, True)


def test_what_changed_meanwhile_is_told_and_others_change_nothing(
    leeds: TestClient, make: Callable[..., Any], client_as: Callable[..., TestClient]
) -> None:
    need = make(factories.make_need)
    wakefield = client_as(Role.PLACE, place="WAK")

    stale = send(leeds, f"/needs/{need.id}/close", version="7", reason="Kept as typed")

    assert (stale.status_code, "Somebody changed this need after you opened the page" in stale.text) == (409, True)
    assert "Kept as typed" in stale.text
    assert [send(wakefield, f"/needs/{need.id}/{step}", version="1").status_code for step in ("renew", "met", "close")] == [403] * 3
    assert read(wakefield, f"/needs/{need.id}/end").status_code == 403


def test_hostile_text_in_results_stays_text(leeds: TestClient, make: Callable[..., Any]) -> None:
    need, other = make(factories.make_need), make(factories.make_need, metric=HOSTILE, baseline=HOSTILE)

    replies = [
        send(leeds, f"/needs/{need.id}/close", version="1", reason=HOSTILE),
        send(leeds, f"/needs/{other.id}/met", version="1", result="", measured_value=HOSTILE_SHORT),
        send(leeds, f"/needs/{other.id}/met", version="1", result=HOSTILE, measured_value=HOSTILE_SHORT),
    ]

    for reply in replies:
        assert Faults.of(reply.text) == []
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in reply.text


@pytest.fixture
def teams(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> dict[str, TestClient]:
    for key in PLACES:
        make(factories.make_place, key)
    return {key: client_as(Role.PLACE, place=key) for key in ("KIR", "CAL")}


@pytest.fixture
def needs(runner: Any, teams: dict[str, TestClient]) -> dict[str, str]:
    """An open need of Kirklees and a like one of Calderdale, read by the matching."""
    stated = {"KIR": KIRKLEES, "CAL": CALDERDALE}
    found = {key: teams[key].post("/api/v1/needs", json={**said, "submit": True}).json()["id"] for key, said in stated.items()}
    runner.run_due()
    return found


def test_a_place_finds_a_like_need_joins_it_and_leaves(
    teams: dict[str, TestClient], needs: dict[str, str], runner: Any, hub: TestClient
) -> None:
    ours = teams["CAL"]
    similar = words(read(ours, f"/needs/{needs['CAL']}/similar").text)
    joined = send(ours, f"/needs/{needs['KIR']}/join", need_id=needs["CAL"])
    twice = send(ours, f"/needs/{needs['KIR']}/join", need_id=needs["CAL"])
    runner.run_due()
    (joint,) = {part.split('"')[0] for part in joined.text.split('href="/joint-needs/')[1:]}
    page = words(read(teams["KIR"], f"/joint-needs/{joint}").text)
    left = send(ours, f"/needs/{needs['CAL']}/leave", **_version_of(joined, needs["CAL"]))
    gone = words(read(hub, f"/joint-needs/{joint}").text)

    assert KIRKLEES["title"] in similar
    assert "Join it with: " in similar
    assert "2 voices, 2 places, up to 20,000 people a year" in words(joined.text)
    assert (twice.status_code, "These two are in one joint need already" in twice.text) == (409, True)
    assert "This need is in a joint need already" in words(twice.text)
    assert KIRKLEES["title"] in page
    assert CALDERDALE["metric"] in page
    assert "Nothing fits yet" in page or "There is nothing" in page
    assert "The need has left the joint need" in words(left.text)
    assert "This joint need was dissolved" in gone


def _version_of(reply: Any, need_id: str) -> dict[str, str]:
    """The version of the joint need that the form to leave carries."""
    form = reply.text.split(f'action="/needs/{need_id}/leave"')[1]
    return {"version": form.split('name="version" value="')[1].split('"')[0]}


def test_who_leaves_what_changed_meanwhile_is_shown_it(leeds: TestClient, make: Callable[..., Any]) -> None:
    row = make(lambda session: joint_needs.joint(session, *(joint_needs.joinable(session) for _ in range(3))))
    leaving = row.present[0].need_id

    stale = send(leeds, f"/needs/{leaving}/leave", version="99")
    done = send(leeds, f"/needs/{leaving}/leave", version=str(row.version))
    twice = send(leeds, f"/needs/{leaving}/leave", version=str(row.version))

    assert (stale.status_code, "Somebody joined or left after you opened the page" in stale.text) == (409, True)
    assert (done.status_code, twice.status_code) == (200, 200)
    assert "Joined with others" not in done.text


def test_what_helped_before_is_told_beside_a_like_need(runner: Any, leeds: TestClient, make: Callable[..., Any], hub: TestClient) -> None:
    earlier = make(place_answers.announced)
    for stage in ("introduced", "adopted"):
        hub.post(f"/api/v1/proposals/{earlier.id}/stages", json={"place": "LDS", "stage": stage})
    need = make(factories.make_need)

    page = words(read(leeds, f"/needs/{need.id}/similar").text)

    assert "What helped with such a need before Computer test of attention and activity Adopted Leeds since" in page


def test_without_an_encoder_the_pages_say_so(leeds: TestClient, make: Callable[..., Any], hub: TestClient) -> None:
    row = make(joint_needs.joint)
    blank = make(factories.make_need, status=NeedStatus.DRAFT)

    similar = words(read(leeds, f"/needs/{row.present[0].need_id}/similar").text)

    assert "We cannot compare needs at the moment" in similar
    assert "Open it, then you can join it with another one" in words(read(leeds, f"/needs/{blank.id}/similar").text)
    assert "We cannot look for matches at the moment" in words(read(hub, f"/joint-needs/{row.id}").text)
    assert "We cannot compare needs at the moment" in words(read(hub, "/alignment").text)


def test_the_hub_proposes_a_group_to_its_owners_or_dismisses_it(
    needs: dict[str, str], hub: TestClient, teams: dict[str, TestClient], runner: Any
) -> None:
    page = read(hub, "/alignment")
    said = words(page.text)
    first = page.text.split('name="first" value="')[1].split('"')[0]
    other = next(each for each in needs.values() if each != first)

    proposed = send(hub, "/alignment/propose", first=first, need=other)
    dismissed = send(hub, "/alignment/dismiss", first=first, need=other)
    send(teams["CAL"], f"/needs/{needs['KIR']}/join", need_id=needs["CAL"])

    assert "We compared 2 open needs" in said
    assert "Together: 2 voices, 2 places, up to 20,000 people a year." in said
    assert "its owners were asked on" in words(proposed.text)
    assert "No open needs are alike" in words(dismissed.text)
    assert "Said not to be one" in words(dismissed.text)
    assert CALDERDALE["title"] in words(dismissed.text)
    assert "/joint-needs/" in read(hub, "/alignment").text
    assert read(teams["CAL"], "/alignment").status_code == 403


def test_a_need_that_no_place_owns_is_joined_and_not_asked(needs: dict[str, str], hub: TestClient, runner: Any) -> None:
    other = f"{KIRKLEES['problem']} Nobody tells them how long it will be, and many give up."
    mine = hub.post("/api/v1/needs", json={**CALDERDALE, "problem": other, "submit": True}).json()["id"]
    runner.run_due()

    page = read(hub, "/alignment").text
    first = page.split('name="first" value="')[1].split('"')[0]
    refused = send(hub, "/alignment/propose", first=first, need=mine)
    nothing = send(hub, "/alignment/propose", first=first)
    dismissed = send(hub, "/alignment/dismiss", first=first, need=mine)

    ticks = re.findall(r'type="checkbox" value="([^"]+)"', page)
    assert first != mine
    assert ticks == [each for each in needs.values() if each != first]
    assert f'href="/needs/{mine}/similar">Join it yourself' in page
    assert f'form="apart-{first}-{mine}"' in page
    assert Faults.of(page) == []
    assert (refused.status_code, f'href="#need-{first}-{mine}">No place owns this need' in refused.text) == (409, True)
    assert f'id="need-{first}-{mine}"' in refused.text
    assert (f'href="#which-{first}">Tick at least one need' in nothing.text, f'id="which-{first}"' in nothing.text) == (True, True)
    assert "These needs are shown as one no more" in dismissed.text


def test_a_group_that_is_not_one_any_more_is_told(hub: TestClient, make: Callable[..., Any]) -> None:
    one, other = (make(joint_needs.owned, "WAK") for _ in range(2))
    shut = make(factories.make_need, status=NeedStatus.CLOSED)
    ids = {"first": str(one.id), "need": str(other.id)}

    nothing = [send(hub, f"/alignment/{step}", first=str(one.id), need="x") for step in ("propose", "dismiss")]
    closed = send(hub, "/alignment/dismiss", **ids | {"need": str(shut.id)})
    unknown = send(hub, "/alignment/dismiss", **ids | {"need": str(factories.uuid4())})
    nobody = send(hub, "/alignment/propose", **ids)

    assert [(each.status_code, "Tick at least one need" in each.text) for each in nothing] == [(422, True)] * 2
    assert (closed.status_code, "Only open needs with a text that can be read align" in closed.text) == (409, True)
    assert (unknown.status_code, "One of these needs is open no more" in unknown.text) == (409, True)
    assert (nobody.status_code, "Nobody who owns this need" in nobody.text) == (409, True)


def test_hostile_needs_stay_text_where_they_are_together(leeds: TestClient, hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(
        lambda session: joint_needs.joint(session, *(factories.make_need(session, title=HOSTILE, population=HOSTILE) for _ in range(2)))
    )

    for path in (f"/joint-needs/{row.id}", f"/needs/{row.present[0].need_id}", f"/needs/{row.present[0].need_id}/similar"):
        page = read(leeds, path).text
        assert Faults.of(page) == []
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_stale_version_of_the_form_keeps_its_own(leeds: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need, version=3)

    assert version_shown(read(leeds, f"/needs/{need.id}/end")) == {"version": "3"}


def test_of_a_large_group_some_are_shown_and_the_others_follow(needs: dict[str, str], hub: TestClient, runner: Any) -> None:
    for _ in range(7):
        hub.post("/api/v1/needs", json={**CALDERDALE, "submit": True})
    runner.run_due()

    page = read(hub, "/alignment").text

    assert page.count("Read this need") + page.count("Join it yourself") == 5
    assert "3 more needs of this group come when these are seen to" in words(page)
