import json

import pytest

from matcher.evaluation import Pool, evaluate, read_folder
from matcher.pairing import FEATURES
from tests.matcher.documents import WORDS, ranker
from tests.matcher.test_folder import write

CORPUS = [
    {"_id": "camera", "title": "Woundly", "text": "Pictures of wounds of the leg go to a nurse."},
    {"_id": "bandage", "title": "", "text": "A bandage for ulcers."},
    {"_id": "bus", "title": "", "text": "Timetable of buses to the hospital."},
    {"_id": "mute", "title": "", "text": "\u200b"},
]
QUERIES = [
    {"_id": "wounds", "text": "Wounds of the leg are seen late by a nurse."},
    {"_id": "buses", "text": "Patients miss buses to the hospital."},
    {"_id": "silent", "text": " "},
]


def worst(folder, qrels, *, count=5, side=None, **options):
    collection = read_folder(write(folder, corpus=CORPUS, queries=QUERIES, qrels=qrels), "test")
    return evaluate(collection, encoder=WORDS, ranker=ranker(), tell_worst=count, **options).worst


def test_a_loss_tells_what_stood_where_another_should(tmp_path):
    (loss,) = worst(tmp_path, "wounds\tbandage\t3\nwounds\tcamera\t1\n").lowest

    assert (loss.query, loss.place, loss.put.id, loss.due.id) == ("wounds", 1, "camera", "bandage")
    assert (loss.put.grade, loss.due.grade) == (1, 3)
    assert loss.put.text == "Woundly Pictures of wounds of the leg go to a nurse."
    assert loss.put.ranks["matching"] == loss.put.ranks["bm25"] == 1
    assert loss.due.ranks["bm25"] is None
    assert tuple(loss.put.features) == FEATURES
    assert loss.put.probability > loss.due.probability


def test_it_tells_by_how_much_each_feature_decided(tmp_path):
    (loss,) = worst(tmp_path, "wounds\tbandage\t3\n").lowest

    weights = dict(zip(FEATURES, ranker().file.calibration.weights, strict=True))
    for name, logits in loss.decided.items():
        assert logits == pytest.approx(weights[name] * (loss.put.features[name] - loss.due.features[name]))
    assert list(loss.decided.values()) == sorted(loss.decided.values(), reverse=True)
    assert {"whole", "need_words"} <= loss.decided.keys()


def test_what_nobody_judged_is_told_as_such(tmp_path):
    (loss,) = worst(tmp_path, "wounds\tbandage\t3\n").lowest

    assert loss.put.grade is None


def test_what_a_baseline_does_better_comes_first(tmp_path):
    # The other way round, the judged pool leaves ours nothing to rank: only plain retrievers read what looks empty.
    long = {"_id": "late", "title": "", "text": "\u200b" * 20_001 + "Wounds of the leg are seen late by a nurse."}
    folder = write(tmp_path, corpus=[*CORPUS, long], queries=QUERIES, qrels="wounds\tlate\t1\nbuses\tcamera\t1\n")

    found = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker(), tell_worst=1).worst

    (lost,), (low,) = found.lost, found.lowest
    assert (lost.query, lost.best_ndcg, lost.ndcg) == ("wounds", 1.0, 0.0)
    assert (lost.due.probability, lost.due.band, dict(lost.due.features), lost.decided) == (None, None, {}, {})
    assert low.query == "buses"


def test_a_query_without_a_ranking_put_nothing(tmp_path):
    (loss,) = worst(tmp_path, "silent\tcamera\t1\n").lowest

    assert (loss.put, loss.place, loss.due.id, loss.due.probability) == (None, 1, "camera", None)


def test_a_ranking_that_is_too_short_put_nothing_in_the_place_that_is_due(tmp_path):
    (loss,) = worst(tmp_path, "wounds\tcamera\t2\nwounds\tmute\t2\n", pool=Pool.JUDGED).lowest

    assert (loss.put, loss.place, loss.due.id) == (None, 2, "mute")


def test_a_perfect_ranking_is_no_loss(tmp_path):
    found = worst(tmp_path, "wounds\tcamera\t1\nbuses\tbus\t1\n")

    assert (found.lost, found.lowest) == ((), ())


def test_no_more_are_told_than_were_asked_for(tmp_path):
    assert len(worst(tmp_path, "wounds\tbus\t1\nbuses\tcamera\t1\nsilent\tbus\t1\n", count=1).lowest) == 1


def test_a_machine_gets_all_of_it(tmp_path):
    said = worst(tmp_path, "wounds\tbandage\t3\nsilent\tbus\t3\n").to_json()

    assert json.loads(json.dumps(said)) == said
    assert [each["query"] for each in said["lowest"]] == ["silent", "wounds"]
    assert said["lowest"][1]["put"]["band"] in {"strong", "possible", "weak"}
