"""A folder of judged texts -> figures of our ranker beside plain retrievers, by the ranker that the service uses."""

from collections.abc import Callable
from pathlib import Path

from api.services.faults import Fault
from api.services.library import Libraries
from matcher.evaluation import BASELINES, METRICS, OURS, MalformedFolder, Pool, Report, evaluate, read_folder
from matcher.types import Side

__all__ = ["BASELINES", "METRICS", "OURS", "Report", "as_json_object", "evaluate_folder"]

_SHAPE = ("dataset", "queries", "systems", "abstention")
_SIDES = {"needs": Side.NEED, "innovations": Side.INNOVATION}


def evaluate_folder(
    folder: Path,
    libraries: Libraries,
    *,
    split: str,
    queries: str,
    without_codes: bool,
    pool: str,
    run_file: Path | None,
    on_progress: Callable[[str, int, int], None],
) -> Report:
    """Measure the installed ranker on a BEIR-style folder; raises Fault naming file and line of what cannot be read."""
    try:
        collection = read_folder(folder, split)
        report = evaluate(
            collection,
            encoder=libraries.encoder,
            ranker=libraries.ranker,
            queries_side=_SIDES[queries],
            without_codes=without_codes,
            pool=Pool(pool),
            on_progress=on_progress,
        )
    except MalformedFolder as error:
        raise Fault(f"{error} Mend the folder and run the evaluation again.") from error
    if run_file is not None:
        report.write_run(run_file)
    return report


def as_json_object(report: Report) -> dict[str, object]:
    """The report in the form that machines read."""
    said = report.to_json()
    return {name: said[name] for name in _SHAPE}
