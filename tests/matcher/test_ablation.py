import json

import numpy as np
import pytest

from matcher.ablation import CHOOSING, PARTS, SUGGESTING
from matcher.evaluation import OURS, evaluate, read_folder
from matcher.pairing import FEATURES
from tests.matcher.documents import WORDS, ranker
from tests.matcher.test_folder import write

CORPUS = [
    {"_id": "camera", "title": "Woundly", "text": "Pictures of wounds of the leg go to a nurse."},
    {"_id": "bed", "title": "Turner", "text": "A mattress turns the patient at night."},
    {"_id": "bus", "title": "", "text": "Timetable of buses to the hospital."},
]
QUERIES = [
    {"_id": "wounds", "text": "Wounds of the leg are seen late by a nurse."},
    {"_id": "nights", "text": "Patients are turned at night."},
    {"_id": "silent", "text": " "},
]

CODED = {"a": "MENTAL_HEALTH", "b": "MENTAL_HEALTH", "z": "PRIMARY_CARE"}


def parts(folder, *, corpus=CORPUS, queries=QUERIES, qrels="wounds\tcamera\t1\n", **options):
    collection = read_folder(write(folder, corpus=corpus, queries=queries, qrels=qrels), "test")
    report = evaluate(collection, encoder=WORDS, ranker=ranker(), ablate=True, **options)
    return report, {part.name: part for part in report.parts}


def test_every_feature_is_a_part_of_the_ranker_that_can_be_switched_off():
    assert {name for names in PARTS.values() for name in names} == set(FEATURES)


def test_every_part_is_told_beside_the_whole(tmp_path):
    report, found = parts(tmp_path, qrels="wounds\tcamera\t1\nnights\tbed\t1\n")

    assert list(found) == [*PARTS, SUGGESTING, *CHOOSING]
    for part in found.values():
        assert part.whole == tuple(report.per_query[OURS]["ndcg@10"])
        assert len(part.without) == len(part.whole)
    assert all(found[name].alone is None for name in (SUGGESTING, *CHOOSING))


def test_a_part_earns_what_is_lost_without_it(tmp_path):
    corpus = [{"_id": name, "title": "", "text": "A plan.", "metadata": {"careSettings": [code]}} for name, code in CODED.items()]
    asking = [{"_id": "late", "text": "Something is seen late.", "metadata": {"careSettings": ["PRIMARY_CARE"]}}]

    _, found = parts(tmp_path, corpus=corpus, queries=asking, qrels="late\tz\t1\n")

    earned, (low, high) = found["codes: settings"].earns
    assert earned > 0
    assert low == high == earned  # of one query
    assert np.mean(found["codes: settings"].alone) == 1
    assert np.mean(found["codes: conditions"].without) == 1


def test_what_only_suggests_itself_is_a_part_too(tmp_path):
    corpus = [{"_id": "a", "title": "", "text": "A plan."}, {"_id": "b", "title": "", "text": "For asthma."}]
    queries = [{"_id": "q", "text": "Asthma."}]

    _, found = parts(tmp_path, corpus=corpus, queries=queries, qrels="q\tb\t1\n")

    assert found[SUGGESTING].earns[0] == pytest.approx(0)  # the word itself is enough, with the codes and without


def test_candidates_come_from_words_and_from_vectors(tmp_path):
    asking = [{"_id": "beds", "text": "Cushions and pillows."}]

    _, found = parts(tmp_path, queries=asking, qrels="beds\tbed\t1\n")

    assert found["vectors in choosing candidates"].without == (0.0,)
    assert found["words in choosing candidates"].without == found["words in choosing candidates"].whole


def test_a_query_that_says_nothing_earns_nothing(tmp_path):
    _, found = parts(tmp_path, qrels="silent\tcamera\t1\n")

    assert {part.earns[0] for part in found.values()} == {0.0}


def test_without_an_answerable_query_there_is_nothing_to_earn(tmp_path):
    report, _ = parts(tmp_path, qrels="wounds\tcamera\t0\n")

    assert report.parts == ()


def test_a_machine_gets_means_and_intervals(tmp_path):
    report, _ = parts(tmp_path)

    said = report.to_json()["parts"]
    assert json.loads(json.dumps(said)) == said
    assert set(said[0]) == {"part", "ndcg@10_without", "earns", "earns_ci95", "ndcg@10_alone"}
    assert said[-1]["ndcg@10_alone"] is None
