"""Writing a need together by form: a link for a co-author, a place lead who signs off, and what each may not do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.needs import NeedStatus
from models.people import Role
from tests import factories, joint_needs, sign_offs
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words


@pytest.fixture
def need(make: Callable[..., Any]) -> Any:
    return make(joint_needs.owned, "LDS")


@pytest.fixture
def leeds(client_as: Callable[..., TestClient], need: Any) -> TestClient:
    return client_as(Role.PLACE, name="Place officer")


def send(client: TestClient, path: str, **form: str) -> Any:
    return client.post(path, data=form, headers=PAGE)


def test_a_need_is_shared_with_a_co_author_and_the_link_taken_back(
    leeds: TestClient, client: TestClient, need: Any, make: Callable[..., Any]
) -> None:
    page = words(read(leeds, f"/needs/{need.id}").text)
    empty = words(read(leeds, f"/needs/{need.id}/together").text)
    shared = send(leeds, f"/needs/{need.id}/shares", email=sign_offs.ADDRESS)
    secret = make(sign_offs.token)
    looked = read(client, f"/shared-needs/{secret}")
    saved = send(client, f"/shared-needs/{secret}", title="In better words", problem="They wait.", **version_shown(looked))
    listed = words(read(leeds, f"/needs/{need.id}/together").text)
    share_id = shared.text.split('action="/need-shares/')[1].split("/")[0]
    ended = send(leeds, f"/need-shares/{share_id}/end")
    late = read(client, f"/shared-needs/{secret}")

    assert "Write it together" in page
    assert "Nobody yet." in empty
    assert f"{sign_offs.ADDRESS} May change the words" in words(shared.text)
    assert "Place officer asks you to help find the words" in words(looked.text)
    assert "Your words are kept" in words(saved.text)
    assert "In better words" in saved.text
    assert "last changed the words on" in listed
    assert "The link is taken back" in words(ended.text)
    assert f"{sign_offs.ADDRESS} Ended" in words(ended.text)
    assert (late.status_code, "This link was taken back" in late.text) == (410, True)


def test_what_a_co_author_types_is_kept_when_it_cannot_be_saved(client: TestClient, make: Callable[..., Any]) -> None:
    row = make(sign_offs.shared, at=datetime.now(UTC))
    secret = make(sign_offs.token)

    untitled = send(client, f"/shared-needs/{secret}", title=" ", problem="Kept as typed", version="1")
    patient = send(client, f"/shared-needs/{secret}", title="Kept as typed", problem="NHS number 943 476 5919", version="1")
    stale = send(client, f"/shared-needs/{secret}", title="Kept as typed", version="9")
    again = send(client, f"/shared-needs/{secret}", title="Kept as typed", **version_shown(stale))

    assert (untitled.status_code, "Enter a title" in untitled.text, "Kept as typed" in untitled.text) == (422, True, True)
    assert (patient.status_code, "Remove an NHS number" in patient.text) == (422, True)
    assert (stale.status_code, "Somebody changed this need after you opened the page" in stale.text) == (409, True)
    assert again.status_code == 200
    assert row.need_id


def test_a_need_that_has_ended_is_written_no_more(leeds: TestClient, client: TestClient, make: Callable[..., Any]) -> None:
    row = make(sign_offs.shared, at=datetime.now(UTC))
    secret = make(sign_offs.token)
    leeds.post(f"/api/v1/needs/{row.need_id}/close", json={"reason": "It is over."}, headers=factories.ANY_VERSION)

    looked = words(read(client, f"/shared-needs/{secret}").text)
    refused = send(client, f"/shared-needs/{secret}", title="Late", version="2")
    together = words(read(leeds, f"/needs/{row.need_id}/together").text)

    assert "This need is written no more: it is closed" in looked
    assert (refused.status_code, "can no longer be changed" in refused.text) == (409, True)
    assert "Send the link" not in together


@pytest.mark.parametrize(
    ("path", "form", "field", "message"),
    [
        ("shares", {"email": "no address"}, "email", "e-mail address"),
        ("shares", {}, "email", "e-mail address"),
        ("sign-offs", {}, "person_id", "Choose whom to ask"),
        ("sign-offs", {"person_id": str(factories.uuid4())}, "person_id", "Choose somebody of the places"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    leeds: TestClient, need: Any, path: str, form: dict[str, str], field: str, message: str
) -> None:
    reply = send(leeds, f"/needs/{need.id}/{path}", **form)

    assert (reply.status_code, message in reply.text) == (422, True), words(reply.text)
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text


def test_a_place_lead_is_asked_reads_the_need_and_signs_it_off(
    leeds: TestClient, client_of: Callable[..., TestClient], need: Any, make: Callable[..., Any]
) -> None:
    person = make(factories.make_person, Role.PLACE, name="Place lead of Leeds")
    lead = client_of(person)

    asked = send(leeds, f"/needs/{need.id}/sign-offs", person_id=str(person.id))
    listed = read(lead, "/place-answers").text
    address = listed.split('href="/sign-offs/')[1].split('"')[0]
    page = read(lead, f"/sign-offs/{address}")
    theirs = words(read(leeds, f"/sign-offs/{address}").text)
    silent = send(lead, f"/sign-offs/{address}/answer", **version_shown(page))
    bare = send(lead, f"/sign-offs/{address}/answer", verdict="sent_back", **version_shown(page))
    stale = send(lead, f"/sign-offs/{address}/answer", verdict="signed", version="7")
    signed = send(lead, f"/sign-offs/{address}/answer", verdict="signed", **version_shown(page))
    twice = send(lead, f"/sign-offs/{address}/answer", verdict="signed", **version_shown(page))

    assert "Place lead of Leeds Waits" in words(asked.text)
    assert "You are asked to sign off:" in words(listed)
    assert "Your answer" in words(page.text)
    assert "Your answer" not in theirs
    assert (silent.status_code, "Choose: sign it off, or send it back" in silent.text) == (422, True)
    assert (bare.status_code, "Say what has to change" in bare.text) == (422, True)
    assert (stale.status_code, "Somebody changed this need" in stale.text) == (409, True)
    assert "You signed this need off as it reads now" in words(signed.text)
    assert (twice.status_code, "Place lead of Leeds signed it off" in words(twice.text)) == (409, True)
    assert "Place lead of Leeds Signed off" in words(read(leeds, f"/needs/{need.id}").text)


def test_a_need_that_changes_after_its_sign_off_says_so(
    leeds: TestClient, client_of: Callable[..., TestClient], need: Any, make: Callable[..., Any]
) -> None:
    person = make(factories.make_person, Role.PLACE, name="Place lead of Leeds")
    row = make(lambda session: sign_offs.asked(session, session.merge(person), session.merge(need)))
    send(client_of(person), f"/sign-offs/{row.id}/answer", verdict="sent_back", note="Say how many wait.", version="1")
    leeds.patch(f"/api/v1/needs/{need.id}", json={"metric": "Weeks"}, headers=factories.ANY_VERSION)

    together = words(read(leeds, f"/needs/{need.id}/together").text)

    assert "Place lead of Leeds Sent back The words changed since" in together
    assert "“Say how many wait.”" in together


def test_others_neither_share_nor_sign(
    client_as: Callable[..., TestClient], leeds: TestClient, need: Any, make: Callable[..., Any]
) -> None:
    row = make(sign_offs.asked)
    wakefield = client_as(Role.PLACE, place="WAK")

    assert read(wakefield, f"/needs/{need.id}/together").status_code == 403
    assert read(wakefield, f"/sign-offs/{row.id}").status_code == 404
    assert send(leeds, f"/sign-offs/{row.id}/answer", verdict="signed", version="1").status_code == 403
    assert send(leeds, f"/sign-offs/{row.id}/answer", version="1").status_code == 403


def test_a_note_is_held_to_the_same_rules_as_in_the_api(client_of: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    person = make(factories.make_person, Role.PLACE)
    row = make(lambda session: sign_offs.asked(session, session.merge(person)))

    reply = send(client_of(person), f"/sign-offs/{row.id}/answer", verdict="sent_back", note="NHS number 943 476 5919", version="1")

    assert (reply.status_code, "Remove an NHS number" in reply.text) == (422, True)


def test_hostile_words_stay_text_where_a_need_is_written_together(
    client: TestClient, client_of: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    hostile = make(joint_needs.owned, "LDS", title=HOSTILE, population=HOSTILE, status=NeedStatus.DRAFT)
    person = make(factories.make_person, Role.PLACE, name=HOSTILE)
    row = make(lambda session: sign_offs.asked(session, session.merge(person), session.merge(hostile)))
    make(lambda session: sign_offs.shared(session, session.merge(hostile), at=datetime.now(UTC)))
    secret = make(sign_offs.token)
    lead = client_of(person)

    pages = [
        read(lead, f"/needs/{hostile.id}/together"),
        send(lead, f"/needs/{hostile.id}/shares", email=HOSTILE),
        read(lead, f"/sign-offs/{row.id}"),
        send(lead, f"/sign-offs/{row.id}/answer", verdict="sent_back", note=HOSTILE, version="1"),
        read(client, f"/shared-needs/{secret}"),
        send(client, f"/shared-needs/{secret}", title="", problem=HOSTILE, version="1"),
    ]

    for page in pages:
        assert Faults.of(page.text) == []
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_the_api_tells_with_whom_a_need_is_written_and_who_signs_it(leeds: TestClient, need: Any, make: Callable[..., Any]) -> None:
    person = make(factories.make_person, Role.PLACE, name="Place lead of Leeds")

    leeds.post(f"/api/v1/needs/{need.id}/shares", json={"email": sign_offs.ADDRESS})
    asked = leeds.post(f"/api/v1/needs/{need.id}/sign-offs", json={"person_id": str(person.id)})
    shares = leeds.get(f"/api/v1/needs/{need.id}/shares").json()["items"]
    found = leeds.get(f"/api/v1/needs/{need.id}/sign-offs").json()

    assert [each["email"] for each in shares] == [sign_offs.ADDRESS]
    assert asked.headers["etag"] == '"1"'
    assert found["items"] == [asked.json()]
    assert {"id": str(person.id), "name": "Place lead of Leeds"} in found["may_be_asked"]


def test_nobody_is_asked_by_themselves(client_of: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    person = make(factories.make_person, Role.PLACE, name="Only lead")
    need = make(lambda session: joint_needs.owned(session, "LDS"))
    only = client_of(person)

    alone = read(only, f"/needs/{need.id}/together").text
    refused = send(only, f"/needs/{need.id}/sign-offs", person_id=str(person.id))
    make(factories.make_person, Role.PLACE, name="Second lead")
    both = read(only, f"/needs/{need.id}/together").text

    assert 'name="person_id"' not in alone
    assert 'href="/colleagues">Invite a colleague' in alone
    assert "You cannot ask yourself" in refused.text
    assert (">Second lead</option>" in both, ">Only lead</option>" in both) == (True, False)
