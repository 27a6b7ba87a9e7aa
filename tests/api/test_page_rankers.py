"""Pages of rankers: what judges, what was trained with its report, letting one judge and going back."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.services.library import trained_file
from models.people import Role
from tests import rankers
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words


@pytest.fixture
def lead(client_as: Callable[..., TestClient]) -> TestClient:
    """A browser of the Hub's lead."""
    return client_as(Role.LEAD)


@pytest.fixture
def taught(make: Callable[..., Any], app: FastAPI, runner: Any) -> Any:
    """A trained ranker that does not judge."""
    return make(rankers.trained, app.state.libraries)


def send(browser: TestClient, path: str, **form: str) -> Any:
    """A form, as a browser without a script sends it; where it leads is followed."""
    return browser.post(path, data=form, headers=PAGE)


def test_without_a_trained_ranker_the_page_says_what_judges_and_how_one_is_trained(lead: TestClient, runner: Any) -> None:
    page = words(read(lead, "/rankers").text)

    assert "walk-3" in page
    assert "“Possible” begins at a chance of 0." in page
    assert "None yet. When enough decisions were taken" in page
    assert "Go back to the ranker before" not in page


def test_a_report_tells_before_and_after_and_how_sure_it_is(lead: TestClient, taught: Any) -> None:
    shown = read(lead, "/rankers/taught").text
    page = words(shown)

    assert 'href="/manage" aria-current="true"' in shown
    assert "60 decisions" in page
    assert "Decisions on other needs 20 needs" in page
    assert "Surprise (log loss; less is better)" in page
    assert "Not measured on wy, fp7-dev, fp7-dev-reverse" in page
    assert "by the service" in page


def test_the_lead_lets_one_judge_and_goes_back(lead: TestClient, taught: Any) -> None:
    shown = read(lead, "/rankers/taught")

    activated = send(lead, "/rankers/taught/activate", **version_shown(shown))
    twice = send(lead, "/rankers/taught/activate", **version_shown(shown))
    by_whom = words(read(lead, "/rankers/taught").text)
    back = send(lead, "/rankers/roll-back", **version_shown(activated))
    nowhere = send(lead, "/rankers/roll-back", version="3")

    assert "It judges from now on" in activated.text
    assert "taught , trained on decisions" in words(activated.text)
    assert (twice.status_code, "is active since you read it" in twice.text) == (409, True)
    assert "by Lead officer" in by_whom
    assert "The ranker that judged before judges again" in back.text
    assert (nowhere.status_code, "there is none to go back from" in nowhere.text) == (409, True)


def test_one_that_cannot_be_used_is_told_and_changes_nothing(lead: TestClient, taught: Any, app: FastAPI) -> None:
    trained_file(app.state.libraries.rankers_folder, "taught").unlink()

    reply = send(lead, "/rankers/taught/activate", version="1")

    assert (reply.status_code, "its file is gone or was changed" in reply.text) == (409, True)
    assert "Waits for you" in reply.text


def test_without_an_encoder_nothing_judges(lead: TestClient, make: Callable[..., Any]) -> None:
    make(rankers.make_ranker, state="active", activated_at=rankers.DECIDED_FROM)

    assert "No ranker can be used" in read(lead, "/rankers").text


def test_what_a_report_says_is_text(lead: TestClient, make: Callable[..., Any]) -> None:
    change = {"needs": 3, "before": 0.5, "after": 0.6, "difference": 0.1, "difference_ci95": [0.01, 0.2], "p": 0.1}
    sets = [{"dataset": HOSTILE, "ndcg@10": change}, {"dataset": "none", "ndcg@10": None}]
    make(rankers.make_ranker, report={"notices": [HOSTILE], "sets": sets}, trained_by="person:00000000-0000-4000-8000-000000000000")

    page = read(lead, "/rankers/taught").text

    assert Faults.of(page) == []
    assert "+0.010 to +0.200 Sure? Yes" in words(page)
    assert "somebody who has left" in page


def test_rankers_are_for_the_lead(hub: TestClient, make: Callable[..., Any]) -> None:
    make(rankers.make_ranker)

    assert [read(hub, path).status_code for path in ("/rankers", "/rankers/taught")] == [403, 403]
