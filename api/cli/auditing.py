"""audit: whether the history is whole."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import progress, show_table
from api.services import auditing, heads
from api.services.auditing import Finding, Verification
from api.services.heads import KeptHead
from api.settings import settings
from models.queries import events

audit_command = new_group("Say whether the history is whole, and list the heads that were kept of it.")
MoreHeads = Annotated[
    list[Path] | None,
    typer.Option("--heads", exists=True, dir_okay=False, help="A file of heads kept elsewhere, a copy of heads.jsonl; may be given again."),
]
_RESTORED = "Was an older backup restored on purpose? Then move heads.jsonl and head.json out of {folder}, and keep them."


@audit_command.command("verify")
def verify(more: MoreHeads = None, as_json: AsJson = False) -> None:
    """Read every event again and say what was altered, is missing or out of order; exit status 1 when something is."""
    kept, unread = _kept(more or [])  # before the database is read, so that no head is younger than what is seen there
    began = time.perf_counter()
    with opened() as database, database.reading() as session, progress() as bars:
        task = bars.add_task("Reading events", total=events.head(session)[0])
        found = auditing.verify(session, kept, at=datetime.now(UTC), on_progress=lambda read: bars.update(task, completed=read))
        bars.update(task, total=found.sealed, completed=found.sealed)
    found.add(Finding(0, "head", said) for said in unread)
    _show(found, seconds=time.perf_counter() - began, as_json=as_json)
    if not found.well:
        raise typer.Exit(1)


@audit_command.command("heads")
def show_heads(as_json: AsJson = False) -> None:
    """List the heads that were kept outside the database, a line a day and the latest."""
    kept, unread = _kept([])
    rows = [each.model_dump(mode="json") for each in kept]
    if as_json:
        answer({"folder": settings().heads_folder, "heads": rows, "unreadable": unread})
    else:
        columns = ("date", "position", "hash", "chain_id")
        show_table(f"Heads in {settings().heads_folder}", columns, [tuple(str(row[name]) for name in columns) for row in rows])
        for said in unread:
            say(said)


def _kept(more: list[Path]) -> tuple[list[KeptHead], list[str]]:
    """The heads of our own folder and of more files, and what of them cannot be read."""
    folder = settings().heads_folder
    found: list[KeptHead] = []
    unread: list[str] = []
    for path in [*(path for path in (folder / heads.DAILY, folder / heads.LATEST) if path.is_file()), *more]:
        read, wrong = heads.read(path)
        found += read
        unread += wrong
    return found, unread


def _show(found: Verification, *, seconds: float, as_json: bool) -> None:
    if as_json:
        shown: dict[str, Any] = {"well": found.well, "sealed": found.sealed, "unsealed": found.unsealed, "kept_heads": found.kept}
        shown |= {"position": found.position, "hash": found.hash, "wrong": found.count, "seconds": round(seconds, 3)}
        answer(shown | {"findings": [asdict(each) for each in found.findings], "warnings": found.warnings})
        return
    if not found.well:
        rows = [(str(each.position or ""), each.what, each.said) for each in found.findings]
        show_table(f"{found.count} things are wrong", ("Position", "What", "Found"), rows)
        say("Keep the database and the kept heads as they are, and find out who could write to them.")
        say(_RESTORED.format(folder=settings().heads_folder))
    else:
        say(f"The history is whole: {found.sealed:,} events, the last with the hash {found.hash}, in {seconds:.1f} s.")
    say(f"{found.unsealed} events are not sealed yet; {found.kept} kept heads were compared.")
    for warning in found.warnings:
        say(f"Beware: {warning}")
