"""Triage over the API: the queue, taking, outcomes with their letters, questions and answers, and the innovator's own status."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.services import concluding
from models.innovations import InnovationStatus
from models.mail import Message
from models.people import Role
from models.proposals import Proposal
from models.queries import triage
from tests import factories
from tests.factories import ANY_VERSION
from tests.triage import make_body, submission

pytestmark = pytest.mark.both
URL = "/api/v1/submissions"
TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date()


def now():
    return datetime.now(UTC)


@pytest.fixture
def received(make):
    """`received(name=…)`: the id of a submission that waits since now."""
    return lambda **values: make(lambda session: submission(session, at=now(), **values)).id


@pytest.fixture
def founder(make):
    return make(factories.make_person, Role.INNOVATOR)


@pytest.fixture
def mailed(make):
    """Let the letter of the latest outcome leave; the mails that are owed."""

    def leave(submission_id):
        def settle(session):
            outcome = triage.by_id(session, submission_id).outcomes[-1]
            concluding.settle(session, outcome.id, at=now() + timedelta(hours=1), undo_window_seconds=600)
            return list(session.scalars(select(Message).order_by(Message.created_at)))

        return make(settle)

    return leave


def outcome(client, submission_id, said, **headers):
    return client.post(f"{URL}/{submission_id}/outcome", json=said, headers=ANY_VERSION | headers)


def token_of(mails):
    return re.search(r"/answers/([\w-]+)", mails[-1].body)[1]


def propose(session, submission_id):
    row = triage.by_id(session, submission_id)
    flags = [{"kind": "copied_need", "says": "Copied.", "field": None, "start": None, "end": None, "text": ""}]
    return factories.make_proposal(session, factories.make_need(session), row.innovation, flags=flags)


def test_the_queue_shows_what_a_line_needs(hub, received, make):
    plain, worth = received(name="Plain"), received(name="Worth")
    make(propose, worth)

    first, second = hub.get(URL).json()["items"]

    assert (first["innovation"]["name"], first["strong"], first["flags"], first["probability"]) == ("Worth", 1, ["copied_need"], 0.9)
    assert (second["id"], second["probability"], second["assigned_to"], second["mine"]) == (str(plain), None, None, False)
    assert (first["clock"]["working_days"], first["clock"]["overdue"], first["state"]) == (0, False, "waiting")


def test_the_queue_is_filtered_and_paged(hub, received):
    ids = [str(received(name=f"No. {n}")) for n in range(3)]
    hub.post(f"{URL}/{ids[0]}/take", headers=ANY_VERSION)

    page = hub.get(URL, params={"limit": 2}).json()
    rest = hub.get(URL, params={"limit": 2, "after": page["next"]}).json()
    assert [each["id"] for each in page["items"] + rest["items"]] == ids
    assert [each["id"] for each in hub.get(URL, params={"assigned": "me"}).json()["items"]] == ids[:1]
    assert [each["id"] for each in hub.get(URL, params={"assigned": "nobody", "q": "No. 2"}).json()["items"]] == ids[2:]
    assert hub.get(URL, params={"colour": "red"}).status_code == 422
    assert hub.get(URL, params={"after": "nonsense"}).status_code == 422


def test_a_key_that_acts_for_nobody_has_no_submission(client_with_key, received):
    received()

    system = client_with_key(Role.HUB)

    assert system.get(URL, params={"assigned": "me"}).json()["items"] == []
    assert len(system.get(URL).json()["items"]) == 1


def test_one_submission_is_read_with_its_proposals(hub, received, make):
    found = received()
    for _ in range(7):
        make(propose, found)

    told = hub.get(f"{URL}/{found}")

    assert told.headers["etag"] == '"1"'
    said = told.json()
    assert (len(said["proposals"]), said["more"], said["ranked"], said["duplicates"]) == (5, 2, True, None)
    assert said["proposals"][0]["proposal"]["findings"][0]["verdict"] == "met"
    assert said["text"]["name"] == said["innovation"]["name"]
    assert len(hub.get(f"{URL}/{found}", params={"all": "true"}).json()["proposals"]) == 7
    assert hub.get(f"{URL}/{made_up()}").status_code == 404


def made_up():
    return "2f0d9a52-6a44-4a3c-9d0e-8c5b0f4f1e11"


def test_duplicates_are_counted_where_texts_can_be_compared(hub, runner, received):
    found = [received(embedded_revision=None) for _ in range(2)]
    runner.sweep()
    runner.run_due()

    assert hub.get(f"{URL}/{found[0]}").json()["duplicates"] == 1


def test_two_people_in_one_queue(hub, client_as, received):
    second, found = client_as(Role.HUB, name="Second officer"), received()
    seen = second.get(f"{URL}/{found}").headers["etag"]

    taken = hub.post(f"{URL}/{found}/take", headers={"If-Match": seen})
    refused = second.post(f"{URL}/{found}/take", headers={"If-Match": seen})

    assert (taken.status_code, taken.json()["mine"], taken.headers["etag"]) == (200, True, '"2"')
    assert (refused.status_code, refused.json()["title"], refused.json()["assigned_to"]) == (409, "SubmissionTaken", "Hub officer")
    assert outcome(second, found, {"outcome": "active"}).json()["title"] == "SubmissionTaken"
    assert second.post(f"{URL}/{found}/take", params={"over": "true"}, headers={"If-Match": seen}).status_code == 412
    assert (
        second.post(f"{URL}/{found}/take", params={"over": "true"}, headers={"If-Match": '"2"'}).json()["assigned_to"] == "Second officer"
    )
    assert second.post(f"{URL}/{found}/give-back", headers=ANY_VERSION).json()["assigned_to"] is None
    assert second.post(f"{URL}/{found}/take").status_code == 428


def test_an_outcome_is_given_once_and_told_to_who_comes_second(hub, client_as, received):
    found = received()
    archive = {"outcome": "archive", "reason": "no_budget"}

    first = outcome(hub, found, archive, **{"Idempotency-Key": "one"})
    again = outcome(hub, found, archive, **{"Idempotency-Key": "one"})
    second = outcome(client_as(Role.HUB), found, {"outcome": "active"})

    assert (first.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert (second.status_code, second.json()["title"], second.json()["given_by"]) == (409, "SubmissionClosed", "Hub officer")
    assert "no money" in first.json()["letter"]
    assert hub.get(f"{URL}", params={"state": "closed"}).json()["items"][0]["outcome"] == "archive"


def test_an_outcome_is_undone_within_its_window(hub, received):
    found = received()
    outcome(hub, found, {"outcome": "active"})

    undone = hub.post(f"{URL}/{found}/undo", headers=ANY_VERSION)

    assert (undone.status_code, undone.json()["outcome"], undone.json()["undo_until"]) == (201, "undone", None)
    assert hub.get(f"{URL}/{found}").json()["state"] == "in_triage"
    again = hub.post(f"{URL}/{found}/undo", headers=ANY_VERSION)
    assert (again.status_code, "proposal" in again.json()["detail"]) == (409, False)


def test_what_is_undecided_is_told(hub, received, make):
    found = received()
    proposal = make(propose, found).id

    refused = outcome(hub, found, {"outcome": "active"})

    assert (refused.status_code, refused.json()["title"], refused.json()["proposals"]) == (409, "Undecided", [str(proposal)])
    hub.post(f"/api/v1/proposals/{proposal}/decision", json={"verdict": "skipped"}, headers=ANY_VERSION)
    assert hub.get(f"{URL}/{found}").json()["proposals"][0]["skipped"] is True
    assert outcome(hub, found, {"outcome": "active"}).status_code == 201


@pytest.mark.parametrize(
    "said",
    [
        {"outcome": "archive"},
        {"outcome": "archive", "reason": "other"},
        {"outcome": "ask", "question": "", "answer_by": TOMORROW.isoformat()},
        {"outcome": "ask", "question": "Why?", "answer_by": "2020-01-01"},
        {"outcome": "ask", "question": "Why?", "answer_by": 5},
        {"outcome": "ask", "question": "Is it for 943 476 5919?", "answer_by": TOMORROW.isoformat()},
        {"outcome": "refer", "reason": "They help."},
        {"outcome": "undone"},
        {"outcome": "active", "leave_undecided": "yes"},
        {"outcome": "active", "colour": "red"},
        {"outcome": "active", "letter": "Patient 943 476 5919"},
        {},
    ],
)
def test_an_outcome_that_is_not_whole_is_refused(hub, received, said):
    assert outcome(hub, received(), said).status_code == 422


def test_the_letter_is_drafted_changed_and_mailed(hub, received, founder, mailed):
    found = received()
    draft = hub.get(f"{URL}/{found}/letter", params={"outcome": "archive", "reason": "skills"}).json()
    assert ("have to learn more" in draft["text"], draft["to"], draft["to_print"]) == (True, 1, False)

    outcome(hub, found, {"outcome": "archive", "reason": "skills", "letter": draft["text"] + "\n\nGood luck."})

    (mail,) = mailed(found)
    assert (mail.address, "Good luck." in mail.body) == (founder.email, True)
    assert hub.get(f"{URL}/{found}").json()["outcomes"][0]["mailed_to"] == 1


def test_a_letter_to_nobody_known_is_to_print(hub, received):
    found = received(supplier=None)

    assert hub.get(f"{URL}/{found}/letter", params={"outcome": "active"}).json()["to_print"] is True
    assert hub.get(f"{URL}/{found}/letter", params={"outcome": "archive", "reason": "other"}).status_code == 422


def test_one_is_referred(hub, received, make, founder, mailed):
    found, body = received(), make(make_body).id

    told = outcome(hub, found, {"outcome": "refer", "body_id": str(body), "reason": "They help firms to plan."})
    mailed(found)

    assert (told.status_code, told.json()["referral_id"]) == (201, None)
    assert hub.get(f"{URL}/{found}").json()["outcomes"][0]["referral_id"] is not None
    assert outcome(hub, received(), {"outcome": "refer", "body_id": made_up(), "reason": "They help."}).status_code == 404


def ask(hub, found, mailed):
    told = outcome(hub, found, {"outcome": "ask", "question": "For which ages is it?", "answer_by": TOMORROW.isoformat()})
    assert told.status_code == 201, told.text
    return token_of(mailed(found))


def test_a_question_is_answered_by_its_link(client, hub, received, founder, mailed):
    found = received()
    token = ask(hub, found, mailed)

    asked = client.get(f"/api/v1/asks/{token}").json()
    assert (asked["question"], asked["texts"]["eligibility"]) == ("For which ages is it?", "")
    answered = client.post(f"/api/v1/asks/{token}/answer", json={"changes": {"eligibility": "Adults."}})

    assert (answered.status_code, answered.json()["revision"], answered.json()["in_time"]) == (201, 2, True)
    assert client.post(f"/api/v1/asks/{token}/answer", json={"answer": "Again."}).status_code == 410
    told = hub.get(f"{URL}/{found}").json()
    assert (told["state"], told["text"]["eligibility"], told["ranked"], told["asks"][0]["answered_by_name"]) == (
        "in_triage", "Adults.", False, founder.name,
    )  # fmt: skip


def test_a_question_is_answered_by_who_is_signed_in(client_of, hub, received, founder, mailed):
    found = received()
    token = ask(hub, found, mailed)
    theirs = client_of(founder)

    status = theirs.get(f"/api/v1/innovations/{innovation_of(hub, found)}/status").json()
    assert (status["turn"], status["question"], status["by"]) == ("you", "For which ages is it?", TOMORROW.isoformat())
    assert status["contact"] == "matching@localhost"
    assert theirs.post(f"{URL}/{found}/answer", json={}).status_code == 422
    assert theirs.post(f"{URL}/{found}/answer", json={"answer": "Adults."}).status_code == 201
    assert theirs.post(f"{URL}/{found}/answer", json={"answer": "Children."}).json()["title"] == "AskClosed"
    assert theirs.get(f"/api/v1/asks/{token}").status_code == 409


def innovation_of(hub, found):
    return hub.get(f"{URL}/{found}").json()["innovation"]["id"]


def test_an_innovator_follows_what_they_handed_in(client_of, hub, received, founder, mailed):
    found = received()
    theirs, where = client_of(founder), f"/api/v1/innovations/{innovation_of(hub, found)}/status"
    assert (theirs.get(where).json()["turn"], theirs.get(where).json()["letter"]) == ("hub", None)

    outcome(hub, found, {"outcome": "archive", "reason": "not_ready"})
    assert theirs.get(where).json()["turn"] == "hub"  # it may still be undone
    mailed(found)

    told = theirs.get(where).json()
    assert (told["turn"], "not come far enough" in told["letter"], told["number"]) == ("you", True, 1)
    innovation = innovation_of(hub, found)
    changed = theirs.patch(f"/api/v1/innovations/{innovation}", json={"stage": "SPREAD"}, headers=ANY_VERSION)
    assert changed.status_code == 200
    assert theirs.post(f"/api/v1/innovations/{innovation}/submit", headers=ANY_VERSION).json()["status"] == "submitted"
    told = theirs.get(where).json()
    assert (told["number"], told["turn"]) == (2, "hub")
    again = hub.get(f"{URL}/{told['submission_id']}").json()
    assert [each["outcomes"][0]["outcome"] for each in again["earlier"]] == ["archive"]


def test_the_page_of_an_archived_innovation_lets_its_innovator_change_it_and_hand_it_in_again(client_of, hub, received, founder):
    found = received()
    outcome(hub, found, {"outcome": "archive", "reason": "not_ready"})
    innovation, theirs = innovation_of(hub, found), client_of(founder)

    shown = theirs.get(f"/innovations/{innovation}").text
    assert (f"/innovations/{innovation}/change" in shown, f"/innovations/{innovation}/submit" in shown) == (True, True)
    version = theirs.get(f"/api/v1/innovations/{innovation}").json()["version"]
    sent = theirs.post(f"/innovations/{innovation}/submit", data={"version": version, "csrf_token": theirs.headers["X-CSRF-Token"]})
    assert sent.status_code == 200
    assert theirs.get(f"/api/v1/innovations/{innovation}/status").json()["number"] == 2


def test_withdrawing_closes_a_question(client, client_of, hub, received, founder, mailed):
    found = received()
    token = ask(hub, found, mailed)
    client_of(founder).post(f"/api/v1/innovations/{innovation_of(hub, found)}/withdraw", headers=ANY_VERSION)

    assert hub.get(f"{URL}/{found}").json()["left_by"] == "withdrawn"
    assert (
        outcome(hub, found, {"outcome": "ask", "question": "Why?", "answer_by": TOMORROW.isoformat()}).json()["title"] == "SubmissionClosed"
    )
    told = client.post(f"/api/v1/asks/{token}/answer", json={"answer": "Adults."})
    assert (told.status_code, told.json()["title"]) == (409, "AskClosed")
    assert "This innovation was withdrawn at" in client.get(f"/answers/{token}", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize("role", [Role.INNOVATOR, Role.PLACE, Role.BOARD])
def test_triage_is_the_hubs(client_as, received, role):
    found, other = received(), client_as(role)

    assert other.get(URL).status_code == other.get(f"{URL}/{found}").status_code == 403
    assert outcome(other, found, {"outcome": "active"}).status_code == 403


# The page of a question's link


def test_the_page_of_a_question_takes_the_answer_once(client, hub, received, founder, mailed):
    found = received()
    token = ask(hub, found, mailed)

    shown = client.get(f"/answers/{token}")
    assert ("For which ages is it?" in shown.text, shown.headers["referrer-policy"]) == (True, "same-origin")
    nothing = client.post(f"/answers/{token}", data=form(hub, found))
    assert (nothing.status_code, "Write an answer" in nothing.text) == (422, True)
    forbidden = client.post(f"/answers/{token}", data=form(hub, found, answer="For 943 476 5919"))
    assert forbidden.status_code == 422
    stale = client.post(f"/answers/{token}", data=form(hub, found, answer="Adults.", revision="7"))
    assert (stale.status_code, "Somebody changed" in stale.text, "Adults." in stale.text) == (409, True, True)

    done = client.post(f"/answers/{token}", data=form(hub, found, answer="Adults.", eligibility="Adults who wait."))

    assert (done.status_code, "We have your answer" in done.text) == (200, True)
    told = hub.get(f"{URL}/{found}").json()
    assert (told["asks"][0]["answer"], told["asks"][0]["revision"], told["text"]["eligibility"]) == ("Adults.", 2, "Adults who wait.")
    again = client.get(f"/answers/{token}", headers={"Accept": "text/html"})
    assert (again.status_code, "We have your answer" in again.text) == (410, True)


def form(hub, found, **typed):
    text = hub.get(f"{URL}/{found}").json()["text"]
    fields = {name: text[name] for name in ("problems_tackled", "how_it_works", "eligibility", "evidence_summary")}
    return fields | {"answer": "", "revision": "1"} | typed


def test_the_rows_of_an_outcome_are_there(make, hub, received):
    found = received()
    make(propose, found)
    outcome(hub, found, {"outcome": "active", "leave_undecided": True})

    def rows(session):
        row = triage.by_id(session, found)
        return row.innovation.status, row.outcomes[0].left_undecided, session.scalars(select(Proposal)).unique().one().state.value

    assert make(rows) == (InnovationStatus.ACTIVE, 1, "open")
