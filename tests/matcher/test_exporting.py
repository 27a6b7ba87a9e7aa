import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from matcher import exporting, sources
from matcher.encoding import MODEL, EncoderDamaged, EncoderMissing, load_encoder
from matcher.exporting import adopt, export, is_exported
from matcher.sources import DEFAULT_ENCODER, Source, published, resolve_source
from matcher.text import given
from matcher.types import Side
from tests.matcher.networks import REVISION, make_source, make_static_source, write_json

TEXTS = ["people who fall at home", "sepsis.", "home home who people at"]


@pytest.fixture
def tiny_source(tmp_path):
    """A sentence-transformers folder with a random network of two layers that reads 16 tokens."""
    return make_source(tmp_path / "tiny")


def reference_vectors(source, texts):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(source.folder), device="cpu").encode(texts, normalize_embeddings=True, show_progress_bar=False)


def test_the_default_encoder_is_found_with_an_id_that_stays(encoder):
    source = resolve_source()

    assert source.name == DEFAULT_ENCODER
    assert source.licence == "Apache-2.0"
    assert source.id == encoder.id == "all-MiniLM-L6-v2@7ffc6555e160"
    assert (encoder.dimension, encoder.max_tokens, dict(encoder.prompts)) == (384, 256, {})


def test_the_default_encoder_without_its_package_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(sources, "CARRIER", "no-such-package")

    with pytest.raises(EncoderMissing, match="pip install"):
        resolve_source()


@pytest.mark.parametrize("change", ["altered", "absent"])
def test_packaged_files_that_are_not_the_published_ones_are_refused(tmp_path, change):
    source = resolve_source()
    for name in sources.PUBLISHED_HASHES:
        shutil.copyfile(source.folder / name, tmp_path / name)
    if change == "altered":
        (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    else:
        (tmp_path / "config.json").unlink()

    with pytest.raises(EncoderDamaged, match=r"config\.json"):
        published(Source(name=DEFAULT_ENCODER, folder=tmp_path, licence=""))


def test_the_default_export_gives_the_vectors_of_its_source(encoder):
    texts = ["Older people who fall at home wait too long for help.", "Sepsis", "Type 2 diabetes is found late. " * 30]

    np.testing.assert_allclose(encoder.encode(texts), reference_vectors(resolve_source(), texts), atol=1e-4)


@pytest.mark.parametrize(
    ("pooling", "modules"),
    [
        ("cls", ("Transformer", "Pooling")),
        ("mean", ("Transformer", "Pooling", "Normalize")),
        ("max", ("Transformer", "Pooling")),
        ("mean_sqrt_len_tokens", ("Transformer", "Pooling")),
        ("weightedmean", ("Transformer", "Pooling")),
        ("lasttoken", ("Transformer", "Pooling", "Normalize")),
        (["cls", "mean"], ("Transformer", "Pooling")),
        ("mean", ("Transformer", "Pooling", "Dense", "Normalize")),
    ],
)
def test_whatever_way_an_encoder_makes_one_vector_of_many_it_is_exported_as_it_is(tmp_path, pooling, modules):
    source = make_source(tmp_path / "other", pooling=pooling, modules=modules)
    steps = []

    encoder = load_encoder(export(tmp_path / "exported", source=resolve_source(str(source.folder)), on_progress=steps.append))

    expected = reference_vectors(source, TEXTS)
    assert (encoder.dimension, encoder.max_tokens, len(steps)) == (expected.shape[1], 16, 3)
    assert encoder.id.startswith("other@")
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-4)


def test_an_encoder_of_single_words_is_exported_too(tmp_path):
    source = make_static_source(tmp_path / "static")

    encoder = load_encoder(export(tmp_path / "exported", source=resolve_source(str(source.folder))))

    assert (encoder.dimension, encoder.max_tokens, encoder.count_tokens("people who fall")) == (32, exporting.MOST_TOKENS, 3)
    np.testing.assert_allclose(encoder.encode(TEXTS), reference_vectors(source, TEXTS), atol=1e-5)
    assert not encoder.encode([""]).any()


def test_two_exports_of_one_source_have_one_id_and_the_second_replaces_the_first(tiny_source, tmp_path):
    target = export(tmp_path / "exported", source=tiny_source)
    first = load_encoder(target)
    (target / MODEL).write_bytes(b"damaged")

    second = load_encoder(export(target, source=tiny_source))

    assert first.id == second.id
    np.testing.assert_array_equal(first.encode(["people fall"]), second.encode(["people fall"]))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_id_tells_every_file_and_prompt_that_decides_the_vectors(tmp_path):
    folder = make_source(tmp_path / "other", modules=("Transformer", "Pooling", "Dense")).folder
    plain = resolve_source(str(folder)).id
    prompted = resolve_source(str(folder), prompts={"query": "query: "}).id
    weights = folder / "2_Dense" / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)

    assert len({plain, prompted, resolve_source(str(folder)).id}) == 3


@pytest.mark.parametrize(
    ("config", "said", "prompts"),
    [
        ({}, {}, {}),
        ({"prompts": {"query": "query: ", "passage": "passage: "}}, {}, {Side.NEED: "query: ", Side.INNOVATION: "passage: "}),
        ({"prompts": {"query": "Find: ", "document": ""}, "default_prompt_name": None}, {}, {Side.NEED: "Find: "}),
        ({"prompts": {"query": "Find: "}, "default_prompt_name": "query"}, {}, {Side.NEED: "Find: "}),
        (
            {"prompts": {"query": "", "document": "", "same": "Meaning: "}, "default_prompt_name": "same"},
            {},
            {Side.NEED: "Meaning: ", Side.INNOVATION: "Meaning: "},
        ),
        (
            {"prompts": {"query": "Find: "}},
            {"query": "query: ", "document": "passage: "},
            dict(zip(Side, ("query: ", "passage: "), strict=True)),
        ),
        (["no object"], {}, {}),
    ],
)
def test_a_need_is_the_query_and_an_innovation_the_document(tmp_path, config, said, prompts):
    source = make_source(tmp_path / "prompted")
    write_json(source.folder / "config_sentence_transformers.json", config)

    assert dict(resolve_source(str(source.folder), prompts=said).prompts) == prompts


def test_texts_with_prompts_are_encoded_as_the_library_does(tmp_path):
    from sentence_transformers import SentenceTransformer

    folder = make_source(tmp_path / "prompted").folder
    write_json(folder / "config_sentence_transformers.json", {"prompts": {"query": "at ", "document": "home who "}})
    encoder = load_encoder(export(tmp_path / "exported", source=resolve_source(str(folder))))
    reference = SentenceTransformer(str(folder), device="cpu")

    asked, answered = ([given(text, side, encoder=encoder) for text in TEXTS] for side in Side)

    assert asked[0] == "at people who fall at home"
    assert encoder.max_tokens == 16 - 3  # the longer prompt, and one token because words may be parted otherwise after it
    np.testing.assert_allclose(encoder.encode(asked), reference.encode_query(TEXTS, normalize_embeddings=True), atol=1e-4)
    np.testing.assert_allclose(encoder.encode(answered), reference.encode_document(TEXTS, normalize_embeddings=True), atol=1e-4)


def test_a_tokenizer_that_came_without_its_file_is_written(tmp_path):
    source = make_source(tmp_path / "other")
    words = json.loads((source.folder / "tokenizer.json").read_text())["model"]["vocab"]
    (source.folder / "tokenizer.json").unlink()
    (source.folder / "vocab.txt").write_text("\n".join(sorted(words, key=words.get)) + "\n", encoding="utf-8")

    encoder = load_encoder(export(tmp_path / "exported", source=source))

    np.testing.assert_allclose(encoder.encode(TEXTS), reference_vectors(source, TEXTS), atol=1e-4)


def test_an_encoder_without_a_tokenizer_of_the_right_kind_is_refused(tiny_source, tmp_path):
    (tiny_source.folder / "tokenizer.json").unlink()

    with pytest.raises(ValueError, match="no fast tokenizer"):
        exporting._write_tokenizer(SimpleNamespace(tokenizer=object()), tiny_source, tmp_path / "tokenizer.json")


def test_an_export_that_differs_from_its_source_never_appears(tiny_source, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "_TOLERANCE", -1.0)

    with pytest.raises(ValueError, match="differs from its source"):
        export(tmp_path / "exported", source=tiny_source)

    assert not (tmp_path / "exported").exists()


@pytest.mark.parametrize("modules", [("Transformer", "Pooling", "Pooling"), ("Transformer",), ("Transformer", "Normalize", "Normalize")])
def test_a_make_that_cannot_be_exported_is_named(tmp_path, modules):
    with pytest.raises(ValueError, match=f"made of {', '.join(modules)}"):
        export(tmp_path / "exported", source=make_source(tmp_path / "a", modules=modules))


def test_a_prompt_that_is_left_out_of_pooling_is_refused(tmp_path):
    folder = make_source(tmp_path / "a", include_prompt=False).folder

    with pytest.raises(ValueError, match="leaves its prompt out"):
        export(tmp_path / "exported", source=resolve_source(str(folder), prompts={"query": "at "}))


def test_a_folder_that_is_no_encoder_is_told(tmp_path, tiny_source):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"holds no modules\.json"):
        resolve_source(str(tmp_path / "empty"))

    weights = tiny_source.folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ValueError, match="cannot be read as a sentence-transformers encoder"):
        export(tmp_path / "exported", source=tiny_source)


def test_code_of_an_encoder_is_never_run(tiny_source):
    listed = [{"idx": 0, "name": "0", "path": "", "type": "custom_code.Transformer"}]
    write_json(tiny_source.folder / "modules.json", listed)

    with pytest.raises(ValueError, match=r"code of its own \(custom_code\.Transformer\)"):
        resolve_source(str(tiny_source.folder))


def test_weights_that_run_code_when_they_are_read_are_refused(tiny_source):
    (tiny_source.folder / "pytorch_model.bin").write_bytes(b"")
    assert resolve_source(str(tiny_source.folder)).name == "tiny"  # safetensors beside them are what is read

    (tiny_source.folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"weights in pytorch_model\.bin alone"):
        resolve_source(str(tiny_source.folder))


def test_a_module_outside_its_folder_is_refused(tiny_source):
    listed = [{"idx": 0, "name": "0", "path": "../elsewhere", "type": "sentence_transformers.models.Transformer"}]
    write_json(tiny_source.folder / "modules.json", listed)

    with pytest.raises(ValueError, match="outside its folder"):
        resolve_source(str(tiny_source.folder))


def test_without_sentence_transformers_the_export_says_what_to_install(tiny_source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)

    with pytest.raises(EncoderMissing, match="pip install"):
        export(tmp_path / "exported", source=tiny_source)


def test_the_licence_is_what_the_model_card_says(tiny_source):
    assert resolve_source(str(tiny_source.folder)).licence == "as its folder says"

    (tiny_source.folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# Tiny\nlicense: none\n", encoding="utf-8")

    assert resolve_source(str(tiny_source.folder)).licence == "apache-2.0"


def test_an_encoder_that_was_exported_elsewhere_is_taken_over_without_torch(tiny_source, tmp_path, monkeypatch):
    exported = export(tmp_path / "elsewhere", source=tiny_source)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)

    adopted = adopt(tmp_path / "here", exported=exported)

    assert is_exported(exported)
    assert not is_exported(tiny_source.folder)
    assert load_encoder(tmp_path / "here").id == adopted == tiny_source.id
    (exported / MODEL).write_bytes(b"damaged")
    with pytest.raises(EncoderDamaged):
        adopt(tmp_path / "here", exported=exported)
    assert load_encoder(tmp_path / "here").id == adopted


def test_an_export_that_changes_while_it_is_copied_is_told(tiny_source, tmp_path, monkeypatch):
    exported = export(tmp_path / "elsewhere", source=tiny_source)
    monkeypatch.setattr(exporting.shutil, "copyfile", lambda _source, target: target.write_bytes(b"half"))

    with pytest.raises(EncoderDamaged, match="changed while it was copied"):
        adopt(tmp_path / "here", exported=exported)
    assert not (tmp_path / "here").exists()


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

    assert (source.name, source.licence) == ("owner--name", "as its hub page says")
    assert source.id.split("@")[1] == tiny_source.id.split("@")[1]
