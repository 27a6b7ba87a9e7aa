"""One's own account: in which role one acts, mail, a copy of what is held, the end; and colleagues by invitation."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from models.links import Invitation
from models.mail import Message
from models.people import Person, Role, RoleGrant
from models.queries import people
from tests import factories
from tests.pages import HOSTILE, PAGE, Faults, read, words


def several(session, **values):
    """Somebody of the Hub who is of Leeds too."""
    person = factories.make_person(session, Role.HUB, name="Officer of both", **values)
    person.grants.append(RoleGrant(role=Role.PLACE, place_id=factories.make_place(session).id))
    session.flush()
    return person


def post(browser, path, **form):
    return browser.post(path, data=form, headers=PAGE)


class TestAccount:
    def test_it_says_who_one_is_and_what_one_may_do(self, client_as):
        page = words(read(client_as(Role.PLACE, email="leeds@example.org"), "/account").text)

        assert "Name Place officer E-mail address leeds@example.org Role Place team of Leeds" in page
        assert "The role that you act in" not in page
        assert "Invite a colleague" in page

    def test_who_has_no_role_is_told_what_to_do(self, client_as):
        page = read(client_as(None), "/account").text

        assert "You have no role yet. Ask a colleague" in words(page)
        assert 'href="/colleagues"' not in page

    def test_strangers_are_sent_to_sign_in_and_machines_have_no_account(self, client, client_with_key):
        assert read(client, "/account").headers["location"] == "/sign-in?next=%2Faccount"
        assert read(client_with_key(), "/account").status_code == 403

    def test_who_holds_several_roles_acts_in_one_until_they_choose_again(self, client_of, make):
        browser = client_of(make(several))
        make(factories.make_proposal)
        both = read(browser, "/proposals").text

        chosen = post(browser, "/account/role", role="place")
        as_place = [read(browser, "/triage").status_code, read(browser, "/proposals").text, read(browser, "/events").text]
        post(browser, "/account/role", role="all")

        assert "Matches to decide" in both
        assert "You act in the role that you chose" in chosen.text
        assert "Officer of both (as Place team)" in words(chosen.text)
        assert re.search(r'value="place" checked', chosen.text)
        assert as_place[0] == 403
        assert "Proposed matches" in as_place[1]
        assert "Act in another of your roles" in as_place[2]
        assert "(as " not in read(browser, "/account").text
        assert read(browser, "/events").status_code == 200

    @pytest.mark.parametrize("role", ["", "lead", "<b>"])
    def test_a_role_that_is_not_held_is_refused(self, client_of, make, role):
        reply = post(client_of(make(several)), "/account/role", role=role)

        assert (reply.status_code, 'href="#role"' in reply.text, 'id="role"' in reply.text) == (422, True, True)

    def test_how_often_mail_comes_is_kept(self, client_as):
        browser = client_as(Role.INNOVATOR)

        begun, changed = read(browser, "/account").text, post(browser, "/account/mail", digest="off")
        wrong = post(browser, "/account/mail", digest="hourly")

        assert re.search(r'value="weekly" checked', begun)
        assert re.search(r'value="off" checked', changed.text)
        assert "We saved how often you want this mail" in changed.text
        assert (wrong.status_code, "Choose how often you want this mail" in wrong.text) == (422, True)

    def test_all_that_is_held_comes_as_a_file(self, client_as):
        reply = client_as(Role.BOARD, email="board@example.org").get("/account/export")

        assert reply.headers["content-disposition"] == 'attachment; filename="what-is-held-about-me.json"'
        assert reply.json()["tables"]["person"][0]["email"] == "board@example.org"
        assert "password" not in reply.text

    def test_an_account_is_deleted_by_whoever_says_that_they_mean_it(self, client_of, make, transaction):
        person = make(factories.make_person, Role.INNOVATOR)
        browser = client_of(person)

        asked, unsure = read(browser, "/account/delete"), post(browser, "/account/delete")
        done = post(browser, "/account/delete", sure="yes")
        again = browser.post("/account/delete", data={"sure": "yes"}, headers=PAGE, follow_redirects=False)

        assert "delete it first" in asked.text
        assert (unsure.status_code, 'href="#sure"' in unsure.text) == (422, True)
        assert ("Your account is deleted" in done.text, "Sign out" in done.text) == (True, False)
        assert again.status_code == 401
        with transaction() as session:
            assert people.by_id(session, person.id).erased_at

    def test_the_last_lead_stays(self, client_as):
        reply = post(client_as(Role.LEAD), "/account/delete", sure="yes")

        assert (reply.status_code, "only lead of the Hub" in reply.text) == (409, True)

    def test_a_name_is_text(self, client_as):
        page = read(client_as(Role.HUB, name=HOSTILE), "/account").text

        assert Faults.of(page) == []
        assert page.count("&lt;script&gt;alert(1)") == 2


class TestColleagues:
    def test_a_place_brings_a_colleague_in(self, client_as, client, transaction):
        browser = client_as(Role.PLACE)
        empty = words(read(browser, "/colleagues").text)
        into = re.search(r'name="into" value="([^"]+)"', read(browser, "/colleagues").text)[1]

        done = post(browser, "/colleagues", email="new@example.org", into=into)
        again = post(browser, "/colleagues", email="new@example.org", into=into)

        assert "They come in as: Place team of Leeds" in empty
        assert "Nobody was invited yet" in empty
        assert "The invitation is on its way" in done.text
        assert words(again.text).count("new@example.org") == 2  # in the list, and on its button
        assert "Waiting" in words(done.text)
        with transaction() as session:
            assert [row.address for row in session.query(Message)] == ["new@example.org"]

    def test_who_is_of_several_chooses_where_a_colleague_belongs(self, client_of, make, transaction):
        def of_two(session):
            person = factories.make_person(session, Role.INNOVATOR)
            person.grants.append(RoleGrant(role=Role.PLACE, place_id=factories.make_place(session, "WAK").id))
            session.flush()
            return person

        browser = client_of(make(of_two))
        page = read(browser, "/colleagues").text
        choices = re.findall(r'name="into" type="radio" value="([^"]+)"', page)

        unsaid = post(browser, "/colleagues", email="new@example.org")
        forged = post(browser, "/colleagues", email="new@example.org", into="lead:None")
        for number, each in enumerate(choices):
            post(browser, "/colleagues", email=f"new{number}@example.org", into=each)

        assert "Innovator of Example supplier" in words(page)
        assert [unsaid.status_code, forged.status_code, 'href="#into"' in unsaid.text] == [422, 422, True]
        assert 'value="new@example.org"' in unsaid.text
        with transaction() as session:
            assert {row.role for row in session.query(Invitation)} == {Role.PLACE, Role.INNOVATOR}

    @pytest.mark.parametrize(("email", "message"), [("", "Enter your colleague"), ("nobody", "That is no e-mail address")])
    def test_an_address_that_is_none_is_told(self, client_as, email, message):
        browser = client_as(Role.INNOVATOR)
        into = re.search(r'name="into" value="([^"]+)"', read(browser, "/colleagues").text)[1]

        reply = post(browser, "/colleagues", email=email, into=into)

        assert (reply.status_code, message in reply.text, 'href="#email"' in reply.text) == (422, True, True)

    def test_too_many_invitations_are_told(self, client_of, make):
        person = make(factories.make_person, Role.PLACE)
        browser = client_of(person)
        into = re.search(r'name="into" value="([^"]+)"', read(browser, "/colleagues").text)[1]
        for number in range(20):
            make(_invited, person, address=f"n{number}@example.org", made_at=datetime.now(UTC))

        reply = post(browser, "/colleagues", email="new@example.org", into=into)

        assert (reply.status_code, "Invite the others tomorrow" in reply.text) == (422, True)

    def test_each_invitation_says_how_it_stands_and_what_waits_is_taken_back(self, client_of, make):
        person, now = make(factories.make_person, Role.PLACE), datetime.now(UTC)
        accepted = {"accepted_at": now, "accepted_by": person.id}
        for name, values in (("waits", {}), ("came", accepted), ("back", {"taken_back_at": now}), ("old", {"expires_at": now})):
            make(_invited, person, address=f"{name}@example.org", **values)
        browser = client_of(person)

        page = words(read(browser, "/colleagues").text)
        ids = re.findall(r'action="/colleagues/([^"/]+)/take-back"', read(browser, "/colleagues").text)
        done = post(browser, f"/colleagues/{ids[0]}/take-back")

        for told in ("waits@example.org Waiting", "came@example.org Came in", "back@example.org Taken back", "old@example.org Too old"):
            assert told in page
        assert len(ids) == 1
        assert "You took the invitation back" in done.text
        assert "waits@example.org Taken back" in words(done.text)

    def test_what_was_accepted_meanwhile_is_told(self, client_of, make):
        person, now = make(factories.make_person, Role.PLACE), datetime.now(UTC)
        row = make(_invited, person, accepted_at=now, accepted_by=person.id)

        reply = post(client_of(person), f"/colleagues/{row.id}/take-back")

        assert (reply.status_code, "This invitation was accepted" in reply.text) == (409, True)

    def test_others_see_nothing_of_it(self, client_as, client_of, make):
        row = make(_invited, make(factories.make_person, Role.PLACE))

        page = read(client_as(Role.PLACE, place="WAK"), "/colleagues").text
        reply = post(client_as(Role.PLACE, place="WAK"), f"/colleagues/{row.id}/take-back")

        assert ("new@example.org" in page, reply.status_code) == (False, 404)
        assert [read(client_as(role), "/colleagues").status_code for role in (Role.HUB, Role.BOARD)] == [403, 403]

    def test_the_lead_is_shown_the_way_to_every_role(self, client_as):
        page = read(client_as(Role.LEAD), "/colleagues").text

        assert ('href="/people/invite"' in page, "Send the invitation" in page) == (True, False)


def _invited(session, person: Person, **values):
    now = datetime.now(UTC)
    said = {"address": "new@example.org", "role": Role.PLACE, "place_id": person.grants[0].place_id, "invited_by": person.id}
    said |= {"made_at": now - timedelta(minutes=1), "expires_at": now + timedelta(days=13)}
    row = Invitation(**said | values)
    session.add(row)
    session.flush()
    return row


class TestSignIn:
    def test_a_link_is_asked_for_in_the_same_words_whoever_the_address_is(self, client, make, transaction, app):
        make(factories.make_person, Role.HUB, email="hub@example.org")

        known, unknown = (post(client, "/sign-in/link", address=each) for each in ("hub@example.org", "nobody@example.org"))
        app.state.runner.run_due()

        assert words(known.text) == words(unknown.text)
        assert "one is on its way" in known.text
        with transaction() as session:
            assert [row.address for row in session.query(Message)] == ["hub@example.org"]

    @pytest.mark.parametrize(("address", "message"), [("", "Enter your e-mail address"), ("<script>", "That is no e-mail address")])
    def test_an_address_that_is_none_is_told_and_kept(self, client, address, message):
        reply = post(client, "/sign-in/link", address=address, next="/proposals")

        assert (reply.status_code, message in reply.text, 'href="#address"' in reply.text) == (422, True, True)
        assert 'name="next" value="/proposals"' in reply.text
        assert Faults.of(reply.text) == []

    def test_another_site_has_no_link_sent(self, client):
        assert client.post("/sign-in/link", data={"address": "a@example.org"}, headers={**PAGE, "Origin": "http://evil"}).status_code == 403

    def test_who_is_signed_in_may_sign_in_as_somebody_else(self, client_as, make):
        make(factories.make_person, Role.BOARD, email="board@example.org", name="Board officer")
        browser = client_as(Role.HUB)

        page = read(browser, "/sign-in").text
        with time_machine.travel(datetime.now(UTC), tick=False):
            post(browser, "/sign-in", email="board@example.org", password=factories.PASSWORD)

        assert "You are signed in as Hub officer" in page
        assert "Board officer" in read(browser, "/account").text
