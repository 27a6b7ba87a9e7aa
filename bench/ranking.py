"""How long one need against 10,000 innovations takes, ranked and explained to depth 20: `python -m bench ranking`.

The innovations are real texts: the rows that the program starts with, the West Yorkshire rows, FP7 briefs, and abstracts
of US health research, of which ../shared/data holds more than this repository. Long texts are laid into the fields of the
record, sentence by sentence. Copies with shuffled sentences make up what is missing to 10,000; the bench says how many.
Encoding them takes minutes, and their vectors are kept in a file; no figure holds any of it.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import numpy as np
from rich.console import Console
from rich.table import Table

from api.settings import settings
from bench.judged_sets import DATA, demo_collection
from bench.kept_vectors import KeptEncoder, told_every
from bench.perturbing import perturbed
from bench.stability import encoder_folder
from matcher.embedding import encode_documents
from matcher.encoding import load_encoder
from matcher.folder import read_folder
from matcher.ranking import MemoryLibrary, load_ranker
from matcher.text import sentences, text_hash
from matcher.types import Document, EncodedDocument, Side

INNOVATIONS, NEEDS, DEPTH = 10_000, 120, 20
BOUND_SECONDS = 0.150
UNREAD_EVERY = 5  # needs between two that are also asked of a process that has just started
ABSTRACTS = (Path(__file__).parents[2] / "shared" / "data" / "sbir-unlabelled" / "innovations.jsonl", DATA / "sbir-sample" / "texts.jsonl")
_CHARACTERS = 900  # of an abstract, about what a full record says
_FIELDS = ("description", "problems_tackled", "how_it_works", "benefits", "eligibility")
_BATCH = 500  # documents between two savings of the vectors


def innovations() -> tuple[list[Document], int]:
    """The documents to search, and how many of them are shuffled copies."""
    real = list(islice(_real(), INNOVATIONS))
    copies = [replace(perturbed(each, "sentences in another order"), id=f"copy-{each.id}") for each in reversed(real)]
    more = (copies * (INNOVATIONS // max(1, len(copies)) + 1))[: INNOVATIONS - len(real)]
    return real + [replace(each, id=f"{each.id}-{place}") for place, each in enumerate(more)], len(more)


def needs() -> list[Document]:
    """The needs that the program starts with, and FP7 topics drawn by the hash of their id."""
    topics = sorted(read_folder(DATA / "fp7-dev", "test").queries, key=lambda row: text_hash(row.id))
    own = [row.document(Side.NEED) for row in demo_collection(read_folder(DATA / "wy", "dev")).queries]
    return [*own, *(row.document(Side.NEED) for row in topics[: NEEDS - len(own)])]


def _real() -> Iterator[Document]:
    wy = read_folder(DATA / "wy", "dev")
    for rows in (demo_collection(wy).corpus, wy.corpus, read_folder(DATA / "fp7-dev", "test").corpus):
        for row in rows:
            document = row.document(Side.INNOVATION)
            yield replace(document, id=f"{row.place}-{row.id}")
    for line in next(path for path in ABSTRACTS if path.exists()).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield _record(row["_id"], row["title"], row["text"][:_CHARACTERS].rpartition(" ")[0])


def _record(name: str, title: str, text: str) -> Document:
    """A long text as a record: its sentences in order over the fields, cut between words where it has too few."""
    said = [text[start:end] for start, end in sentences(text)]
    if len(said) < len(_FIELDS):
        said = [" ".join(part) for part in np.array_split(text.split(), len(_FIELDS))]
    parts = (" ".join(part) for part in np.array_split(said, len(_FIELDS)))
    fields = {"name": title, **dict(zip(_FIELDS, parts, strict=True))}
    return Document(id=name, side=Side.INNOVATION, fields=MappingProxyType(fields))


def encoded(documents: Sequence[Document], encoder: KeptEncoder, say: Callable[[str], None]) -> list[EncodedDocument]:
    """The documents with their vectors, which are kept as the work goes on."""
    found: list[EncodedDocument] = []
    tell = told_every(_BATCH, say)
    for start in range(0, len(documents), _BATCH):
        found += encode_documents(documents[start : start + _BATCH], encoder)
        tell(len(found), len(documents))
        encoder.keep()
    return found


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(queries: Sequence[EncodedDocument], library: MemoryLibrary, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Each need asked once of a process that has read every document before, and some of one that has read none."""
    load_ranker().rank(queries[0], library, limit=DEPTH)  # libraries and tables that a process reads once
    gc.freeze()  # what the bench holds is not the ranker's to look through
    ranker = load_ranker()
    taken = seconds(lambda: [ranker.prepare(each) for each in library.documents.values()])
    say(f"  read {len(library.documents)} documents as the ranker does, once: {1000 * taken / len(library.documents):.1f} ms each")
    found: dict[str, list[float]] = {"every document was read before": [], "no document was read before": []}
    for place, query in enumerate(queries):
        found["every document was read before"].append(seconds(partial(ranker.rank, query, library, limit=DEPTH)))
        if place % UNREAD_EVERY == 0:
            found["no document was read before"].append(seconds(partial(load_ranker().rank, query, library, limit=DEPTH)))
    return found


def run(folder: Path | None = None, vectors: Path | None = None) -> bool:
    """Measure, print, and tell whether the bound is kept."""
    err, out = Console(stderr=True), Console(width=140)
    encoder = KeptEncoder(load_encoder(folder or encoder_folder(), threads=2), vectors or settings().home / "bench-vectors.npz")
    documents, copies = innovations()
    source = next(path for path in ABSTRACTS if path.exists())
    err.print(f"encoding: {len(documents)} innovations, {copies} of them copies with shuffled sentences; abstracts of {source.parent.name}")
    library = MemoryLibrary(encoded(documents, encoder, err.print))
    err.print(f"ranking: {NEEDS} needs")
    found = measure(encode_documents(needs(), encoder), library, err.print)
    title = f"One need against {len(documents):,} innovations ({copies:,} shuffled copies), ranked and explained to depth {DEPTH}"
    table = Table("When", "Median", "p95", "Most", "Times", title=title)
    for when, taken in found.items():
        figures = [f"{1000 * value:.0f} ms" for value in np.percentile(taken, [50, 95, 100])]
        table.add_row(when, *figures, str(len(taken)))
    out.print(table)
    kept = bool(np.percentile(found["every document was read before"], 95) <= BOUND_SECONDS)
    out.print(f"p95 with every document read before, bound {1000 * BOUND_SECONDS:.0f} ms: {'kept' if kept else 'NOT kept'}")
    return kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, nargs="?", help="folder of the exported encoder (default: the service's)")
    parser.add_argument("--vectors", type=Path, help="file in which vectors are kept from run to run (default: in the home folder)")
    options = parser.parse_args()
    raise SystemExit(0 if run(options.encoder, options.vectors) else 1)
