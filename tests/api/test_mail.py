"""Mail over the API: what staff see and do, how much people want, and the one click that ends it."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.services import mailing, posting, transports
from api.services.envelopes import Sender
from models.jobs import JobRow
from models.mail import Message, MessageState
from models.people import Role
from models.queries import mail
from tests import factories, mails
from tests.factories import NOW
from tests.mailboxes import report
from tests.services.mail_examples import EXAMPLES

pytestmark = pytest.mark.both
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
OF_OTHERS = {"Origin": "https://mail.example.org", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def lead(client_as):
    return client_as(Role.LEAD)


@pytest.fixture
def somebody(make):
    return make(factories.make_person, Role.INNOVATOR)


def state(database, message_id):
    with database.reading() as session:
        return mail.one(session, message_id).state


# What staff see.


def test_staff_list_what_was_not_delivered_and_read_why(hub, make):
    make(mails.make_mail, state=MessageState.SENT)
    failed = make(mails.make_mail, last_error="The mail server said 554 Spam", template="match_ended")

    listed = hub.get("/api/v1/mail?state=failed").json()
    of_kind = hub.get("/api/v1/mail?template=match_ended").json()
    read = hub.get(f"/api/v1/mail/{failed.id}").json()

    assert [row["id"] for row in listed["items"]] == [row["id"] for row in of_kind["items"]] == [str(failed.id)]
    assert (read["address"], read["last_error"]) == (failed.address, "The mail server said 554 Spam")
    assert read["text"].startswith("Hello.\n")
    assert "text" not in listed["items"][0]


def test_the_list_is_read_page_by_page(hub, make):
    made = {str(make(mails.make_mail).id) for _ in range(3)}

    first = hub.get("/api/v1/mail?limit=2").json()
    second = hub.get("/api/v1/mail", params={"limit": 2, "after": first["next"]}).json()

    assert {row["id"] for row in first["items"] + second["items"]} == made
    assert second["next"] is None


@pytest.mark.parametrize("values", [{"template": "sign_in_link"}, {"address": "", "body": ""}])
def test_nobody_else_reads_a_secret_or_what_was_deleted(hub, make, values):
    row = make(mails.make_mail, **values)

    assert hub.get(f"/api/v1/mail/{row.id}").json()["text"] is None


@pytest.mark.parametrize("query", ["state=lost", "template=Digest!", "limit=0", "before=1", "after=nonsense"])
def test_a_filter_that_cannot_be_meant_is_refused(hub, query):
    assert hub.get(f"/api/v1/mail?{query}").status_code == 422


def test_mails_are_for_the_hub_alone(client, client_as, make):
    row = make(mails.make_mail)

    for role in (Role.INNOVATOR, Role.PLACE, Role.BOARD):
        visitor = client_as(role)
        answers = [visitor.get("/api/v1/mail"), visitor.get(f"/api/v1/mail/{row.id}"), visitor.get("/mail")]
        assert [answer.status_code for answer in answers] == [403] * 3
    assert client.get("/api/v1/mail").status_code == 401


# Sending again.


def test_the_lead_sends_a_mail_again_once(lead, hub, make, database):
    row = make(mails.make_mail, state=MessageState.UNSURE)
    path = f"/api/v1/mail/{row.id}/send-again"

    answers = [hub.post(path), lead.post(path), lead.post(path)]

    assert [answer.status_code for answer in answers] == [403, 200, 409]
    assert answers[1].json()["state"] == "queued"
    assert answers[2].json()["title"] == "MailNotSendable"
    with database.reading() as session:
        assert [job.arguments for job in session.scalars(select(JobRow).where(JobRow.name == "mail"))] == [{"message": str(row.id)}]


def test_a_mail_that_is_not_there_is_not_found(lead):
    path = f"/api/v1/mail/{factories.uuid4()}"

    assert [lead.get(path).status_code, lead.post(f"{path}/send-again").status_code] == [404, 404]


# What came back.


def test_a_report_is_taken_from_the_lead_or_a_key_of_theirs(lead, hub, client_with_key, make, database):
    rows = [make(mails.make_mail, state=MessageState.SENT) for _ in range(3)]
    bodies = [{"report": report(row.id).as_string()} for row in rows]

    answers = [
        teller.post("/api/v1/mail-bounces", json=body) for teller, body in zip((lead, client_with_key(Role.LEAD), hub), bodies, strict=True)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert [state(database, row.id) for row in rows] == [MessageState.BOUNCED, MessageState.BOUNCED, MessageState.SENT]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"report": "Hello"}, "NotABounce"),
        ({"report": ""}, "InvalidRequest"),
        ({"report": 5}, "InvalidRequest"),
        ({"report": "a" * 600_000}, "InvalidRequest"),
        ({"report": "a", "more": "b"}, "InvalidRequest"),
        ({"report": "a\x00"}, "ForbiddenCharacter"),
        ({}, "InvalidRequest"),
    ],
)
def test_what_is_no_report_is_refused_in_words(lead, body, title):
    answer = lead.post("/api/v1/mail-bounces", json=body)

    assert (answer.status_code, answer.json()["title"]) == (422, title)


# How much people want.


def test_people_say_how_much_mail_they_want(client_of, somebody):
    browser = client_of(somebody)

    before = browser.get("/api/v1/me/mail").json()
    changed = browser.patch("/api/v1/me/mail", json={"digest": "daily"}).json()

    assert [before, changed, browser.get("/api/v1/me/mail").json()] == [{"digest": "weekly"}, {"digest": "daily"}, {"digest": "daily"}]


@pytest.mark.parametrize("body", [{}, {"digest": "hourly"}, {"digest": None}, {"digest": "off", "watches": False}, [], None])
def test_what_cannot_be_wanted_is_refused(client_of, somebody, body):
    assert client_of(somebody).patch("/api/v1/me/mail", json=body).status_code == 422


def test_a_machine_wants_no_mail(client_with_key, client):
    key = client_with_key(Role.PIPELINE)

    assert [key.get("/api/v1/me/mail").status_code, client.get("/api/v1/me/mail").status_code] == [403, 401]


# One click.


def test_one_click_of_a_mail_programme_ends_the_digests_without_a_sign_in(app, client, make, somebody, database):
    token = make(mails.stop_token, somebody)

    looked = client.get(f"/unsubscribe/{token}", headers={"Accept": "text/html"})
    with database.reading() as session:
        still = mailing.wants(session, somebody.id)
    answers = [client.post(f"/unsubscribe/{token}", data=ONE_CLICK, headers=OF_OTHERS) for _ in range(2)]

    assert looked.status_code == 200
    assert f'action="/unsubscribe/{token}"' in looked.text
    assert still, "to look ends nothing"
    assert [answer.status_code for answer in answers] == [200, 200]
    with database.reading() as session:
        assert not mailing.wants(session, somebody.id)


def test_the_button_works_in_a_browser_that_is_signed_in_as_somebody_else(client_as, make, somebody, database):
    other = client_as(Role.PLACE)
    token = make(mails.stop_token, somebody)
    del other.headers["X-CSRF-Token"]

    assert other.post(f"/unsubscribe/{token}", headers={"Accept": "text/html"}).status_code == 200
    with database.reading() as session:
        assert not mailing.wants(session, somebody.id)


@pytest.mark.parametrize("token", ["nonsense", "A" * 44, "%00", "%C3%A4", "A" * 4000])
def test_a_link_that_is_not_ours_says_so(client, token):
    answers = [client.request(method, f"/unsubscribe/{token}", headers={"Accept": "text/html"}) for method in ("GET", "POST")]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert "This link is not whole" in answers[0].text


def test_the_link_of_a_mail_is_the_one_that_ends_it(client, make, somebody, database, tmp_path):
    def sent(session):
        mailing.post(session, "digest", mailing.to_person(somebody), once_key="1", at=NOW, **EXAMPLES["digest"])
        way = transports.FileTransport(tmp_path)
        posting.deliver_due(session, way, Sender("Needs", "hub@example.org", "http://testserver", "hub@example.org"), at=NOW)

    make(sent)
    (file,) = tmp_path.glob("*.eml")
    stop = next(line for line in file.read_text().splitlines() if line.startswith("List-Unsubscribe: "))
    address = stop.partition("<")[2].removesuffix(">")

    assert client.post(address, data=ONE_CLICK).status_code == 200
    with database.reading() as session:
        assert not mailing.wants(session, somebody.id)


def test_a_mail_that_is_sent_again_leaves_by_a_job(lead, make, runner, settings, database):
    row = make(mails.make_mail, state=MessageState.UNSURE)
    lead.post(f"/api/v1/mail/{row.id}/send-again")
    runner.run_due()

    (file,) = settings.mail_folder.glob(f"*-{row.id}.eml")
    assert f"Message-ID: <{row.id.hex}@localhost>" in file.read_text()
    assert state(database, row.id) is MessageState.SENT


# The demonstration.


@pytest.fixture
def demo(app, monkeypatch):
    monkeypatch.setitem(app.state._state, "settings", app.state.settings.model_copy(update={"demo": True}))
    return app.state.settings


def test_in_a_demonstration_staff_see_the_mails_as_they_would_arrive(demo, hub, make, database):
    def sent(session):
        person = factories.make_person(session)
        mailing.post(session, "sign_in_link", mailing.to_person(person), once_key="1", at=NOW, **EXAMPLES["sign_in_link"])
        posting.deliver_due(session, transports.FileTransport(demo.mail_folder), Sender.of(demo), at=NOW)

    make(sent)
    page = hub.get("/mail", headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert EXAMPLES["sign_in_link"]["token"] in page.text
    with database.reading() as session:
        assert session.scalars(select(Message.body)).all() == [""]


def test_elsewhere_the_page_tells_what_became_of_mails_and_not_what_they_say(hub, make):
    make(mails.make_mail, subject="For one person", body="Only they read this.")

    page = hub.get("/mail", headers={"Accept": "text/html"})

    assert (page.status_code, "For one person" in page.text, "Only they read this" in page.text) == (200, True, False)


def test_a_demonstration_without_mails_says_so(demo, hub):
    assert "No mail has been written yet." in hub.get("/mail", headers={"Accept": "text/html"}).text


# The command line.


def test_a_report_is_taken_from_a_file_or_a_pipe(ready, home, tmp_path):
    from api.db import Database
    from api.settings import settings

    database = Database(settings().url)
    with database.transaction() as session:
        rows = [mails.make_mail(session, state=MessageState.SENT) for _ in range(2)]
    (tmp_path / "bounce.eml").write_bytes(report(rows[0].id).as_bytes())
    told = [
        ready("mail", "bounce", tmp_path / "bounce.eml").stderr,
        ready("mail", "bounce", "-", input=report(rows[1].id).as_bytes()).stderr,
    ]
    refused = ready("mail", "bounce", "-", input=b"Hello", status=1).stderr
    missing = ready("mail", "bounce", tmp_path / "none.eml", status=1).stderr
    listed = ready("mail", "list", "--state", "bounced", "--json").stdout
    shown = ready("mail", "list").stdout
    again = ready("mail", "send-again", rows[0].id).stderr

    assert told == [f"Mail {row.id} is bounced.\n" for row in rows]
    assert "no delivery report" in refused
    assert "none.eml" in missing
    assert all(str(row.id) in listed for row in rows)
    assert "bounced" in shown
    assert again == "The mail is queued again.\n"
    database.dispose()


def test_a_stranger_cannot_tell_who_has_an_account_by_a_token(client: TestClient, make, somebody):
    known, gone = (
        make(mails.stop_token, somebody),
        make(lambda session: mailing.token_of(session, factories.uuid4(), next(iter(mailing._KINDS)))),
    )

    assert client.post(f"/unsubscribe/{known}").status_code == client.post(f"/unsubscribe/{gone}").status_code == 200
