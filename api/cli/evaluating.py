"""evaluate: how well the ranker finds what people judged relevant."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from api.cli.shell import AsJson, answer, say
from api.cli.showing import progress, show_table
from api.cli.working import export_if_missing, libraries
from api.services.evaluating import BASELINES, METRICS, OURS, Report, as_json_object, evaluate_folder


class Queries(StrEnum):
    """Which side asks."""

    NEEDS = "needs"
    INNOVATIONS = "innovations"


class Pool(StrEnum):
    """What is ranked for each query."""

    CORPUS = "corpus"
    JUDGED = "judged"


def evaluate_command(
    folder: Annotated[Path, typer.Argument(help="A folder with corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv.")],
    *,
    split: Annotated[str, typer.Option(help="Which judgements: the name of a file in qrels.")] = "dev",
    queries: Annotated[Queries, typer.Option(help="Which side asks.")] = Queries.NEEDS,
    without_codes: Annotated[bool, typer.Option("--without-codes", help="Read the texts alone.")] = False,
    pool: Annotated[Pool, typer.Option(help="Rank the whole corpus, or only what was judged for the query.")] = Pool.CORPUS,
    run_file: Annotated[Path | None, typer.Option(help="Write our ranking here in TREC form.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the ranker on judged texts, beside BM25, dense retrieval and their fusions."""
    export_if_missing()
    with progress() as bars:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step.capitalize())
            bars.update(tasks[step], completed=done, total=total)

        report = evaluate_folder(
            folder,
            libraries(),
            split=split,
            queries=queries.value,
            without_codes=without_codes,
            pool=pool.value,
            run_file=run_file,
            on_progress=tell,
        )
    for notice in report.notices:
        say(notice)
    if as_json:
        answer(as_json_object(report))
    else:
        _show(report)


def _show(report: Report) -> None:
    if report.answerable:
        _show_systems(report)
    if (said := report.abstention) is not None:
        row = (f"{said.precision:.3f}", f"{said.recall:.3f}", str(said.answerable), str(said.unanswerable))
        show_table('"Nothing fits"', ("Precision", "Recall", "Answerable", "Unanswerable"), [row])


def _show_systems(report: Report) -> None:
    rows = []
    for system in (*BASELINES, OURS):
        low, high = report.interval(system)
        first, *others = [f"{report.mean(system, metric):.4f}" for metric in METRICS]
        rows.append((system, first, f"[{low:.4f}, {high:.4f}]", *others, _gain(report, system)))
    heads = ("System", METRICS[0], "95 % interval", *METRICS[1:], "Ours above it, paired")
    show_table(f"{report.dataset}: {len(report.answerable)} answerable of {report.queries} queries", heads, rows)


def _gain(report: Report, system: str) -> str:
    if system == OURS:
        return ""
    above, (least, most) = report.gain(system)
    return f"{above:+.4f} [{least:+.4f}, {most:+.4f}]"
