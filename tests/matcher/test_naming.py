import pytest

from matcher.codes import lists as code_lists
from matcher.naming import Names, changes_told, conditions, effects, lists, people, settings
from matcher.types import Facet

NAMES = Names({"home": ["care home", "home*"], "gp": ["GP"], "heart": ["heart failure"], "failing": ["failure"]})


def named(names: Names, text: str) -> list[tuple[str, str]]:
    return [(found.key, text[found.start : found.end]) for found in names.find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A care home.", [("home", "care home")]),
        ("Two CARE HOMES and a homestead", [("home", "CARE HOMES"), ("home", "homestead")]),
        ("GPs, or a gp", [("gp", "GPs")]),
        ("heart failure", [("heart", "heart failure")]),
        ("heart. Failure", [("failing", "Failure")]),
        ("heart", []),
        ("Not for care homes. For homes", [("home", "homes")]),
        ("", []),
    ],
)
def test_a_name_is_found_where_it_stands_and_is_meant(text, found):
    assert named(NAMES, text) == found


def test_one_name_may_stand_for_two_keys():
    assert named(Names({"one": ["111"], "two": ["111", "999"]}), "Call 111") == [("one", "111"), ("two", "111")]


def test_what_only_hints_at_a_condition_does_not_name_it():
    assert not named(conditions(), "Inhalers for people in care homes")
    assert [key for key, _ in named(conditions(), "COPD flare-ups")] == ["RESPIRATORY_CONDITIONS_CHRONIC_OBSTRUCTIVE_PULMONARY_DISEASE"]


def test_settings_and_people_are_listed_under_codes_and_kinds_that_exist():
    assert set(lists()["settings"]) <= set(code_lists()[Facet.CARE_SETTINGS])
    assert {kind for pair in lists()["near"] for kind in pair} <= set(lists()["people"])
    assert set(lists()["staff"]) <= set(lists()["people"])
    assert named(settings(), "Used in practices") == [("PRIMARY_CARE", "practices")]
    assert named(people(), "Frail people at home") == [("older_people", "Frail"), ("at_home", "people at home")]


def test_words_of_one_change_are_told_as_one():
    assert changes_told("Faster and shorter; less pain.") == "sooner and sooner; fewer pain."
    assert named(effects(), "so that nobody waits") == [("effect", "so that")]
