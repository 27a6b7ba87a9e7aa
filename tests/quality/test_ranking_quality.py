"""Gates on the figures of the shipped ranker with the real encoder, on the judged texts of the repository.

The needs of West Yorkshire had a part in fitting its weights; `python -m bench.fit_ranker` prints the figures by folds,
on which these gates stand with room to spare.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from matcher.calibration import brier_skill, calibration_error
from matcher.embedding import encode_documents
from matcher.evaluation import BASELINES, OURS, Report, evaluate, read_folder
from matcher.folder import Collection, Row
from matcher.lexical import LexicalIndex
from matcher.metrics import ndcg
from matcher.ranking import MemoryLibrary, Ranker, load_ranker
from matcher.text import text_hash
from matcher.types import EncodedDocument, Judgement, Side, Verdict

DATA = Path(__file__).parents[2] / "bench" / "data"
DEMO = Path(__file__).parents[2] / "api" / "data" / "demo"
SHOWN = 10


@pytest.fixture(scope="module")
def needs() -> Collection:
    return read_folder(DATA / "wy", "dev")


@pytest.fixture(scope="module")
def shipped() -> Ranker:
    return load_ranker()


@pytest.fixture(scope="module")
def reports(needs, shipped, encoder) -> dict[str, Report]:
    return {
        "codes": evaluate(needs, encoder=encoder, ranker=shipped),
        "text": evaluate(needs, encoder=encoder, ranker=shipped, without_codes=True),
    }


@pytest.fixture(scope="module")
def demo(needs) -> Collection:
    """The rows that the program starts with: the same needs and innovations, a quarter of these with all fields filled."""
    return Collection(name="demo", queries=demo_rows("needs.json"), corpus=demo_rows("innovations.json"), judgements=needs.judgements)


def demo_rows(file: str) -> tuple[Row, ...]:
    rows = json.loads((DEMO / file).read_text())
    return tuple(Row(id=row["key"], title="", text="", metadata=row, place=file) for row in rows)


def encoded(collection: Collection, encoder, *, without_codes: bool = False) -> tuple[list[EncodedDocument], list[EncodedDocument]]:
    needs, innovations = (
        [row.document(side, without_codes=without_codes) for row in rows]
        for side, rows in ((Side.NEED, collection.queries), (Side.INNOVATION, collection.corpus))
    )
    return encode_documents(needs, encoder), encode_documents(innovations, encoder)


@pytest.fixture(scope="module")
def sides(needs, encoder) -> tuple[list[EncodedDocument], list[EncodedDocument]]:
    return encoded(needs, encoder)


def shown_of(sides, ranker: Ranker) -> list[Judgement]:
    library = MemoryLibrary(sides[1])
    return [judgement for need in sides[0] for judgement in ranker.rank(need, library, limit=SHOWN).judgements]


@pytest.fixture(scope="module")
def shown(sides, shipped) -> list[Judgement]:
    """What people would see: the ten best of each need."""
    return shown_of(sides, shipped)


@pytest.fixture(scope="module", params=[False, True], ids=["codes", "text"])
def shown_of_full_rows(request, demo, encoder, shipped) -> list[Judgement]:
    return shown_of(encoded(demo, encoder, without_codes=request.param), shipped)


def said_and_true(shown: list[Judgement], needs: Collection) -> tuple[list[float], list[bool]]:
    true = [needs.judgements[judgement.need_id][judgement.innovation_id] >= needs.relevant_from for judgement in shown]
    return [judgement.probability for judgement in shown], true


@pytest.mark.parametrize(("with_what", "least"), [("codes", 0.86), ("text", 0.79)])
def test_the_ranker_is_above_every_plain_retriever(reports, with_what, least):
    report = reports[with_what]

    ours = report.mean(OURS, "ndcg@10")
    assert ours >= least
    assert all(ours > report.mean(baseline, "ndcg@10") for baseline in BASELINES)


def test_codes_help(reports):
    assert reports["codes"].mean(OURS, "ndcg@10") > reports["text"].mean(OURS, "ndcg@10")


def test_the_plain_retrievers_stand_where_they_are_known_to_stand(reports):
    for system, figure in {"bm25": 0.673, "dense": 0.757, "rrf": 0.766, "weighted": 0.797}.items():
        assert reports["text"].mean(system, "ndcg@10") == pytest.approx(figure, abs=0.01)


def test_every_pair_has_one_probability_whichever_side_asked(sides, shipped):
    needs, innovations = sides
    by_need = {
        (need.document.id, scored.candidate.document.id): scored.probability
        for need in needs
        for scored in shipped.judged(shipped.prepare(need), MemoryLibrary(innovations))
    }

    for innovation in innovations:
        for scored in shipped.judged(shipped.prepare(innovation), MemoryLibrary(needs)):
            assert by_need[scored.candidate.document.id, innovation.document.id] == scored.probability


def test_probabilities_mean_something(shown, needs):
    said, true = said_and_true(shown, needs)

    assert brier_skill(said, true) >= 0.3
    assert calibration_error(said, true) <= 0.08


def test_probabilities_mean_the_same_where_innovations_are_told_at_length(shown_of_full_rows, needs):
    said, true = said_and_true(shown_of_full_rows, needs)

    assert brier_skill(said, true) >= 0.35
    assert calibration_error(said, true) <= 0.07
    assert np.mean(said) - np.mean(true) <= 0.06


def test_the_order_is_as_good_where_innovations_are_told_at_length(shown_of_full_rows, needs):
    found: dict[str, list[str]] = {}
    for judgement in shown_of_full_rows:
        found.setdefault(judgement.need_id, []).append(judgement.innovation_id)

    values = [
        ndcg(found[need], grades, k=SHOWN) for need, grades in needs.judgements.items() if max(grades.values()) >= needs.relevant_from
    ]
    assert np.mean(values) >= 0.80


@pytest.mark.parametrize(("name", "figure"), [("fp7-dev", 0.458), ("fp7-dev-reverse", 0.390)])
def test_words_alone_find_as_much_as_bm25_is_known_to_find(name, figure):
    collection = read_folder(DATA / name, "test")
    index = LexicalIndex((row.id, row.whole) for row in collection.corpus)

    found = [
        ndcg([candidate.id for candidate in index.search(query.whole, SHOWN)], collection.judgements[query.id], k=10)
        for query in collection.queries
    ]

    assert np.mean(found) == pytest.approx(figure, abs=0.01)


@pytest.fixture(scope="module")
def topics(shipped, encoder) -> Report:
    """150 topics of FP7, against all documents that answer one of them and every twelfth of the others."""
    whole = read_folder(DATA / "fp7-dev", "test")
    asked = sorted(whole.queries, key=lambda row: text_hash(row.id))[:150]
    judgements = {row.id: whole.judgements[row.id] for row in asked}
    answering = {document for judged in judgements.values() for document in judged}
    corpus = tuple(row for place, row in enumerate(whole.corpus) if place % 12 == 0 or row.id in answering)
    cut = Collection(name="fp7-dev", queries=tuple(asked), corpus=corpus, judgements=judgements)
    return evaluate(cut, encoder=encoder, ranker=shipped)


@pytest.mark.long
def test_the_ranker_is_no_worse_than_its_parts_on_other_topics(topics):
    assert topics.mean(OURS, "ndcg@10") >= max(topics.mean("bm25", "ndcg@10"), topics.mean("dense", "ndcg@10"))


@pytest.mark.long
def test_the_plain_retrievers_stand_where_they_stood_on_other_topics(topics):
    for system, figure in {"bm25": 0.643, "dense": 0.719, "rrf": 0.695, "weighted": 0.737}.items():
        assert topics.mean(system, "ndcg@10") == pytest.approx(figure, abs=0.01)


def test_strong_pairs_are_mostly_right_and_weak_ones_mostly_wrong(shown, needs):
    right = {band: [] for band in ("strong", "possible", "weak")}
    for judgement in shown:
        right[judgement.band].append(needs.judgements[judgement.need_id][judgement.innovation_id] >= needs.relevant_from)

    assert np.mean(right["strong"]) >= 0.75
    assert np.mean(right["weak"]) < np.mean(right["possible"]) < np.mean(right["strong"])


def test_quotes_are_exact_and_present_where_a_verdict_stands_on_words(shown, sides):
    texts = {encoded.document.id: encoded.document.fields for side in sides for encoded in side}
    for judgement in shown:
        for finding in judgement.findings:
            for quote, id_ in ((finding.need_quote, judgement.need_id), (finding.innovation_quote, judgement.innovation_id)):
                assert quote is None or texts[id_][quote.field][quote.start : quote.end] == quote.text
            if finding.aspect in {"problem", "population", "outcome"}:
                assert finding.need_quote is not None
                assert (finding.innovation_quote is None) is (finding.verdict is Verdict.UNKNOWN)
