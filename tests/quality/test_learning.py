"""Simulated reviewers of known taste: training on what they decide helps on needs nobody decided on, and early on does no harm."""

import numpy as np
import pytest

from bench.learning import REPORTED, read_sample, trials
from matcher.ranking import load_ranker

SEEDS = range(2000, 2003)
TASTES = [taste for taste in REPORTED if taste.name in {"setting", "population", "gist", "the shipped ranker's again, a third confirmed"}]
TO_LEARN = [taste for taste in TASTES if taste.times]


@pytest.fixture(scope="module")
def outcomes():
    """Some six hundred needs of those that the figures in the decision record are of, with their first candidates."""
    ranker = load_ranker()
    return list(trials(read_sample(ranker), TASTES, SEEDS, before=ranker.file.calibration))


def of(outcomes, taste, decisions):
    return [each for each in outcomes if each.taste == taste.name and each.decisions == decisions]


@pytest.mark.parametrize("taste", TO_LEARN, ids=lambda taste: taste.name)
def test_three_hundred_decisions_help_surely(outcomes, taste):
    found = of(outcomes, taste, 300)

    assert len(found) == len(SEEDS)
    assert np.mean([each.gain for each in found]) > 0.01
    assert sum(each.interval[0] > 0 for each in found) == len(SEEDS)


@pytest.mark.parametrize("taste", TASTES, ids=lambda taste: taste.name)
def test_thirty_decisions_do_no_harm(outcomes, taste):
    assert min(each.gain for each in of(outcomes, taste, 30)) >= -0.01
