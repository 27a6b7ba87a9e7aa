import numpy as np
import pytest
from scipy.stats import binomtest, permutation_test
from sklearn.metrics import roc_auc_score

from matcher.metrics import macro_interval, macro_mean, mean_interval
from matcher.significance import area_under_curve, bootstrap_p, holm, randomisation_p, wilson

BETTER = [0.1, 0.2, 0.05, 0.3, -0.05, 0.15, 0.2, 0.1]
EVEN = [0.1, -0.1, 0.2, -0.2, 0.0, 0.05, -0.05]


def test_a_steady_gain_is_unlikely_by_chance_and_an_even_one_is_not():
    assert bootstrap_p([BETTER]) < 0.05
    assert randomisation_p([BETTER]) < 0.05
    assert bootstrap_p([EVEN]) > 0.5
    assert randomisation_p([EVEN]) > 0.5


def test_the_randomisation_is_that_of_scipy():
    exact = permutation_test((BETTER,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue

    assert randomisation_p([BETTER]) == pytest.approx(exact, abs=0.01)


def test_no_difference_at_all_has_a_p_of_one():
    assert bootstrap_p([[0.0] * 5]) == 1
    assert randomisation_p([[0.0] * 5]) == 1


def test_a_p_is_never_zero_and_the_same_on_every_run():
    steady = [0.1] * 50

    assert 0 < randomisation_p([steady]) == randomisation_p([steady]) <= 0.001
    assert 0 < bootstrap_p([steady]) == bootstrap_p([steady]) <= 0.001


def test_a_loss_is_as_unlikely_as_a_gain():
    assert bootstrap_p([[-each for each in BETTER]]) < 0.05
    assert randomisation_p([[-each for each in BETTER]]) == pytest.approx(randomisation_p([BETTER]), abs=0.01)


def test_each_set_counts_alike():
    large, small = [0.0] * 90, [1.0] * 10

    low, high = macro_interval([large, small])

    assert macro_mean([large, small]) == low == high == 0.5
    assert randomisation_p([large, small]) < 0.05
    assert macro_interval([BETTER]) == mean_interval(BETTER)


@pytest.mark.parametrize("sets", [[], [[]], [[0.1], []]])
def test_a_set_without_a_value_has_no_figures(sets):
    with pytest.raises(ValueError, match="at least"):
        bootstrap_p(sets)


def test_holm_corrects_the_least_most_and_keeps_their_order():
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(("count", "total"), [(0, 10), (10, 10), (3, 7), (160, 320)])
def test_the_interval_of_a_share_is_that_of_scipy(count, total):
    expected = binomtest(count, total).proportion_ci(method="wilson")

    assert wilson(count, total) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_of_none_nothing_is_known():
    assert wilson(0, 0) == (0, 1)


def test_the_area_under_the_curve_is_that_of_scikit_learn():
    lower, higher = [0.1, 0.4, 0.4, 0.2], [0.4, 0.8, 0.1]

    assert area_under_curve(lower, higher) == pytest.approx(roc_auc_score([0] * 4 + [1] * 3, lower + higher))
    assert area_under_curve([], higher) is None
    assert area_under_curve(lower, []) is None
