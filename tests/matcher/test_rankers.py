import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from matcher.pairing import FEATURES
from matcher.rankers import DEFAULT, RankerDamaged, RankerMissing, read_ranker_file
from matcher.ranking import load_ranker

STORED = {
    "name": "mine",
    "encoder": "words@64",
    "weights": dict.fromkeys(FEATURES, 1.0),
    "intercept": -1.0,
    "bands": {"possible": 0.3, "strong": 0.6},
    "vocabulary": {"file": "mine.tsv", "sha256": "", "documents": 10},
    "reference": {"file": "mine.npy", "sha256": "", "needs": 2, "usual_need": 0.25, "usual_innovation": 0.5},
}
VECTORS = np.eye(3, 4, dtype=np.float16)


@pytest.fixture
def stored(tmp_path):
    """Write a ranker file with its vocabulary, changed as a test wants it."""
    table = b"nurs\t5\nwound\t2\n"
    (tmp_path / "mine.tsv").write_bytes(table)
    np.save(tmp_path / "mine.npy", VECTORS)
    digests = {"vocabulary": sha256(table).hexdigest(), "reference": sha256((tmp_path / "mine.npy").read_bytes()).hexdigest()}

    def write(**changed):
        content = {**STORED, **{part: {**STORED[part], "sha256": digest} for part, digest in digests.items()}, **changed}
        (tmp_path / "mine.json").write_text(json.dumps(content))
        return tmp_path / "mine.json"

    return write


def test_the_shipped_file_is_whole():
    ranker = load_ranker()

    assert ranker.id.startswith(f"{DEFAULT}-")
    assert len(ranker.file.calibration.weights) == len(FEATURES)
    assert 0 < ranker.file.calibration.possible < ranker.file.calibration.strong < 1
    assert len(ranker.file.vocabulary.counts) > 5_000


def test_a_file_of_ones_own_is_read_with_its_vocabulary(stored):
    file = read_ranker_file(stored())

    assert file.id.startswith("mine-")
    assert file.vocabulary.counts == {"nurs": 5, "wound": 2}
    assert file.calibration.weights == (1.0,) * len(FEATURES)
    assert (file.reference.needs.tolist(), file.reference.innovations.tolist()) == (VECTORS[:2].tolist(), VECTORS[2:].tolist())
    assert (file.reference.usual_need, file.reference.usual_innovation) == (0.25, 0.5)


def test_any_change_makes_another_ranker(stored):
    assert read_ranker_file(stored()).id != read_ranker_file(stored(intercept=-1.5)).id


def test_a_file_that_is_not_there_is_missing(tmp_path, stored):
    with pytest.raises(RankerMissing, match=r"nothing\.json"):
        read_ranker_file(tmp_path / "nothing.json")
    path = stored()
    (tmp_path / "mine.tsv").unlink()
    with pytest.raises(RankerMissing, match=r"mine\.tsv"):
        read_ranker_file(path)


def test_another_vocabulary_is_refused(tmp_path, stored):
    path = stored()
    (tmp_path / "mine.tsv").write_bytes(b"nurs\t5\nwound\t3\n")

    with pytest.raises(RankerDamaged, match="vocabulary"):
        read_ranker_file(path)


def test_other_reference_texts_are_refused(tmp_path, stored):
    path = stored()
    np.save(tmp_path / "mine.npy", VECTORS * 2)

    with pytest.raises(RankerDamaged, match="reference"):
        read_ranker_file(path)


@pytest.mark.parametrize("changed", [{"weights": {"whole": 1.0}}, {"intercept": "high"}, {"bands": {}}, {"vocabulary": None}])
def test_a_file_that_cannot_be_used_is_damaged(stored, changed):
    with pytest.raises(RankerDamaged, match=r"mine\.json"):
        read_ranker_file(stored(**changed))


def test_what_is_no_json_is_damaged(tmp_path):
    (tmp_path / "mine.json").write_text("{")

    with pytest.raises(RankerDamaged, match=r"mine\.json"):
        read_ranker_file(tmp_path / "mine.json")


def test_the_weights_hold_for_the_encoder_that_they_were_fitted_on():
    shipped = read_ranker_file()

    assert shipped.holds_for("all-MiniLM-L6-v2@7ffc6555e160")
    assert not shipped.holds_for("all-mpnet-base-v2@10ca31aba66b")
    assert replace(shipped, encoder="tiny@0123456789ab").holds_for("tiny@0123456789ab")
    assert not replace(shipped, encoder="tiny@0123456789ab").holds_for("tiny@ba9876543210")
