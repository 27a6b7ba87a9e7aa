import json
import shutil
import sys

import numpy as np
import pytest

from matcher import exporting
from matcher.encoding import MODEL, EncoderDamaged, EncoderMissing, load_encoder
from matcher.exporting import DEFAULT_ENCODER, Source, export, published, resolve_source

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "people", "who", "fall", "at", "home", "sepsis", ".", "s", "##e"]
REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def tiny_source(tmp_path):
    """A sentence-transformers folder with a random network of two layers that reads 16 tokens; `modules` may be changed."""
    return make_source(tmp_path / "tiny")


def make_source(folder, *, pooling="cls", modules=("Transformer", "Pooling")):
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel

    (folder / "1_Pooling").mkdir(parents=True)
    torch.manual_seed(7)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 64}
    BertModel(BertConfig(vocab_size=len(WORDS), **shape)).save_pretrained(folder)
    BertWordPieceTokenizer({word: place for place, word in enumerate(WORDS)}).save(str(folder / "tokenizer.json"))
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    listed = [
        {"idx": place, "name": str(place), "path": paths[name], "type": f"sentence_transformers.models.{name}"}
        for place, name in enumerate(modules)
    ]
    write_json(folder / "modules.json", listed)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 16, "do_lower_case": False})
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizerFast", "do_lower_case": True})
    flags = {f"pooling_mode_{name}": name == pooling for name in ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, **flags, "pooling_mode_cls_token": pooling == "cls"})
    return Source(name="tiny", folder=folder, licence="none")


def write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def test_the_default_encoder_is_found_with_an_id_that_stays(encoder):
    source = resolve_source()

    assert source.name == DEFAULT_ENCODER
    assert source.licence == "Apache-2.0"
    assert source.id == encoder.id == "all-MiniLM-L6-v2@7ffc6555e160"
    assert (encoder.dimension, encoder.max_tokens) == (384, 256)


def test_the_default_encoder_without_its_package_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(exporting, "CARRIER", "no-such-package")

    with pytest.raises(EncoderMissing, match="pip install"):
        resolve_source()


@pytest.mark.parametrize("change", ["altered", "absent"])
def test_packaged_files_that_are_not_the_published_ones_are_refused(tmp_path, change):
    source = resolve_source()
    for name in exporting.PUBLISHED_HASHES:
        shutil.copyfile(source.folder / name, tmp_path / name)
    if change == "altered":
        (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    else:
        (tmp_path / "config.json").unlink()

    with pytest.raises(EncoderDamaged, match=r"config\.json"):
        published(Source(name=DEFAULT_ENCODER, folder=tmp_path, licence=""))


def test_the_default_export_gives_the_vectors_of_its_source(encoder):
    from sentence_transformers import SentenceTransformer

    texts = ["Older people who fall at home wait too long for help.", "Sepsis", "Type 2 diabetes is found late. " * 30]
    reference = SentenceTransformer(str(resolve_source().folder), device="cpu").encode(texts, show_progress_bar=False)

    np.testing.assert_allclose(encoder.encode(texts), reference, atol=1e-4)


@pytest.mark.parametrize(
    ("pooling", "modules"),
    [("cls", ("Transformer", "Pooling")), ("mean_tokens", ("Transformer", "Pooling", "Normalize"))],
)
def test_any_folder_of_a_sentence_transformer_can_be_exported(tmp_path, pooling, modules):
    source = make_source(tmp_path / "other", pooling=pooling, modules=modules)
    steps = []

    encoder = load_encoder(export(tmp_path / "exported", source=resolve_source(str(source.folder)), on_progress=steps.append))

    assert (encoder.dimension, encoder.max_tokens) == (32, 16)
    assert encoder.id.startswith("other@")
    assert len(steps) == 3
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(["people fall", "sepsis"]), axis=1), 1, atol=1e-5)


def test_two_exports_of_one_source_have_one_id_and_the_second_replaces_the_first(tiny_source, tmp_path):
    target = export(tmp_path / "exported", source=tiny_source)
    first = load_encoder(target)
    (target / MODEL).write_bytes(b"damaged")

    second = load_encoder(export(target, source=tiny_source))

    assert first.id == second.id
    np.testing.assert_array_equal(first.encode(["people fall"]), second.encode(["people fall"]))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_export_that_differs_from_its_source_never_appears(tiny_source, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "_TOLERANCE", -1.0)

    with pytest.raises(ValueError, match="differs from its source"):
        export(tmp_path / "exported", source=tiny_source)

    assert not (tmp_path / "exported").exists()


def test_what_cannot_be_exported_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"pools by max"):
        export(tmp_path / "exported", source=make_source(tmp_path / "a", pooling="max_tokens"))
    with pytest.raises(ValueError, match=r"made of Transformer, Pooling, Pooling"):
        export(tmp_path / "exported", source=make_source(tmp_path / "b", modules=("Transformer", "Pooling", "Pooling")))


def test_without_sentence_transformers_the_export_says_what_to_install(tiny_source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)

    with pytest.raises(EncoderMissing, match="pip install"):
        export(tmp_path / "exported", source=tiny_source)


@pytest.mark.parametrize("name", ["owner/name", "owner/name@main", "no-such-folder", f"owner/name@{REVISION}0"])
def test_a_hub_id_must_be_pinned(name):
    with pytest.raises(ValueError, match="must be pinned"):
        resolve_source(name)


def test_a_pinned_hub_id_is_read_from_the_hubs_cache(tiny_source, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(EncoderMissing, match="could not be fetched"):
        resolve_source(f"owner/name@{REVISION}")
    shutil.copytree(tiny_source.folder, tmp_path / "hub" / "models--owner--name" / "snapshots" / REVISION)

    source = resolve_source(f"owner/name@{REVISION}")

    assert source.name == "owner--name"
    assert source.id.split("@")[1] == tiny_source.id.split("@")[1]
