"""evaluate: how well the ranker finds what people judged relevant, and how far it can be trusted."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.reports import show
from api.cli.shell import AsJson, answer, say
from api.cli.showing import told_steps
from api.cli.working import export_if_missing, judging_libraries
from api.services.evaluating import as_json_object, evaluate_folders


class Queries(StrEnum):
    """Which side asks."""

    NEEDS = "needs"
    INNOVATIONS = "innovations"


class Pool(StrEnum):
    """What is ranked for each query."""

    CORPUS = "corpus"
    JUDGED = "judged"


def evaluate_command(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="With corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv.")],
    *,
    split: Annotated[str | None, typer.Option(help="Which judgements: a file in qrels.  [default: as matching.json says, or dev]")] = None,
    queries: Annotated[Queries | None, typer.Option(help="Which side asks.  [default: as matching.json says, or needs]")] = None,
    without_codes: Annotated[bool, typer.Option("--without-codes", help="Read the texts alone.")] = False,
    pool: Annotated[Pool, typer.Option(help="Rank the whole corpus, or only what was judged for the query.")] = Pool.CORPUS,
    worst: Annotated[int, typer.Option(min=0, metavar="N", help="Print the N queries on which most is lost, with their texts.")] = 0,
    ablate: Annotated[bool, typer.Option("--ablate", help="Print what each part of the ranker earns.")] = False,
    run_file: Annotated[Path | None, typer.Option(help="Write our ranking of one folder here in TREC form.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the ranker on judged texts, beside BM25, dense retrieval and their fusions."""
    export_if_missing()
    with told_steps() as tell:
        overall = evaluate_folders(
            folders,
            judging_libraries(),
            split=split,
            queries=queries.value if queries else None,
            without_codes=without_codes,
            pool=pool.value,
            run_file=run_file,
            tell_worst=worst,
            ablate=ablate,
            on_progress=tell,
        )
    for report in overall.reports:
        for notice in report.notices:
            say(f"{report.dataset}: {notice}" if len(overall.reports) > 1 else notice)
    if as_json:
        answer(as_json_object(overall))
    else:
        show(overall)
