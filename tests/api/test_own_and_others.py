"""What people tried to see or change that is not theirs: somebody who moved on, a neighbour's draft, a colleague's file."""

from datetime import UTC, datetime

import pytest

from api.services import accounts
from models.actors import SYSTEM
from models.documents import Visibility
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Role
from models.proposals import ProposalState
from tests import factories
from tests.factories import ANY_VERSION

JOINT = {"title": "A need of two places", "problem": "People wait too long.", "places": ["LDS", "WAK"]}


@pytest.fixture
def places(make):
    return {key: make(factories.make_place, key).id for key in ("LDS", "WAK")}


@pytest.fixture
def move(transaction):
    """`move(person, Role.PLACE, place_id=…)`: the person leaves the roles that they have, and is given this one."""

    def moved(person, role, **where):
        with transaction() as session:
            known = accounts.person_of(session, person.email)
            for held in {grant.role for grant in known.grants}:
                accounts.revoke(session, known, held, at=datetime.now(UTC), actor=SYSTEM)
            accounts.grant(session, known, role, at=datetime.now(UTC), actor=SYSTEM, **where)

    return moved


def test_who_went_to_a_rival_leaves_the_drafts_of_the_old_firm_behind(client_of, make, move):
    person = make(factories.make_person, Role.INNOVATOR)
    rival = make(factories.make_organisation, "Rival")
    draft = client_of(person).post("/api/v1/innovations", json={"name": "A secret draft"}).json()["id"]

    move(person, Role.INNOVATOR, organisation_id=rival.id)

    gone = client_of(person)
    assert gone.get(f"/api/v1/innovations/{draft}").status_code == 404
    assert gone.patch(f"/api/v1/innovations/{draft}", json={"benefits": "None"}, headers=ANY_VERSION).status_code == 404
    assert gone.get("/api/v1/innovations").json()["items"] == []


def test_who_left_a_place_no_longer_changes_its_need(client_of, make, move, places):
    person = make(factories.make_person, Role.PLACE)
    need = client_of(person).post("/api/v1/needs", json=JOINT | {"submit": True}).json()["id"]

    move(person, Role.PLACE, place_id=places["WAK"])

    reply = client_of(person).post(f"/api/v1/needs/{need}/withdraw", headers=ANY_VERSION)
    assert (reply.status_code, reply.json()["detail"]) == (403, "Only who owns this need, or the Hub, may change it.")


def test_a_draft_that_names_a_neighbour_is_not_shown_to_it_before_it_is_open(client_as, places):
    leeds, wakefield = (client_as(Role.PLACE, place=key) for key in ("LDS", "WAK"))
    need = leeds.post("/api/v1/needs", json=JOINT | {"visibility": "hub_only"}).json()["id"]

    before = (wakefield.get(f"/api/v1/needs/{need}").status_code, wakefield.get("/api/v1/needs").json()["items"])
    leeds.post(f"/api/v1/needs/{need}/submit", headers=ANY_VERSION)
    opened = wakefield.get(f"/api/v1/needs/{need}").status_code
    leeds.post(f"/api/v1/needs/{need}/withdraw", headers=ANY_VERSION)

    assert before == (404, [])
    assert opened == 200
    assert wakefield.get(f"/api/v1/needs/{need}").status_code == 404


def test_a_draft_that_was_withdrawn_unopened_stays_hidden(client_as, places):
    leeds, wakefield = (client_as(Role.PLACE, place=key) for key in ("LDS", "WAK"))
    need = leeds.post("/api/v1/needs", json=JOINT).json()["id"]

    leeds.post(f"/api/v1/needs/{need}/withdraw", headers=ANY_VERSION)

    assert (leeds.get(f"/api/v1/needs/{need}").status_code, wakefield.get(f"/api/v1/needs/{need}").status_code) == (200, 404)


def test_a_neighbour_is_offered_no_button_that_would_be_refused(client_as, make, places):
    need = make(factories.make_need, places=("LDS", "WAK"), owner_place_id=places["LDS"])
    leeds, wakefield = (client_as(Role.PLACE, place=key) for key in ("LDS", "WAK"))

    assert f"/needs/{need.id}/change" in leeds.get(f"/needs/{need.id}").text
    assert f"/needs/{need.id}/change" not in wakefield.get(f"/needs/{need.id}").text
    assert wakefield.get(f"/needs/{need.id}/change").status_code == 403


def test_a_need_stays_its_places_while_it_concerns_it_and_not_longer(client_as, hub, places):
    leeds, wakefield = (client_as(Role.PLACE, place=key) for key in ("LDS", "WAK"))
    url = f"/api/v1/needs/{leeds.post('/api/v1/needs', json=JOINT | {'places': ['LDS'], 'submit': True}).json()['id']}"

    def may_change(client):
        return client.patch(url, json={"metric": "Weeks"}, headers=ANY_VERSION).status_code == 200

    leeds.patch(url, json={"places": ["WAK", "LDS"]}, headers=ANY_VERSION)
    joined = (may_change(leeds), may_change(wakefield))
    hub.patch(url, json={"places": ["WAK"]}, headers=ANY_VERSION)

    assert joined == (True, False)
    assert (may_change(leeds), may_change(wakefield)) == (False, True)


def test_the_pipeline_is_offered_what_it_may_do_with_what_it_brought_in(client_with_key):
    pipeline = client_with_key(Role.PIPELINE)
    draft = pipeline.post("/api/v1/innovations", json={"name": "From the national record", "supplier": "A firm"}).json()["id"]

    assert f"/innovations/{draft}/change" in pipeline.get(f"/innovations/{draft}").text
    assert pipeline.patch(f"/api/v1/innovations/{draft}", json={"benefits": "Fewer visits"}, headers=ANY_VERSION).status_code == 200
    assert client_with_key(Role.PIPELINE).get(f"/api/v1/innovations/{draft}").status_code == 404


def test_flags_of_a_match_are_for_staff(client_as, hub, make):
    flag = {"kind": "copied_need", "says": "Copied", "field": "description", "start": 0, "end": 5, "text": "Words"}
    proposal = make(factories.make_proposal, flags=["copied_text", flag])
    leeds = client_as(Role.PLACE)
    url = f"/api/v1/proposals/{proposal.id}"

    assert hub.get(url).json()["flags"] == [
        {"kind": "copied_text", "says": "Copied text", "field": None, "start": None, "end": None, "text": ""},  # as old rows have it
        flag,
    ]
    assert leeds.get(url).json()["flags"] == leeds.get("/api/v1/proposals").json()["items"][0]["flags"] == []
    assert "Take care" in hub.get(f"/proposals/{proposal.id}").text
    assert "Take care" not in leeds.get(f"/proposals/{proposal.id}").text


@pytest.mark.parametrize(
    "values",
    [
        {"visibility": Visibility.HUB_ONLY},
        {"visibility": Visibility.PUBLIC, "status": InnovationStatus.DRAFT},
        {"visibility": Visibility.PUBLIC, "consent_at": None, "consent_by": ""},
    ],
)
def test_a_rivals_text_is_in_no_list_search_or_match(client_as, runner, make, values):
    make(factories.make_innovation, supplier="Rival", name="SECRET-7731 monitor", **values)
    need = make(factories.make_need)
    runner.run_due()
    text = {"side": "need", "content": {"title": "SECRET-7731", "problem": "People wait for a SECRET-7731 monitor.", "places": ["LDS"]}}

    for role in (Role.INNOVATOR, Role.PLACE):
        asker = client_as(role)
        replies = [asker.get(f"/api/v1/innovations{query}") for query in ("", "?q=SECRET-7731", "?status=draft")]
        replies += [asker.get(f"/api/v1/needs/{need.id}/matches"), asker.post("/api/v1/matches", json=text)]
        replies += [asker.get(page) for page in ("/innovations?q=SECRET", f"/needs/{need.id}", "/proposals", "/")]
        assert ["monitor" in reply.text for reply in replies] == [False] * len(replies)
        assert {reply.status_code for reply in replies} <= {200, 403}


def test_a_hub_only_need_of_another_place_is_in_no_match(client_as, runner, make):
    make(factories.make_need, places=("WAK",), visibility=Visibility.HUB_ONLY, title="SECRET-7731")
    make(factories.make_need, places=("WAK",), status=NeedStatus.DRAFT, title="SECRET-7731 draft")
    innovation = make(factories.make_innovation)
    runner.run_due()

    for role in (Role.INNOVATOR, Role.PLACE, Role.PIPELINE):
        reply = client_as(role).get(f"/api/v1/innovations/{innovation.id}/matches")
        assert (reply.status_code, "SECRET" in reply.text) == (200, False)


def test_proposals_are_not_found_by_the_id_of_a_text_that_one_may_not_read(client_as, make):
    hidden = make(factories.make_innovation, visibility=Visibility.HUB_ONLY)
    need = make(factories.make_need)
    make(factories.make_proposal, need, hidden)
    leeds = client_as(Role.PLACE)

    for query in (f"innovation_id={hidden.id}", f"need_id={need.id}", "place=LDS", f"state={ProposalState.OPEN}"):
        assert leeds.get(f"/api/v1/proposals?{query}").json()["items"] == []


def test_an_imports_report_is_for_who_sent_it_and_the_hub(client_as, hub, places):
    sent = {"data": {"side": "need"}, "files": {"file": ("needs.csv", b"title,problem,places\nA need,People wait.,LDS\n")}}
    first, colleague = client_as(Role.PLACE), client_as(Role.PLACE)
    report = first.post("/api/v1/imports", **sent).headers["location"]

    assert [client.get(report).status_code for client in (first, hub, colleague)] == [200, 200, 404]


def test_a_need_that_a_place_imported_is_the_places_and_not_the_persons(client_of, client_as, runner, make, places):
    person = make(factories.make_person, Role.PLACE)
    file = b"title,problem,places\nA need of two,People wait too long for a visit.,WAK|LDS\n"
    client_of(person).post("/api/v1/imports", data={"side": "need"}, files={"file": ("needs.csv", file)})
    runner.run_due()
    (need,) = client_of(person).get("/api/v1/needs").json()["items"]
    url = f"/api/v1/needs/{need['id']}"

    colleague = client_as(Role.PLACE).patch(url, json={"metric": "Weeks"}, headers=ANY_VERSION)
    neighbour = client_as(Role.PLACE, place="WAK").patch(url, json={"metric": "Days"}, headers=ANY_VERSION)

    assert (colleague.status_code, neighbour.status_code) == (200, 403)
