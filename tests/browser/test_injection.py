"""Whatever attackers write stays text: nothing of it runs, becomes an element or is reported by the policy, on any page."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.attacks import Attackers, Form
from tests.browser.cases import all_cases
from tests.browser.sites import served
from tests.payloads import PAYLOADS
from tests.poison import poison

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
AT_ONCE = 12
"""How many payloads stand in one text: others in each, so that every page has hundreds and is still quick to read."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A site in which attackers wrote everything: the columns that they wrote, what came through by page, and the forms."""

    attackers: Attackers
    columns: set[str]
    found: dict[str, list[str]]
    forms: list[Form]


@pytest.fixture(scope="module", params=[AT_ONCE, pytest.param(len(PAYLOADS), marks=pytest.mark.long)])
def looked(
    tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Looked]:
    """Every page as everybody sees it, after all words of people were replaced; at length, in every state of it too."""
    at_length = request.param == len(PAYLOADS)
    with served(tmp_path_factory.mktemp("attacked"), encoder_folder) as site:
        attackers = Attackers(site, browser)
        with site.app.state.database.transaction() as session:
            columns = poison(session, each=request.param)
        pages = {(each.route, each.who if at_length else "", each.path if at_length else ""): each for each in all_cases()}
        found: dict[str, list[str]] = {}
        forms: dict[tuple[str, tuple[str, ...]], Form] = {}
        for (route, _, state), case in pages.items():
            found[f"{route} {case.who or 'nobody'} {state}"] = attackers.look(case.who, site.path(case.path))
            for form in attackers.forms(case.who):
                forms.setdefault((form.action, form.fields), form)
        yield Looked(attackers, columns, found, list(forms.values()))
        attackers.close()


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) >= 200


def test_whatever_the_database_holds_is_text_on_every_page(looked: Looked) -> None:
    assert {"need.title", "need.problem", "innovation.name", "organisation.name", "person.name", "message.body"} <= looked.columns
    assert {page: each for page, each in looked.found.items() if each} == {}


@pytest.mark.long
def test_whatever_is_typed_into_a_form_is_text_on_the_page_that_answers(looked: Looked) -> None:
    texts = cycle("\n".join(PAYLOADS[first::11]) for first in range(11))

    found = {str(form): looked.attackers.send(form, list(islice(texts, len(form.fields)))) for form in looked.forms}

    assert sum(len(form.fields) for form in looked.forms) >= 11, "Every payload was typed somewhere."
    assert {form: each for form, each in found.items() if each} == {}
