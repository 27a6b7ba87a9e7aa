import math

import pytest

from matcher.calibration import Calibration, brier_skill, calibration_error, reliability
from matcher.types import Band

CALIBRATION = Calibration(weights=(2.0, -1.0), intercept=-1.0, possible=0.3, strong=0.6)


def test_a_probability_is_the_logistic_of_the_weighted_features():
    assert CALIBRATION.probability((1.0, 0.5)) == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert CALIBRATION.probability((0.5, 0.0)) == 0.5


def test_features_of_another_ranker_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        CALIBRATION.probability((1.0,))


@pytest.mark.parametrize(("probability", "band"), [(0.6, Band.STRONG), (0.59, Band.POSSIBLE), (0.3, Band.POSSIBLE), (0.29, Band.WEAK)])
def test_a_border_belongs_to_the_band_above(probability, band):
    assert CALIBRATION.band(probability) is band


def test_bins_are_of_equal_count_and_in_order():
    bins = reliability([0.9, 0.1, 0.2, 0.8], [True, False, True, True], bins=2)

    assert [(each.count, each.said, each.observed) for each in bins] == [
        (2, pytest.approx(0.15), 0.5),
        (2, pytest.approx(0.85), 1.0),
    ]


def test_there_are_no_more_bins_than_pairs():
    assert len(reliability([0.5, 0.6], [True, False], bins=5)) == 2


def test_the_calibration_error_is_the_mean_distance_of_the_bins():
    assert calibration_error([0.0, 0.0, 1.0, 1.0], [False, False, True, True], bins=2) == 0.0
    assert calibration_error([0.5, 0.5, 0.5, 0.5], [True, True, True, True], bins=2) == 0.5


def test_brier_skill_is_one_for_the_truth_and_zero_for_the_base_rate():
    outcomes = [True, False, False, False]

    assert brier_skill([1.0, 0.0, 0.0, 0.0], outcomes) == 1.0
    assert brier_skill([0.25] * 4, outcomes) == pytest.approx(0.0)


def test_brier_skill_needs_both_outcomes():
    with pytest.raises(ValueError, match="All outcomes"):
        brier_skill([0.5, 0.5], [True, True])
