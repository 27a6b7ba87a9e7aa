import json
from hashlib import sha256
from pathlib import Path

import pytest

from matcher.folder import MalformedFolder, Row, read_folder, split_and_side
from matcher.types import Criterion, CriterionKind, Facet, Side, Stage

CORPUS = [{"_id": "d1", "title": "Woundly", "text": "Pictures of wounds."}, {"_id": "d2", "title": "", "text": "Buses."}]
QUERIES = [{"_id": "q1", "text": "Wounds are seen late."}, {"_id": "q2", "text": "Not judged here."}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n"


def write(folder: Path, *, corpus=CORPUS, queries=QUERIES, qrels=QRELS) -> Path:
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = rows if isinstance(rows, str | bytes) else "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "qrels" / "test.tsv").write_text(qrels)
    return folder


def document(metadata: dict, *, side: Side = Side.INNOVATION, title: str = "T", text: str = "X", **options):
    return Row(id="r", title=title, text=text, metadata=metadata, place="corpus.jsonl line 7").document(side, **options)


def test_a_folder_is_read_with_the_queries_that_its_split_judges(tmp_path):
    found = read_folder(write(tmp_path / "mine"), "test")

    assert found.name == "mine"
    assert [row.id for row in found.queries] == ["q1"]
    assert [row.whole for row in found.corpus] == ["Woundly Pictures of wounds.", "Buses."]
    assert found.judgements == {"q1": {"d1": 1, "d2": 0}}


@pytest.mark.parametrize("header", ["", "query-id\tcorpus-id\tscore\n", "topic\tdoc\trelevance\n"])
def test_a_first_line_is_a_header_where_it_names_columns(tmp_path, header):
    found = read_folder(write(tmp_path, qrels=f"{header}q1\td1\t1\nq1\td2\t0\n"), "test")

    assert found.judgements == {"q1": {"d1": 1, "d2": 0}}


def test_the_usual_header_is_one_even_where_a_row_is_called_so(tmp_path):
    queries = [*QUERIES, {"_id": "query-id", "text": "What is an id?"}]

    assert read_folder(write(tmp_path, queries=queries), "test").judgements == {"q1": {"d1": 1, "d2": 0}}


def test_what_is_left_out_is_counted(tmp_path):
    foreign = {"stage": "IV", "criteria": "Inclusion: adults", "careSettings": ["PRIMARY_CARE", 3]}
    found = read_folder(write(tmp_path, corpus=[CORPUS[0], {**CORPUS[1], "metadata": foreign}]), "test")

    assert found.notices == (
        "Queries that test.tsv does not judge, and that are left out: 1.",
        "Entries of metadata that cannot be read, and that are left out: 3; "
        "the first is corpus.jsonl line 2, care_settings holds 3, which is no str.",
    )
    assert found.corpus[1].document(Side.INNOVATION).codes[Facet.CARE_SETTINGS] == {"PRIMARY_CARE"}


def test_a_folder_that_is_read_whole_gives_no_notice(tmp_path):
    assert read_folder(write(tmp_path, queries=QUERIES[:1]), "test").notices == ()


@pytest.mark.parametrize(("grade", "relevant_from"), [(1, 1), (2, 2), (3, 2), (-1, 1)])
def test_two_is_relevant_where_grades_reach_it(tmp_path, grade, relevant_from):
    found = read_folder(write(tmp_path, qrels=f"q1\td1\t{grade}\n"), "test")

    assert found.relevant_from == relevant_from
    assert found.judgements["q1"]["d1"] == max(0, grade)


def test_byte_order_mark_windows_line_ends_and_empty_lines_are_read(tmp_path):
    corpus = b"\xef\xbb\xbf" + b"\r\n\r\n".join(json.dumps(row).encode() for row in CORPUS) + b"\r\n"

    assert len(read_folder(write(tmp_path, corpus=corpus), "test").corpus) == 2


def test_a_collection_names_its_judgements(tmp_path):
    found = read_folder(write(tmp_path), "test")

    assert (found.split, found.digest) == ("test", sha256(QRELS.encode()).hexdigest())
    assert found.answerable == ("q1",)


@pytest.mark.parametrize(
    ("splits", "said", "given", "found"),
    [
        (("dev", "test"), None, {}, ("dev", Side.NEED)),
        (("test",), None, {}, ("test", Side.NEED)),
        (("dev", "test"), {"split": "test"}, {}, ("test", Side.NEED)),
        (("dev", "test"), {"split": "test", "queries": "innovations"}, {}, ("test", Side.INNOVATION)),
        (("dev", "test"), {"split": "test", "queries": "innovations"}, {"split": "dev", "side": Side.NEED}, ("dev", Side.NEED)),
        ((), None, {}, ("dev", Side.NEED)),
    ],
)
def test_split_and_side_are_those_given_then_those_of_the_folder(tmp_path, splits, said, given, found):
    prepare(tmp_path, splits, said if said is None else json.dumps(said))

    assert split_and_side(tmp_path, **given) == found


@pytest.mark.parametrize(
    ("splits", "said", "given", "message"),
    [
        (("test", "train"), None, {}, "the judgements test, train, and nothing says which"),
        (("test", "train"), None, {"split": "dev"}, "no judgements dev.tsv, but test, train"),
        (("dev",), '{"split": "test"}', {}, "no judgements test.tsv, but dev"),
        (("dev",), "[]", {}, "matching.json: not an object like"),
        (("dev",), "{", {}, "matching.json: not one JSON object"),
        (("dev",), '{"splits": "dev"}', {}, "matching.json: not an object like"),
        (("dev",), '{"split": 3}', {}, "matching.json: not an object like"),
        (("dev",), '{"queries": "both"}', {}, "queries are needs or innovations, not 'both'"),
    ],
)
def test_what_leaves_split_or_side_open_is_told(tmp_path, splits, said, given, message):
    prepare(tmp_path, splits, said)

    with pytest.raises(MalformedFolder, match=message):
        split_and_side(tmp_path, **given)


def prepare(folder, splits, said):
    (folder / "qrels").mkdir()
    for split in splits:
        (folder / "qrels" / f"{split}.tsv").touch()
    if said is not None:
        (folder / "matching.json").write_text(said)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"corpus": '{"_id": "d1", "text": "a"}\n{"_id": "d2", '}, r"corpus\.jsonl line 2: not one JSON object"),
        ({"corpus": "[" * 100_000}, r"corpus\.jsonl line 1: not one JSON object"),
        ({"corpus": "[]\n"}, r"corpus\.jsonl line 1: not one JSON object"),
        ({"corpus": b'{"_id": "\xff"}\n'}, r"corpus\.jsonl line 1: not UTF-8"),
        ({"corpus": ""}, r"corpus\.jsonl holds no document"),
        ({"corpus": [*CORPUS, CORPUS[0]]}, r"corpus\.jsonl line 3: the _id 'd1' stands on corpus\.jsonl line 1"),
        ({"corpus": [{"_id": "", "text": "a"}]}, r"line 1: the _id '' is empty"),
        ({"corpus": [{"_id": "d 1", "text": "a"}]}, r"line 1: the _id 'd 1' is empty or holds white space"),
        ({"corpus": [{"_id": "\ud800", "text": "a"}]}, r"line 1: the _id .* nobody sees"),
        ({"corpus": [{"_id": 3, "text": "a"}]}, "line 1: _id is missing"),
        ({"corpus": [{"_id": "d1"}]}, "line 1: text is missing"),
        ({"corpus": [{"_id": "d1", "text": "a", "title": 3}]}, "line 1: title is missing"),
        ({"corpus": [{"_id": "d1", "text": "a", "metadata": []}]}, "line 1: metadata is missing"),
        ({"queries": ""}, r"queries\.jsonl holds no query"),
        ({"qrels": ""}, r"test\.tsv holds no judgement"),
        ({"qrels": "query-id\tcorpus-id\tscore\n"}, r"test\.tsv holds no judgement"),
        ({"qrels": QRELS + "q1 d1 1\n"}, r"test\.tsv line 4: 1 columns"),
        ({"qrels": QRELS + "q1\td1\thigh\n"}, r"test\.tsv line 4: the score 'high'"),
        ({"qrels": QRELS + "q2\td1\t31\n"}, r"test\.tsv line 4: the score '31' is no whole number up to 30"),
        ({"qrels": QRELS + "q2\td1\t" + "9" * 5_000}, r"test\.tsv line 4: the score '999"),
        ({"qrels": "q1\td9\thigh\n"}, r"test\.tsv line 1: the score 'high'"),
        ({"qrels": "q9\td1\t1.0\n"}, r"test\.tsv line 1: the score '1\.0'"),
        ({"qrels": "q9\td9\t1\n"}, r"test\.tsv line 1: 'q9' is not in queries\.jsonl"),
        ({"qrels": QRELS + "q9\td1\t1\n"}, r"test\.tsv line 4: 'q9' is not in queries\.jsonl"),
        ({"qrels": QRELS + "q1\td9\t1\n"}, r"test\.tsv line 4: 'd9' is not in corpus\.jsonl"),
        ({"qrels": QRELS + "q1\td1\t1\n"}, r"test\.tsv line 4: this pair is judged"),
    ],
)
def test_a_malformed_folder_names_file_and_line(tmp_path, changed, message):
    with pytest.raises(MalformedFolder, match=message):
        read_folder(write(tmp_path, **changed), "test")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MalformedFolder, match=r"corpus\.jsonl cannot be read"):
        read_folder(tmp_path, "test")
    with pytest.raises(MalformedFolder, match=r"dev\.tsv cannot be read"):
        read_folder(write(tmp_path), "dev")


def test_text_and_title_go_to_the_main_columns_of_their_side():
    assert document({}, title="Woundly", text="Pictures.").fields == {"name": "Woundly", "description": "Pictures."}
    assert document({}, title="", text="Late.", side=Side.NEED).fields == {"title": "", "problem": "Late."}


def test_metadata_are_read_in_snake_and_camel_case():
    stated = {"title": "Wounds", "problem": "Late.", "desiredOutcome": "Early.", "metric": None}
    needed = document(stated, side=Side.NEED, title="", text="wounds. Late. Early.")
    offered = document({"howItWorks": "By pictures.", "staff_learning": "A day", "supplier": "Ltd"}, text="Pictures.")

    assert needed.fields == {"title": "Wounds", "problem": "Late.", "desired_outcome": "Early."}
    assert offered.fields == {"name": "T", "description": "Pictures.", "how_it_works": "By pictures.", "staff_learning": "A day"}


def test_codes_are_read_unless_they_are_to_be_left_out():
    metadata = {"careSettings": ["PRIMARY_CARE"], "areas": "PATIENT_SAFETY", "diseases_conditions_impact": None}

    found = document(metadata)

    assert found.codes[Facet.CARE_SETTINGS] == {"PRIMARY_CARE"}
    assert found.codes[Facet.AREAS] == {"PATIENT_SAFETY"}
    assert found.codes[Facet.CONDITIONS] == frozenset()
    assert document(metadata, without_codes=True).codes == {}


def test_facts_and_must_haves_are_read():
    offered = document(
        {
            "stage": "READY",
            "standards": [{"type": "DTAC", "has_met": "YES"}, {"type": "CQC", "hasMet": "NOT_YET"}, {"type": "OTHER"}],
            "requires_smartphone": False,
            "integratesWith": ["EMIS"],
            "evidences": [{"evidenceType": "UNPUBLISHED_DATA"}, {"summary": "An audit."}],
            "deployed": True,
        }
    ).facts
    needed = document({"criteria": [{"kind": "minimum_stage", "value": "ADOPTION"}, {"kind": "dtac"}]}, side=Side.NEED)

    assert offered.stage is Stage.ADOPTION
    assert offered.standards == {"DTAC": "YES", "CQC": "NOT_YET", "OTHER": ""}
    assert (offered.requires_smartphone, offered.deployed) == (False, True)
    assert (offered.integrates_with, offered.evidence_types) == (("EMIS",), ("UNPUBLISHED_DATA",))
    assert needed.criteria == (Criterion(CriterionKind.MINIMUM_STAGE, "ADOPTION"), Criterion(CriterionKind.DTAC))


def test_a_text_that_the_metadata_do_not_say_is_kept_with_them():
    assert document({"description": "In short.", "name": "Brand"}, title="Woundly", text="In short. Pictures go to a nurse.").fields == {
        "name": "Brand",
        "description": "In short.\nWoundly Pictures go to a nurse.",
    }


@pytest.mark.parametrize("blank", ["", "  ", "\u200b", None])
def test_a_blank_field_of_the_metadata_leaves_the_text_in_its_place(blank):
    assert document({"description": blank, "name": blank}).fields == {"name": "T", "description": "X"}
