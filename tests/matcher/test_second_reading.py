import json
from dataclasses import replace

import pytest

from matcher.cross_encoding import CROSS, CrossReader, CrossStage
from matcher.evaluation import evaluate, read_folder
from matcher.pairing import FEATURES
from matcher.rankers import DEFAULT, RankerDamaged, RankerMissing, read_ranker_file
from matcher.ranking import MemoryLibrary, Ranker, load_ranker
from matcher.types import Side
from tests.matcher.documents import WORDS, encoded, innovation, need, ranker
from tests.matcher.scorers import WordScorer
from tests.matcher.test_folder import write

WOUNDS = need(title="Wounds are seen late", problem="A nurse sees wounds of the leg days late.")
TEXTS = {"camera": "Pictures of wounds of the leg go to a nurse.", "bed": "A mattress that turns.", "bus": "A timetable of buses."}


@pytest.fixture
def library():
    return MemoryLibrary([encoded(innovation(id_, name=id_, description=text)) for id_, text in TEXTS.items()])


def twice(*, floor=0.05, weight=3.0, centre=0.1, scorer=None):
    """The ranker of other tests with a cross-encoder on top of it."""
    stage = CrossStage(encoder="words", floor=floor, centre=centre)
    plain = ranker().file
    calibration = replace(plain.calibration, weights=(*plain.calibration.weights, weight))
    return Ranker(replace(plain, calibration=calibration, cross=stage), reader=CrossReader(scorer or WordScorer(), stage))


def test_a_pair_that_is_read_twice_has_one_probability_whichever_side_asked(library):
    needs = MemoryLibrary([encoded(WOUNDS), encoded(need("other", title="Buses", problem="Buses are late."))])

    asked_by_need = {each.innovation_id: each for each in twice().rank(encoded(WOUNDS), library).judgements}

    assert any(judgement.features[-1] for judgement in asked_by_need.values())
    for id_, judgement in asked_by_need.items():
        (asked_by_innovation,) = [each for each in twice().rank(library.documents[id_], needs).judgements if each.need_id == WOUNDS.id]
        assert asked_by_innovation == judgement == twice().judge(encoded(WOUNDS), library.documents[id_])
        assert twice().probability_from(judgement.features) == judgement.probability
        assert len(judgement.features) == len(FEATURES) + 1 == len(twice().file.features)


def test_only_pairs_that_reach_the_floor_without_it_are_read(library):
    plain = {each.innovation_id: each.probability for each in ranker().rank(encoded(WOUNDS), library).judgements}
    best, *others = sorted(plain, key=plain.__getitem__, reverse=True)
    scorer = WordScorer()

    found = {each.innovation_id: each for each in twice(floor=plain[best], scorer=scorer).rank(encoded(WOUNDS), library).judgements}

    read = " ".join(answer for _, answer in scorer.read)
    assert "Pictures of wounds" in read
    assert "mattress" not in read
    assert "timetable" not in read
    assert found[best].features[-1] != 0.0
    assert found[best].probability != plain[best]
    assert {found[other].probability for other in others} == {plain[other] for other in others}


def test_what_is_kept_of_documents_is_read_with_the_same_cross_encoder(library):
    kept = twice().keeping(2)

    assert kept.rank(encoded(WOUNDS), library) == twice().rank(encoded(WOUNDS), library)


def test_a_ranker_that_reads_twice_never_does_without(tmp_path):
    path = stored(tmp_path, weights={CROSS: 1.5}, cross={"encoder": "words", "floor": 0.1, "centre": 0.5})

    with pytest.raises(RankerMissing, match=r"the cross-encoder words, and none is configured. Set MATCHING_CROSS_ENCODER"):
        load_ranker(path)
    loaded = load_ranker(path, open_scorer=WordScorer)

    assert loaded.file.cross == CrossStage(encoder="words", floor=0.1, centre=0.5)
    assert loaded.file.features == (*FEATURES, CROSS)


def test_a_cross_encoder_that_the_weight_was_not_fitted_with_is_refused(tmp_path):
    path = stored(tmp_path, weights={CROSS: 1.5}, cross={"encoder": "another@0", "floor": 0.1, "centre": 0.5})

    with pytest.raises(RankerDamaged, match="fitted with another@0, and words is configured"):
        load_ranker(path, open_scorer=WordScorer)


def test_a_ranker_without_that_weight_never_opens_a_cross_encoder():
    def opened():
        raise AssertionError("opened")

    assert load_ranker(open_scorer=opened).file.cross is None


@pytest.mark.parametrize(("weights", "cross"), [({CROSS: 1.0}, None), ({}, {"encoder": "words", "floor": 0.1, "centre": 0.0})])
def test_a_weight_and_its_stage_come_together(tmp_path, weights, cross):
    with pytest.raises(RankerDamaged, match="weights for"):
        read_ranker_file(stored(tmp_path, weights=weights, cross=cross))


def stored(folder, *, weights, cross):
    """The shipped file with something more in it, and what it names beside it."""
    from importlib.resources import files

    shipped = files("matcher").joinpath("data/rankers")
    content = json.loads(shipped.joinpath(f"{DEFAULT}.json").read_bytes())
    for part in ("vocabulary", "reference"):
        (folder / content[part]["file"]).write_bytes(shipped.joinpath(content[part]["file"]).read_bytes())
    content["weights"] |= weights
    content |= {"cross": cross} if cross else {}
    (folder / "mine.json").write_text(json.dumps(content))
    return folder / "mine.json"


def test_an_evaluation_tells_what_the_second_reading_earns_and_what_it_said(tmp_path):
    corpus = [{"_id": name, "text": text} for name, text in TEXTS.items()]
    queries = [{"_id": "wounds", "text": "Wounds of the leg are seen late by a nurse."}, {"_id": "silent", "text": " "}]
    collection = read_folder(write(tmp_path, corpus=corpus, queries=queries, qrels="wounds\tbus\t1\nsilent\tbus\t1\n"), "test")

    report = evaluate(collection, encoder=WORDS, ranker=twice(), queries_side=Side.NEED, ablate=True, tell_worst=2)

    part = next(part for part in report.parts if part.name == "cross-encoder")
    assert len(part.whole) == len(part.without) == len(part.alone) == 2
    told = [each.due for each in (*report.worst.lost, *report.worst.lowest)]
    assert any(CROSS in each.features for each in told)
