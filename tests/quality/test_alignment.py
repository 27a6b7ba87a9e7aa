"""Gates on needs that align with the real encoder: the dev part chose the thresholds, and so is this.

The held-out part is left alone here, but for the opposites, of which none is ever joined; `python -m bench.alignment` reports
on both.
"""

from collections import Counter
from itertools import combinations

import pytest

from bench.alignment import DEV, HELD_OUT, measured, read_needs, read_wordings
from matcher import alignment
from matcher.ranking import load_ranker


@pytest.fixture(scope="module")
def wordings():
    return read_wordings()


@pytest.fixture(scope="module")
def needs(encoder, wordings):
    return read_needs(wordings, encoder, load_ranker().file)


def of_part(wordings, part):
    return [each for each in wordings if each.part == part]


def test_needs_that_are_one_are_found(wordings, needs):
    assert measured(of_part(wordings, DEV), needs, alignment.groups).f1 >= 0.85


@pytest.mark.parametrize("part", [DEV, HELD_OUT])
def test_no_opposites_are_joined(wordings, needs, part):
    outcome = measured(of_part(wordings, part), needs, alignment.groups)

    assert (list(outcome.joined), outcome.near >= 15) == ([], True)


def test_the_order_of_the_needs_makes_no_difference(wordings, needs):
    listed = list(needs.values())

    assert alignment.groups(listed) == alignment.groups(listed[::-1])


def test_a_pair_is_judged_alike_from_both_sides(needs):
    for one, other in combinations(list(needs.values())[:20], 2):
        assert alignment.likeness(one, other) == alignment.likeness(other, one)
        assert [each.what for each in alignment.differences(one, other)] == [each.what for each in alignment.differences(other, one)]


def test_there_are_enough_of_them_each_once(wordings):
    near = [each for each in wordings if each.near]
    told = [each for each in wordings if not each.near]

    several = [group for group, count in Counter(each.group for each in told).items() if count > 1]

    assert (len(told) >= 60, len(several) >= 20, len(near) >= 30) == (True, True, True)
    assert len({each.document.id for each in wordings}) == len(wordings)
    assert {each.of for each in near} <= {each.document.id for each in told}
