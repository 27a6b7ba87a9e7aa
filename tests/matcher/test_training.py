"""From decisions to other weights: few move little, many enough, none across a sign, and what teaches nothing nothing."""

from dataclasses import replace

import numpy as np
import pytest

from matcher.calibration import Calibration
from matcher.learning_report import Change, on_later, on_other_needs
from matcher.pairing import FEATURES
from matcher.rankers import read_ranker_file
from matcher.training import FIXED, PULLS, TooFewDecisions, check_enough, log_odds, train
from tests.rankers import decide

SHIPPED = read_ranker_file().calibration
PROTECTED = {
    "age", "disability", "sex", "gender", "race", "ethnicity", "religion", "belief", "orientation", "pregnancy", "maternity",
    "marriage", "partnership", "reassignment", "diversity", "origin", "size",
}  # fmt: skip


def weight(calibration: Calibration, name: str) -> float:
    return calibration.weights[FEATURES.index(name)]


def moved(count: int) -> float:
    found = train(decide(count, needs=60), SHIPPED, FEATURES).calibration
    # Scaling all weights alike changes no order, so that the weight is told against another's.
    return weight(found, "settings") / weight(found, "whole") - weight(SHIPPED, "settings") / weight(SHIPPED, "whole")


def test_few_decisions_move_little_and_many_move_more():
    little, more = moved(40), moved(400)

    assert 0 <= little < more
    assert more > 0.1


def test_decisions_by_the_rankers_own_taste_leave_it_as_it_was():
    decided = decide(200)
    odds = log_odds(SHIPPED, np.array([each.features for each in decided]))
    agreed = [replace(each, fits=bool(found > 0)) for each, found in zip(decided, odds, strict=True)]

    found = train(agreed, SHIPPED, FEATURES)

    ratio = np.array(found.calibration.weights) / np.array(SHIPPED.weights)
    taught = [ratio[at] for at, name in enumerate(FEATURES) if name not in FIXED]
    assert np.std(taught) < 0.2 * np.mean(taught)


def test_no_weight_changes_its_sign_and_the_rules_stand():
    contrary = [replace(each, fits=not each.fits) for each in decide(500, liking="settings")]

    found = train(contrary, SHIPPED, FEATURES).calibration

    assert weight(found, "settings") >= 0
    for name, before, after in zip(FEATURES, SHIPPED.weights, found.weights, strict=True):
        assert before * after >= 0, name
        assert name not in FIXED or after == before, name


def test_a_feature_that_never_varied_is_not_taught():
    found = train(decide(100), SHIPPED, FEATURES).calibration

    steeper = weight(found, "inequalities") / weight(SHIPPED, "inequalities")
    assert weight(found, "areas") / weight(SHIPPED, "areas") == pytest.approx(steeper, abs=1e-4)


def test_the_same_decisions_train_the_same_ranker():
    assert train(decide(80), SHIPPED, FEATURES) == train(decide(80), SHIPPED, FEATURES)


def test_probabilities_come_nearer_to_what_is_confirmed():
    lenient = [replace(each, fits=each.fits or number % 3 == 0) for number, each in enumerate(decide(300))]
    features = np.array([each.features for each in lenient])

    found = train(lenient, SHIPPED, FEATURES).calibration

    true = np.mean([each.fits for each in lenient])
    said = [np.mean(1 / (1 + np.exp(-log_odds(each, features)))) for each in (SHIPPED, found)]
    assert abs(said[1] - true) < 0.05 < abs(said[0] - true)


def test_ten_decisions_are_refused_with_what_is_missing():
    with pytest.raises(TooFewDecisions) as refused:
        check_enough(decide(10, needs=3))

    assert "20 more decisions (10 of 30)" in str(refused.value)
    assert "2 more needs with a decision (3 of 5)" in str(refused.value)


def test_one_sided_decisions_are_refused():
    confirmed = [replace(each, fits=True) for each in decide(100)]

    with pytest.raises(TooFewDecisions, match=r"it takes 5 more rejections because the pair does not fit \(0 of 5\)\.$"):
        check_enough(confirmed)
    with pytest.raises(TooFewDecisions, match="All decisions say the same"):
        train(confirmed, SHIPPED, FEATURES)


def test_enough_decisions_are_enough():
    check_enough(decide(30))


def test_nobody_is_judged_by_what_is_protected():
    assert not [name for name in FEATURES if PROTECTED & set(name.split("_"))]


def test_decisions_on_one_need_alone_are_held_against_nothing_else():
    alone = [replace(each, need="one") for each in decide(60)]

    assert train(alone, SHIPPED, FEATURES).pull == max(PULLS)


def test_later_decisions_are_told_by_weights_of_the_earlier():
    decided = decide(300, needs=40)

    found = on_later(decided, SHIPPED, FEATURES)

    assert found is not None
    assert found.decisions == 90
    assert found.log_loss.after < found.log_loss.before
    assert found.brier.interval[1] < 0
    assert found.ndcg is not None
    assert found.ndcg.after > found.ndcg.before
    assert found.to_json()["ndcg@10"]["difference"] == found.ndcg.after - found.ndcg.before


def test_earlier_decisions_that_all_say_the_same_tell_nothing_of_later_ones():
    decided = [replace(each, fits=number > 70) for number, each in enumerate(decide(100))]

    assert on_later(decided, SHIPPED, FEATURES) is None


def test_decisions_are_told_by_weights_of_other_needs():
    found = on_other_needs(decide(200), SHIPPED, FEATURES)

    assert (found.decisions, found.log_loss.needs) == (200, 20)
    assert found.log_loss.interval[1] < 0


def test_needs_beside_which_all_say_the_same_are_told_by_the_weights_before():
    alone = [replace(each, need="one" if each.fits else "other") for each in decide(40)]

    found = on_other_needs(alone, SHIPPED, FEATURES)

    assert found.log_loss.before == found.log_loss.after
    assert found.ndcg is None
    assert found.to_json()["ndcg@10"] is None


def test_a_change_without_a_need_is_none():
    with pytest.raises(ValueError, match="needs a value"):
        Change.of([], [])
