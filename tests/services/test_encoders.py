import json
import shutil
from pathlib import Path

import pytest

from api.services import encoders
from api.services.faults import Fault
from api.services.library import Libraries, RankingUnavailable
from matcher import rankers
from matcher.cross_encoding import CROSS, load_pair_scorer
from tests.matcher.networks import make_cross_source, make_source


def test_an_encoder_is_exported_once_and_shown_whole(tmp_path):
    source, folder, steps = make_source(tmp_path / "tiny"), tmp_path / "home" / "encoder" / "tiny", []
    assert not encoders.is_there(folder)

    encoder_id = encoders.export_encoder(folder, str(source.folder), on_progress=steps.append)

    shown = encoders.show_encoder(folder)
    assert encoders.is_there(folder)
    assert encoders.is_whole(folder)
    assert (shown["id"], shown["dimension"], shown["folder"]) == (encoder_id, 32, str(folder))
    assert len(steps) == 3


def test_an_encoder_that_is_no_encoder_is_told_with_the_remedy(tmp_path):
    with pytest.raises(Fault, match="40 digits of a revision"):
        encoders.export_encoder(tmp_path / "encoder", "nobody/nothing", on_progress=print)


def test_a_missing_encoder_is_told_with_the_remedy(tmp_path):
    with pytest.raises(Fault, match="matching encoder export"):
        encoders.show_encoder(tmp_path)
    assert not encoders.is_whole(tmp_path)


def test_a_damaged_encoder_is_told_with_the_remedy(tmp_path, encoder_folder):
    for path in encoder_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "tokenizer.json").write_text("{}")

    with pytest.raises(Fault, match="matching encoder export"):
        encoders.show_encoder(tmp_path)


def test_a_ranker_that_reads_pairs_with_a_cross_encoder_needs_it(tmp_path, encoder_folder):
    ranker = a_ranker_that_reads_twice(tmp_path)
    bare = Libraries(encoder_folder=encoder_folder, snapshot_folder=tmp_path, ranker_path=ranker)
    missing = Libraries(encoder_folder=encoder_folder, snapshot_folder=tmp_path, ranker_path=ranker, cross_encoder_folder=tmp_path / "none")

    with pytest.raises(RankingUnavailable, match="Set MATCHING_CROSS_ENCODER"):
        bare.ranker  # noqa: B018
    with pytest.raises(RankingUnavailable, match="matching encoder export --cross"):
        missing.ranker  # noqa: B018
    encoders.export_cross_encoder(tmp_path / "cross", str(make_cross_source(tmp_path / "tiny")), on_progress=lambda _step: None)
    whole = Libraries(encoder_folder=encoder_folder, snapshot_folder=tmp_path, ranker_path=ranker, cross_encoder_folder=tmp_path / "cross")
    with pytest.raises(RankingUnavailable, match="fitted with tiny@0"):
        whole.ranker  # noqa: B018

    a_ranker_that_reads_twice(tmp_path, load_pair_scorer(tmp_path / "cross").id)

    assert whole.ranker.file.features[-1] == CROSS


def a_ranker_that_reads_twice(folder, cross_encoder="tiny@0"):
    """The shipped ranker with a weight more."""
    shipped = Path(rankers.__file__).parent / "data" / "rankers"
    shutil.copytree(shipped, folder / "rankers", dirs_exist_ok=True)
    path = folder / "rankers" / f"{rankers.DEFAULT}.json"
    stored = json.loads(path.read_text())
    stored["weights"][CROSS] = 1.0
    path.write_text(json.dumps({**stored, "cross": {"encoder": cross_encoder, "floor": 0.1, "centre": 0.0}}))
    return path


def test_what_is_no_cross_encoder_is_told_with_the_remedy(tmp_path):
    with pytest.raises(Fault, match="40 digits of a revision"):
        encoders.export_cross_encoder(tmp_path / "cross", "nobody/nothing", on_progress=print)


def test_an_encoder_that_was_exported_elsewhere_is_copied_with_its_prompts(tmp_path, encoder_folder):
    encoder_id = encoders.export_encoder(tmp_path / "copied", str(encoder_folder), on_progress=lambda _step: None)

    assert encoders.open_encoder(tmp_path / "copied", threads=1).id == encoder_id
    with pytest.raises(Fault, match="was exported with its prompts"):
        encoders.export_encoder(tmp_path / "other", str(encoder_folder), prompts={"query": "query: "}, on_progress=print)
    with pytest.raises(Fault, match="matching encoder export"):
        encoders.open_encoder(tmp_path / "other", threads=1)
