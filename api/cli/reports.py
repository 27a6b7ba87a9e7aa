"""An evaluation as people read it, in a terminal of a hundred columns."""

import textwrap
from collections.abc import Sequence

import typer

from api.cli.losses import SYSTEMS, show_worst
from api.cli.showing import show_table
from api.services.evaluating import BASELINES, METRICS, OURS, Comparison, Overall, Report, Trust

_WIDTH = 100
_BAR = 40  # characters of a probability of 1 in the reliability diagram

Interval = tuple[float, float]


def show(overall: Overall) -> None:
    """Write all of it to standard output, set by set, then the sets together."""
    for report in overall.reports:
        _show_report(report)
    if len(overall.reports) > 1:
        _show_together(overall)


def _show_report(report: Report) -> None:
    _head(f"{report.dataset}, judgements {report.split}, ranker {report.ranker}")
    _line(f"{len(report.answerable)} answerable of {report.queries} queries ({report.asking}s ask), {report.documents} documents.")
    if report.in_sample:
        _line("IN-SAMPLE: the ranker was fitted on these judgements or a part of them; by folds: python -m bench.fit_ranker")
    if report.answerable:
        _show_systems([(system, [(report.mean(system, m), report.interval(system, m)) for m in METRICS]) for system in (*BASELINES, OURS)])
        _show_comparisons(report.comparisons())
    if report.trust is not None:
        _show_trust(report.trust)
    _show_abstention(report)
    _show_times(report)
    if report.parts:
        _show_parts(report)
    if report.worst is not None:
        show_worst(report.worst)


def _show_together(overall: Overall) -> None:
    counted = overall.counted
    if not counted:
        return
    _head(f"All {len(counted)} sets, each counting alike")
    rows = [(r.dataset, *(f"{r.mean(s, 'ndcg@10'):.3f}" for s in (*BASELINES, OURS)), SYSTEMS[r.first or OURS]) for r in counted]
    _table("nDCG@10", ("Set", *(SYSTEMS[system] for system in (*BASELINES, OURS)), "First"), rows)
    _show_systems([(system, [overall.mean(system, metric) for metric in METRICS]) for system in (*BASELINES, OURS)])
    _show_comparisons(overall.comparisons())
    _line(f"Ours is first on {overall.firsts} of {len(counted)} sets.")
    below = ", ".join(overall.below_dense)
    _line(f"More than 0.01 below dense alone: {below or 'none'}.")
    if seen := [report.dataset for report in counted if report.in_sample]:
        _line(f"IN-SAMPLE, see above: {', '.join(seen)}.")


def _show_systems(figures: Sequence[tuple[str, Sequence[tuple[float, Interval]]]]) -> None:
    rows = [(SYSTEMS[system], *(_with_interval(*figure) for figure in found)) for system, found in figures]
    _table("Order, with 95 % intervals", ("System", "nDCG@10", "recall@10", "recall@50", "MRR"), rows)


def _show_comparisons(found: Sequence[Comparison]) -> None:
    rows = [
        (
            SYSTEMS[each.baseline],
            f"{each.above:+.4f} [{each.interval[0]:+.3f}, {each.interval[1]:+.3f}]",
            _p(each.p_bootstrap, each.holm_bootstrap),
            _p(each.p_randomisation, each.holm_randomisation),
            each.verdict,
        )
        for each in found
    ]
    heads = ("Ours above", "nDCG@10, paired 95 %", "p bootstrap (Holm)", "p randomisation (Holm)", "Ours is")
    _table(f"Ours against each baseline on the same {found[0].queries} queries", heads, rows)
    lacking = [f"{SYSTEMS[each.baseline]} ({each.verdict}, {each.above:+.4f})" for each in found if each.verdict != "ahead"]
    _line(f"NOT AHEAD of {', '.join(lacking)}." if lacking else "Ahead of every baseline, by both tests after Holm's correction.")


def _show_trust(trust: Trust) -> None:
    shown = trust.shown
    rows = [(f"{each.said:.3f}", f"{each.observed:.3f}", str(each.count), _bar(each.said, each.observed)) for each in trust.bins]
    _table(
        f"Probability, on the {shown.count} candidates that people see: bins of equal count",
        ("Said", "True", "n", f"{'█ true, │ said':<{_BAR}}"),
        rows,
    )
    skill = "none, all the same" if trust.skill is None else f"{trust.skill:.3f}"
    _line(
        f"Base rate {shown.value:.3f}, said on average {trust.said:.3f}; Brier {trust.brier:.3f}, skill over the base rate {skill}; "
        f"calibration error {trust.calibration_error:.3f}."
    )
    if trust.judged < shown.count:
        _line(f"Only {trust.judged} of {shown.count} were judged. The others count as not fitting: what is true is more than this shows.")
    bands = [
        (band.value, "-" if share.value is None else _with_interval(share.value, share.interval), str(share.count))
        for band, share in trust.bands.items()
    ]
    _table("Bands: how many of those shown fit", ("Band", "Precision, Wilson 95 %", "n"), bands)


def _show_abstention(report: Report) -> None:
    tasks = (("no answer by nature", report.natural), ("answers taken out", report.removed))
    rows = []
    for name, task in tasks:
        if task is None:
            continue
        found, interval = task.figures, task.intervals
        curve = "-" if task.area_under_curve is None else f"{task.area_under_curve:.3f}"
        precision, recall = _with_interval(found.precision, interval[0]), _with_interval(found.recall, interval[1])
        rows.append((name, precision, recall, curve, str(found.said), f"{found.unanswerable} / {found.answerable}"))
    if rows:
        heads = ("Queries", "Precision", "Recall", "AUC", "Said", "Without / with")
        _table('"Nothing fits", said of queries without an answer and of queries with one', heads, rows)


def _show_times(report: Report) -> None:
    rows = [
        (SYSTEMS[system], f"{1000 * each.median:.1f}", f"{1000 * each.p95:.1f}", str(len(each.seconds)))
        for system, each in report.timings.items()
    ]
    if report.encoding is not None:
        each = report.encoding
        rows.append(("encoding a query", f"{1000 * each.median:.1f}", f"{1000 * each.p95:.1f}", str(len(each.seconds))))
    heads = ("Milliseconds", "Median", "p95", "n")
    _table("Time of one query that is encoded; baselines order the whole corpus, ours explains nothing", heads, rows)


def _show_parts(report: Report) -> None:
    rows = []
    for part in report.parts:
        earned, (low, high) = part.earns
        alone = "" if part.alone is None else f"{sum(part.alone) / len(part.alone):.3f}"
        rows.append((part.name, f"{earned:+.4f} [{low:+.4f}, {high:+.4f}]", alone))
    _table("What each part earns in nDCG@10", ("Part", "Ours above ours without it, paired 95 %", "Alone"), rows)


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table under a line that may be wider than it."""
    typer.echo()
    _line(title)
    show_table("", heads, rows)


def _with_interval(value: float, interval: Interval) -> str:
    return f"{value:.3f} [{interval[0]:.2f}, {interval[1]:.2f}]"


def _p(value: float, corrected: float) -> str:
    return f"{value:.4f} ({corrected:.4f})"


def _bar(said: float, observed: float) -> str:
    """A line as long as what came true, with a mark where it should end."""
    filled, mark = round(observed * _BAR), min(round(said * _BAR), _BAR - 1)
    line = "█" * filled + "·" * (_BAR - filled)
    return f"{line[:mark]}│{line[mark + 1 :]}"


def _head(text: str) -> None:
    typer.echo(f"\n{text}\n{'=' * min(len(text), _WIDTH)}")


def _line(text: str) -> None:
    typer.echo(textwrap.fill(text, _WIDTH))
