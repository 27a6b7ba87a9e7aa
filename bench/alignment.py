"""How well needs that are one are found, and opposites told apart: `python -m bench.alignment`.

Groups of needs are demo needs with their paraphrases, and the other demo needs stand alone. Beside them stand near misses in
the same words of other people, another part of the body, another place of care or the other way round
(`bench/data/alignment/README.md`). Twelve of the 32 groups, by hash, chose thresholds and showed the errors by which lists were
changed (`dev`); the others are held out, but for what the file of the weights says. Intervals are 95 % percentile bootstraps
over the groups.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from types import MappingProxyType

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from bench.judged_sets import DATA, DEMO
from matcher import alignment
from matcher.codes import chosen
from matcher.embedding import encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import read_folder
from matcher.rankers import RankerFile
from matcher.ranking import load_ranker
from matcher.text import FIELD_ASPECTS, text_hash
from matcher.types import Document, Facet, Side

HERE = DATA / "alignment"
ENCODER = Path(__file__).parents[1] / "var" / "encoder" / "all-MiniLM-L6-v2"
DEV, HELD_OUT = "dev", "held-out"
SAME_AS = {"n-tell-once": "shared-record"}
"""Demo needs of which another one says the same."""
RESAMPLES = 2_000
TIMED = 1_000
_SEED = 20_181_005

Pair = frozenset[str]
Grouping = Callable[[Sequence[alignment.Need]], Iterable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Wording:
    """One need as one place words it; a near miss is of the group of the wording that it is near to."""

    group: str
    near: str  # what a near miss differs in; empty for a member of the group
    of: str  # the wording that a near miss is near to
    document: Document

    @property
    def part(self) -> str:
        """Dev or held out, by the group."""
        return HELD_OUT if int(text_hash(self.group)[:8], 16) % 2 else DEV


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a way of grouping made of one part: counts by group, and the near misses that were joined, by what they differ in."""

    counts: Mapping[str, tuple[float, float, float]]  # group -> pairs found rightly, found at all, to find
    joined: Sequence[tuple[str, str]]
    near: int

    @property
    def f1(self) -> float:
        """Pairwise F1."""
        return _f1(list(self.counts.values()))

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval."""
        random, rows = np.random.default_rng(_SEED), list(self.counts.values())
        drawn = [_f1([rows[row] for row in random.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)]
        low, high = np.percentile(drawn, [2.5, 97.5])
        return float(low), float(high)


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, nargs="?", default=ENCODER, help="folder of the exported encoder")
    parser.add_argument("--errors", action="store_true", help="name the wrong and the missed pairs of the dev part")
    options = parser.parse_args()
    encoder, file = load_encoder(options.encoder, threads=2), load_ranker().file
    wordings = read_wordings()
    needs = read_needs(wordings, encoder, file)
    near = sum(bool(each.near) for each in wordings)
    counts = Counter(each.group for each in wordings if not each.near)
    groups = sum(count > 1 for count in counts.values())
    print(f"{len(wordings) - near} needs, {groups} groups of them and {len(counts) - groups} that stand alone; {near} near misses")
    threshold = best_cosine([each for each in wordings if each.part == DEV], needs)
    ways: Mapping[str, Grouping] = {
        "alignment": alignment.groups,
        f"cosine >= {threshold:.2f} alone": partial(by_cosine, threshold=threshold),
        "codes alone": by_codes,
    }
    for name, group in ways.items():
        for part in (DEV, HELD_OUT):
            outcome = measured([each for each in wordings if each.part == part], needs, group)
            low, high = outcome.interval
            told = f"F1 {outcome.f1:.3f} [{low:.3f}, {high:.3f}]  near misses joined {len(outcome.joined)} of {outcome.near}"
            print(f"{name:24} {part:9} {told}")
            if name == "alignment" and options.errors and part == DEV:
                print(*outcome.joined, sep="\n")
    _print_time(encoder, file)


def read_wordings() -> list[Wording]:
    """Every wording and every near miss, and the demo needs, of which two say the same."""
    rows = [json.loads(line) for line in (HERE / "needs.jsonl").read_text(encoding="utf-8").splitlines()]
    group = {row["id"]: row["group"] for row in rows}
    told = [Wording(row["group"], "", "", _document(row["id"], row["fields"], row["codes"])) for row in rows]
    near = [json.loads(line) for line in (HERE / "near_misses.jsonl").read_text(encoding="utf-8").splitlines()]
    told += [Wording(group[row["of"]], row["differs_in"], row["of"], _document(row["id"], row["fields"], row["codes"])) for row in near]
    groups = {row["demo_need"]: row["group"] for row in rows} | SAME_AS
    return told + [Wording(groups.get(need.id, need.id), "", "", need) for need in _demo_needs()]


def _demo_needs() -> list[Document]:
    rows = json.loads((DEMO / "needs.json").read_text(encoding="utf-8"))
    names = FIELD_ASPECTS[Side.NEED]
    return [
        _document(
            row["key"],
            {name: row[name] for name in names if row.get(name)},
            {facet.value: row[facet.value] for facet in Facet if row.get(facet.value)},
        )
        for row in rows
    ]


def read_needs(wordings: Sequence[Wording], encoder: Encoder, file: RankerFile) -> dict[str, alignment.Need]:
    """The wordings as the alignment reads them, by id."""
    encoded = encode_documents([each.document for each in wordings], encoder)
    return {each.document.id: alignment.read(each, file.vocabulary) for each in encoded}


def measured(wordings: Sequence[Wording], needs: Mapping[str, alignment.Need], group: Grouping) -> Outcome:
    """Group all wordings of a part, near misses among them, and count pairs.

    A wrong pair counts for half in the group of each of its two. A near miss is joined when it stands in one group with
    any wording of the group that it is near to.
    """
    by_id = {each.document.id: each for each in wordings}
    found = {frozenset(pair) for members in group([needs[each] for each in by_id]) for pair in combinations(members, 2)}
    sought = {frozenset((one.document.id, other.document.id)) for one, other in combinations(wordings, 2) if _is_one(one, other)}
    counts: dict[str, list[float]] = {each.group: [0.0, 0.0, 0.0] for each in wordings}
    for pair in sought:
        counts[by_id[min(pair)].group][2] += 1
    for pair in found:
        for each in pair:
            counts[by_id[each].group][0] += 0.5 * (pair in sought)
            counts[by_id[each].group][1] += 0.5
    joined = {
        (each.document.id, each.of)
        for each in wordings
        if each.near and any(_other(pair, each.document.id, by_id) for pair in found if each.document.id in pair)
    }
    told = {name: (right, at_all, to_find) for name, (right, at_all, to_find) in counts.items()}
    return Outcome(told, sorted(joined), sum(bool(each.near) for each in wordings))


def by_cosine(needs: Sequence[alignment.Need], *, threshold: float) -> list[list[str]]:
    """The baseline of the vectors: average linkage of their cosines, to a threshold."""
    vectors = np.stack([need.encoded.pooled for need in needs]).astype(np.float64)
    linkage = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - threshold)
    labels = linkage.fit_predict(vectors).tolist()
    return [[need.id for need, own in zip(needs, labels, strict=True) if own == label] for label in sorted(set(labels))]


def by_codes(needs: Sequence[alignment.Need]) -> list[list[str]]:
    """The baseline of the codes: whatever people coded with the same conditions."""
    coded: dict[frozenset[str], list[str]] = {}
    for need in needs:
        coded.setdefault(chosen(need.encoded.document, Facet.CONDITIONS) or frozenset({need.id}), []).append(need.id)
    return list(coded.values())


def best_cosine(wordings: Sequence[Wording], needs: Mapping[str, alignment.Need]) -> float:
    """The threshold that serves the cosine best on these."""
    tried = np.arange(0.4, 0.96, 0.01).tolist()
    return float(max(tried, key=lambda threshold: measured(wordings, needs, partial(by_cosine, threshold=threshold)).f1))


def _is_one(one: Wording, other: Wording) -> bool:
    return one.group == other.group and not one.near and not other.near


def _other(pair: Pair, near_id: str, by_id: Mapping[str, Wording]) -> bool:
    """Whether the other of a pair with a near miss is a wording of the group that it is near to."""
    (other,) = pair - {near_id}
    return not by_id[other].near and by_id[other].group == by_id[near_id].group


def _f1(rows: Sequence[tuple[float, float, float]]) -> float:
    right, found, sought = np.sum(rows, axis=0)
    return float(2 * right / (found + sought)) if found + sought else 0.0


def _document(wording_id: str, fields: Mapping[str, str], codes: Mapping[str, Sequence[str]]) -> Document:
    coded = MappingProxyType({Facet(name): frozenset(listed) for name, listed in codes.items()})
    return Document(id=wording_id, side=Side.NEED, fields=MappingProxyType(dict(fields)), codes=coded)


def _print_time(encoder: Encoder, file: RankerFile) -> None:
    """How long it takes over a thousand other needs, which are encoded already."""
    rows = read_folder(DATA / "fp7-dev", "test").queries[:TIMED]
    encoded = encode_documents([row.document(Side.NEED) for row in rows], encoder)
    begun = time.perf_counter()
    needs = [alignment.read(each, file.vocabulary) for each in encoded]
    read = time.perf_counter()
    found = alignment.groups(needs)
    done = time.perf_counter()
    print(f"{len(needs)} encoded needs: read in {read - begun:.1f} s, grouped in {done - read:.1f} s ({len(found)} groups)")


if __name__ == "__main__":
    main()
