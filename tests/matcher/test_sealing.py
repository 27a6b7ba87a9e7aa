import json
import os
import time

import pytest

from matcher.sealing import MANIFEST, SealBroken, open_sealed, write_file, write_sealed


def fill(folder):
    (folder / "text").write_text("what was said", encoding="utf-8")


def test_a_sealed_folder_says_what_it_holds(tmp_path):
    write_sealed(tmp_path / "deep" / "sealed", {"name": "ours"}, fill)

    manifest = open_sealed(tmp_path / "deep" / "sealed")

    assert manifest["name"] == "ours"
    assert list(manifest["files"]) == ["text"]


def test_a_folder_that_could_not_be_filled_never_appears(tmp_path):
    def fail(folder):
        fill(folder)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_sealed(tmp_path / "sealed", {}, fail)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"files": {}, "seal": ""}'])
def test_a_manifest_that_is_not_as_written_is_refused(tmp_path, content):
    write_sealed(tmp_path / "sealed", {}, fill)
    (tmp_path / "sealed" / MANIFEST).write_bytes(content)

    with pytest.raises(SealBroken):
        open_sealed(tmp_path / "sealed")


def test_a_manifest_laid_out_otherwise_is_refused(tmp_path):
    write_sealed(tmp_path / "sealed", {}, fill)
    path = tmp_path / "sealed" / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")

    with pytest.raises(SealBroken, match="damaged"):
        open_sealed(tmp_path / "sealed")


def test_a_file_is_replaced_whole(tmp_path):
    write_file(tmp_path / "file", "one, and long")

    write_file(tmp_path / "file", "two")

    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("file", "two")]


def test_what_a_killed_writer_left_is_cleared_once_it_is_old(tmp_path):
    two_hours_ago = time.time() - 7_200
    leftovers = {name: tmp_path / f".unfinished-{name}" for name in ("folder", "file", "in-work")}
    leftovers["folder"].mkdir()
    leftovers["in-work"].mkdir()
    leftovers["file"].touch()
    for name in ("folder", "file"):
        os.utime(leftovers[name], (two_hours_ago, two_hours_ago))
    (tmp_path / ".profile").touch()
    os.utime(tmp_path / ".profile", (two_hours_ago, two_hours_ago))

    write_sealed(tmp_path / "sealed", {}, fill)

    assert sorted(path.name for path in tmp_path.iterdir()) == [".profile", ".unfinished-in-work", "sealed"]
