"""The form of a need: four answers, the rest in groups, a coach that never blocks, and similar needs before it is opened."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.people import Role
from tests import factories
from tests.api.test_joint_needs import CALDERDALE, KIRKLEES
from tests.factories import PLACES
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words

FORM = {name: value for name, value in CALDERDALE.items() if isinstance(value, str)} | {
    "population": "Adults in Calderdale who were referred for an ADHD assessment",
    "places": "CAL",
    "then": "submit",
}
REST = {
    "patients_range": "UP_10000",
    "consequence_for_staff": "They write letters of apology.",
    "baseline": "150 weeks",
    "by_when-day": "1",
    "by_when-month": "4",
    "by_when-year": "2028",
    "asked": ["said_by", "criteria"],
    "said_by": ["patients", "staff"],
    "must_flags": ["no_smartphone", "dtac"],
    "must_stage": "ADOPTION",
    "must_settings": ["MENTAL_HEALTH"],
    "must_integrates_with": "SystmOne\r\n\r\nEMIS",
    "must_other": "Hosted in the UK",
    "theme": "Mental health",
    "open_to_improvement_methods": "no",
    "funding": "None yet",
    "decision_date-day": "",
}


@pytest.fixture
def teams(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> dict[str, TestClient]:
    for key in PLACES:
        make(factories.make_place, key)
    return {key: client_as(Role.PLACE, place=key) for key in ("KIR", "CAL")}


@pytest.fixture
def theirs(runner: Any, teams: dict[str, TestClient]) -> str:
    """Kirklees's open need, read and found by the matching."""
    found: str = teams["KIR"].post("/api/v1/needs", json={**KIRKLEES, "submit": True}).json()["id"]
    runner.run_due()
    return found


def write(client: TestClient, path: str = "/needs/new", **form: Any) -> Any:
    return client.post(path, data=form, headers=PAGE)


def test_the_four_answers_come_first_and_the_rest_is_folded(teams: dict[str, TestClient]) -> None:
    page = read(teams["CAL"], "/needs/new").text

    order = [page.index(f'id="{name}"') for name in ("population", "problem", "desired_outcome", "metric", "title", "places")]
    assert order == sorted(order)
    assert len(re.findall(r'<details class="nhsuk-details nhsuk-expander" id="group-\w+">', page)) == 5
    assert page.index('id="group-must"') > order[-1]
    assert Faults.of(page) == []


def test_everything_that_the_form_asks_is_kept_and_comes_back(teams: dict[str, TestClient]) -> None:
    reply = write(teams["CAL"], **FORM | REST)
    address = str(reply.url).split("?")[0].removeprefix("http://testserver")
    stored = teams["CAL"].get(f"/api/v1{address}").json()
    form = read(teams["CAL"], f"{address}/change")

    assert stored["patients_range"] == "UP_10000"
    assert (stored["by_when"], stored["decision_date"]) == ("2028-04-01", None)
    assert stored["said_by"] == ["patients", "staff"]
    assert stored["open_to_improvement_methods"] is False
    assert [(row["kind"], row["value"]) for row in stored["criteria"]] == [
        ("no_smartphone", ""),
        ("dtac", ""),
        ("minimum_stage", "ADOPTION"),
        ("care_setting", "MENTAL_HEALTH"),
        ("integrates_with", "SystmOne"),
        ("integrates_with", "EMIS"),
        ("other", "Hosted in the UK"),
    ]
    assert form.text.count('id="group-today" open') == 1
    assert "SystmOne\nEMIS</textarea>" in form.text
    assert 'value="2028"' in form.text
    assert re.search(r'value="dtac" checked|checked[^>]*value="dtac"', form.text)

    again = write(teams["CAL"], f"{address}/change", **FORM | {"must_stage": "", "asked": "criteria"} | version_shown(form))

    changed = teams["CAL"].get(f"/api/v1{address}").json()
    assert again.status_code == 200
    assert changed["criteria"] == []
    assert (changed["said_by"], changed["baseline"], changed["by_when"]) == (["patients", "staff"], "150 weeks", "2028-04-01")


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"by_when-day": "31", "by_when-month": "2", "by_when-year": "2027"}, "by_when", "By when: enter a day"),
        ({"review_date-day": "1", "review_date-month": "1", "review_date-year": "0001"}, "review_date", "Review due"),
        ({"asked": "criteria", "must_stage": "ADVANCED"}, "criteria", "Must-haves"),
        ({"asked": "said_by", "said_by": "everybody"}, "said_by", "Who said so: choose from the list"),
        ({"patients_range": "MANY"}, "patients_range", "choose from the list"),
        ({"funding": "NHS number 943 476 5919"}, "funding", "Remove an NHS number"),
        ({"owning_organisation": "ZZZ"}, "owning_organisation", "Choose an organisation by its ODS code"),
    ],
)
def test_what_is_wrong_further_down_is_unfolded_and_told(
    teams: dict[str, TestClient], form: dict[str, str], field: str, message: str
) -> None:
    reply = write(teams["CAL"], **FORM | form)

    assert (reply.status_code, message in reply.text) == (422, True), words(reply.text)
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text
    assert 'id="group-' in reply.text
    assert " open>" in reply.text
    assert FORM["problem"] in words(reply.text)


def test_the_coach_tells_what_strikes_and_keeps_nothing(theirs: str, teams: dict[str, TestClient]) -> None:
    reply = write(teams["CAL"], **FORM | {"then": "check", "title": "", "metric": ""})
    said = words(reply.text)

    assert reply.status_code == 200
    assert "What strikes us" in said
    assert "How we would know" in said
    assert f'href="/needs/{theirs}"' in reply.text
    assert "Both speak of:" in said
    assert teams["CAL"].get("/api/v1/needs?q=grown-ups").json()["items"] == []


def test_the_coach_names_what_keeps_the_need_from_being_saved(teams: dict[str, TestClient]) -> None:
    asked = words(read(teams["CAL"], "/needs/new").text)
    bare = write(teams["CAL"], **FORM | {"then": "check", "title": "", "places": []})
    whole = words(write(teams["CAL"], **FORM | {"then": "check"}).text)
    said = words(bare.text)

    assert "Four answers, a title and the places are enough." in asked
    assert bare.status_code == 200
    assert (
        "You cannot save or open the need without it: Title : Enter a title for the need Places : Choose at least one place"
        in said.replace("Title: ", "Title : ").replace("Places: ", "Places : ")
    )
    assert ('href="#title"' in bare.text, 'href="#places"' in bare.text) == (True, True)
    assert ("keeps you from going on" in said, "Nothing to mend" in said) == (False, False)
    assert "still missing" not in whole


def test_a_draft_says_who_will_read_it_and_does_not_speak_of_staying_open(teams: dict[str, TestClient]) -> None:
    draft, opened = (words(write(teams["CAL"], **FORM | {"then": then}).text) for then in ("draft", "submit"))
    few = words(write(teams["CAL"], **FORM | {"then": "draft", "visibility": "partners"}).text)

    assert "Only you and the Hub can see it." in draft
    assert "When it is open: everybody can read this." in draft
    assert ("Everybody can read this" in draft, "stays open" in draft) == (False, False)
    assert "When it is open: NHS partners and the Hub can read this." in few
    assert ("Everybody can read this." in opened, "When it is open" in opened) == (True, False)


def test_what_may_not_be_kept_is_an_error_for_the_coach_too(teams: dict[str, TestClient]) -> None:
    reply = write(teams["CAL"], **FORM | {"then": "check", "problem": "NHS number 943 476 5919"})

    assert (reply.status_code, "Remove an NHS number" in reply.text) == (422, True)
    assert "What strikes us" not in reply.text


def test_without_an_encoder_the_coach_says_so_and_the_need_is_opened_all_the_same(teams: dict[str, TestClient]) -> None:
    checked = write(teams["CAL"], **FORM | {"then": "check", "places": "nowhere"})
    opened = write(teams["CAL"], **FORM)

    assert "We cannot look for similar needs at the moment" in words(checked.text)
    assert str(opened.url).endswith("?done=submitted")


def test_a_text_that_says_nothing_is_told_so(runner: Any, teams: dict[str, TestClient]) -> None:
    reply = write(teams["CAL"], then="check", title="Waiting", places="CAL")

    assert "Say more than a name" in words(reply.text)


def test_a_like_need_is_shown_before_mine_is_opened_once(theirs: str, teams: dict[str, TestClient]) -> None:
    looked = write(teams["CAL"], **FORM)
    alone = write(teams["CAL"], **FORM | {"seen": theirs, "join": "alone"})

    assert looked.status_code == 200
    assert "Before you open it" in words(looked.text)
    assert f'name="seen" value="{theirs}"' in looked.text
    assert "Yes, open mine and join it with: " in words(looked.text)
    assert str(alone.url).endswith("?done=submitted")


def test_it_is_opened_and_joined_in_one_step(theirs: str, teams: dict[str, TestClient]) -> None:
    reply = write(teams["CAL"], **FORM | {"seen": theirs, "join": theirs})
    said = words(reply.text)

    assert str(reply.url).endswith("?done=joined")
    assert "The need is open and joined with the other one" in said
    assert "This need and 1 more are looked at as one: 2 voices, 2 places" in said
    assert f'href="/needs/{theirs}"' in reply.text


def test_a_draft_joins_nothing_and_what_cannot_be_joined_is_told(theirs: str, teams: dict[str, TestClient], hub: TestClient) -> None:
    draft = write(teams["CAL"], **FORM | {"seen": theirs, "join": theirs, "then": "draft"})
    unknown = write(teams["CAL"], **FORM | {"seen": theirs, "join": str(factories.uuid4())})
    by_the_hub = write(hub, **FORM | {"places": ["CAL", "KIR"], "seen": theirs, "join": theirs})

    assert (draft.status_code, "Only an open need joins another" in draft.text) == (422, True)
    assert 'href="#join"' in draft.text
    assert 'id="join"' in draft.text
    assert (unknown.status_code, "There is no need of that id" in unknown.text) == (422, True)
    assert by_the_hub.status_code == 200
    assert teams["CAL"].get("/api/v1/needs?place=CAL&status=draft").json()["items"] == []


def test_whoever_changes_a_need_is_advised_and_sent_on_to_join(theirs: str, runner: Any, teams: dict[str, TestClient]) -> None:
    mine = teams["CAL"].post("/api/v1/needs", json={**CALDERDALE, "submit": True}).json()["id"]

    reply = write(teams["CAL"], f"/needs/{mine}/change", **FORM | {"then": "check", "version": "1"})

    assert f'href="/needs/{mine}/similar"' in reply.text
    assert "Save your changes first" in words(reply.text)
    assert f'href="/needs/{mine}">' in reply.text
    assert 'name="join"' not in reply.text


def test_hostile_text_stays_text_in_form_and_coach(theirs: str, teams: dict[str, TestClient]) -> None:
    hostile = dict.fromkeys(("title", "population", "problem", "metric", "theme", "must_other", "by_when-day", "join", "seen"), HOSTILE)

    for then in ("check", "submit"):
        reply = write(teams["CAL"], **FORM | hostile | {"then": then, "asked": "criteria"})
        assert Faults.of(reply.text) == []
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in reply.text


def coach_of(page: str) -> str:
    """The words of the coach's panel."""
    return words(page[page.index('id="coach"') :].split("</section>", maxsplit=1)[0])


def test_similar_needs_open_beside_what_was_typed_and_say_whose_words_are_whose(teams: dict[str, TestClient], theirs: str) -> None:
    page = write(teams["CAL"], **FORM | {"then": "check"}).text

    assert re.search(rf'<a href="/needs/{theirs}" target="_blank" rel="noopener">[^<]+ \(opens in a new tab\)</a>', page)
    assert "Other metrics. Yours says:" in coach_of(page)
    assert "Theirs says:" in coach_of(page)
    assert "The first need" not in coach_of(page)


@pytest.mark.usefixtures("runner")
def test_the_coach_notices_a_thing_to_buy_and_says_each_word_once(teams: dict[str, TestClient]) -> None:
    said = FORM | {
        "then": "check",
        "problem": "We need an app with AI from Acme.",
        "desired_outcome": "An app is bought.",
        "population": "Patients",
    }

    told = coach_of(write(teams["CAL"], **said).text)

    assert "“We need an app” names what should be bought or built." in told
    assert "“An app is bought” names what should be bought or built." in told
    assert told.count("“Patients”") == 1


@pytest.mark.usefixtures("runner")
def test_the_coach_does_not_praise_what_it_cannot_read(teams: dict[str, TestClient]) -> None:
    address = "https://www.example-integrated-care-board-of-west-yorkshire.nhs.uk/documents/2026/falls-strategy-final-version-3.pdf"
    odd = {"population": "Frail people over 80 who fall at home", "problem": f"See {address} for falls at home", "title": "Falls"}
    little = {"desired_outcome": "Fewer falls", "metric": "Falls per month"}

    told = coach_of(write(teams["CAL"], **FORM | odd | little | {"then": "check"}).text)

    assert "Nothing to mend" not in told
    assert "We cannot say anything of it yet. The text says nothing that can be read." in told
