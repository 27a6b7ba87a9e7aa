import shutil
import sys

import pytest

from matcher.cross_encoding import CrossReader, CrossStage, load_pair_scorer
from matcher.cross_exporting import export_cross_encoder
from matcher.encoding import MODEL, EncoderDamaged, EncoderMissing, TextTooLong
from matcher.sealing import write_sealed
from matcher.sources import find_folder
from tests.matcher.networks import make_cross_source
from tests.matcher.scorers import WordScorer

PAIRS = [("people who fall", "home."), ("home.", "people who fall"), ("sepsis", "people at home who fall"), ("people who fall", "home.")]


@pytest.fixture(scope="session")
def cross_folder(tmp_path_factory):
    """A real cross-encoder with random weights, exported."""
    folder = tmp_path_factory.mktemp("cross")
    return export_cross_encoder(folder / "exported", source=find_folder(str(make_cross_source(folder / "tiny"))))


@pytest.fixture(params=["onnx", "words"])
def scorer(request):
    return WordScorer() if request.param == "words" else load_pair_scorer(request.getfixturevalue("cross_folder"))


def test_a_pair_has_one_number_whatever_stands_beside_it(scorer):
    together = scorer.score(PAIRS)

    assert together == [scorer.score([pair])[0] for pair in PAIRS]
    assert together[0] == together[3]
    assert all(isinstance(number, float) for number in together)


def test_the_order_of_a_pair_has_a_meaning(scorer):
    forward, backward, *_ = scorer.score(PAIRS)

    assert forward != backward


def test_no_pairs_have_no_numbers(scorer):
    assert scorer.score([]) == []


def test_pairs_are_normalised_before_they_are_read(scorer):
    plain, veiled = scorer.score([("people fall", "at home"), (" people\u200b  fall", "at\n\nho\u00adme")])

    assert plain == veiled
    assert scorer.count_tokens("people fall") == scorer.count_tokens(" people\u200b\nfall") == 2


def test_a_text_beyond_the_limit_is_refused_and_never_cut_in_silence(scorer):
    fits, too_long = (" ".join(["fall"] * count) for count in (scorer.max_tokens, scorer.max_tokens + 1))
    assert len(scorer.score([(fits, fits)])) == 1

    with pytest.raises(TextTooLong):
        scorer.score([("fall", fits), ("fall", too_long)])


def test_the_export_gives_the_numbers_of_its_source(cross_folder, tmp_path):
    from sentence_transformers import CrossEncoder
    from torch.nn import Identity

    reference = CrossEncoder(str(make_cross_source(tmp_path / "tiny")), device="cpu", activation_fn=Identity())
    expected = reference.predict(PAIRS, show_progress_bar=False)

    assert load_pair_scorer(cross_folder).score(PAIRS) == pytest.approx(expected.tolist(), abs=1e-3)


def test_a_cross_encoder_without_its_tokenizer_file_or_of_another_make_is_exported_too(tmp_path, cross_folder):
    folder = make_cross_source(tmp_path / "tiny", types=1)
    words = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(vocabulary(words)) + "\n")

    scorer = load_pair_scorer(export_cross_encoder(tmp_path / "exported", source=find_folder(str(folder))))

    assert len(scorer.score(PAIRS)) == len(PAIRS)
    assert scorer.id != load_pair_scorer(cross_folder).id


def vocabulary(tokenizer):
    import json

    words = json.loads(tokenizer)["model"]["vocab"]
    return sorted(words, key=words.get)


def test_what_is_no_cross_encoder_is_told(tmp_path):
    two = find_folder(str(make_cross_source(tmp_path / "two", labels=2)))
    with pytest.raises(ValueError, match="gives 2 numbers"):
        export_cross_encoder(tmp_path / "exported", source=two)

    damaged = make_cross_source(tmp_path / "damaged")
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ValueError, match="cannot be read as a cross-encoder"):
        export_cross_encoder(tmp_path / "exported", source=find_folder(str(damaged)))

    weights.rename(damaged / "pytorch_model.bin")
    with pytest.raises(ValueError, match="only safetensors are read"):
        export_cross_encoder(tmp_path / "exported", source=find_folder(str(damaged)))
    assert not (tmp_path / "exported").exists()


def test_an_export_that_differs_from_its_source_never_appears(tmp_path, monkeypatch):
    monkeypatch.setattr("matcher.cross_exporting._TOLERANCE", -1.0)

    with pytest.raises(ValueError, match="differs from its source"):
        export_cross_encoder(tmp_path / "exported", source=find_folder(str(make_cross_source(tmp_path / "tiny"))))
    assert not (tmp_path / "exported").exists()


def test_without_transformers_the_export_says_what_to_install(tmp_path, monkeypatch):
    source = find_folder(str(make_cross_source(tmp_path / "tiny")))
    monkeypatch.setitem(sys.modules, "transformers", None)

    with pytest.raises(EncoderMissing, match="pip install"):
        export_cross_encoder(tmp_path / "exported", source=source)


def test_a_cross_encoder_that_is_missing_damaged_or_none_is_told_with_the_remedy(cross_folder, tmp_path):
    with pytest.raises(EncoderMissing, match="matching encoder export --cross"):
        load_pair_scorer(tmp_path / "nothing")

    shutil.copytree(cross_folder, tmp_path / "damaged")
    (tmp_path / "damaged" / MODEL).write_bytes(b"")
    with pytest.raises(EncoderDamaged, match="matching encoder export --cross"):
        load_pair_scorer(tmp_path / "damaged")

    write_sealed(tmp_path / "other", {"format": 1}, lambda folder: None)
    with pytest.raises(EncoderDamaged, match="holds no cross-encoder"):
        load_pair_scorer(tmp_path / "other")


def reader(scorer, *, centre=0.0):
    return CrossReader(scorer, CrossStage(encoder=scorer.id, floor=0.1, centre=centre))


def test_a_long_text_is_read_to_its_end_and_the_best_window_answers():
    scorer = WordScorer(max_tokens=4)
    innovation = "Nothing of this helps. Nothing of that helps. People fall at home."

    number = reader(scorer).feature("People fall at home.", innovation)

    assert [answer for _, answer in scorer.read] == ["Nothing of this helps.", "Nothing of that helps.", "People fall at home."]
    assert number == round(4 / 5 - 0.4, 4)


def test_every_window_of_a_need_counts_alike():
    scorer = WordScorer(max_tokens=4)

    number = reader(scorer).feature("People fall at home. Wounds do not heal.", "People fall at home.")

    assert number == round(((4 / 5 - 0.4) + (0 - 0.4)) / 2, 4)


def test_a_pair_is_read_once_and_counts_from_the_centre():
    scorer = WordScorer()
    one, moved = reader(scorer), reader(scorer, centre=0.25)

    first = one.feature("people fall", "at home")

    assert one.feature("people fall", "at home") == first
    assert len(scorer.read) == 1
    assert moved.feature("people fall", "at home") == pytest.approx(first - 0.25)


def test_a_silent_text_is_neutral():
    assert reader(WordScorer(), centre=2.0).feature("people fall", " \u200b\n") == 0.0
    assert reader(WordScorer(), centre=2.0).feature("", "at home") == 0.0


def test_a_stage_fitted_with_another_scorer_is_refused():
    with pytest.raises(ValueError, match="fitted with another@0, and words is configured"):
        CrossReader(WordScorer(), CrossStage(encoder="another@0", floor=0.1, centre=0.0))
