"""The scale of needs that are one: voices, places and people."""

from uuid import uuid4

import pytest

from models.actors import SYSTEM
from models.joint_needs import JointNeed, NotJoint, Scale, people_of
from tests import factories
from tests.factories import NOW

EVERYWHERE = ("BDC", "CAL", "KIR", "LDS", "WAK")


@pytest.fixture
def need(session):
    """A need of places, owned by the first of them unless it is said to be nobody's."""

    def make(*places, owned=True, **values):
        owner = factories.make_place(session, places[0]).id if owned else None
        return factories.make_need(session, places=places, owner_place_id=owner, **values)

    return make


def test_a_need_of_all_west_yorkshire_is_one_voice(need):
    scale = Scale.of([need(*EVERYWHERE, owned=False), need("CAL"), need("KIR")])

    assert (scale.voices, scale.places) == (3, EVERYWHERE)


def test_a_place_with_two_needs_is_one_voice_whoever_stated_them(need):
    assert Scale.of([need("CAL"), need("CAL"), need("CAL", owned=False)]).voices == 1


def test_an_organisation_speaks_for_itself(session, need):
    trust = factories.make_organisation(session, "A trust")
    other = factories.make_organisation(session, "Another trust")
    needs = [need("CAL", "KIR", owned=False, owner_organisation_id=each.id) for each in (trust, trust, other)]

    assert Scale.of(needs).voices == 2


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([("CAL", "UP_10000"), ("KIR", "BETWEEN_10000_500000")], (10_000, 510_000, 0)),
        ([("CAL", "BETWEEN_10000_500000"), ("CAL", "BETWEEN_10000_500000")], (10_000, 1_000_000, 0)),
        ([("CAL", "MORE_THAN_500000"), ("KIR", "UP_10000")], (500_000, None, 0)),
        ([("CAL", "BETWEEN_10000_500000"), ("KIR", "NOT_SURE")], (10_000, None, 1)),
        ([("CAL", None), ("KIR", "NOT_RELEVANT")], (0, None, 2)),
        ([("CAL", "BETWEEN_10000_500000"), ("KIR", "BETWEEN_10000_500000")], (20_000, 1_000_000, 0)),
    ],
)
def test_people_are_counted_in_bounds_and_nobody_twice(need, told, expected):
    people = people_of([need(place, patients_range=code) for place, code in told])

    assert (people.at_least, people.at_most, people.not_told) == expected


def test_who_is_in_none_cannot_leave(need):
    joint = JointNeed(created_by=SYSTEM.name, created_at=NOW, updated_at=NOW, version=1, memberships=[])

    with pytest.raises(NotJoint):
        joint.let_go(uuid4(), by=SYSTEM.name, at=NOW)
