"""Places answer over the API, are introduced, and write how far they have come."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from api.services import delivering, introducing, joining
from api.services import place_answers as asking
from models.documents import Visibility
from models.keys import Scope
from models.needs import CriterionKind
from models.people import Role
from models.proposals import Proposal
from models.queries import events
from tests import factories, place_answers
from tests.factories import ANY_VERSION

pytestmark = pytest.mark.both

QUESTIONS, PROPOSALS, NEEDS = "/api/v1/place-answers", "/api/v1/proposals", "/api/v1/needs"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def asked(make):
    """`asked("LDS", "WAK")`: an announced match about which these places are asked."""

    def made(*keys, innovation=None, **values):
        def arrange(session):
            need = factories.make_need(session, places=keys or ("LDS",), **values)
            return place_answers.announced(session, need, innovation, at=datetime.now(UTC) - timedelta(minutes=11))

        return make(arrange)

    return made


def question_of(client, proposal):
    (row,) = client.get(QUESTIONS, params={"proposal_id": proposal.id}).json()["items"]
    return row


def answer(client, row, said, headers=ANY_VERSION):
    return client.post(f"{QUESTIONS}/{row['id']}/answer", json=said, headers=headers)


def step(client, proposal, place, stage, **said):
    return client.post(f"{PROPOSALS}/{proposal.id}/stages", json={"place": place, "stage": stage, **said})


def test_a_place_reads_what_it_is_asked_with_the_match_as_it_was_judged(client_as, asked):
    proposal = asked("LDS", "WAK")
    leeds = client_as(Role.PLACE)

    told = question_of(leeds, proposal)

    assert (told["place"], told["asked_as"], told["state"], told["answer"]) == ("LDS", "Leeds", "asked", None)
    assert told["match"]["innovation"]["name"] == "Computer test of attention and activity"
    assert told["match"]["need"]["fields"]["metric"] == "Weeks from referral to decision"
    assert told["match"]["findings"][0]["verdict"] == "met"
    one = leeds.get(f"{QUESTIONS}/{told['id']}")
    assert (one.json(), one.headers["etag"]) == (told, f'"{told["version"]}"')


def test_a_place_answers_and_is_told_until_when_it_may_change_that(client_as, asked):
    leeds = client_as(Role.PLACE, name="Place lead of Leeds")
    row = question_of(leeds, asked())

    reply = answer(leeds, row, {"answer": "meet"}, {"If-Match": f'"{row["version"]}"'})

    told = reply.json()
    assert (reply.status_code, told["answer"], told["answered_by"], told["late"]) == (201, "meet", "Place lead of Leeds", False)
    ends = datetime.fromisoformat(told["changeable_until"]) - datetime.fromisoformat(told["answered_at"])
    assert ends == timedelta(minutes=10)
    assert reply.headers["etag"] == f'"{told["version"]}"'


def test_an_answer_sent_again_under_its_key_is_given_once(client_as, database, asked):
    proposal = asked()
    leeds = client_as(Role.PLACE)
    row = question_of(leeds, proposal)

    replies = [answer(leeds, row, {"answer": "meet"}, ANY_VERSION | {"Idempotency-Key": "once"}) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    with database.reading() as session:
        assert [each.kind for each in events.of_subject(session, proposal.id)].count("place.answered") == 1


def test_of_two_people_of_a_place_one_wins_and_the_other_is_told_who(client_as, asked):
    row = question_of(client_as(Role.PLACE), asked())
    leads = [client_as(Role.PLACE, name=f"Lead {number}") for number in range(4)]

    with ThreadPoolExecutor(len(leads)) as pool:
        replies = list(pool.map(lambda lead: answer(lead, row, {"answer": "meet"}), leads))

    winners = [reply.json()["answered_by"] for reply in replies if reply.status_code == 201]
    losers = [reply.json() for reply in replies if reply.status_code == 409]
    assert (len(winners), len(losers)) == (1, 3)
    assert {(loser["title"], loser["answered_by"], loser["answer"]) for loser in losers} == {("AnswerClosed", winners[0], "meet")}


def test_a_stale_page_is_told_who_answered(client_as, asked):
    first, second = client_as(Role.PLACE, name="First lead"), client_as(Role.PLACE)
    row = question_of(first, asked())
    answer(first, row, {"answer": "meet"})

    reply = answer(first, row, {"answer": "no", "reason": "skills"}, {"If-Match": f'"{row["version"]}"'})
    other = answer(second, row, {"answer": "meet"}, {"If-Match": f'"{row["version"]}"'})

    assert (reply.status_code, reply.json()["answered_by"]) == (412, "First lead")
    assert (other.status_code, other.json()["detail"].split(" at ")[0]) == (409, "First lead answered “meet” for Leeds")


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({}, "InvalidRequest"),
        ({"answer": "perhaps"}, "InvalidRequest"),
        ({"answer": "no"}, "ReasonMissing"),
        ({"answer": "no", "reason": "other"}, "ReasonMissing"),
        ({"answer": "no", "reason": "because"}, "InvalidRequest"),
        ({"answer": "not_now"}, "ReasonMissing"),
        ({"answer": "not_now", "until": "2020-01-01"}, "ReasonMissing"),
        ({"answer": "not_now", "until": "2099-01-01"}, "ReasonMissing"),
        ({"answer": "not_now", "until": 20300101}, "InvalidRequest"),
        ({"answer": "meet", "until": "2099-01-01"}, "InvalidRequest"),
        ({"answer": "meet", "reason": "skills"}, "InvalidRequest"),
        ({"answer": "meet", "note": "NHS number 943 476 5919"}, "InvalidRequest"),
        ({"answer": "meet", "place": "LDS"}, "InvalidRequest"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(client_as, asked, said, title):
    leeds = client_as(Role.PLACE)
    row = question_of(leeds, asked())

    reply = answer(leeds, row, said)

    assert (reply.status_code, reply.json()["title"]) == (422, title)
    assert leeds.get(f"{QUESTIONS}/{row['id']}").json()["state"] == "asked"


def test_an_answer_without_a_version_is_asked_for_one(client_as, asked):
    leeds = client_as(Role.PLACE)

    assert answer(leeds, question_of(leeds, asked()), {"answer": "meet"}, {}).status_code == 428


def test_a_place_sees_and_answers_only_its_own_questions_and_the_hub_all(client_as, hub, asked):
    proposal = asked("LDS", "WAK")
    leeds = client_as(Role.PLACE)
    foreign = next(row for row in hub.get(QUESTIONS).json()["items"] if row["place"] == "WAK")

    assert [row["place"] for row in leeds.get(QUESTIONS).json()["items"]] == ["LDS"]
    assert (leeds.get(f"{QUESTIONS}/{foreign['id']}").status_code, answer(leeds, foreign, {"answer": "meet"}).status_code) == (404, 404)
    assert sorted(row["place"] for row in hub.get(QUESTIONS, params={"proposal_id": proposal.id}).json()["items"]) == ["LDS", "WAK"]
    assert [client_as(role).get(QUESTIONS).status_code for role in (Role.BOARD, Role.INNOVATOR)] == [403, 403]


def test_the_hub_answers_for_a_place_only_with_a_note(hub, asked):
    row = question_of(hub, asked())

    bare = answer(hub, row, {"answer": "meet"})
    noted = answer(hub, row, {"answer": "meet", "note": "Their lead said so by telephone."})

    assert (bare.status_code, bare.json()["title"]) == (422, "ReasonMissing")
    assert (noted.status_code, noted.json()["on_behalf"]) == (201, True)


def test_the_list_is_narrowed_and_paged(hub, asked):
    first, second = asked("LDS"), asked("WAK")
    row = question_of(hub, first)
    answer(hub, row, {"answer": "no", "reason": "no_budget", "note": "By telephone."})

    def found(**wanted):
        return {each["proposal_id"] for each in hub.get(QUESTIONS, params=wanted).json()["items"]}

    assert found(state="answered") == found(answer="no") == found(place="LDS") == found(need_id=first.need_id) == {str(first.id)}
    assert found(state="asked") == {str(second.id)}
    page = hub.get(QUESTIONS, params={"limit": 1}).json()
    rest = hub.get(QUESTIONS, params={"limit": 1, "after": page["next"]}).json()
    assert {page["items"][0]["proposal_id"], rest["items"][0]["proposal_id"]} == {str(first.id), str(second.id)}
    assert hub.get(QUESTIONS, params={"sort": "place"}).status_code == 422


def test_a_meet_introduces_both_sides_when_the_window_has_passed(client_as, make, asked):
    make(factories.make_person, Role.INNOVATOR, name="Managing director", email="director@example.org")
    proposal = asked()
    leeds = client_as(Role.PLACE, email="leeds.lead@example.org")
    row = question_of(leeds, proposal)
    answer(leeds, row, {"answer": "meet"})

    make(lambda session: introducing.introduce(session, UUID(row["id"]), at=datetime.now(UTC), undo_window_seconds=0))

    told = leeds.get(f"{QUESTIONS}/{row['id']}").json()
    assert told["introduced_at"] is not None
    (first,) = leeds.get(f"{PROPOSALS}/{proposal.id}/stages").json()["items"]
    assert (first["place"], first["stage"], first["on_date"]) == ("LDS", "introduced", TODAY.isoformat())
    sent = make(lambda session: place_answers.mails(session, "introduction_place", "introduction_innovator"))
    assert sorted(sent) == [("introduction_innovator", "director@example.org"), ("introduction_place", "leeds.lead@example.org")]


def test_stages_are_written_by_place_hub_and_pipeline_and_read_back(client_as, client_with_key, hub, asked):
    proposal = asked("LDS", "WAK")
    leeds, pipeline = client_as(Role.PLACE, name="Place lead of Leeds"), client_with_key(Role.PIPELINE, {Scope.READ, Scope.WRITE})

    replies = [
        step(hub, proposal, "LDS", "introduced", on_date="2026-11-01"),
        step(leeds, proposal, "LDS", "evaluating", note="Two clinics.", evidence_link="https://example.org/plan"),
        step(pipeline, proposal, "LDS", "piloting"),
        step(pipeline, proposal, "WAK", "introduced"),
        step(leeds, proposal, "LDS", "stopped", reason_code="no_budget"),
    ]

    assert [reply.status_code for reply in replies] == [201] * 5
    told = pipeline.get(f"{PROPOSALS}/{proposal.id}/stages").json()["items"]
    assert [(row["place"], row["stage"], row["reason_code"]) for row in told] == [
        ("LDS", "introduced", None),
        ("LDS", "evaluating", None),
        ("LDS", "piloting", None),
        ("WAK", "introduced", None),
        ("LDS", "stopped", "no_budget"),
    ]
    assert (told[1]["changed_by"], told[1]["note"], told[1]["evidence_link"]) == (
        "Place lead of Leeds",
        "Two clinics.",
        "https://example.org/plan",
    )
    assert {row["place"] for row in leeds.get(f"{PROPOSALS}/{proposal.id}/stages").json()["items"]} == {"LDS"}


@pytest.mark.parametrize(
    ("said", "status", "title"),
    [
        ({"place": "LDS", "stage": "adopted"}, 409, "TransitionRefused"),
        ({"place": "WAK", "stage": "introduced"}, 422, "PlaceNotConcerned"),
        ({"place": "XXX", "stage": "introduced"}, 422, "UnknownPlace"),
        ({"place": "LDS", "stage": "introduced", "on_date": "2099-01-01"}, 422, "StageDateRefused"),
        ({"place": "LDS", "stage": "introduced", "evidence_link": "javascript:alert(1)"}, 422, "InvalidRequest"),
        ({"place": "LDS", "stage": "introduced", "reason_code": "skills"}, 422, "ReasonMissing"),
        ({"place": "LDS", "stage": "introduced", "by": "me"}, 422, "InvalidRequest"),
        ({"place": "LDS", "stage": "closed"}, 422, "InvalidRequest"),
    ],
)
def test_a_step_that_cannot_be_is_refused(hub, make, asked, said, status, title):
    make(factories.make_place, "WAK")
    proposal = asked("LDS")

    reply = hub.post(f"{PROPOSALS}/{proposal.id}/stages", json=said)

    assert (reply.status_code, reply.json()["title"]) == (status, title)
    assert hub.get(f"{PROPOSALS}/{proposal.id}/stages").json()["items"] == []


def test_a_conflict_of_stages_tells_both(hub, asked):
    proposal = asked()
    step(hub, proposal, "LDS", "introduced")

    reply = step(hub, proposal, "LDS", "introduced")

    told = reply.json()
    assert (reply.status_code, told["stage"], told["wanted"]) == (409, "introduced", "introduced")


def test_no_match_that_is_not_announced_has_stages(hub, client_with_key, make):
    proposal = make(factories.make_proposal)

    assert step(hub, proposal, "LDS", "introduced").json()["title"] == "TransitionRefused"
    assert step(client_with_key(Role.PIPELINE, {Scope.WRITE}), proposal, "LDS", "introduced").status_code == 404
    assert step(client_with_key(Role.PIPELINE, {Scope.READ}), proposal, "LDS", "introduced").status_code == 403


def test_uptake_is_told_of_an_innovation_and_beside_a_match(client_as, hub, make, asked):
    innovation = make(factories.make_innovation)
    first = asked("LDS", innovation=innovation)
    for stage in ("introduced", "piloting"):
        step(hub, first, "LDS", stage)
    second = asked("WAK", innovation=innovation)

    told = hub.get(f"/api/v1/innovations/{innovation.id}/uptake").json()
    beside = client_as(Role.PLACE, place="WAK").get(f"{PROPOSALS}/{second.id}").json()["uptake"]
    listed = hub.get(PROPOSALS, params={"state": "confirmed"}).json()["items"]

    assert [(row["place"], row["stage"]) for row in told["places"]] == [("LDS", "piloting")]
    assert (told["signs"]["pilots"], beside["piloted_elsewhere"], beside["third_pilot_no_adoption"]) == (1, True, False)
    assert {row["id"]: row["uptake"]["piloted_elsewhere"] for row in listed} == {str(first.id): False, str(second.id): True}
    assert client_as(Role.INNOVATOR).get(f"/api/v1/innovations/{innovation.id}/uptake").json()["places"] == told["places"]


def test_what_its_innovator_takes_back_to_the_hub_is_hidden_from_the_place_until_it_is_opened_again(client_as, hub, make, asked):
    proposal = asked()
    leeds, innovator = client_as(Role.PLACE), client_as(Role.INNOVATOR)
    row = question_of(leeds, proposal)

    def patch(visibility):
        innovator.patch(f"/api/v1/innovations/{proposal.innovation_id}", json={"visibility": visibility}, headers=ANY_VERSION)

    patch("hub_only")

    for url in (f"{PROPOSALS}/{proposal.id}", f"{QUESTIONS}/{row['id']}", f"/proposals/{proposal.id}"):
        assert leeds.get(url, headers={"Accept": "application/json"}).status_code == 404
    assert leeds.get(QUESTIONS).json()["items"] == leeds.get(PROPOSALS).json()["items"] == []
    assert answer(leeds, row, {"answer": "meet"}).status_code == 404
    refused = answer(hub, row, {"answer": "meet", "note": "By telephone, from Jo."})
    assert (refused.status_code, refused.json()["title"], question_of(hub, proposal)["state"]) == (409, "AnswerClosed", "held")
    assert "for the Hub alone again" in refused.json()["detail"]

    patch("partners")
    make(lambda session: asking.ask_what_waits(session, UUID(row["id"]), at=datetime.now(UTC)))

    assert question_of(leeds, proposal)["state"] == "asked"
    assert answer(leeds, row, {"answer": "meet"}).status_code == 201


def test_a_place_that_was_introduced_keeps_the_match_as_it_was_judged_when_the_innovation_is_hidden_and_changed(
    client_as, hub, make, asked
):
    proposal = asked()
    leeds = client_as(Role.PLACE)
    make(lambda session: place_answers.introduced(session, session.get_one(Proposal, proposal.id), at=datetime.now(UTC)))
    change = {"name": "A new and secret name", "how_it_works": "In a secret new way.", "visibility": "hub_only"}
    hub.patch(f"/api/v1/innovations/{proposal.innovation_id}", json=change, headers=ANY_VERSION)

    seen, asked_about = leeds.get(f"{PROPOSALS}/{proposal.id}"), leeds.get(f"{QUESTIONS}/{question_of(leeds, proposal)['id']}")

    assert seen.json()["innovation"]["name"] == "Computer test of attention and activity"
    assert asked_about.json()["match"]["innovation"]["fields"]["how_it_works"].startswith("The person takes the test")
    page, listed = leeds.get(f"/proposals/{proposal.id}"), leeds.get("/proposals?state=confirmed")
    assert "Computer test of attention and activity" in page.text
    assert f"/innovations/{proposal.innovation_id}" not in page.text
    both = page.text + listed.text + leeds.get(PROPOSALS, params={"state": "confirmed"}).text
    assert "secret" not in seen.text + asked_about.text + both
    assert leeds.get(f"/api/v1/innovations/{proposal.innovation_id}").status_code == 404
    assert hub.get(f"{PROPOSALS}/{proposal.id}").json()["innovation"]["name"] == "A new and secret name"


def test_a_place_that_joined_reads_a_need_that_is_hidden_from_it_as_it_was_judged(client_as, hub, make):
    def arrange(session):
        kirklees = factories.make_need(session, places=("KIR",), criteria=((CriterionKind.DTAC, ""),), title="Kirklees says it so")
        own = factories.make_need(session, places=("CAL",), owner_place_id=factories.make_place(session, "CAL").id)
        owner = place_answers.staff(session, Role.PLACE, place="CAL")
        joining.join(session, kirklees.id, own.id, actor=owner, at=datetime.now(UTC))
        kirklees.visibility = Visibility.HUB_ONLY
        return place_answers.announced(session, kirklees, at=datetime.now(UTC) - timedelta(minutes=11))

    proposal = make(arrange)
    calderdale = client_as(Role.PLACE, place="CAL")
    hub.patch(f"{NEEDS}/{proposal.need_id}", json={"title": "A secret newer title"}, headers=ANY_VERSION)

    seen, page = calderdale.get(f"{PROPOSALS}/{proposal.id}"), calderdale.get(f"/proposals/{proposal.id}")

    assert (seen.json()["need"]["title"], calderdale.get(f"{NEEDS}/{proposal.need_id}").status_code) == ("Kirklees says it so", 404)
    assert "Kirklees says it so" in page.text
    assert "secret" not in seen.text + page.text
    assert question_of(calderdale, proposal)["match"]["need"]["name"] == "Kirklees says it so"


def test_a_place_reads_nothing_of_a_match_that_was_withdrawn_but_its_own_answer(client_as, hub, asked):
    proposal = asked()
    leeds = client_as(Role.PLACE)
    hub.post(f"/api/v1/innovations/{proposal.innovation_id}/withdraw", headers=ANY_VERSION)

    told = question_of(leeds, proposal)

    assert (told["state"], told["closing"], told["match"]) == ("closed", "match_reversed", None)
    assert leeds.get(f"{PROPOSALS}/{proposal.id}").status_code == 404
    assert answer(leeds, told, {"answer": "meet"}).status_code == 409


def test_the_pipeline_follows_answers_stages_and_ends_in_the_feed(client_as, client_with_key, hub, make, asked):
    proposal = asked()
    leeds = client_as(Role.PLACE)
    answer(leeds, question_of(leeds, proposal), {"answer": "no", "reason": "no_budget", "note": "Not this year, says Jo."})
    step(hub, proposal, "LDS", "introduced")
    hub.post(f"{NEEDS}/{proposal.need_id}/met", json={"result": "It is met."}, headers=ANY_VERSION)
    make(lambda session: delivering.seal(session, at=datetime.now(UTC)))

    feed = client_with_key(Role.PIPELINE, {Scope.EVENTS}).get("/api/v1/events").json()["events"]

    assert [event["kind"] for event in feed][-4:] == ["match.confirmed", "place.answered", "stage.changed", "need.met"]
    assert (feed[-3]["data"]["place"], feed[-3]["data"]["answer"], feed[-3]["data"]["reason"]) == ("LDS", "no", "no_budget")
    assert "Jo" not in str(feed)


def test_an_innovation_for_the_hub_only_is_held_until_its_innovator_lets_partners_read_it(client_as, hub, make, asked):
    innovation = make(factories.make_innovation, visibility=Visibility.HUB_ONLY)
    proposal = asked(innovation=innovation)
    leeds = client_as(Role.PLACE)

    assert question_of(hub, proposal)["state"] == "held"
    assert leeds.get(QUESTIONS).json()["items"] == []
    client_as(Role.INNOVATOR).patch(f"/api/v1/innovations/{innovation.id}", json={"visibility": "partners"}, headers=ANY_VERSION)
    make(lambda session: asking.ask_what_waits(session, UUID(question_of(hub, proposal)["id"]), at=datetime.now(UTC)))

    assert question_of(leeds, proposal)["state"] == "asked"
