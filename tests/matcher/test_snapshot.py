import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from matcher import snapshot as module
from matcher.snapshot import CURRENT, KEPT, SnapshotDamaged, SnapshotMissing, load_newest, newest, write
from matcher.types import Side

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
ENCODER = "words/of any@0123456789ab"


def vectors_of(rows):
    vectors = np.random.default_rng(rows).standard_normal((rows, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def write_small(root, position=7, *, rows=3, created_at=NOON, encoder_id=ENCODER):
    ids = [f"d{row}" for row in range(rows)]
    content = {Side.NEED: (ids, vectors_of(rows)), Side.INNOVATION: ([], vectors_of(0))}
    return write(root, content=content, position=position, encoder_id=encoder_id, created_at=created_at)


def test_what_was_written_is_what_is_opened(tmp_path):
    folder = write_small(tmp_path)

    snapshot = load_newest(tmp_path, ENCODER)

    assert (snapshot.name, snapshot.encoder_id, snapshot.position, snapshot.created_at) == (folder.name, ENCODER, 7, NOON)
    assert snapshot.indexes[Side.NEED].ids == ("d0", "d1", "d2")
    np.testing.assert_array_equal(snapshot.indexes[Side.NEED].vectors, vectors_of(3))
    assert snapshot.indexes[Side.NEED].search(vectors_of(3)[1:2], 1)[0][0].id == "d1"
    assert len(snapshot.indexes[Side.INNOVATION]) == 0


def test_without_a_snapshot_the_remedy_is_told(tmp_path):
    write_small(tmp_path, encoder_id="another@0123456789ab")

    with pytest.raises(SnapshotMissing, match=r"matching index$"):
        load_newest(tmp_path, ENCODER)


def test_the_last_one_written_is_current_and_only_a_few_are_kept(tmp_path):
    folders = [write_small(tmp_path, position) for position in range(KEPT + 3)]

    assert load_newest(tmp_path, ENCODER).position == KEPT + 2
    assert [folder.exists() for folder in folders] == [False] * 3 + [True] * KEPT


def test_the_current_one_is_kept_even_if_it_covers_less(tmp_path):
    for position in (10, 11, 12, 3):
        write_small(tmp_path, position)

    assert load_newest(tmp_path, ENCODER).position == 3


def test_a_snapshot_in_use_survives_its_deletion(tmp_path):
    folder = write_small(tmp_path, rows=500)
    snapshot = load_newest(tmp_path, ENCODER)

    shutil.rmtree(folder)

    np.testing.assert_array_equal(snapshot.indexes[Side.NEED].vectors, vectors_of(500))


def test_a_second_one_of_the_same_moment_replaces_the_first(tmp_path):
    write_small(tmp_path, rows=3)

    write_small(tmp_path, rows=4)

    assert len(load_newest(tmp_path, ENCODER).indexes[Side.NEED]) == 4


def files_of(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


def assert_damage_is_found(root):
    with pytest.raises(SnapshotDamaged, match=r"matching index$"):
        load_newest(root, ENCODER)


def test_every_flipped_bit_is_found(tmp_path):
    write_small(tmp_path)
    rng = np.random.default_rng(11)

    for _ in range(200):
        path = files_of(tmp_path)[rng.integers(len(files_of(tmp_path)))]
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        assert_damage_is_found(tmp_path)
        path.write_bytes(whole)

    assert load_newest(tmp_path, ENCODER).position == 7


def test_every_truncation_is_found(tmp_path):
    write_small(tmp_path)
    rng = np.random.default_rng(12)

    for _ in range(100):
        path = files_of(tmp_path)[rng.integers(len(files_of(tmp_path)))]
        whole = path.read_bytes()
        path.write_bytes(whole[: rng.integers(len(whole))])
        assert_damage_is_found(tmp_path)
        path.write_bytes(whole)

    assert load_newest(tmp_path, ENCODER).position == 7


@pytest.mark.parametrize("name", ["need.faiss", "need.ids.json", "manifest.json"])
def test_a_missing_file_is_found(tmp_path, name):
    folder = write_small(tmp_path)

    (folder / name).unlink()

    assert_damage_is_found(tmp_path)


def test_a_file_too_many_and_a_missing_folder_are_found(tmp_path):
    folder = write_small(tmp_path)
    (folder / "more").touch()
    assert_damage_is_found(tmp_path)

    shutil.rmtree(folder)

    assert_damage_is_found(tmp_path)


def test_a_snapshot_of_another_encoder_is_refused(tmp_path):
    home = write_small(tmp_path, encoder_id="words/of any@ba9876543210").parent
    home.rename(tmp_path / "words_of_any@0123456789ab")

    assert_damage_is_found(tmp_path)


def test_a_writer_that_fails_leaves_the_one_before(tmp_path):
    write_small(tmp_path)
    with pytest.raises(ValueError, match="for 3 vectors"):
        write(tmp_path, content={Side.NEED: (["d0"], vectors_of(3))}, position=9, encoder_id=ENCODER, created_at=NOON)

    assert load_newest(tmp_path, ENCODER).position == 7
    assert CURRENT in [path.name for path in files_of(tmp_path)]


def test_which_one_is_current_is_told_by_its_name_alone(tmp_path):
    assert newest(tmp_path, ENCODER) is None

    folder = write_small(tmp_path)

    told = newest(tmp_path, ENCODER)
    assert (told.name, told.position, told.created_at) == (folder.name, 7, NOON)


def test_a_pointer_with_any_bit_flipped_names_nothing_or_something_that_is_refused(tmp_path):
    pointer = write_small(tmp_path).parent / CURRENT
    whole, none = pointer.read_bytes(), 0

    for place in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        pointer.write_bytes(flipped)
        none += newest(tmp_path, ENCODER) is None
        assert_damage_is_found(tmp_path)

    assert none > 0


@pytest.mark.parametrize("said", [b"0000000000000000007-20251303T120000000000Z x", "sieben".encode("utf-16"), b"", b"../7"])
def test_a_pointer_that_names_no_snapshot_of_any_day_is_nothing(tmp_path, said):
    (write_small(tmp_path).parent / CURRENT).write_bytes(said)

    assert newest(tmp_path, ENCODER) is None


def test_a_pointer_that_cannot_be_read_is_damage(tmp_path):
    pointer = write_small(tmp_path).parent / CURRENT
    pointer.unlink()
    pointer.mkdir()

    assert newest(tmp_path, ENCODER) is None
    assert_damage_is_found(tmp_path)


def test_who_is_overtaken_by_writers_while_opening_opens_the_newer_one(tmp_path, monkeypatch):
    write_small(tmp_path)
    open_sealed, overtaken = module.open_sealed, []

    def slowly(folder):
        if not overtaken:
            overtaken.extend(write_small(tmp_path, 8 + number, created_at=NOON + timedelta(seconds=number)) for number in range(KEPT + 1))
            assert not folder.exists()
        return open_sealed(folder)

    monkeypatch.setattr(module, "open_sealed", slowly)

    assert load_newest(tmp_path, ENCODER).name == overtaken[-1].name
