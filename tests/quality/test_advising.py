"""Gates on the advice at writing, on the labelled needs and the demo needs; `python -m bench.advising` reports on both parts."""

import pytest

from bench.advising import DEV, HELD_OUT, demo_needs, measured, product_names, read_labelled
from matcher.advising import AdviceKind, advice

SILENT = {AdviceKind.PRODUCT_NAMED, AdviceKind.NO_POPULATION, AdviceKind.NO_OUTCOME, AdviceKind.SEVERAL_PROBLEMS}


@pytest.mark.parametrize("part", [DEV, HELD_OUT])
def test_advice_is_right_when_it_is_given(part):
    rows = [each for each in read_labelled() if each.part == part]

    counts = measured(rows, product_names()).values()

    assert sum(each.right for each in counts) >= 0.95 * sum(each.given for each in counts)
    assert sum(each.right for each in counts) >= 0.85 * sum(each.due for each in counts)


def test_needs_that_people_wrote_with_care_are_told_little():
    told = [{each.kind for each in advice(need, names=product_names())} for need in demo_needs()]

    assert set().union(*told) & SILENT == set()
    assert sum(not kinds for kinds in told) >= 20
