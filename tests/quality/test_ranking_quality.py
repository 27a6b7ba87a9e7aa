"""Gates on the figures of the shipped ranker with the real encoder, on the judged texts of the repository.

The needs of West Yorkshire had a part in fitting its weights; `bench/fit_ranker.py` prints the figures by folds, on
which these gates stand with room to spare.
"""

from pathlib import Path

import numpy as np
import pytest

from matcher.calibration import brier_skill, calibration_error
from matcher.embedding import encode_documents
from matcher.evaluation import BASELINES, OURS, Report, evaluate, read_folder
from matcher.folder import Collection
from matcher.ranking import MemoryLibrary, Ranker, load_ranker
from matcher.types import EncodedDocument, Judgement, Side, Verdict

DATA = Path(__file__).parents[2] / "bench" / "data"
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
def sides(needs, encoder) -> tuple[list[EncodedDocument], list[EncodedDocument]]:
    return (
        encode_documents([row.document(Side.NEED) for row in needs.queries], encoder),
        encode_documents([row.document(Side.INNOVATION) for row in needs.corpus], encoder),
    )


@pytest.fixture(scope="module")
def shown(sides, shipped) -> list[Judgement]:
    """What people would see: the ten best of each need."""
    library = MemoryLibrary(sides[1])
    return [judgement for need in sides[0] for judgement in shipped.rank(need, library, limit=SHOWN).judgements]


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
    said = [judgement.probability for judgement in shown]
    true = [needs.judgements[judgement.need_id][judgement.innovation_id] >= needs.relevant_from for judgement in shown]

    assert brier_skill(said, true) >= 0.3
    assert calibration_error(said, true) <= 0.08


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
