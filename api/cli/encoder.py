"""encoder: export, show and switch what turns texts into vectors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table
from api.cli.switching import Report, prepare, take_over
from api.cli.working import export_encoder
from api.services import encoders, switching
from api.services.faults import Fault
from api.settings import EncoderChoice, settings

encoder_command = new_group("The encoder that turns texts into vectors.")


@encoder_command.command("export")
def export(
    again: Annotated[bool, typer.Option("--again", help="Replace an encoder that is whole.")] = False, as_json: AsJson = False
) -> None:
    """Make the folder from which the service encodes; needs the extra [encoder]."""
    folder = settings().encoder_folder
    if not again and encoders.is_whole(folder):
        raise Fault(f"{folder} holds a whole encoder. See it with `matching encoder show`, or replace it with --again.")
    encoder_id = export_encoder(settings().encoder_used)
    if as_json:
        answer({"id": encoder_id, "folder": str(folder)})
    else:
        say(f"Exported {encoder_id} to {folder}.")


@encoder_command.command("show")
def show(as_json: AsJson = False) -> None:
    """Show the exported encoder, after checking every byte of it."""
    said = encoders.show_encoder(settings().encoder_folder)
    if as_json:
        answer(said)
    else:
        show_table("Encoder", ("What", "Value"), [(name, str(value)) for name, value in said.items() if name != "files"])


@encoder_command.command("switch")
def switch(
    name: Annotated[str, typer.Argument(help="As MATCHING_ENCODER: a packaged name, a folder, a hub id with its revision.")] = "",
    *,
    query_prompt: Annotated[str, typer.Option(help="What a need begins with, where the encoder's own files do not say.")] = "",
    document_prompt: Annotated[str, typer.Option(help="What an innovation begins with, likewise.")] = "",
    judged: Annotated[list[Path] | None, typer.Option(help="A folder as for `matching evaluate`; may be said several times.")] = None,
    back: Annotated[bool, typer.Option("--back", help="Use the encoder from before the last switch again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Switch without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Use another encoder: encode beside the old one, report before and after, and switch when told to.

    What is prepared is kept, and a second call goes on from there. To switch, nothing may serve this home: stop the
    service first, and start it afterwards.
    """
    if back == bool(name):
        raise Fault("Say which encoder to switch to, or --back.")
    chosen = settings()
    to = switching.way_back(chosen) if back else EncoderChoice(name=name, query_prompt=query_prompt, document_prompt=document_prompt)
    if to == chosen.encoder_used:
        raise Fault(f"{to.name} is in use already. See it with `matching encoder show`.")
    if not encoders.is_whole(chosen.folder_of(to)):
        export_encoder(to)
    with opened() as database:
        report = None if back else prepare(database, to, judged=judged or [])
        if report and not as_json:
            _show(report)
        left = take_over(database, to) if back or yes or (not as_json and typer.confirm("Switch now?", err=True)) else None
    _tell(to, report, left, as_json=as_json)


def _tell(to: EncoderChoice, report: Report | None, left: int | None, *, as_json: bool) -> None:
    """What became of it; `left` documents wait for the running service, None when nothing was switched."""
    if as_json:
        answer({"encoder": to.name, "switched": left is not None, "left": left or 0, "report": report.as_json() if report else None})
    elif left is None:
        say("Nothing was switched. What was prepared is kept: say the same with --yes when you want it.")
    else:
        say(f"{to.name} is in use now; start the service. `matching encoder switch --back` goes back.")
        if left:
            say(f"Documents that wait to be taken over: {left}. The service does that by itself.")


def _show(report: Report) -> None:
    show_table("Encoders", ("What", "Before", "After"), report.encoders)
    overlap = [
        (f"{each.asking}s", each.system, str(each.asked), f"{each.mean:.3f}", f"{each.least:.1f}", f"{each.same_first:.3f}")
        for each in report.overlaps
    ]
    if overlap:
        show_table("First ten of each list, before and after", ("Asking", "By", "Lists", "Shared", "Least", "Same first"), overlap)
    rows: Sequence[tuple[str, ...]] = [
        (
            each.dataset,
            f"{each.asking}s",
            each.system,
            str(each.queries),
            f"{each.before:.4f}",
            f"{each.after:.4f}",
            f"{each.difference:+.4f} [{each.interval[0]:+.4f}, {each.interval[1]:+.4f}]",
        )
        for each in report.qualities
    ]
    if rows:
        show_table("nDCG@10 on judged texts", ("Folder", "Asking", "By", "Queries", "Before", "After", "Difference, paired"), rows)
    for line in report.doubts:
        say(line)
