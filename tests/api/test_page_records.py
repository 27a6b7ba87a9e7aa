"""What the lists and the records say in each of their states, in words that people use."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.documents import Readability, Visibility
from models.innovations import InnovationStatus, Stage
from models.needs import CriterionKind, NeedStatus
from models.proposals import ProposalState
from tests import factories
from tests.pages import PAGE, read, words


def test_the_first_page_says_how_many_needs_are_open_to_everybody(client: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_need)
    make(factories.make_need, visibility=Visibility.HUB_ONLY)
    make(factories.make_need, status=NeedStatus.DRAFT, opened_at=None)

    assert "1 need is open for everybody to read" in words(read(client, "/").text)


def test_the_first_page_of_the_hub_names_what_to_decide_next(hub: TestClient, make: Callable[..., Any]) -> None:
    empty = words(hub.get("/", headers=PAGE).text)
    make(factories.make_proposal)

    assert "No match waits for a decision" in empty
    assert "Computer test of attention and activity for: People wait too long" in words(hub.get("/", headers=PAGE).text)


@pytest.mark.parametrize(
    ("path", "empty"), [("/needs", "There are no needs to show yet"), ("/innovations", "There are no innovations to show yet")]
)
def test_an_empty_list_says_so(hub: TestClient, path: str, empty: str) -> None:
    assert empty in hub.get(path, headers=PAGE).text
    assert "Nothing fits these filters" in hub.get(f"{path}?q=zebra", headers=PAGE).text


def test_needs_are_found_by_words_place_and_status(client: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_need, title="Falls at home", places=("LDS",))
    make(factories.make_need, title="Waits for scans", places=("WAK",))
    make(factories.make_need, title="Closed already", places=("WAK",), status=NeedStatus.CLOSED)

    def shown(query: str) -> set[str]:
        return {title for title in ("Falls at home", "Waits for scans", "Closed already") if title in read(client, f"/needs{query}").text}

    assert shown("") == {"Falls at home", "Waits for scans"}
    assert shown("?status=all") == {"Falls at home", "Waits for scans", "Closed already"}
    assert shown("?q=FALLS&place=&status=") == {"Falls at home"}
    assert shown("?place=WAK&status=open") == {"Waits for scans"}


def test_a_long_list_goes_on_page_by_page(client: TestClient, make: Callable[..., Any]) -> None:
    for number in range(25):
        make(factories.make_need, title=f"Need number {number:02}")

    first = read(client, "/needs?place=LDS").text
    following = re.search(r'href="(/needs\?[^"]*after=[^"]*)"', first)
    assert following is not None
    second = read(client, following[1].replace("&amp;", "&")).text

    titles = [set(re.findall(r"Need number \d\d", page)) for page in (first, second)]
    assert (len(titles[0]), len(titles[1])) == (20, 5)
    assert not titles[0] & titles[1]
    assert 'href="/needs?place=LDS"' in second


@pytest.mark.parametrize("query", ["?place=XXX", "?status=draft", "?nonsense=1", "?after=nonsense"])
def test_an_unknown_filter_is_refused_in_words(client: TestClient, query: str) -> None:
    reply = read(client, f"/needs{query}")

    assert reply.status_code == 422
    assert "Something is not right" in reply.text


def test_innovations_are_listed_with_what_holds_them(hub: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_innovation, name="Agreed to", stage=Stage.ADOPTION)
    make(factories.make_innovation, name="Not agreed to", consent_by="", consent_at=None)

    reply = words(hub.get("/innovations?status=submitted", headers=PAGE).text)

    assert "Agreed to Sent in Example supplier · Stage: Adoption" in reply
    assert "Not agreed to Sent in Held: no consent" in reply
    assert "Not agreed to" not in hub.get("/innovations?stage=ADOPTION", headers=PAGE).text


def test_a_need_shows_its_fields_by_label_and_what_is_made_up(hub: TestClient, make: Callable[..., Any]) -> None:
    need = make(
        factories.make_need,
        criteria=((CriterionKind.MINIMUM_STAGE, "ADOPTION"), (CriterionKind.DTAC, "")),
        areas=["HOSPITAL_TO_COMMUNITY"],
        by_when=date(2027, 3, 31),
        review_date=date(2020, 1, 1),
        open_to_improvement_methods=False,
        illustrative=["by_when"],
        source="A public report.",
        source_url="https://example.org/report",
        verified=False,
        places=("BDC", "CAL", "KIR", "LDS", "WAK"),
    )

    said = words(hub.get(f"/needs/{need.id}", headers=PAGE).text)

    assert "Minimum stage: Adoption DTAC in place" in said
    assert "Hospital to community" in said
    assert "By when Illustrative 31 March 2027" in said
    assert "Open to improvement methods No" in said
    assert "Source: A public report ( example.org ). Not checked against the source yet." in said
    assert "Review overdue" in said
    assert "Bradford District and Craven Calderdale Kirklees Leeds Wakefield" in said


def test_an_innovation_shows_stage_standards_and_evidence(hub: TestClient, make: Callable[..., Any]) -> None:
    evidence = {"submit_type": "REAL_WORLD", "evidence_type": "OTHER", "summary": "Fewer visits.", "dated_on": "2025-01-31"}
    row = make(
        factories.make_innovation,
        stage=Stage.SPREAD,
        standards=[{"type": "DTAC", "has_met": "IN_PROGRESS"}],
        evidences=[evidence],
        requires_smartphone=True,
    )

    said = words(hub.get(f"/innovations/{row.id}", headers=PAGE).text)

    assert "How far it has come Spread" in said
    assert "Digital Technology Assessment Criteria (DTAC): being worked on" in said
    assert "Real-world evidence. Other. Fewer visits. (31 January 2025)" in said
    assert "Needs a smartphone Yes" in said


def test_without_an_encoder_the_page_says_that_ranking_is_not_available(hub: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need)

    reply = hub.get(f"/needs/{need.id}", headers=PAGE)

    assert reply.status_code == 200
    assert "Ranking is not available" in words(reply.text)
    assert "Nothing fits" not in reply.text


def test_who_is_not_signed_in_is_invited_to_see_the_matches(client: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need)

    reply = read(client, f"/needs/{need.id}")

    assert f'href="/sign-in?next=/needs/{need.id}"' in reply.text
    assert "Change what it says" not in reply.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": NeedStatus.WITHDRAWN}, "We do not look for matches, because this need is withdrawn"),
        ({"readability": Readability.FOREIGN_LANGUAGE}, "The text is not in English"),
        ({"readability": Readability.EMPTY}, "There is too little text to look for matches"),
    ],
)
def test_what_is_not_ranked_says_why(hub: TestClient, make: Callable[..., Any], values: dict[str, Any], said: str) -> None:
    need = make(factories.make_need, **values)

    assert said in words(hub.get(f"/needs/{need.id}", headers=PAGE).text)


def test_a_held_innovation_says_why(hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(factories.make_innovation, consent_by="", consent_at=None)

    said = words(hub.get(f"/innovations/{row.id}", headers=PAGE).text)

    assert "We hold this innovation" in said
    assert "We do not look for matches while the innovation is held" in said


def test_a_skipped_and_a_superseded_proposal_do_not_wait(hub: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_proposal, state=ProposalState.SUPERSEDED)
    make(factories.make_proposal, innovation=make(factories.make_innovation, status=InnovationStatus.WITHDRAWN))

    assert "No match waits for a decision" in hub.get("/proposals", headers=PAGE).text
