import pytest

from api.services import encoders
from api.services.faults import Fault
from tests.matcher.networks import make_source


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
