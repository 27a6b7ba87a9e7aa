"""What lists say of themselves: nothing to tick where nothing can be done, and when a view of them can be kept."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient

from tests import triage
from tests.pages import read, words

NOW = datetime.now(UTC)
Make = Callable[..., Any]


def test_nothing_is_to_be_ticked_where_all_has_left_triage(hub: TestClient, make: Make) -> None:
    row = make(triage.submission, at=NOW)
    open_list = read(hub, "/triage").text
    make(lambda session: triage.conclude(session, row.id, triage.ARCHIVE, triage.officer(session), at=NOW))

    closed, refused = read(hub, "/triage?state=closed").text, read(hub, f"/triage/bulk?do=take&chosen={row.id}").text

    assert ('id="bulk"' in open_list, 'id="bulk"' in closed) == (True, False)
    assert ("None of these can be changed like this</h1>" in refused, "0 submissions" in refused) == (True, False)


def test_it_is_said_when_a_view_can_be_kept(hub: TestClient, make: Make) -> None:
    make(triage.submission, at=NOW)

    for path, narrowed in (("/triage", "who=nobody"), ("/proposals", "band=strong")):
        everything, some = (words(read(hub, address).text) for address in (path, f"{path}?{narrowed}"))
        told = "To keep a view of this list, choose filters first and press Show."
        assert (told in everything, told in some, "Keep this view" in some) == (True, False, True)
