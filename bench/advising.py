"""How good the advice at writing is: `python -m bench.advising`.

Precision and recall of each kind on needs whose faults were labelled by hand (`bench/data/advising/README.md`), with 95 %
Wilson intervals, for the dev part that changed the lists and for the held-out part; then how many demo needs get each advice.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bench.judged_sets import DATA, DEMO
from matcher.advising import Advice, AdviceKind, advice
from matcher.significance import wilson
from matcher.text import FIELD_ASPECTS, text_hash
from matcher.types import Document, Side

NEEDS = DATA / "advising" / "needs.jsonl"
DEV, HELD_OUT = "dev", "held-out"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A need and the kinds of advice that a careful reader would give."""

    document: Document
    faults: frozenset[AdviceKind]

    @property
    def part(self) -> str:
        """Dev or held out, by the id."""
        return HELD_OUT if int(text_hash(self.document.id)[:8], 16) % 2 else DEV


@dataclass(frozen=True, slots=True)
class Counts:
    """How often one kind of advice was given rightly, given at all, and due."""

    right: int
    given: int
    due: int


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--errors", action="store_true", help="name what went wrong on the dev part, and the advice on each demo need")
    options = parser.parse_args()
    labelled, names = read_labelled(), product_names()
    for part in (DEV, HELD_OUT):
        rows = [each for each in labelled if each.part == part]
        print(f"{part}: {len(rows)} needs")
        for kind, counts in measured(rows, names).items():
            print(f"  {kind:18} precision {_share(counts.right, counts.given)}  recall {_share(counts.right, counts.due)}")
        if options.errors and part == DEV:
            _print_errors(rows, names)
    told = {need.id: advice(need, names=names) for need in demo_needs()}
    print(f"demo: {len(told)} needs, {sum(not each for each in told.values())} without advice")
    for kind in AdviceKind:
        about = {need_id: [each for each in found if each.kind is kind] for need_id, found in told.items()}
        print(f"  {kind:18} {sum(map(bool, about.values()))}")
        for need_id, found in about.items():
            if options.errors and found:
                print(f"    {need_id}: {_quoted(found)}")


def read_labelled() -> list[Labelled]:
    """The labelled needs."""
    rows = [json.loads(line) for line in NEEDS.read_text(encoding="utf-8").splitlines()]
    return [Labelled(_need(row["id"], row["fields"]), frozenset(map(AdviceKind, row["faults"]))) for row in rows]


def measured(rows: Sequence[Labelled], names: Sequence[str]) -> Mapping[AdviceKind, Counts]:
    """Each kind by whether it was given to a need at all; the demo innovations are known by name, as the service knows its own."""
    given = [(frozenset(each.kind for each in advice(row.document, names=names)), row.faults) for row in rows]
    counted = {
        kind: Counts(
            right=sum(kind in told and kind in faults for told, faults in given),
            given=sum(kind in told for told, _ in given),
            due=sum(kind in faults for _, faults in given),
        )
        for kind in AdviceKind
    }
    return MappingProxyType(counted)


def demo_needs() -> list[Document]:
    """The demo needs."""
    rows = json.loads((DEMO / "needs.json").read_text(encoding="utf-8"))
    return [_need(row["key"], {name: row[name] for name in FIELD_ASPECTS[Side.NEED] if row.get(name)}) for row in rows]


def product_names() -> list[str]:
    """The names of the demo innovations."""
    return [row["name"] for row in json.loads((DEMO / "innovations.json").read_text(encoding="utf-8"))]


def _need(need_id: str, fields: Mapping[str, str]) -> Document:
    return Document(id=need_id, side=Side.NEED, fields=MappingProxyType(dict(fields)))


def _print_errors(rows: Sequence[Labelled], names: Sequence[str]) -> None:
    for row in rows:
        found = advice(row.document, names=names)
        told = {each.kind for each in found}
        for kind in sorted(told - row.faults):
            print(f"    wrong  {row.document.id} {kind}: {_quoted([each for each in found if each.kind is kind])}")
        for kind in sorted(row.faults - told):
            print(f"    missed {row.document.id} {kind}")


def _quoted(found: Sequence[Advice]) -> str:
    return "; ".join(f"{each.field} “{each.quote.text}”" if each.quote else each.field for each in found)


def _share(count: int, total: int) -> str:
    low, high = wilson(count, total)
    return f"{count}/{total} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
