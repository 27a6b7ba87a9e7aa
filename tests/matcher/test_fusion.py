import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.fusion import best_first, reciprocal_rank_fusion, weighted_sum
from matcher.types import Candidate

ids = st.text("abcdef", min_size=1, max_size=2)
rankings = st.dictionaries(ids, st.floats(-5, 5), max_size=8).map(best_first)


def ranking(*ids):
    return [Candidate(document_id, float(-place)) for place, document_id in enumerate(ids)]


def test_a_document_earns_from_each_ranking_that_holds_it():
    fused = reciprocal_rank_fusion([ranking("a", "b"), ranking("b", "c")], k=60)

    assert fused == [Candidate("b", 1 / 62 + 1 / 61), Candidate("a", 1 / 61), Candidate("c", 1 / 62)]


def test_equal_totals_are_ordered_by_id():
    assert [candidate.id for candidate in reciprocal_rank_fusion([ranking("b", "a"), ranking("a", "b")])] == ["a", "b"]


def test_a_negative_k_is_refused():
    with pytest.raises(ValueError, match="negative"):
        reciprocal_rank_fusion([], k=-1)


def test_scores_are_weighted_within_their_own_ranking():
    dense = [Candidate("a", 0.9), Candidate("b", 0.5), Candidate("c", 0.1)]
    lexical = [Candidate("c", 30.0), Candidate("d", 10.0)]

    fused = weighted_sum(dense, lexical, lexical_weight=0.2)

    assert [candidate.id for candidate in fused] == ["a", "b", "c", "d"]
    assert [candidate.score for candidate in fused] == pytest.approx([0.8, 0.4, 0.2, 0.0])


def test_a_ranking_of_equal_scores_counts_fully_and_an_empty_one_not_at_all():
    assert weighted_sum([Candidate("b", 0.3), Candidate("a", 0.3)], [], lexical_weight=0.5) == [Candidate("a", 0.5), Candidate("b", 0.5)]


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_outside_the_unit_interval_is_refused(weight):
    with pytest.raises(ValueError, match="lexical_weight"):
        weighted_sum([], [], lexical_weight=weight)


@given(st.lists(rankings, max_size=4), st.integers(0, 100))
def test_rank_fusion_keeps_every_document_once_and_its_scores_in_bounds(several, k):
    fused = reciprocal_rank_fusion(several, k=k)

    assert {candidate.id for candidate in fused} == {candidate.id for one in several for candidate in one}
    assert len({candidate.id for candidate in fused}) == len(fused)
    assert all(0 < candidate.score <= len(several) / (k + 1) + 1e-12 for candidate in fused)
    assert fused == sorted(fused, key=lambda candidate: (-candidate.score, candidate.id))


@given(rankings, rankings, st.floats(0, 1))
def test_the_weighted_sum_stays_in_the_unit_interval(dense, lexical, weight):
    fused = weighted_sum(dense, lexical, lexical_weight=weight)

    assert {candidate.id for candidate in fused} == {candidate.id for candidate in [*dense, *lexical]}
    assert all(0 <= candidate.score <= 1 + 1e-12 for candidate in fused)
