"""The page of one submission: what is shown, a verdict on each pair, the outcome with its letter, and who was faster."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.people import Role
from models.proposals import Band
from models.queries import triage as rows
from tests import factories, triage
from tests.pages import PAGE, read, words


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def received(make: Callable[..., Any]) -> Callable[..., Any]:
    """`received(2)`: a submission with so many pairs to judge; `pairs` and `id` of it."""

    def submission(count: int = 1, **values: Any) -> tuple[Any, list[Any]]:
        row = make(triage.submission, at=now(), **values)

        def propose(session: Any, number: int) -> Any:
            innovation = rows.by_id(session, row.id).innovation
            need = factories.make_need(session, title=f"Need {number}")
            strong = number == 1
            return factories.make_proposal(
                session, need, innovation, probability=0.95 - number / 100, band=Band.STRONG if strong else Band.POSSIBLE
            )

        return row.id, [make(propose, number).id for number in range(1, count + 1)]

    return submission


def send(client: TestClient, path: str, **form: Any) -> Any:
    return client.post(f"/triage/{path}", data={"version": "1"} | form, headers=PAGE)


def test_a_submission_stands_beside_its_best_need(hub: TestClient, received: Callable[..., Any]) -> None:
    found, pairs = received(2)

    page = read(hub, f"/triage/{found}")

    said = words(page.text)
    assert page.status_code == 200
    assert "Waits to be read" in said
    assert "Match with Need 1" in said
    assert "<mark>Adults wait years fo</mark>r" in page.text
    assert "<mark>Assessments for ADHD</mark>" in page.text
    assert f'href="/triage/{found}?pair={pairs[1]}"' in page.text
