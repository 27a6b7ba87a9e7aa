import json
from dataclasses import replace

import numpy as np
import pytest

from matcher.evaluation import BASELINES, METRICS, OURS, MalformedFolder, Pool, evaluate, read_folder
from matcher.ranking import Ranker
from matcher.types import Side
from tests.matcher.documents import WORDS, encoded, ranker
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


def test_an_evaluation_judges_as_the_ranker_does_by_itself(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker())

    asked, offered = collection.queries[0].document(Side.NEED), collection.corpus[0].document(Side.INNOVATION)
    assert report.runs["wounds"][0].score == ranker().judge(encoded(asked), encoded(offered)).probability


def test_codes_can_be_left_out(tmp_path):
    coded = {"careSettings": ["PRIMARY_CARE"]}
    corpus, queries = ([{**row, "metadata": coded} for row in rows] for rows in (CORPUS, QUERIES))
    with_codes = read_folder(write(tmp_path, corpus=corpus, queries=queries, qrels=QRELS), "test")

    told, untold = (evaluate(with_codes, encoder=WORDS, ranker=ranker(), without_codes=without) for without in (False, True))

    assert told.runs["wounds"][0].score > untold.runs["wounds"][0].score


def test_a_long_text_is_read_in_passages_by_ours_and_from_its_start_by_the_others(tmp_path):
    filler = " ".join(f"Sentence {number} tells of matter{number} and thing{number}." for number in range(120))
    endings = {
        "a-other": "The porter moves such beds early, of the ward above all.",
        "long": "The nurse sees such wounds late, of the leg.",
    }
    rows = [{"_id": name, "text": f"{filler} {ending}"} for name, ending in endings.items()]
    folder = write(tmp_path, corpus=rows, queries=QUERIES, qrels="wounds\tlong\t1\n")

    report = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())

    assert report.mean(OURS, "mrr") == 1
    assert report.mean("dense", "mrr") == 0.5  # to which both are alike, so that the id decides


def test_progress_is_told_by_step(collection):
    told = []

    evaluate(collection, encoder=WORDS, ranker=ranker(), on_progress=lambda *each: told.append(each))

    assert [step for step, done, total in told if done == total] == [
        "queries",
        "corpus",
        "queries, by aspect",
        "corpus, by aspect",
        "ranking",
        "ranking without answers",
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
    assert all(figure is None for figures in said["systems"].values() for figure in figures.values())
    assert set(said["paired"].values()) == {None}
    assert (said["first"], said["intervals"], said["nothing_fits"]["answers_removed"]) == (None, None, None)
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
        "Shown candidates that nobody judged count as not fitting: 2 of 3; with all judged, more would fit.",
    )


def test_judgements_that_the_ranker_was_fitted_on_are_told(collection):
    fitted = Ranker(replace(ranker().file, fitted_on=frozenset({collection.digest})))

    told, untold = (evaluate(collection, encoder=WORDS, ranker=each) for each in (fitted, ranker()))

    assert (told.in_sample, untold.in_sample) == (True, False)
    assert "python -m bench.fit_ranker" in told.notices[0]
    assert told.to_json()["in_sample"]


def test_probabilities_are_held_against_the_grades_of_what_is_shown(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker())

    assert report.trust.shown.count == sum(len(ranking) for ranking in report.runs.values()) == 9
    assert (report.trust.shown.fitting, report.trust.judged) == (2, 5)


def test_answerable_queries_are_asked_again_without_their_answers(collection):
    asked = evaluate(collection, encoder=WORDS, ranker=ranker()).removed.asked

    with_answer, without = [each.best for each in asked if each.has_answer], [each.best for each in asked if not each.has_answer]
    assert len(with_answer) == len(without) == 2
    assert all(there > gone for there, gone in zip(with_answer, without, strict=True))


def test_a_query_of_which_all_that_was_judged_fits_is_left_with_nothing(collection):
    asked = evaluate(collection, encoder=WORDS, ranker=ranker(possible=0.0), pool=Pool.JUDGED).removed.asked

    assert (0.0, True) in [(each.best, each.says_nothing_fits) for each in asked]


def test_times_are_told_of_every_system_and_of_encoding_apart(collection):
    report = evaluate(collection, encoder=WORDS, ranker=ranker())

    assert {system: len(timing.seconds) for system, timing in report.timings.items()} == dict.fromkeys((*BASELINES, OURS), 4)
    assert len(report.encoding.seconds) == 3  # one says nothing
    assert 0 <= report.timings[OURS].median <= report.timings[OURS].p95


def test_queries_that_say_nothing_take_no_time_to_encode(tmp_path):
    folder = write(tmp_path, corpus=CORPUS, queries=QUERIES[3:], qrels="silent\tbus\t1\n")

    report = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())

    assert (report.encoding, report.trust, report.mean(OURS, "mrr")) == (None, None, 0)
    assert json.loads(json.dumps(report.to_json()))["probability"] is None


def test_the_scale_of_the_weighted_sum_is_that_of_the_whole_corpus(tmp_path, monkeypatch):
    folder = write(tmp_path, corpus=CORPUS, queries=QUERIES, qrels="wounds\tcamera\t1\nbuses\tbus\t1\n")
    whole = evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())

    monkeypatch.setattr("matcher.systems.DEPTH", 1)

    assert evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker()).mean("weighted", "mrr") == whole.mean("weighted", "mrr")


def test_a_corpus_that_says_nothing_cannot_be_measured(tmp_path):
    folder = write(tmp_path / "mute", corpus=CORPUS[3:], queries=QUERIES, qrels="wounds\tempty\t1\n")

    with pytest.raises(MalformedFolder, match="mute: no document"):
        evaluate(read_folder(folder, "test"), encoder=WORDS, ranker=ranker())
