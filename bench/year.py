"""A simulated year of the Hub: `python -m bench year`, or with its own sizes `python -m bench.year --submissions 300`.

Real texts, the real encoder and ranker, the services and jobs of the product, and one clock that everybody reads.
People are simulated: what they decide is drawn. At the end of every day the rules of `year_checks` must hold.
"""

import argparse
import gc
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import time, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.logs import configure_log
from api.services import auditing, reporting
from api.services.reporting import Period, ReportName
from bench.year_checks import Checks, Follower
from bench.year_places import Acts
from bench.year_world import FIRST_DAY, Plan, World, pipeline_key, world
from models.working_days import is_working_day

BOUND_SECONDS = 600.0
OPEN_AT_FIRST = 0.3  # of the needs: those that were known before the year began
EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "simulated-year"
_OBJECTS_BETWEEN_COLLECTIONS, _NEVER = 400_000, 1_000_000
_SLOTS = (time(9, 30), time(13, 30), time(16, 30))


def run(plan: Plan = Plan(), *, keep: Path | None = None) -> bool:  # noqa: B008 -- a frozen value
    """Live through the year, print what happened, and tell whether it took no longer than it may; raises Broken."""
    err, begun = Console(stderr=True), uptime()
    configure_log("ERROR")
    with world(plan) as made:
        acts = Acts(made)
        with made.database.transaction() as session:
            checks = Checks(Follower(made.lead), Follower(pipeline_key(session, made.at)))
            acts.begin_watches(session)
        with _few_collections():
            for number in range(plan.days):
                made.day = FIRST_DAY + timedelta(days=number)
                live(made, acts, arriving(plan, number))
                with made.database.reading() as session:
                    checks.hold(session, made)
                if number % 30 == 0:
                    gc.collect()
                    gc.freeze()  # what is kept by now, such as every document, is not looked through again
                    err.print(f"  {made.day}: {uptime() - begun:.0f} s, {sum(acts.done.values())} acts")
        made.move_to(time(23))
        reports = reports_of(made)
        with made.database.reading() as session:
            history = auditing.verify(session, (), at=made.at)
    taken = uptime() - begun
    show(Console(width=120), plan, acts.done, checks, taken)
    if keep is not None:
        _keep(keep, plan, acts.done, checks, reports)
    return taken <= BOUND_SECONDS and history.well


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for rings of objects more seldom, among old ones once a month, and not at all among those that are loaded by now."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 10, _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def live(made: World, acts: Acts, coming: tuple[int, int]) -> None:
    """One day: the morning's jobs, then what people do, each time followed by the jobs that it makes due."""
    made.move_to(time(7, 5))
    made.runner.sweep()
    made.runner.run_due()
    needs, submissions = coming
    for slot, moment in enumerate(_SLOTS):
        made.move_to(moment)
        with made.database.transaction() as session:
            acts.state_needs(session, needs if slot == 0 else 0)
            acts.hand_in(session, submissions // len(_SLOTS) + (slot < submissions % len(_SLOTS)))
        made.runner.run_due()
        if is_working_day(made.day):
            _office_hours(made, acts, slot)
        made.wait(15)
        made.runner.run_due()
    made.runner.sweep()  # what no job brought about by itself would be seen to now, before the rules are held
    made.runner.run_due()


def _office_hours(made: World, acts: Acts, slot: int) -> None:
    with made.database.transaction() as session:
        acts.triage(session, most_each=1)
    with made.database.transaction() as session:
        if slot == 0:
            acts.answer_asks(session)
            acts.answer_places(session)
            acts.answer_referrals(session)
        elif slot == 1:
            acts.move_stages(session)
            acts.end_needs(session)
            acts.come_and_go(session)
            acts.give_feedback(session)
        elif made.day.weekday() == 0:
            acts.join_and_leave(session)
            acts.call_out(session)
            acts.merge(session)


def arriving(plan: Plan, day: int) -> tuple[int, int]:
    """How many needs and submissions come on a day; they spread evenly over the year, but for the needs that were there."""
    first = round(plan.needs * OPEN_AT_FIRST)
    needs = first if day == 0 else _share(plan.needs - first, day, plan.days - 1)
    return needs, _share(plan.submissions, day + 1, plan.days)


def _share(total: int, day: int, days: int) -> int:
    """So many of a whole on a day that all of it comes by the last day."""
    return total * day // days - total * (day - 1) // days


def reports_of(made: World) -> dict[str, str]:
    """Every report, as the board reads it after the year."""
    period = Period(FIRST_DAY, made.day)
    with made.database.reading() as session:
        found = {name: reporting.report(session, name, period, actor=made.lead, at=made.at) for name in ReportName}
    return {name.value: report.as_csv() for name, report in found.items()}


def uptime() -> float:
    """Seconds that the machine has been up: a clock that no simulation moves."""
    return float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])


def show(out: Console, plan: Plan, done: Counter[str], checks: Checks, taken: float) -> None:
    """What happened and what held, as tables."""
    happened = Table(
        "What happened", "Times", title=f"A simulated year, seed {plan.seed}: {plan.needs} needs, {plan.submissions} submissions"
    )
    for what, count in sorted(done.items()):
        happened.add_row(what, f"{count:,}")
    for kind, count in sorted(checks.hub.kinds.items()):
        happened.add_row(f"event {kind}", f"{count:,}")
    out.print(happened)
    held = Table("What held at the end of every day", "Looked at")
    for rule, count in sorted(checks.held.items()):
        held.add_row(rule, f"{count:,}")
    out.print(held)
    out.print(f"{plan.days} days in {taken:.0f} s, bound {BOUND_SECONDS:.0f} s: {'kept' if taken <= BOUND_SECONDS else 'NOT kept'}")


def _keep(folder: Path, plan: Plan, done: Counter[str], checks: Checks, reports: dict[str, str]) -> None:
    """Write the reports and what happened, without times of this machine, so that the files are the same for the same plan."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, report in reports.items():
        (folder / f"{name}.csv").write_text(report, encoding="utf-8", newline="")
    said = {"plan": asdict(plan), "first_day": FIRST_DAY.isoformat(), "happened": dict(sorted(done.items()))}
    said["events"] = dict(sorted(checks.hub.kinds.items()))
    (folder / "year.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--keep", type=Path, help=f"folder in which the reports are kept, such as {EXAMPLE.name}")
    options = vars(parser.parse_args())
    folder = options.pop("keep")
    raise SystemExit(0 if run(Plan(**options), keep=folder) else 1)
