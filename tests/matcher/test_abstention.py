import json

from matcher.abstention import STEPS, Asked, NothingFits

TASK = NothingFits(
    asked=(
        Asked(has_answer=True, best=0.9, says_nothing_fits=False),
        Asked(has_answer=True, best=0.3, says_nothing_fits=True),
        Asked(has_answer=False, best=0.2, says_nothing_fits=True),
        Asked(has_answer=False, best=0.6, says_nothing_fits=False),
    )
)


def test_it_is_right_of_a_query_without_an_answer():
    found = TASK.figures

    assert (found.precision, found.recall, found.said) == (0.5, 0.5, 2)
    assert (found.answerable, found.unanswerable) == (2, 2)


def test_a_threshold_takes_the_place_of_the_ranker():
    assert TASK.at(0.25).precision == 1.0
    assert TASK.at(0.7).recall == 1.0
    assert (TASK.at(0.1).precision, TASK.at(0.1).recall) == (0.0, 0.0)


def test_the_best_probability_is_judged_without_a_threshold():
    assert TASK.area_under_curve == 0.75


def test_where_every_query_has_an_answer_nothing_is_recalled():
    alone = NothingFits(asked=TASK.asked[:2])

    assert (alone.figures.recall, alone.area_under_curve) == (0.0, None)


def test_a_machine_gets_intervals_and_the_sweep():
    said = TASK.to_json()

    assert json.loads(json.dumps(said)) == said
    assert [each["threshold"] for each in said["sweep"]] == list(STEPS)
    assert [each["said"] for each in said["sweep"]] == sorted(each["said"] for each in said["sweep"])
    assert said["precision_ci95"][0] < said["precision"] < said["precision_ci95"][1]
    assert said["recall_ci95"][0] < said["recall"] < said["recall_ci95"][1]
