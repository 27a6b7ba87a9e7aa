import json

import numpy as np
import pytest

from matcher.evaluation import BASELINES, METRICS, OURS, MalformedFolder, Pool, evaluate, read_folder
from matcher.types import Side
from tests.matcher.documents import WORDS, ranker
from tests.matcher.test_folder import write

CORPUS = [
    {"_id": "camera", "title": "Woundly", "text": "Pictures of wounds of the leg go to a nurse."},
    {"_id": "bed", "title": "Turner", "text": "A mattress turns the patient at night."},
    {"_id": "bus", "title": "", "text": "Timetable of buses to the hospital."},
    {"_id": "empty", "title": "", "text": "\u200b"},
]
QUERIES = [
    {"_id": "wounds", "text": "Wounds of the leg are seen late by a nurse."},
    {"_id": "buses", "text": "Patients miss buses to the hospital."},
    {"_id": "moon", "text": "Xylophones jangle."},
    {"_id": "silent", "text": " "},
]
QRELS = "wounds\tcamera\t3\nwounds\tbed\t1\nbuses\tbus\t2\nmoon\tbed\t1\nmoon\tcamera\t0\nsilent\tbus\t0\n"


@pytest.fixture
def collection(tmp_path):
    return read_folder(write(tmp_path / "small", corpus=CORPUS, queries=QUERIES, qrels=QRELS), "test")


def test_the_report_has_every_system_in_the_agreed_shape(collection):
    said = evaluate(collection, encoder=WORDS, ranker=ranker()).to_json()

    assert (said["dataset"], said["queries"]) == ("small", 4)
    assert set(said["systems"]) == {*BASELINES, OURS}
    for figures in said["systems"].values():
        assert set(figures) == {*METRICS, "ndcg@10_ci95"}
        low, high = figures["ndcg@10_ci95"]
        assert 0 <= low <= figures["ndcg@10"] <= high <= 1
    assert set(said["paired"]) == set(BASELINES)
    assert json.loads(json.dumps(said)) == said


def test_only_answerable_queries_are_measured_and_the_others_are_for_abstention(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker(possible=0.9, strong=0.95))

    assert report.answerable == ("wounds", "buses")
    assert report.mean(OURS, "mrr") == 1.0
    assert report.mean("dense", "mrr") == 1.0
    assert (report.abstention.answerable, report.abstention.unanswerable) == (2, 2)
    assert (report.abstention.precision, report.abstention.recall) == (1.0, 1.0)


def test_a_ranker_that_never_abstains_has_no_precision(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker(possible=0.0))

    assert (report.abstention.precision, report.abstention.recall) == (1.0, 0.5)  # a query that says nothing has no answer


def test_abstention_is_not_measured_where_every_query_has_an_answer(tmp_path):
    folder = write(tmp_path, corpus=CORPUS, queries=QUERIES, qrels="wounds\tcamera\t1\n")

    report = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())

    assert report.abstention is None
    assert report.to_json()["abstention"] is None


def test_never_saying_that_nothing_fits_gives_no_precision(tmp_path):
    folder = write(tmp_path, corpus=CORPUS, queries=QUERIES, qrels="wounds\tcamera\t1\nmoon\tbed\t0\n")

    report = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker(possible=0.0))

    assert (report.abstention.precision, report.abstention.recall) == (0.0, 0.0)


def test_gains_are_paired_by_query(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker())

    difference, (low, high) = report.gain("bm25")

    assert difference == pytest.approx(report.mean(OURS, "ndcg@10") - report.mean("bm25", "ndcg@10"))
    assert low <= difference <= high


def test_the_judged_pool_ranks_nothing_else(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker(), pool=Pool.JUDGED)

    assert {candidate.id for candidate in report.runs["wounds"]} == {"camera", "bed"}
    assert {candidate.id for candidate in report.runs["buses"]} == {"bus"}
    assert report.mean("weighted", "recall@10") == 1.0


def test_a_row_that_says_nothing_is_never_ranked(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker())

    assert report.runs["silent"] == []
    assert all(candidate.id != "empty" for ranking in report.runs.values() for candidate in ranking)


def test_probabilities_are_those_of_the_ranker_and_the_same_from_both_sides(collection, tmp_path):
    forward = evaluate(collection, encoder=WORDS, ranker=ranker(), queries_side=Side.NEED)
    turned = write(tmp_path / "turned", corpus=QUERIES[:3], queries=CORPUS[:3], qrels="camera\twounds\t3\nbus\tbuses\t2\n")

    backward = evaluate(read_folder(turned, "test"), encoder=WORDS, ranker=ranker(), queries_side=Side.INNOVATION)

    there = {(query, each.id): each.score for query, ranking in forward.runs.items() for each in ranking}
    back = {(each.id, query): each.score for query, ranking in backward.runs.items() for each in ranking}
    assert back
    assert all(np.isclose(there[pair], probability, atol=1e-3) for pair, probability in back.items())


def test_codes_can_be_left_out(tmp_path):
    coded = {"careSettings": ["PRIMARY_CARE"]}
    corpus, queries = ([{**row, "metadata": coded} for row in rows] for rows in (CORPUS, QUERIES))
    with_codes = read_folder(write(tmp_path, corpus=corpus, queries=queries, qrels=QRELS), "test")

    told, untold = (evaluate(with_codes, encoder=WORDS, ranker=ranker(), without_codes=without) for without in (False, True))

    assert told.runs["wounds"][0].score > untold.runs["wounds"][0].score


def test_a_long_text_is_read_in_passages_by_ours_and_from_its_start_by_the_others(tmp_path):
    long = {"_id": "long", "text": "Filler words stand here. " * 200 + "Wounds of the leg are seen late by a nurse."}
    folder = write(tmp_path, corpus=[long, *CORPUS], queries=QUERIES, qrels="wounds\tcamera\t1\n")

    report = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())

    assert "long" in [candidate.id for candidate in report.runs["wounds"][:2]]


def test_progress_is_told_by_step(collection):
    told = []

    evaluate(collection, encoder=WORDS, ranker=ranker(), on_progress=lambda *each: told.append(each))

    assert [step for step, done, total in told if done == total] == [
        "queries",
        "corpus",
        "queries, by aspect",
        "corpus, by aspect",
        "ranking",
    ]


def test_a_run_is_written_in_trec_form(collection, tmp_path):
    report = evaluate(collection, encoder=WORDS, ranker=ranker())

    report.write_run(tmp_path / "run.txt")

    first = (tmp_path / "run.txt").read_text().splitlines()[0].split()
    assert first[:4] == ["wounds", "Q0", "camera", "1"]
    assert (float(first[4]), first[5]) == (report.runs["wounds"][0].score, "matching")


def test_without_any_answer_only_abstention_is_measured(tmp_path):
    folder = write(tmp_path / "bare", corpus=CORPUS, queries=QUERIES, qrels="wounds\tbed\t0\n")

    report = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker(possible=1.0, strong=1.0))

    assert (report.abstention.precision, report.abstention.recall) == (1.0, 1.0)
    said = report.to_json()
    assert set(said["systems"]) == {*BASELINES, OURS}
    assert all(figure is None for part in ("systems", "paired") for figures in said[part].values() for figure in figures.values())
    assert json.loads(json.dumps(said)) == said


@pytest.mark.parametrize(
    "row",
    [
        {"text": "Wounds of the leg.", "metadata": {"description": " "}},
        {"text": "\u200b" * 20_001 + "Wounds of the leg."},
        {"text": "", "metadata": {"description": "Wounds of the leg."}},
        {"text": "\u200b"},
    ],
)
def test_a_row_of_which_little_is_read_is_measured_like_any_other(tmp_path, row):
    row = {"_id": "odd", "title": "", **row}
    offered = read_folder(write(tmp_path / "a", corpus=[*CORPUS, row], queries=QUERIES, qrels="wounds\todd\t1\n"), "test")
    asked = read_folder(write(tmp_path / "b", corpus=CORPUS, queries=[row], qrels="odd\tcamera\t1\n"), "test")

    for collection in (offered, asked):
        report = evaluate(collection, encoder=WORDS, ranker=ranker())
        assert 0 <= report.mean(OURS, "mrr") <= 1


@pytest.mark.parametrize(
    ("row", "read_by"), [({"text": "\u200b" * 20_001 + "Wounds."}, "bm25"), ({"text": "", "metadata": {"name": "Wounds."}}, OURS)]
)
def test_a_corpus_that_only_some_systems_can_read_is_measured(tmp_path, row, read_by):
    row = {"_id": "odd", "title": "", **row}

    report = evaluate(
        read_folder(write(tmp_path, corpus=[row], queries=QUERIES, qrels="wounds\todd\t1\n"), "test"), encoder=WORDS, ranker=ranker()
    )

    assert [system for system in ("bm25", OURS) if report.mean(system, "mrr") == 1] == [read_by]


def test_what_the_folder_left_out_is_told(tmp_path):
    folder = write(tmp_path, corpus=CORPUS, queries=QUERIES, qrels="wounds\tcamera\t1\n")

    assert evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker()).notices == (
        "Queries that test.tsv does not judge, and that are left out: 3.",
    )


def test_the_scale_of_the_weighted_sum_is_that_of_the_whole_corpus(tmp_path, monkeypatch):
    folder = write(tmp_path, corpus=CORPUS, queries=QUERIES, qrels="wounds\tcamera\t1\nbuses\tbus\t1\n")
    whole = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())

    monkeypatch.setattr("matcher.evaluation.DEPTH", 1)

    assert evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker()).mean("weighted", "mrr") == whole.mean("weighted", "mrr")


def test_a_corpus_that_says_nothing_cannot_be_measured(tmp_path):
    folder = write(tmp_path / "mute", corpus=CORPUS[3:], queries=QUERIES, qrels="wounds\tempty\t1\n")

    with pytest.raises(MalformedFolder, match="mute: no document"):
        evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())
