"""How good the codes are that are suggested from texts: `python -m bench.suggesting ENCODER_FOLDER`.

Against the codes that people chose for 44 needs and 109 innovations, told in a sentence (`wy`) and in full (`demo`): the
curves that say how sure a suggestion is are drawn without the document's fold. Half of the documents, by hash, nobody
looked at while words were added to the lists; it is told apart. Then what the suggestions do for the ranking.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.judged_sets import DATA, demo_collection
from bench.kept_vectors import KeptEncoder
from matcher.calibration import brier_skill, calibration_error, reliability
from matcher.codes import chosen
from matcher.embedding import encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import Collection, read_folder
from matcher.metrics import RESAMPLES, mean_interval, ndcg
from matcher.ranking import MemoryLibrary, Ranker, load_ranker
from matcher.suggesting import LEAST, MOST, SIGNS, SUGGESTED, told_signs
from matcher.text import text_hash
from matcher.types import Document, EncodedDocument, Facet, Side

CURVES = Path(__file__).parents[1] / "matcher" / "data" / "code_confidence.json"
FOLDS = 10
ENOUGH = 100  # told codes from which a facet gets a curve of its own; the others take the one of all facets together
_SEED = 20_180_401

Suggested = Mapping[str, Mapping[Facet, Mapping[str, float]]]  # document -> facet -> code -> confidence
Weights = NDArray[np.float64]  # (1 + number of signs,), the base first


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One document's told codes of one facet, n of them, with the codes that people chose for it."""

    view: str
    document: str
    facet: Facet
    codes: tuple[str, ...]
    signs: NDArray[np.float64]  # (n, signs)
    chosen: frozenset[str]

    @property
    def outcomes(self) -> list[bool]:
        """Whether each told code was chosen."""
        return [code in self.chosen for code in self.codes]

    @property
    def fold(self) -> int:
        """The fold of the document, the same in both views."""
        return int(text_hash(self.document)[:8], 16) % FOLDS

    @property
    def is_held_out(self) -> bool:
        """Whether nobody looked at its errors while words were added."""
        return int(text_hash(self.document)[:8], 16) % 2 == 1


def main() -> None:
    """Print the report; write the curves when told to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder, e.g. var/encoder/...")
    parser.add_argument("--vectors", type=Path, help="file that keeps encoded texts between runs")
    parser.add_argument("--write", action="store_true", help="write the curves into the package")
    options = parser.parse_args()
    wy = read_folder(DATA / "wy", "dev")
    views = (wy, demo_collection(wy))
    told = [each for view in views for document in _documents(view) for each in _told(view.name, document)]
    curves = _curves(told)
    sure = _out_of_fold(told)
    _print_tagging(told, sure)
    if options.write:
        _write(curves)
    encoder = KeptEncoder(load_encoder(options.encoder, threads=2), options.vectors)
    for view in views:
        _print_ranking(view, _suggested(view.name, told, sure), load_ranker(), encoder)
    encoder.keep()


def _documents(view: Collection) -> list[Document]:
    return [row.document(side) for rows, side in ((view.queries, Side.NEED), (view.corpus, Side.INNOVATION)) for row in rows]


def _told(view: str, document: Document) -> Iterable[Told]:
    for facet in SUGGESTED:
        signs = told_signs(document, facet)
        yield Told(
            view=view,
            document=document.id,
            facet=facet,
            codes=tuple(signs),
            signs=np.array(list(signs.values())).reshape(len(signs), len(SIGNS)),
            chosen=chosen(document, facet),
        )


def _curves(told: Sequence[Told]) -> dict[Facet, Weights]:
    """A logistic curve by facet, drawn from the documents for which people chose codes of it."""
    taught = {facet: [each for each in told if each.facet is facet and each.chosen] for facet in SUGGESTED}
    everything = [each for found in taught.values() for each in found]
    return {facet: _curve(found if sum(len(each.codes) for each in found) >= ENOUGH else everything) for facet, found in taught.items()}


def _curve(told: Sequence[Told]) -> Weights:
    fitted = LogisticRegression().fit(np.concatenate([each.signs for each in told]), [said for each in told for said in each.outcomes])
    return np.concatenate([fitted.intercept_, fitted.coef_[0]])


def _out_of_fold(told: Sequence[Told]) -> list[dict[str, float]]:
    """The confidence in each told code under curves that were drawn without its document's fold."""
    by_fold = [_curves([each for each in told if each.fold != fold]) for fold in range(FOLDS)]
    return [_confidence(each, by_fold[each.fold][each.facet]) for each in told]


def _confidence(told: Told, weights: Weights) -> dict[str, float]:
    return dict(zip(told.codes, (1 / (1 + np.exp(-(weights[0] + told.signs @ weights[1:])))).tolist(), strict=True))


def _kept(sure: Mapping[str, float]) -> dict[str, float]:
    """What is suggested of what is told."""
    best = sorted(sure, key=lambda code: (-sure[code], code))[:MOST]
    return {code: sure[code] for code in best if sure[code] >= LEAST}


def _print_tagging(told: Sequence[Told], sure: Sequence[Mapping[str, float]]) -> None:
    print(
        f"{'facet':28}{'view':6}{'documents':10}{'n':>4}{'precision':>11}{'recall':>8}{'F1':>6}{'95 %':>14}{'Brier skill':>13}{'error':>7}"
    )
    for facet in SUGGESTED:
        pairs = [(each, said) for each, said in zip(told, sure, strict=True) if each.facet is facet and each.chosen]
        for view in dict.fromkeys(each.view for each in told):
            found = [pair for pair in pairs if pair[0].view == view]
            for name, part in (("all", found), ("held out", [pair for pair in found if pair[0].is_held_out])):
                if part:
                    print(f"{facet:28}{view:6}{name:10}{_figures(part)}")
        _print_reliability(pairs)


def _figures(found: Sequence[tuple[Told, Mapping[str, float]]]) -> str:
    counts = np.array([_counts(each, _kept(said)) for each, said in found])
    right, suggested, wanted = counts.sum(axis=0)
    random = np.random.default_rng(_SEED)
    draws = [counts[random.integers(0, len(counts), len(counts))].sum(axis=0) for _ in range(RESAMPLES)]
    low, high = np.percentile([_f1(*draw) for draw in draws], [2.5, 97.5])
    said, outcomes = _joined(found)
    return (
        f"{len(found):>4}{right / max(suggested, 1):>11.2f}{right / wanted:>8.2f}{_f1(right, suggested, wanted):>6.2f}"
        f"{f'{low:.2f} to {high:.2f}':>14}{brier_skill(said, outcomes):>13.2f}{calibration_error(said, outcomes):>7.3f}"
    )


def _counts(told: Told, kept: Mapping[str, float]) -> tuple[int, int, int]:
    return len(told.chosen & kept.keys()), len(kept), len(told.chosen)


def _f1(right: float, suggested: float, wanted: float) -> float:
    return 2 * right / max(suggested + wanted, 1)


def _joined(found: Sequence[tuple[Told, Mapping[str, float]]]) -> tuple[list[float], list[bool]]:
    """The confidence in every told code, kept or not, and whether people chose it."""
    return [sure for _, said in found for sure in said.values()], [outcome for each, _ in found for outcome in each.outcomes]


def _print_reliability(found: Sequence[tuple[Told, Mapping[str, float]]]) -> None:
    bins = reliability(*_joined(found))
    print("  said and true: " + ", ".join(f"{each.said:.2f} {each.observed:.2f}" for each in bins))


def _suggested(view: str, told: Sequence[Told], sure: Sequence[Mapping[str, float]]) -> Suggested:
    """What is suggested for each document of a view, under curves drawn without it."""
    found: dict[str, dict[Facet, Mapping[str, float]]] = {}
    for each, said in zip(told, sure, strict=True):
        if each.view == view:
            found.setdefault(each.document, {})[each.facet] = _kept(said)
    return found


def _print_ranking(
    view: Collection, suggested: Mapping[str, Mapping[Facet, Mapping[str, float]]], ranker: Ranker, encoder: Encoder
) -> None:
    rows = encode_documents(_documents(view), encoder)
    nothing: Mapping[Facet, Mapping[str, float]] = {facet: {} for facet in SUGGESTED}
    views = {
        "without codes": [_recoded(row, nothing) for row in rows],
        "with suggested codes": [_recoded(row, suggested[row.document.id]) for row in rows],
        "with chosen codes": rows,
    }
    found = {name: _ndcgs(view, coded, ranker) for name, coded in views.items()}
    without = found["without codes"]
    for name, values in found.items():
        gained = np.subtract(values, without)
        low, high = mean_interval(gained.tolist())
        print(
            f"{view.name}, {name}: nDCG@10 {np.mean(values):.4f} of {len(values)} needs; {gained.mean():+.4f} ({low:+.4f} to {high:+.4f})"
        )


def _recoded(row: EncodedDocument, suggested: Mapping[Facet, Mapping[str, float]]) -> EncodedDocument:
    return replace(row, document=replace(row.document, codes={}, suggested_codes=suggested))


def _ndcgs(view: Collection, rows: Sequence[EncodedDocument], ranker: Ranker) -> list[float]:
    """nDCG@10 of each need that something answers."""
    library = MemoryLibrary([row for row in rows if row.document.side is Side.INNOVATION])
    values = []
    for row in rows:
        grades = view.judgements.get(row.document.id, {})
        if row.document.side is Side.NEED and max(grades.values(), default=0) >= view.relevant_from:
            scored = ranker.judged(ranker.prepare(row), library)
            values.append(ndcg([each.candidate.document.id for each in scored], grades, k=10))
    return values


def _write(curves: Mapping[Facet, Weights]) -> None:
    stored = {
        "provenance": "Fitted by bench/suggesting.py on the codes that people chose for 44 needs and 109 innovations of West Yorkshire, "
        "told in a sentence and in full",
        "curves": {facet: dict(zip(("base", *SIGNS), np.round(weights, 4).tolist(), strict=True)) for facet, weights in curves.items()},
    }
    CURVES.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {CURVES.name}")


if __name__ == "__main__":
    main()
