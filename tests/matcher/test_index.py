import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.index import VectorIndex


def unit_rows(rng, rows, dimension=16):
    vectors = rng.standard_normal((rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def brute_force(ids, vectors, query, k, allowed=None):
    """Every inner product in float64, sorted by score then id."""
    scored = [
        (-float(vector.astype(np.float64) @ query.astype(np.float64)), document_id)
        for document_id, vector in zip(ids, vectors, strict=True)
    ]
    return [(document_id, -score) for score, document_id in sorted(scored) if allowed is None or document_id in allowed][:k]


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 300),
    k=st.integers(1, 60),
    copies=st.integers(0, 80),
    allow=st.none() | st.floats(0, 1),
)
def test_the_answer_is_that_of_brute_force(seed, rows, k, copies, allow):
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng, rows)
    vectors = np.concatenate([vectors, np.repeat(vectors[:1], copies, axis=0)])
    ids = [f"d{number}" for number in rng.permutation(len(vectors))]
    allowed = None if allow is None else {document_id for document_id in ids if rng.random() < allow}
    queries = np.concatenate([unit_rows(rng, 2), vectors[:1]])

    answers = VectorIndex(ids, vectors).search(queries, k, allowed)

    for query, answer in zip(queries, answers, strict=True):
        expected = brute_force(ids, vectors, query, k, allowed)
        assert [candidate.id for candidate in answer] == [document_id for document_id, _ in expected]
        np.testing.assert_allclose([candidate.score for candidate in answer], [score for _, score in expected], atol=1e-6)


def test_equal_vectors_are_ordered_by_id_however_many_there_are():
    vectors = np.repeat(unit_rows(np.random.default_rng(1), 1), 500, axis=0)
    ids = [f"d{number:03d}" for number in range(500)][::-1]

    (answer,) = VectorIndex(ids, vectors).search(vectors[:1], 5)

    assert [candidate.id for candidate in answer] == ["d000", "d001", "d002", "d003", "d004"]


def test_a_score_does_not_depend_on_the_batch():
    rng = np.random.default_rng(2)
    index = VectorIndex([f"d{number}" for number in range(900)], unit_rows(rng, 900, 384))
    queries = unit_rows(rng, 400, 384)

    assert index.search(queries, 20) == [index.search(query[None], 20)[0] for query in queries]


@pytest.mark.parametrize(("k", "allowed"), [(0, None), (3, []), (3, ["elsewhere"])])
def test_where_nothing_may_be_found_the_answer_is_empty(k, allowed):
    vectors = unit_rows(np.random.default_rng(3), 2)

    assert VectorIndex(["a", "b"], vectors).search(vectors, k, allowed) == [[], []]


def test_an_id_allowed_twice_is_found_once():
    vectors = unit_rows(np.random.default_rng(7), 50)

    (answer,) = VectorIndex([f"d{number}" for number in range(50)], vectors).search(vectors[:1], 9, ["d1", "d0", "d1"])

    assert [candidate.id for candidate in answer] == ["d0", "d1"]


def test_an_index_of_nothing_answers(tmp_path):
    empty = VectorIndex([], np.empty((0, 16), dtype=np.float32))
    empty.write(tmp_path / "index")

    for index in (empty, VectorIndex.read(tmp_path / "index", [])):
        assert index.search(unit_rows(np.random.default_rng(4), 1), 3) == [[]]
        assert index.vectors.shape == (0, 16)


def test_a_file_read_again_answers_alike(tmp_path):
    vectors = unit_rows(np.random.default_rng(5), 50)
    index = VectorIndex([f"d{number}" for number in range(50)], vectors)
    index.write(tmp_path / "index")

    again = VectorIndex.read(tmp_path / "index", index.ids)

    assert again.search(vectors, 10) == index.search(vectors, 10)
    np.testing.assert_array_equal(again.vectors, vectors)
    np.testing.assert_array_equal(again.vectors_of(["d3", "d1"]), vectors[[3, 1]])
    assert len(again) == 50


@pytest.mark.parametrize("ids", [["a"], ["a", "a"]])
def test_ids_that_do_not_fit_the_vectors_are_refused(ids):
    with pytest.raises(ValueError, match="for 2 vectors"):
        VectorIndex(ids, unit_rows(np.random.default_rng(6), 2))
