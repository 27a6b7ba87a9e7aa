"""How steady a judgement is when a text is said a little differently: `python -m bench stability`.

One side of a pair is perturbed at a time (see `bench.perturbing`), on the West Yorkshire rows told in a sentence and told
in full, with codes and without. Only pairs whose text a perturbation changes count: those that stood among the ten best
of their need before, which people would see, and all judged pairs apart.
"""

import argparse
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.judged_sets import DATA, demo_collection
from bench.kept_vectors import KeptEncoder
from bench.perturbing import PERTURBATIONS, perturbed
from matcher.embedding import encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import Collection, read_folder
from matcher.ranking import MemoryLibrary, Ranker, load_ranker
from matcher.types import Band, Document, EncodedDocument, Side

SHOWN = 10
NEAR = 0.05  # of probability: a pair as near as this to a border of its band changes band by a small move
BANDS = (Band.WEAK, Band.POSSIBLE, Band.STRONG)
MOST_MOVED, LEAST_OVERLAP = 0.02, 0.9

Judged = Mapping[str, Mapping[str, float]]
"""Need id -> innovation id -> probability, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one perturbation of one side did; the counts are of pairs whose text it changed."""

    view: str
    perturbation: str
    side: Side
    shown: int
    moved: int
    leapt: int
    judged: int
    judged_moved: int
    overlaps: tuple[float, ...]
    changes: tuple[float, ...]
    distances: tuple[float, ...]

    @property
    def overlap(self) -> float:
        """The mean share of the ten best before that are among the ten best after."""
        return statistics.fmean(self.overlaps) if self.overlaps else 1.0

    @property
    def change(self) -> float:
        """The mean absolute change of the probability of a shown pair."""
        return statistics.fmean(self.changes) if self.changes else 0.0


def together(effects: Sequence[Effect], *, perturbation: str = "all", view: str = "all") -> Effect:
    """Several effects of one side, or of both, as one; every pair counts alike."""
    return Effect(
        view=view,
        perturbation=perturbation,
        side=effects[0].side,
        shown=sum(each.shown for each in effects),
        moved=sum(each.moved for each in effects),
        leapt=sum(each.leapt for each in effects),
        judged=sum(each.judged for each in effects),
        judged_moved=sum(each.judged_moved for each in effects),
        overlaps=tuple(value for each in effects for value in each.overlaps),
        changes=tuple(value for each in effects for value in each.changes),
        distances=tuple(value for each in effects for value in each.distances),
    )


def effects_on(
    collection: Collection, *, encoder: Encoder, ranker: Ranker, without_codes: bool, perturbations: Sequence[str] = tuple(PERTURBATIONS)
) -> Iterator[Effect]:
    """Each perturbation of each side of a collection."""
    view = f"{collection.name} without codes" if without_codes else collection.name
    documents = {
        side: [row.document(side, without_codes=without_codes) for row in rows]
        for side, rows in ((Side.NEED, collection.queries), (Side.INNOVATION, collection.corpus))
    }
    encoded = {side: encode_documents(documents[side], encoder) for side in Side}
    before = _judged(encoded[Side.NEED], encoded[Side.INNOVATION], ranker)
    for perturbation in perturbations:
        for side in Side:
            changed = _changed(documents[side], perturbation, encoder)
            said = {**encoded, side: [changed.get(each.document.id, each) for each in encoded[side]]}
            after = _judged(said[Side.NEED], said[Side.INNOVATION], ranker)
            yield _effect(before, after, view=view, perturbation=perturbation, side=side, changed=changed.keys(), ranker=ranker)


def _changed(documents: Sequence[Document], perturbation: str, encoder: Encoder) -> dict[str, EncodedDocument]:
    """The documents that a perturbation says differently, encoded anew."""
    said = ((document, perturbed(document, perturbation)) for document in documents)
    encoded = encode_documents([other for document, other in said if other.fields != document.fields], encoder)
    return {each.document.id: each for each in encoded}


def _judged(needs: Sequence[EncodedDocument], innovations: Sequence[EncodedDocument], ranker: Ranker) -> Judged:
    library = MemoryLibrary(innovations)
    return {
        need.document.id: {scored.candidate.document.id: scored.probability for scored in ranker.judged(ranker.prepare(need), library)}
        for need in needs
    }


def _effect(
    before: Judged, after: Judged, *, view: str, perturbation: str, side: Side, changed: AbstractSet[str], ranker: Ranker
) -> Effect:
    pairs = {
        (need, innovation): (probability, after[need][innovation])
        for need, judged in before.items()
        for innovation, probability in judged.items()
        if (need if side is Side.NEED else innovation) in changed
    }
    best = {need: list(judged)[:SHOWN] for need, judged in before.items()}
    shown = {pair: said for pair, said in pairs.items() if pair[1] in best[pair[0]]}
    steps = [_step(said, ranker) for said in shown.values()]
    asked = [need for need in before if side is Side.INNOVATION or need in changed]
    return Effect(
        view=view,
        perturbation=perturbation,
        side=side,
        shown=len(shown),
        moved=sum(step > 0 for step in steps),
        leapt=sum(step > 1 for step in steps),
        judged=len(pairs),
        judged_moved=sum(_step(said, ranker) > 0 for said in pairs.values()),
        overlaps=tuple(len({*best[need]} & {*list(after[need])[:SHOWN]}) / len(best[need]) for need in asked),
        changes=tuple(abs(one - other) for one, other in shown.values()),
        distances=tuple(border_distance(one, ranker) for (one, _), step in zip(shown.values(), steps, strict=True) if step),
    )


def _step(said: tuple[float, float], ranker: Ranker) -> int:
    """How many bands lie between two probabilities."""
    one, other = (BANDS.index(ranker.band(probability)) for probability in said)
    return abs(one - other)


def border_distance(probability: float, ranker: Ranker) -> float:
    """How far a probability is from the nearest border between bands."""
    return min(abs(probability - border) for border in (ranker.file.calibration.possible, ranker.file.calibration.strong))


def table_of(effects: Sequence[Effect], title: str) -> Table:
    """A line an effect."""
    heads = (
        "Perturbation",
        "Side",
        "Shown pairs",
        "Change band",
        "by 2 bands",
        "of these near",
        "Judged pairs",
        "Change band",
        "Top-10 overlap",
        "Change",
    )
    table = Table(*heads, title=title)
    for each in effects:
        near = sum(distance <= NEAR for distance in each.distances)
        table.add_row(
            each.perturbation,
            each.side,
            str(each.shown),
            f"{each.moved} ({_share(each.moved, each.shown)})",
            str(each.leapt),
            f"{near} of {each.moved}",
            str(each.judged),
            _share(each.judged_moved, each.judged),
            f"{each.overlap:.3f}",
            f"{each.change:.4f}",
        )
    return table


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def measure(encoder: Encoder, ranker: Ranker, say: Callable[[str], None]) -> list[Effect]:
    """Every effect on every view."""
    wy = read_folder(DATA / "wy", "dev")
    found = []
    for collection in (wy, demo_collection(wy)):
        for without_codes in (False, True):
            say(f"measuring: {collection.name}{' without codes' if without_codes else ''}")
            found += effects_on(collection, encoder=encoder, ranker=ranker, without_codes=without_codes)
    return found


def show(effects: Sequence[Effect], console: Console) -> Effect:
    """Print a table a view, then all views by perturbation and side, then everything; return the last."""
    for view in dict.fromkeys(each.view for each in effects):
        console.print(table_of([each for each in effects if each.view == view], view))
    joined = [
        together([each for each in effects if (each.perturbation, each.side) == (perturbation, side)], perturbation=perturbation)
        for perturbation in PERTURBATIONS
        for side in Side
    ]
    console.print(table_of(joined, "All views"))
    whole = together(effects)
    console.print(
        f"All: {whole.moved} of {whole.shown} shown pairs change band ({_share(whole.moved, whole.shown)}, bound {MOST_MOVED:.0%}), "
        f"{whole.leapt} by two; {_share(whole.judged_moved, whole.judged)} of {whole.judged} judged pairs do; "
        f"mean top-10 overlap {whole.overlap:.3f} (bound {LEAST_OVERLAP}), mean change of probability {whole.change:.4f}"
    )
    return whole


def run(folder: Path | None = None, vectors: Path | None = None) -> bool:
    """Measure, print, and tell whether the bounds are kept."""
    console = Console(width=160)
    encoder = KeptEncoder(load_encoder(folder or encoder_folder(), threads=2), vectors)
    whole = show(measure(encoder, load_ranker(), Console(stderr=True).print), console)
    encoder.keep()
    return whole.moved <= MOST_MOVED * whole.shown and not whole.leapt and whole.overlap >= LEAST_OVERLAP


def encoder_folder() -> Path:
    """The folder of the encoder that the service would use, made if it is not there."""
    from api.cli.working import export_if_missing  # noqa: PLC0415 -- the shell, which the suite as a library does not need
    from api.settings import settings  # noqa: PLC0415

    export_if_missing()
    return settings().encoder_folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, nargs="?", help="folder of the exported encoder (default: the service's)")
    parser.add_argument("--vectors", type=Path, help="file in which vectors are kept from run to run")
    options = parser.parse_args()
    raise SystemExit(0 if run(options.encoder, options.vectors) else 1)
