"""evaluate at the command line: what a person reads of it."""

import json

import pytest

CORPUS = [
    ("camera", "Pictures of wounds of the leg go to a nurse."),
    ("dressing", "A foam dressing for pressure ulcers that are slow to heal."),
    ("bus", "Timetable of buses to the hospital."),
]
QUERIES = [
    ("wounds", "Wounds of the leg are seen late."),
    ("ulcers", "Pressure ulcers heal slowly."),
    ("moon", "Nobody looks at the moon."),
]


@pytest.fixture
def folder(tmp_path):
    """Two needs with an answer, one without."""
    made = tmp_path / "small"
    (made / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", CORPUS), ("queries", QUERIES)):
        (made / f"{name}.jsonl").write_text("".join(json.dumps({"_id": row, "text": text}) + "\n" for row, text in rows))
    (made / "qrels" / "test.tsv").write_text("wounds\tcamera\t1\nulcers\tbus\t1\nmoon\tbus\t0\n")
    return made


@pytest.fixture
def shown(cli, folder):
    """What is read of everything there is to tell."""
    return cli("evaluate", folder, "--worst", 2, "--ablate").stdout


def test_a_report_reads_in_a_hundred_columns(shown):
    assert [line for line in shown.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize(
    "words",
    [
        "small, judgements test, ranker",
        "2 answerable of 3 queries (needs ask), 3 documents.",
        "nDCG@10",
        "p randomisation (Holm)",
        "NOT AHEAD of ",
        "Base rate",
        "Only 3 of 9 were judged.",
        "strong",
        '"Nothing fits"',
        "answers taken out",
        "encoding a query",
        "What each part earns",
        "codes: all",
    ],
)
def test_every_part_of_the_report_is_shown(shown, words):
    assert words in shown


def test_a_loss_is_shown_with_both_texts_and_what_decided(shown):
    told = " ".join(shown.split())

    assert "ulcers: nDCG@10" in told
    assert "asked: Pressure ulcers heal slowly." in told
    assert "put at place 1 [not judged" in told
    assert "dressing: A foam dressing" in told
    assert "due there [grade 1" in told
    assert "ranks: BM25 -" in told
    assert "decided (logits for what was put): " in told


def test_long_texts_are_cut_and_a_query_that_says_nothing_is_told(cli, folder):
    (folder / "queries.jsonl").write_text(
        json.dumps({"_id": "long", "text": "Wounds of the leg are seen late by somebody. " * 40}) + "\n" + '{"_id": "mute", "text": " "}\n'
    )
    (folder / "qrels" / "test.tsv").write_text("long\tbus\t1\nmute\tbus\t1\n")

    shown = cli("evaluate", folder, "--worst", 2).stdout

    assert " …" in shown
    assert "nothing was ranked at place 1" in shown
    assert [line for line in shown.splitlines() if len(line) > 100] == []


def test_several_folders_are_shown_one_by_one_and_together(cli, folder):
    ended = cli("evaluate", folder, folder)

    assert "All 2 sets, each counting alike" in ended.stdout
    assert "sets." in ended.stdout
    assert "small: Shown candidates that nobody judged" in " ".join(ended.stderr.split())


def test_folders_without_any_answer_have_no_figures_together(cli, folder):
    (folder / "qrels" / "test.tsv").write_text("moon\tbus\t0\n")

    assert "All" not in cli("evaluate", folder, folder).stdout


def test_the_loss_and_the_parts_are_for_machines_too(cli, folder):
    found = json.loads(cli("evaluate", folder, "--worst", 1, "--ablate", "--json").stdout)

    assert found["worst"]["lowest"][0]["query"] == "ulcers"
    assert {part["part"] for part in found["parts"]} >= {"codes: all", "suggested codes"}


def test_a_negative_count_is_a_fault_of_usage(cli, folder):
    assert "--worst" in cli("evaluate", folder, "--worst", -1, status=2).stderr
