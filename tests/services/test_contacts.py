"""Whom to write to about a match: the Hub knows all; a place its own people, and who offers it once they were introduced."""

import pytest

from api.services import contacts
from models.actors import Actor, NotAllowed
from models.people import Role
from tests import factories, place_answers, triage
from tests.place_answers import staff

pytestmark = pytest.mark.both


@pytest.fixture
def match(session):
    """An announced match of Leeds and Wakefield, with somebody on each side."""
    for key in ("LDS", "WAK"):
        factories.make_person(session, Role.PLACE, place=key, name=f"Lead of {key}")
    triage.innovator(session)
    return place_answers.announced(session, factories.make_need(session, places=("LDS", "WAK")))


def named(found):
    return [(place, [person.name for person in people]) for place, people in found.places], [person.name for person in found.offering]


def test_the_hub_is_told_of_everybody(session, match):
    found = contacts.of_match(session, match, actor=staff(session))

    assert named(found) == ([("Leeds", ["Lead of LDS"]), ("Wakefield", ["Lead of WAK"])], ["Managing director"])
    assert not found.after_meeting


def test_a_place_is_told_of_its_own_people_and_of_the_others_once_it_was_introduced(session, match):
    leeds, wakefield = (staff(session, Role.PLACE, place=key, name=f"Second of {key}", active=False) for key in ("LDS", "WAK"))
    before = contacts.of_match(session, match, actor=leeds)
    place_answers.introduced(session, match, "LDS")

    after, others = (contacts.of_match(session, match, actor=each) for each in (leeds, wakefield))

    assert named(before) == ([("Leeds", ["Lead of LDS"])], [])
    assert (before.after_meeting, after.after_meeting, others.after_meeting) == (True, False, True)
    assert named(after)[1] == ["Managing director"]
    assert named(others)[1] == []


def test_the_pipeline_is_told_of_nobody_and_a_stranger_not_even_of_the_match(session, match):
    pipeline = Actor(name="key:1", shown_as="Pipeline", roles=frozenset({Role.PIPELINE}))

    assert named(contacts.of_match(session, match, actor=pipeline)) == ([], [])
    with pytest.raises(NotAllowed):
        contacts.of_match(session, match, actor=staff(session, Role.BOARD))
