import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, Qrel, R, ScoredDoc, calc_aggregate, nDCG

from matcher.metrics import mean_interval, ndcg, recall, reciprocal_rank

IDS = [f"d{number:02}" for number in range(40)]
GAINS = {0: 0, 1: 1, 2: 3, 3: 7}


@settings(max_examples=40, deadline=None)
@given(
    ranking=st.permutations(IDS).map(lambda ids: ids[:30]),
    grades=st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1).filter(lambda grades: max(grades.values()) >= 2),
)
def test_figures_are_those_of_ir_measures(ranking, grades):
    qrels = [Qrel("q", document_id, grade) for document_id, grade in grades.items()]
    run = [ScoredDoc("q", document_id, -float(rank)) for rank, document_id in enumerate(ranking)]

    reference = calc_aggregate([nDCG(gains=GAINS) @ 10, RR(rel=2), R(rel=2) @ 10], qrels, run)

    assert ndcg(ranking, grades, k=10) == pytest.approx(reference[nDCG(gains=GAINS) @ 10])
    assert reciprocal_rank(ranking, grades, relevant_from=2) == pytest.approx(reference[RR(rel=2)])
    assert recall(ranking, grades, k=10, relevant_from=2) == pytest.approx(reference[R(rel=2) @ 10])


def test_nothing_relevant_gives_nothing():
    assert ndcg(["a"], {"a": 0}, k=10) == 0
    assert recall(["a"], {"a": 1}, k=10, relevant_from=2) == 0
    assert reciprocal_rank(["a"], {"a": 1}, relevant_from=2) == 0


def test_an_interval_holds_the_mean_and_is_the_same_on_every_run():
    values = [0.0, 1.0, 0.5, 0.25] * 10

    low, high = mean_interval(values)

    assert low < sum(values) / len(values) < high
    assert mean_interval(values) == (low, high)
    assert mean_interval([0.5]) == (0.5, 0.5)


def test_an_interval_needs_a_value():
    with pytest.raises(ValueError, match="at least"):
        mean_interval([])
