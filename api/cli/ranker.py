"""ranker: train on decisions, show what came of it, and say which one judges."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table, told_steps
from api.cli.working import export_if_missing, libraries
from api.services import activating, learning
from api.settings import settings
from models.actors import SYSTEM
from models.base import FIRST_YEAR, LAST_YEAR
from models.queries import ranker_versions
from models.ranker_versions import RankerVersion
from models.working_days import LONDON

ranker_command = new_group("Rankers that were trained on decisions, and which one judges.")

Name = Annotated[str, typer.Argument(help="The name of a trained ranker; see `matching ranker list`.")]
_ACTIVATE = "It does not judge yet: read the report, then `matching ranker activate {name}`."


def _of_our_years(day: datetime | None) -> datetime | None:
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise typer.BadParameter(f"Name a day of the years {FIRST_YEAR} to {LAST_YEAR}.")
    return day


@ranker_command.command("train")
def train(
    *,
    name: Annotated[str, typer.Option(help="What to call it: small letters, digits, hyphens.  [default: by the day]")] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], callback=_of_our_years, help="Only decisions before this day, of London.")
    ] = None,
    sets: Annotated[list[Path] | None, typer.Option(help="A folder as for `matching evaluate`; may be said several times.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train a ranker on the decisions that stand, and report it before and after; it judges when somebody activates it."""
    export_if_missing()
    chosen, found, now = settings(), libraries(), datetime.now(UTC)
    standing = now - timedelta(seconds=chosen.undo_window_seconds)  # what may still be undone teaches nothing
    before = min(standing, until.replace(tzinfo=LONDON)) if until else standing
    with opened() as database:
        with database.reading() as session:
            gathered = learning.gather(session, found, until=before)
        with told_steps() as tell:
            learned = learning.learn(found, gathered, sets=sets or [], on_progress=tell)
        with database.transaction() as session:
            called = name or learning.free_name(session, at=now)
            row = learning.keep(session, found, learned, name=called, actor=SYSTEM, at=now)
    if as_json:
        answer(_as_json(row))
    else:
        _show(row)
        say(_ACTIVATE.format(name=row.name))


@ranker_command.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the trained rankers, newest first."""
    with opened() as database, database.reading() as session:
        rows = ranker_versions.every(session)
    if as_json:
        answer({"rankers": [_as_json(row) for row in rows]})
        return
    if not any(row.activated_at and row.state == "active" for row in rows):
        say("The ranker of the settings judges.")
    shown = [(row.name, row.state.value, f"{row.trained_at:%d %B %Y}", str(row.decisions), str(row.needs), row.ranker_id) for row in rows]
    show_table("Trained rankers", ("Name", "State", "Trained", "Decisions", "Needs", "Id"), shown)


@ranker_command.command("show")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a trained ranker with its report."""
    with opened() as database, database.reading() as session:
        row = ranker_versions.named(session, name)
    if as_json:
        answer(_as_json(row))
    else:
        _show(row)


@ranker_command.command("activate")
def activate(name: Name, as_json: AsJson = False) -> None:
    """Have a trained ranker judge from now on, in every process; the service ranks everything anew."""
    with opened() as database, database.transaction() as session:
        row = activating.activate(session, libraries(), name, actor=SYSTEM, at=datetime.now(UTC))
    if as_json:
        answer(_as_json(row))
    else:
        say(f"{row.name} judges now. The service ranks everything anew; `matching ranker rollback` goes back.")


@ranker_command.command("rollback")
def rollback(as_json: AsJson = False) -> None:
    """Go back to the ranker that judged before."""
    with opened() as database, database.transaction() as session:
        row = activating.roll_back(session, libraries(), actor=SYSTEM, at=datetime.now(UTC))
    if as_json:
        answer({"judges": row.name if row else None})
    else:
        say(f"{row.name if row else 'The ranker of the settings'} judges again. The service ranks everything anew.")


def _as_json(row: RankerVersion) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in RankerVersion.__table__.columns}


def _show(row: RankerVersion) -> None:
    report = row.report
    counted = report["decisions"]
    facts: Sequence[tuple[str, str]] = [
        ("id", row.ranker_id),
        ("state", row.state.value),
        ("trained from", row.base),
        ("decisions", f"{row.decisions}: {row.confirmed} confirmed, {row.rejected} rejected, on {row.needs} needs"),
        ("decided", f"{row.decided_from:%d %B %Y} to {row.decided_to:%d %B %Y}"),
        *(("left out", f"{count} {why}") for why, count in counted["left_out"].items()),
        ("drawn to what it was by", f"{report['pull']:g}"),
    ]
    show_table(f"Ranker {row.name}", ("What", "Value"), facts)
    figures = [*_on_decisions("later decisions", report["later_decisions"]), *_on_decisions("other needs", report["other_needs"])]
    figures += [_line(each["dataset"], "nDCG@10", each["ndcg@10"]) for each in report["sets"] if each["ndcg@10"]]
    heads = ("Measured on", "Figure", "Needs", "Before", "After", "Difference, paired, 95 %", "p")
    show_table("Before and after: of loss and Brier less is better, of nDCG more", heads, figures)
    if not report["later_decisions"]:
        say("The earlier decisions are too much alike to be held against the later ones.")
    if report["absent"]:
        say(f"Not measured on {', '.join(report['absent'])}: give their folders with --sets.")
    for notice in (*report["notices"], *(f"{each['dataset']}: {notice}" for each in report["sets"] for notice in each["notices"])):
        say(notice)


def _on_decisions(what: str, found: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    if found is None:
        return []
    names = {"log_loss": "log loss", "brier": "Brier", "ndcg@10": "nDCG@10"}
    return [_line(f"{found['decisions']} {what}", shown, found[name]) for name, shown in names.items() if found[name]]


def _line(what: str, figure: str, change: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = change["difference_ci95"]
    difference = f"{change['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
    return what, figure, str(change["needs"]), f"{change['before']:.4f}", f"{change['after']:.4f}", difference, f"{change['p']:.4f}"
