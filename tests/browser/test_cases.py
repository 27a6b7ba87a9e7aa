"""No page is left unseen: every address that shows one has a case, and every case has an address."""

from collections import Counter

from api.main import create_app
from api.settings import Settings
from tests.browser.cases import all_cases, html_routes
from tests.browser.sites import PEOPLE


def test_every_page_has_a_case() -> None:
    routes = set(html_routes(create_app(Settings(reads_per_minute=0))))
    shown = {case.route for case in all_cases() if case.route}

    assert routes - shown == set(), "Give each a Case in tests/browser/cases, or declare a response_class when it is no page."
    assert shown - routes == set(), "No route answers there any more."


def test_no_two_cases_are_the_same() -> None:
    assert [name for name, count in Counter(map(str, all_cases())).items() if count > 1] == []


def test_whoever_sees_a_case_can_sign_in() -> None:
    assert {case.who for case in all_cases()} <= {"", *PEOPLE}
