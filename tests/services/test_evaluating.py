import json

import pytest

from api.services.evaluating import as_json_object, evaluate_folders
from api.services.faults import Fault

NEEDS = [("n1", "Adults wait years for an ADHD assessment."), ("n2", "Pressure ulcers heal slowly at home.")]
ANSWERS = [("i1", "A computer test of attention that supports ADHD assessment."), ("i2", "A foam dressing for pressure ulcers.")]


@pytest.fixture
def folder(tmp_path):
    for name, rows in (("corpus", ANSWERS), ("queries", NEEDS)):
        lines = [json.dumps({"_id": row_id, "title": "", "text": text}) for row_id, text in rows]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nn1\ti1\t3\nn2\ti2\t2\n")
    return tmp_path


@pytest.fixture
def evaluated(folder, libraries):
    def run(*others, **options):
        said = {
            "split": None,
            "queries": None,
            "without_codes": False,
            "pool": "corpus",
            "run_file": None,
            "tell_worst": 0,
            "ablate": False,
        }
        return evaluate_folders([folder, *others], libraries, **said | {"on_progress": lambda *_: None} | options)

    return run


def test_the_answer_for_machines_has_the_agreed_shape(evaluated):
    said = as_json_object(evaluated())

    assert list(said)[:4] == ["dataset", "queries", "systems", "abstention"]
    assert (said["queries"], said["abstention"]) == (2, None)
    assert list(said["systems"]) == ["bm25", "dense", "rrf", "weighted", "matching"]
    assert set(said["systems"]["matching"]) == {"ndcg@10", "ndcg@10_ci95", "recall@10", "recall@50", "mrr"}


def test_innovations_may_ask_and_the_ranking_is_written_for_other_tools(evaluated, tmp_path):
    overall = evaluated(queries="innovations", pool="judged", without_codes=True, run_file=tmp_path / "run.trec")

    assert overall.reports[0].asking == "innovation"
    assert [line.split()[:3] for line in (tmp_path / "run.trec").read_text().splitlines()] == [["n1", "Q0", "i1"], ["n2", "Q0", "i2"]]


def test_a_folder_tells_how_it_is_read_unless_somebody_does(evaluated, folder):
    (folder / "matching.json").write_text('{"split": "dev", "queries": "innovations"}')

    assert evaluated().reports[0].asking == "innovation"
    assert evaluated(queries="needs").reports[0].asking == "need"


def test_several_folders_are_measured_together(evaluated, folder):
    steps = set()

    said = as_json_object(evaluated(folder, on_progress=lambda step, *_: steps.add(step)))

    assert [each["dataset"] for each in said["sets"]] == [folder.name] * 2
    assert said["overall"]["sets"] == 2
    assert f"{folder.name}: ranking" in steps


def test_a_run_file_is_of_one_folder(evaluated, folder, tmp_path):
    with pytest.raises(Fault, match="Name one folder"):
        evaluated(folder, run_file=tmp_path / "run.trec")


def test_a_malformed_folder_is_told_by_file_and_line(evaluated, folder):
    (folder / "corpus.jsonl").write_text('{"_id": "i1", "text": "x"}\nnot json\n')

    with pytest.raises(Fault, match=r"corpus\.jsonl.*2.*run the evaluation again"):
        evaluated()


def test_losses_and_parts_are_measured_when_they_are_asked_for(evaluated):
    report = evaluated(tell_worst=3, ablate=True).reports[0]

    assert report.worst is not None
    assert report.parts
