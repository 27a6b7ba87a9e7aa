import json

import pytest

from matcher.reporting import METRICS, Overall, Report, Timing
from matcher.systems import BASELINES, OURS
from matcher.types import Side


def report(name="set", **values):
    """A report whose systems have these nDCG@10, one a query; what is not named has a half of each."""
    queries = len(next(iter(values.values()))) if values else 0
    found = {system: values.get(system, [0.5] * queries) for system in (*BASELINES, OURS)}
    return Report(
        dataset=name,
        split="test",
        asking=Side.NEED,
        ranker="r",
        documents=3,
        queries=queries,
        answerable=tuple(f"q{place}" for place in range(queries)),
        per_query={system: dict.fromkeys(METRICS, each) for system, each in found.items()},
        trust=None,
        natural=None,
        removed=None,
        timings={},
        encoding=None,
        in_sample=False,
        runs={},
    )


GOOD = [0.9, 0.8, 0.95, 0.85, 0.9, 0.7, 0.8, 0.9, 0.9, 0.8]


def test_ours_is_ahead_where_both_tests_are_sure_of_it():
    verdicts = {
        each.baseline: each.verdict for each in report(matching=GOOD, dense=[each - 0.001 for each in GOOD[:-1]] + [0.9]).comparisons()
    }

    assert verdicts == {"bm25": "ahead", "dense": "level", "rrf": "ahead", "weighted": "ahead"}


def test_a_sure_loss_is_told_as_one():
    found = report(matching=[0.1] * 10, bm25=GOOD).comparisons()

    assert (found[0].verdict, found[0].queries) == ("behind", 10)
    assert found[0].above < 0
    assert found[0].interval[1] < 0


def test_what_is_sure_alone_may_not_be_sure_among_four():
    few = [0.6] * 6
    found = report(matching=few, dense=few, rrf=few, weighted=few).comparisons()[0]

    assert found.p_randomisation < 0.05 <= found.holm_randomisation
    assert found.verdict == "level"


def test_ours_is_first_where_it_shares_the_place():
    assert report(matching=[0.5]).first == OURS
    assert report(matching=[0.4]).first == "bm25"
    assert report().first is None


def test_sets_count_alike_and_those_without_answers_not_at_all():
    overall = Overall((report("one", matching=[1.0] * 9), report("two", matching=[0.0]), report("none")))

    assert overall.mean(OURS, "ndcg@10") == (0.5, (0.5, 0.5))
    assert (overall.firsts, overall.below_dense) == (1, ["two"])
    assert [each.dataset for each in overall.counted] == ["one", "two"]


def test_a_hundredth_below_dense_is_borne():
    assert Overall((report("near", matching=[0.495]),)).below_dense == []


def test_a_machine_gets_sets_and_means():
    said = Overall((report("one", matching=GOOD), report("two", matching=GOOD))).to_json()

    assert json.loads(json.dumps(said)) == said
    assert (said["overall"]["sets"], said["overall"]["first_on"]) == (2, 2)
    assert said["overall"]["systems"][OURS]["mrr"] == pytest.approx(0.85)
    assert said["overall"]["paired"]["dense"]["verdict"] == "ahead"


def test_without_any_answer_there_is_nothing_together():
    overall = Overall((report(),))

    assert overall.comparisons() == []
    assert overall.to_json()["overall"] is None


def test_times_are_told_by_their_middle_and_their_slow_end():
    said = Timing(tuple(range(101))).to_json()

    assert said == {"n": 101, "median": 50.0, "p95": 95.0}
