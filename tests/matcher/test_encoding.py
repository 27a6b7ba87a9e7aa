import shutil
import subprocess
import sys

import numpy as np
import pytest

from matcher.encoding import MODEL, EncoderDamaged, EncoderMissing, OnnxEncoder, TextTooLong, load_encoder
from matcher.sealing import MANIFEST, open_sealed, write_sealed
from tests.matcher.encoders import WordEncoder

TEXTS = [
    "Older people who fall at home wait too long for help.",
    "A sensor raises an alarm within a minute of a fall.",
    "Sepsis",
    "",
    "Type 2 diabetes is found late and the eight care processes are met unevenly between practices. " * 8,
]


@pytest.fixture(params=["onnx", "words"])
def any_encoder(request, encoder):
    return {"onnx": encoder, "words": WordEncoder()}[request.param]


def test_vectors_have_the_dimension_and_length_one(any_encoder):
    vectors = any_encoder.encode(TEXTS)

    assert vectors.shape == (len(TEXTS), any_encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_rows_come_in_the_order_given_whatever_the_batch(any_encoder):
    together = any_encoder.encode(TEXTS * 30)

    apart = np.concatenate([any_encoder.encode([text]) for text in TEXTS] * 30)

    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_no_texts_give_no_rows(any_encoder):
    assert any_encoder.encode([]).shape == (0, any_encoder.dimension)


def test_texts_are_normalised_before_they_are_read(any_encoder):
    plain, veiled = any_encoder.encode(["heart failure at home", " heart\u200b fail\u00adure\n\nat  ho\u202eme"])

    np.testing.assert_array_equal(plain, veiled)
    assert any_encoder.count_tokens("heart failure") == any_encoder.count_tokens("heart\u200b\n failure")


def test_a_text_beyond_the_limit_is_refused_and_never_cut_in_silence(any_encoder):
    text = "fall " * (any_encoder.max_tokens - 2)
    assert any_encoder.count_tokens(text) == any_encoder.max_tokens
    assert any_encoder.encode([text]).shape == (1, any_encoder.dimension)

    with pytest.raises(TextTooLong, match=r"Text 1 has 257 tokens"):
        any_encoder.encode(["short", text + "again"])


def test_texts_of_one_meaning_are_nearer_than_others(any_encoder):
    fall, other_fall, sepsis = any_encoder.encode(["people fall at home", "people who fall at home", "sepsis on the ward"])

    assert fall @ other_fall > fall @ sepsis


def test_a_folder_that_is_not_there_is_told_with_the_remedy(tmp_path):
    with pytest.raises(EncoderMissing, match=r"matching encoder export$"):
        load_encoder(tmp_path / "nothing")


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_a_changed_byte_is_found_before_the_encoder_is_used(encoder_folder, tmp_path, name):
    folder = tmp_path / "encoder"
    shutil.copytree(encoder_folder, folder)
    damaged = bytearray((folder / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (folder / name).write_bytes(damaged)

    with pytest.raises(EncoderDamaged, match=r"matching encoder export$"):
        load_encoder(folder)


def test_an_export_of_another_format_is_refused(tmp_path):
    write_sealed(tmp_path / "encoder", {"format": 99}, lambda folder: None)

    with pytest.raises(EncoderDamaged, match="another format"):
        load_encoder(tmp_path / "encoder")


def test_two_threads_give_the_same_vectors(encoder, encoder_folder):
    parallel = OnnxEncoder(encoder_folder, open_sealed(encoder_folder), threads=2)

    np.testing.assert_allclose(parallel.encode(TEXTS), encoder.encode(TEXTS), atol=1e-5)


def test_serving_never_imports_torch(encoder_folder):
    program = (
        "import sys; from pathlib import Path; from matcher.encoding import load_encoder;"
        "assert not {'onnxruntime', 'tokenizers', 'torch'} & set(sys.modules);"
        "load_encoder(Path(sys.argv[1])).encode(['fall']); assert 'torch' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", program, str(encoder_folder)], check=True)
