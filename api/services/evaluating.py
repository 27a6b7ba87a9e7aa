"""Folders of judged texts -> figures of our ranker beside plain retrievers, by the ranker that the service uses."""

from collections.abc import Callable, Sequence
from pathlib import Path

from api.services.faults import Fault
from api.services.library import Libraries
from matcher.evaluation import BASELINES, METRICS, OURS, evaluate
from matcher.folder import Collection, MalformedFolder, Pool, read_folder, split_and_side
from matcher.losses import Loss, Placed, Worst
from matcher.reporting import Comparison, Overall, Report, Timing
from matcher.trust import Share, Trust
from matcher.types import Side

__all__ = [
    "BASELINES",
    "METRICS",
    "OURS",
    "Comparison",
    "Loss",
    "Overall",
    "Placed",
    "Report",
    "Share",
    "Timing",
    "Trust",
    "Worst",
    "as_json_object",
    "evaluate_folders",
]

_SIDES = {"needs": Side.NEED, "innovations": Side.INNOVATION}


def evaluate_folders(
    folders: Sequence[Path],
    libraries: Libraries,
    *,
    split: str | None,
    queries: str | None,
    without_codes: bool,
    pool: str,
    run_file: Path | None,
    tell_worst: int,
    ablate: bool,
    on_progress: Callable[[str, int, int], None],
) -> Overall:
    """Measure the installed ranker on BEIR-style folders, one after the other; what is wrong with any is told before all.

    `split` and `queries` (needs or innovations) hold for every folder; None leaves them to each folder's `matching.json`.

    Raises:
        Fault: naming file and line of what cannot be read, or if a run file is wanted of several folders.
    """
    if run_file is not None and len(folders) > 1:
        raise Fault("A run file holds the ranking of one folder. Name one folder, or leave --run-file out.")
    try:
        read = [_read(folder, split, queries) for folder in folders]
        reports = tuple(
            evaluate(
                collection,
                encoder=libraries.encoder,
                ranker=libraries.ranker,
                queries_side=side,
                without_codes=without_codes,
                pool=Pool(pool),
                tell_worst=tell_worst,
                ablate=ablate,
                on_progress=_named(on_progress, collection.name if len(folders) > 1 else ""),
            )
            for collection, side in read
        )
    except MalformedFolder as error:
        raise Fault(f"{error} Mend the folder and run the evaluation again.") from error
    if run_file is not None:
        reports[0].write_run(run_file)
    return Overall(reports)


def as_json_object(overall: Overall) -> dict[str, object]:
    """The report in the form that machines read: that of one folder by itself, of several in a list with their means."""
    return overall.reports[0].to_json() if len(overall.reports) == 1 else overall.to_json()


def _read(folder: Path, split: str | None, queries: str | None) -> tuple[Collection, Side]:
    chosen, side = split_and_side(folder, split=split, side=_SIDES[queries] if queries else None)
    return read_folder(folder, chosen), side


def _named(on_progress: Callable[[str, int, int], None], name: str) -> Callable[[str, int, int], None]:
    """Tell each step with the set that it is of, where there are several."""
    return lambda step, done, total: on_progress(f"{name}: {step}" if name else step, done, total)
