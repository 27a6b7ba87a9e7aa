"""The verdicts of the shipped rules against 300 labelled by hand: macro-F1, confusion, quotes, and where nothing is known.

`bench/data/verdicts/README.md` is the guideline of the labels. Rules are changed by the tuning half alone; the held-out half is
for the report. Intervals are 95 % percentile bootstraps over the needs. Without an encoder it prints instead how far the second
reader of half of the rows agrees with the first.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.judged_sets import DATA, demo_collection
from matcher.embedding import encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import Row, read_folder
from matcher.ranking import Ranker, load_ranker
from matcher.types import Document, EncodedDocument, Finding, Quote, Side, Verdict

LABELS = DATA / "verdicts" / "verdicts.jsonl"
SECOND = DATA / "verdicts" / "second_reader.jsonl"
TUNING, HELD_OUT = "tuning", "held-out"
RESAMPLES = 2_000
_FEW = 5
_SHARED = 0.5  # of the shorter of two quotes that both hold, from which one supports what the other carries
_SEED = 20_261_122


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled row; `aspect` is *must-have* for a criterion, and `key` tells the finding that answers it."""

    need: str
    innovation: str
    source: str
    half: str
    aspect: str
    key: tuple[str, str]
    codes: bool | None
    verdict: Verdict
    quotes: tuple[Quote, ...]

    @property
    def is_by_codes(self) -> bool:
        """Whether codes of both sides decide, as the guideline says."""
        return bool(self.codes)


@dataclass(frozen=True, slots=True)
class Answered:
    """A labelled row with what the rules, or the second reader, say of it; no finding counts as *unknown*."""

    label: Labelled
    verdict: Verdict
    quote: Quote | None
    is_exact: bool

    @property
    def supports(self) -> bool:
        """Whether the quote overlaps a labelled or acceptable one by half of the shorter at least."""
        return self.quote is not None and any(_share(self.quote, other) >= _SHARED for other in self.label.quotes)


def main() -> None:
    """Print the report: the tuning half, and the held-out half unless told not to look."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, nargs="?", help="folder of the exported encoder; without it, the agreement of two readers")
    parser.add_argument("--tuning-only", action="store_true", help="leave the held-out half alone, while rules are changed")
    options = parser.parse_args()
    labels = read_labels()
    if options.encoder is None:
        print_readers(read_second(labels))
        return
    halves = (TUNING,) if options.tuning_only else (TUNING, HELD_OUT)
    wanted = [label for label in labels if label.half in halves]
    answered = answer(wanted, load_ranker(), encoded_pairs(wanted, load_encoder(options.encoder, threads=2)))
    for half in halves:
        print_report(half, [row for row in answered if row.label.half == half])


def read_labels() -> list[Labelled]:
    """All labelled rows, in the order of the file."""
    return [_labelled(json.loads(line)) for line in LABELS.read_text(encoding="utf-8").splitlines()]


def read_second(labels: Sequence[Labelled]) -> list[Answered]:
    """The rows that the second reader labelled too, with that reader's verdict and quote."""
    rows = _judged_rows()
    reread = []
    for line in SECOND.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        label = labels[said["row"]]
        fields = rows[label.source][label.innovation].document(Side.INNOVATION).fields
        reread.append(Answered(label, Verdict(said["verdict"]), _place(said["quote"], fields), is_exact=True))
    return reread


def encoded_pairs(labels: Iterable[Labelled], encoder: Encoder) -> dict[tuple[str, str, bool], EncodedDocument]:
    """Every need and innovation of these rows, encoded: by source, id, and whether its codes are withheld."""
    rows = _judged_rows()
    wanted: dict[tuple[str, str, bool], Document] = {}
    for label in labels:
        wanted[label.source, label.need, False] = _document(rows[label.source][label.need], Side.NEED)
        bare = label.codes is False
        wanted[label.source, label.innovation, bare] = _document(rows[label.source][label.innovation], Side.INNOVATION, without_codes=bare)
    return dict(zip(wanted, encode_documents(list(wanted.values()), encoder), strict=True))


def answer(labels: Sequence[Labelled], ranker: Ranker, pairs: Mapping[tuple[str, str, bool], EncodedDocument]) -> list[Answered]:
    """What the rules say of each labelled row."""
    answered = []
    for label in labels:
        innovation = pairs[label.source, label.innovation, label.codes is False]
        findings = ranker.judge(pairs[label.source, label.need, False], innovation).findings
        found = next((finding for finding in findings if _key(finding) == label.key), None)
        quote = found.innovation_quote if found else None
        exact = quote is None or innovation.document.fields[quote.field][quote.start : quote.end] == quote.text
        answered.append(Answered(label, found.verdict if found else Verdict.UNKNOWN, quote, exact))
    return answered


def macro_f1(rows: Sequence[Answered], verdicts: Sequence[Verdict]) -> float:
    """The mean of F1 over these verdicts; one that no row is labelled with or given counts as 0."""
    return float(np.mean([_f1(rows, verdict) for verdict in verdicts]))


def kappa(rows: Sequence[Answered]) -> float:
    """Cohen's kappa: the agreement beyond what the two would reach by chance, each with these shares of verdicts."""
    labelled, said = Counter(row.label.verdict for row in rows), Counter(row.verdict for row in rows)
    agreed = _agreed(rows) / len(rows)
    by_chance = sum(labelled[verdict] * said[verdict] for verdict in Verdict) / len(rows) ** 2
    return _ratio(agreed - by_chance, 1 - by_chance)


def print_readers(rows: Sequence[Answered]) -> None:
    """Print how far two readers agree, by half and by aspect, and every row on which they part."""
    parts = {f"{half} half": [row for row in rows if row.label.half == half] for half in (TUNING, HELD_OUT)}
    parts |= {aspect: [row for row in rows if row.label.aspect == aspect] for aspect in dict.fromkeys(row.label.aspect for row in rows)}
    parts |= {name: [row for row in rows if of_part(row.label)] for name, of_part in _PARTS.items() if name not in parts}
    print(f"{'':28}{'n':>4} {'agreed':>7} {'share':>6} {'kappa':>6} {'both quote: overlap':>20}")
    for name, chosen in parts.items():
        quoting = [row for row in chosen if row.label.quotes]
        agreed = _agreed(chosen)
        print(f"{name:28}{len(chosen):>4} {agreed:>7} {agreed / len(chosen):>6.3f} {kappa(chosen):>6.3f} {_of(*_supports(quoting)):>20}")
    lone = [row for row in rows if (row.quote is None) is bool(row.label.quotes)]
    print(f"quoted by one reader alone: {len(lone)}, by the first {sum(row.quote is None for row in lone)}")
    draws = _draws(rows)
    print(f"kappa: {kappa(rows):.3f} ({_interval([kappa(draw) for draw in draws])})")
    print(_confusion(rows))
    for row in rows:
        if row.verdict is not row.label.verdict:
            label = row.label
            print(f"{label.need}, {label.innovation}, {label.aspect}: first {label.verdict}, second {row.verdict}")


def print_report(half: str, rows: Sequence[Answered]) -> None:
    """Print one half: by aspect, by what decides, and overall with intervals."""
    print(f"\n{half}: {len(rows)} rows of {len({row.label.need for row in rows})} needs")
    print(f"{'':28}{'n':>4} {'macro-F1':>9} {'agree':>6} {'supports':>12} {'both':>6} {'unknown':>12} {'exact':>6}")
    for name, of_part in _PARTS.items():
        chosen = [row for row in rows if of_part(row.label)]
        print(f"{name:28}{_figures(chosen)}")
    print(_intervals(rows))
    print(_confusion(rows))


_PARTS: Mapping[str, Callable[[Labelled], bool]] = {
    "problem": lambda label: label.aspect == "problem",
    "population": lambda label: label.aspect == "population",
    "outcome": lambda label: label.aspect == "outcome",
    "setting, codes decide": lambda label: label.aspect == "setting" and label.is_by_codes,
    "setting, words decide": lambda label: label.aspect == "setting" and not label.is_by_codes,
    "conditions, codes decide": lambda label: label.aspect == "conditions" and label.is_by_codes,
    "conditions, words decide": lambda label: label.aspect == "conditions" and not label.is_by_codes,
    "must-have": lambda label: label.aspect == "must-have",
    "words decide (no must-have)": lambda label: label.aspect != "must-have" and not label.is_by_codes,
    "all": lambda _: True,
}


def _figures(rows: Sequence[Answered]) -> str:
    agree = np.mean([row.verdict is row.label.verdict for row in rows])
    (supports, quoted), (unknown, answering) = _supports(rows), _unknown(rows)
    both = sum(row.supports and row.verdict is row.label.verdict for row in rows)
    return (
        f"{len(rows):>4} {macro_f1(rows, _occurring(rows)):>9.3f} {agree:>6.2f} {_of(supports, quoted):>12} {both / max(quoted, 1):>6.2f}"
        f" {_of(unknown, answering):>12} {np.mean([row.is_exact for row in rows]):>6.0%}"
    )


def _intervals(rows: Sequence[Answered]) -> str:
    """Overall figures with what the draw of the needs leaves open."""
    verdicts, frequent = _occurring(rows), _frequent(rows)
    draws = _draws(rows)
    told = {
        "macro-F1": [macro_f1(draw, verdicts) for draw in draws],
        f"macro-F1 of verdicts with {_FEW} labels or more": [macro_f1(draw, frequent) for draw in draws],
        "quote supports": [_ratio(*_supports(draw)) for draw in draws],
        "unknown though answered": [_ratio(*_unknown(draw)) for draw in draws],
    }
    said = [macro_f1(rows, verdicts), macro_f1(rows, frequent), _ratio(*_supports(rows)), _ratio(*_unknown(rows))]
    return "\n".join(f"{name}: {own:.3f} ({_interval(values)})" for own, (name, values) in zip(said, told.items(), strict=True))


def _draws(rows: Iterable[Answered]) -> list[list[Answered]]:
    """Bootstrap samples of the needs, each with all its rows."""
    by_need: dict[str, list[Answered]] = {}
    for row in rows:
        by_need.setdefault(row.label.need, []).append(row)
    needs = list(by_need.values())
    random = np.random.default_rng(_SEED)
    return [[row for place in random.integers(0, len(needs), len(needs)) for row in needs[place]] for _ in range(RESAMPLES)]


def _interval(values: Sequence[float]) -> str:
    return f"{np.percentile(values, 2.5):.3f} to {np.percentile(values, 97.5):.3f}"


def _confusion(rows: Sequence[Answered]) -> str:
    counts = Counter((row.label.verdict, row.verdict) for row in rows)
    lines = [f"{'labelled, then said':>20}" + "".join(f"{said:>10}" for said in Verdict)]
    lines += [f"{label:>20}" + "".join(f"{counts[label, said]:>10}" for said in Verdict) for label in Verdict]
    return "\n".join(lines)


def _agreed(rows: Iterable[Answered]) -> int:
    return sum(row.verdict is row.label.verdict for row in rows)


def _supports(rows: Sequence[Answered]) -> tuple[int, int]:
    """How many quotes support, of how many."""
    return sum(row.supports for row in rows), sum(row.quote is not None for row in rows)


def _unknown(rows: Sequence[Answered]) -> tuple[int, int]:
    """How often nothing is known, of how many rows that the text, the codes or the facts answer."""
    answering = [row for row in rows if row.label.verdict is not Verdict.UNKNOWN]
    return sum(row.verdict is Verdict.UNKNOWN for row in answering), len(answering)


def _occurring(rows: Iterable[Answered]) -> list[Verdict]:
    labelled = {row.label.verdict for row in rows}
    return [verdict for verdict in Verdict if verdict in labelled]


def _frequent(rows: Iterable[Answered]) -> list[Verdict]:
    """Verdicts of which a figure says more than the fate of one or two rows."""
    counts = Counter(row.label.verdict for row in rows)
    return [verdict for verdict in Verdict if counts[verdict] >= _FEW]


def _f1(rows: Iterable[Answered], verdict: Verdict) -> float:
    pairs = [(row.label.verdict is verdict, row.verdict is verdict) for row in rows]
    agreed = sum(labelled and said for labelled, said in pairs)
    given = sum(labelled + said for labelled, said in pairs)
    return 2 * agreed / given if given else 0.0


def _share(one: Quote, other: Quote) -> float:
    """What two quotes share, of the shorter one."""
    if one.field != other.field:
        return 0.0
    both = min(one.end, other.end) - max(one.start, other.start)
    return both / min(one.end - one.start, other.end - other.start)


def _place(text: str, fields: Mapping[str, str]) -> Quote | None:
    """Where these words stand first; nothing for no words."""
    if not text:
        return None
    field = next(name for name, value in fields.items() if text in value)
    start = fields[field].index(text)
    return Quote(field=field, start=start, end=start + len(text), text=text)


def _key(finding: Finding) -> tuple[str, str]:
    return (finding.aspect.value, "") if finding.aspect else _criterion_key(finding.criterion)


def _criterion_key(criterion: Any) -> tuple[str, str]:  # noqa: ANN401 -- a Criterion, which a finding without an aspect has
    return criterion.kind.value, criterion.value


def _judged_rows() -> dict[str, dict[str, Row]]:
    """The judged needs and innovations by source, then by id."""
    wy = read_folder(DATA / "wy", "dev")
    return {source: {row.id: row for row in (*each.queries, *each.corpus)} for source, each in (("wy", wy), ("demo", demo_collection(wy)))}


def _document(row: Row, side: Side, *, without_codes: bool = False) -> Document:
    return row.document(side, without_codes=without_codes)


def _labelled(stored: Mapping[str, Any]) -> Labelled:
    criterion = stored["criterion"]
    return Labelled(
        need=stored["need"],
        innovation=stored["innovation"],
        source=stored["source"],
        half=stored["half"],
        aspect=stored["aspect"] or "must-have",
        key=(criterion["kind"], criterion["value"]) if criterion else (stored["aspect"], ""),
        codes=stored["codes"],
        verdict=Verdict(stored["verdict"]),
        quotes=tuple(Quote(**quote) for quote in stored["quotes"]),
    )


def _of(some: int, every: int) -> str:
    return f"{_ratio(some, every):.2f} of {every}"


def _ratio(some: int, every: int) -> float:
    return some / every if every else float("nan")


if __name__ == "__main__":
    main()
