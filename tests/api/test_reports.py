"""The board reads reports as JSON and CSV; an innovator answers one question by the link of a letter."""

import csv
import io
from datetime import UTC, datetime

import pytest

from api.services.reporting import ReportName
from models.feedback import QUESTION
from models.people import Role
from models.triage import OutcomeKind
from tests import factories
from tests.outcomes import make_outcome, token_of


@pytest.fixture
def board(client_as):
    return client_as(Role.BOARD)


@pytest.fixture
def token(make):
    return make(token_of, datetime.now(UTC))


def test_every_report_is_listed_and_can_be_read(board):
    listed = board.get("/api/v1/reports").json()

    assert [each["name"] for each in listed] == [name.value for name in ReportName]
    for each in listed:
        report = board.get(each["address"]).json()
        assert report["name"] == each["name"]
        assert all(set(row) == {column["name"] for column in report["columns"]} for row in report["rows"])


def test_a_report_comes_as_csv_under_its_name(board, make):
    make(factories.make_need, title="=HYPERLINK(1)", theme="Falls")

    reply = board.get("/api/v1/reports/needs-by-place", params={"format": "csv"})

    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == 'attachment; filename="needs-by-place.csv"'
    assert list(csv.reader(io.StringIO(reply.text)))[1][:3] == ["Falls", "LDS", "1"]


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ({"since": "2026-02-01", "until": "2026-01-01"}, "PeriodInvalid"),
        ({"since": "yesterday"}, "InvalidRequest"),
        ({"until": 20260101}, "InvalidRequest"),
        ({"format": "xlsx"}, "InvalidRequest"),
        ({"from": "2026-02-01"}, "InvalidRequest"),
    ],
)
def test_a_time_that_cannot_be_is_refused(board, asked, title):
    reply = board.get("/api/v1/reports/barriers", params=asked)

    assert (reply.status_code, reply.json()["title"]) == (422, title)


@pytest.mark.parametrize("name", ReportName)
def test_the_first_and_the_last_day_that_there_are_can_be_asked_for(board, name):
    reply = board.get(f"/api/v1/reports/{name}", params={"since": "1900-01-01", "until": "2200-12-31"})

    assert reply.status_code == 200, reply.text


def test_there_is_no_report_of_another_name(board):
    assert board.get("/api/v1/reports/secrets").status_code == 422


def test_a_place_reads_no_reports(client_as):
    assert client_as(Role.PLACE).get("/api/v1/reports/exposure").status_code == 403


def test_feedback_is_given_once_by_the_link_and_reported(client, board, token):
    given = client.post(f"/api/v1/feedback/{token}", json={"answer": "partly", "comment": "Whom do I call?"})

    assert (given.status_code, given.json()["answer"]) == (201, "partly")
    again = client.post(f"/api/v1/feedback/{token}", json={"answer": "yes"})
    assert (again.status_code, again.json()["title"]) == (410, "LinkSpent")
    (row,) = board.get("/api/v1/reports/feedback").json()["rows"]
    assert row == {"outcome": "archive", "outcomes": 1, "answers": 1, "yes": 0, "partly": 1, "no": 0}


def test_a_second_link_to_the_same_question_finds_it_answered(client, make):
    from api.services import feedback

    outcome = make(make_outcome, OutcomeKind.ACTIVE)
    first, second = (
        make(feedback.invite, outcome.id, person_id=outcome.given_by, at=datetime.now(UTC)).rpartition("/")[2] for _ in range(2)
    )
    client.post(f"/api/v1/feedback/{first}", json={"answer": "no"})

    again = client.post(f"/api/v1/feedback/{second}", json={"answer": "yes"})

    assert (again.status_code, again.json()["title"]) == (409, "AnsweredBefore")


def test_a_question_about_what_was_deleted_says_so(client, make):
    from uuid import uuid4

    from api.services import feedback

    person = make(factories.make_person)
    token = make(feedback.invite, uuid4(), person_id=person.id, at=datetime.now(UTC)).rpartition("/")[2]

    assert client.post(f"/api/v1/feedback/{token}", json={"answer": "yes"}).status_code == 410


def test_the_page_keeps_what_was_typed_and_thanks_once(client, token):
    address, html = f"/feedback/{token}", {"Accept": "text/html"}

    assert QUESTION in client.get(address, headers=html).text
    wrong = client.post(address, data={"comment": "For 943 476 5919"}, headers=html)
    assert (wrong.status_code, "There is a problem" in wrong.text, "943 476 5919" in wrong.text) == (422, True, True)
    done = client.post(address, data={"answer": "yes", "comment": ""}, headers=html)
    assert (done.status_code, "Thank you" in done.text) == (200, True)
    assert client.get(address, headers=html).status_code == 410
