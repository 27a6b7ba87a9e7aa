"""What changes when one encoder takes another's place: how far the lists stay the same, and whether they become better."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from matcher.encoding import Encoder
from matcher.evaluation import OURS, evaluate
from matcher.folder import Collection
from matcher.metrics import mean_interval
from matcher.ranking import MemoryLibrary, Ranker
from matcher.systems import Progress, sampled
from matcher.types import EncodedDocument, Side

SHOWN = 10  # of each list
MOST_ASKED = 200  # documents of a side whose lists are compared; the same ones every time
DENSE = "dense"
METRIC = "ndcg@10"

Encoded = Sequence[EncodedDocument]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How much of the lists stays: shares in [0, 1], over the documents of one side that were asked for.

    `mean` and `least` tell the share of a list that is in the other too, `same_first` how often the first is the same.
    """

    asking: Side
    system: str
    asked: int
    mean: float
    least: float
    same_first: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """nDCG@10 of one system over the same answerable queries under either encoder; the difference is paired, at 95 %."""

    dataset: str
    asking: Side
    system: str
    queries: int
    before: float
    after: float
    difference: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Judging:
    """An encoder with the ranker that judges its vectors."""

    encoder: Encoder
    ranker: Ranker


def overlaps(before: Mapping[Side, Encoded], after: Mapping[Side, Encoded], *, rankers: tuple[Ranker, Ranker]) -> list[Overlap]:
    """Compare the lists of each side by its vectors alone and as people see them, among what both encoders have encoded.

    A side whose other side is empty has no lists.
    """
    common = {side: _common(before[side], after[side]) for side in Side}
    found = []
    for side in Side:
        (old, old_others), (new, new_others) = ([common[each][place] for each in (side, side.other)] for place in (0, 1))
        if not old or not old_others:
            continue
        asking = sampled((each.document.id for each in old), MOST_ASKED)
        libraries = MemoryLibrary(old_others), MemoryLibrary(new_others)
        by_id = [{each.document.id: each for each in encoded} for encoded in (old, new)]
        for system, ways in ((DENSE, (_nearest, _nearest)), (OURS, tuple(map(_judged, rankers)))):
            sides = zip(ways, by_id, libraries, strict=True)
            found.append(_overlap(side, system, *([best(own[each], library) for each in asking] for best, own, library in sides)))
    return found


def qualities(collection: Collection, *, asking: Side, before: Judging, after: Judging, on_progress: Progress) -> list[Quality]:
    """Measure a collection under either encoder, by vectors alone and by its ranker; nothing where no query has an answer."""
    reports = [
        evaluate(collection, encoder=each.encoder, ranker=each.ranker, queries_side=asking, on_progress=on_progress)
        for each in (before, after)
    ]
    if not reports[0].answerable:
        return []
    return [
        _quality(collection.name, asking, system, *(report.per_query[system][METRIC] for report in reports)) for system in (DENSE, OURS)
    ]


def _common(before: Encoded, after: Encoded) -> tuple[Encoded, Encoded]:
    ids = {each.document.id for each in before} & {each.document.id for each in after}
    old, new = ([each for each in encoded if each.document.id in ids] for encoded in (before, after))
    return old, new


def _nearest(asking: EncodedDocument, library: MemoryLibrary) -> list[str]:
    return [each.id for each in library.dense(asking.pooled, SHOWN)]


def _judged(ranker: Ranker) -> Callable[[EncodedDocument, MemoryLibrary], list[str]]:
    def best(asking: EncodedDocument, library: MemoryLibrary) -> list[str]:
        return [each.candidate.document.id for each in ranker.judged(ranker.prepare(asking), library)[:SHOWN]]

    return best


def _overlap(side: Side, system: str, before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> Overlap:
    shares = [len(set(old) & set(new)) / max(len(old), len(new)) for old, new in zip(before, after, strict=True)]
    first = [old[0] == new[0] for old, new in zip(before, after, strict=True)]
    return Overlap(asking=side, system=system, asked=len(shares), mean=fmean(shares), least=min(shares), same_first=fmean(first))


def _quality(dataset: str, asking: Side, system: str, before: Sequence[float], after: Sequence[float]) -> Quality:
    differences = [new - old for old, new in zip(before, after, strict=True)]
    return Quality(
        dataset=dataset,
        asking=asking,
        system=system,
        queries=len(differences),
        before=fmean(before),
        after=fmean(after),
        difference=fmean(differences),
        interval=mean_interval(differences),
    )
