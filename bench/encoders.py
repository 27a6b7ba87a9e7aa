"""Encoders side by side: what the choice of one is decided by, as a table. The first one named is what the others are held against.

`python -m bench.encoders FOLDER [FOLDER…]`, each a folder that `matching encoder export` made, or one of sentence-transformers.
Quality on the West Yorkshire needs, and on topics and projects of FP7 that had no part in fitting the ranker, both ways,
among their answers and as many others; by vectors alone, and by the shipped ranker, whose weights know the packaged encoder only.
Speed in processor seconds, so that a busy machine does not count.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from bench.judged_sets import DATA, parts_of
from bench.kept_vectors import KeptEncoder
from matcher.encoder_change import DENSE, METRIC
from matcher.encoding import OnnxEncoder, load_encoder
from matcher.evaluation import OURS, evaluate
from matcher.exporting import export, is_exported
from matcher.folder import Collection, read_folder
from matcher.metrics import mean_interval
from matcher.ranking import Ranker, load_ranker
from matcher.sealing import MANIFEST
from matcher.sources import resolve_source
from matcher.systems import sampled
from matcher.text import given, windows
from matcher.types import Side

TIMED_TEXTS = 64
Values = dict[tuple[str, str], Sequence[float]]  # (set, system) -> nDCG@10 of each answerable query


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One encoder: its manifest, nDCG@10 of each query, and what it costs."""

    said: dict[str, str]
    values: Values
    megabytes: float
    load_seconds: float
    texts_a_second: float


def main() -> None:
    """Measure each encoder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", help="exported encoders, or folders of sentence-transformers")
    parser.add_argument("--cache", type=Path, required=True, help="folder for exports and vectors, so that none is made twice")
    parser.add_argument("--topics", type=int, default=80, help="FP7 topics of the test part that ask and are asked for (default: 80)")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True, highlight=False)
    ranker, sets = load_ranker(), _sets(options.topics)
    seen = []
    for folder in options.folders:
        exported = _exported(folder, options.cache)
        console.print(f"measuring {exported.name}")
        seen.append(_measured(exported, options.cache, ranker, sets, tell=lambda step: console.print(f"  {step}")))
    _print(seen, ranker, sets)


def _exported(folder: Path, cache: Path) -> Path:
    if is_exported(folder):
        return folder
    source = resolve_source(str(folder))
    target = cache / source.id
    return target if is_exported(target) else export(target, source=source)


def _sets(topics: int) -> dict[str, tuple[Collection, Side, bool]]:
    """The collections by name, with who asks and whether codes are left out."""
    wy, fp7 = read_folder(DATA / "wy", "dev"), read_folder(DATA / "fp7-dev", "test")
    reverse = read_folder(DATA / "fp7-dev-reverse", "test")
    parts = parts_of(fp7.judgements)
    asking = set(sampled((query for query in fp7.judgements if parts[query] == "test"), topics))
    projects = {document for query in asking for document in fp7.judgements[query]}
    return {
        "wy": (wy, Side.NEED, False),
        "wy without codes": (wy, Side.NEED, True),
        "fp7-dev": (_part(fp7, asking, projects), Side.NEED, False),
        "fp7-dev-reverse": (_part(reverse, projects, asking), Side.INNOVATION, False),
    }


def _part(collection: Collection, queries: set[str], answers: set[str]) -> Collection:
    """These queries, among their answers and as many other documents."""
    others = sampled((row.id for row in collection.corpus if row.id not in answers), len(answers))
    kept = answers.union(others)
    return replace(
        collection,
        queries=tuple(row for row in collection.queries if row.id in queries),
        corpus=tuple(row for row in collection.corpus if row.id in kept),
        judgements={query: collection.judgements[query] for query in queries},
    )


def _measured(
    folder: Path, cache: Path, ranker: Ranker, sets: dict[str, tuple[Collection, Side, bool]], *, tell: Callable[[str], None]
) -> Seen:
    began = time.process_time()
    encoder = load_encoder(folder)
    loaded = time.process_time() - began
    speed = _speed(encoder)
    tell(f"{speed:.1f} texts a second of one core")
    kept = KeptEncoder(encoder, cache / f"{encoder.id}.npz")
    values: Values = {}
    for name, (collection, asking, without_codes) in sets.items():
        report = evaluate(collection, encoder=kept, ranker=ranker, queries_side=asking, without_codes=without_codes)
        values.update({(name, system): report.per_query[system][METRIC] for system in (DENSE, OURS)})
        kept.keep()
        tell(f"{name}: {', '.join(f'{system} {fmean(values[name, system]):.3f}' for system in (DENSE, OURS))}")
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    said = json.loads((folder / MANIFEST).read_bytes())
    return Seen(said=said, values=values, megabytes=size, load_seconds=loaded, texts_a_second=speed)


def _speed(encoder: OnnxEncoder) -> float:
    """Texts in a second of one core: whole innovations in short, as far as they are read at once."""
    rows = read_folder(DATA / "wy", "dev").corpus[:TIMED_TEXTS]
    texts = [given(row.whole[slice(*windows(row.whole, encoder=encoder)[0])], Side.INNOVATION, encoder=encoder) for row in rows]
    encoder.encode(texts[:8])  # the first run also prepares
    began = time.process_time()
    encoder.encode(texts)
    return len(texts) / (time.process_time() - began)


def _print(seen: Sequence[Seen], ranker: Ranker, sets: dict[str, tuple[Collection, Side, bool]]) -> None:
    table = Table("What", *(each.said["id"] for each in seen), title=f"Encoders; ours by {ranker.id}", title_justify="left")
    for name, (collection, _, _) in sets.items():
        for system in (DENSE, OURS):
            queries = len(seen[0].values[name, system])
            cells = [_quality(each.values[name, system], seen[0].values[name, system], first=each is seen[0]) for each in seen]
            table.add_row(f"nDCG@10 {name} ({queries} queries, {len(collection.corpus)} documents), {system}", *cells)
    table.add_row("texts a second of one core", *(f"{each.texts_a_second:.1f}" for each in seen))
    table.add_row("MB on disk", *(f"{each.megabytes:.0f}" for each in seen))
    table.add_row("seconds to load", *(f"{each.load_seconds:.2f}" for each in seen))
    for what in ("dimension", "max_tokens", "licence"):
        table.add_row(what, *(str(each.said[what]) for each in seen))
    Console(highlight=False, width=200).print(table)


def _quality(values: Sequence[float], reference: Sequence[float], *, first: bool) -> str:
    """The mean; of another encoder than the first, with the paired difference from it at 95 %."""
    if first:
        return f"{fmean(values):.3f}"
    differences = [one - other for one, other in zip(values, reference, strict=True)]
    low, high = mean_interval(differences)
    return f"{fmean(values):.3f}  {fmean(differences):+.3f} [{low:+.3f}, {high:+.3f}]"


if __name__ == "__main__":
    main()
