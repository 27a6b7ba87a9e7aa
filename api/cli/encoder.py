"""encoder: export, show and switch what turns texts into vectors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table
from api.cli.switching import Report, prepare, take_over
from api.cli.working import export_cross_encoder, export_encoder
from api.services import encoders, switching
from api.services.faults import Fault
from api.settings import EncoderChoice, settings

_WAYS = "Name it with --ranker, or say --unfitted."

encoder_command = new_group("The encoder that turns texts into vectors.")


@encoder_command.command("export")
def export(
    *,
    again: Annotated[bool, typer.Option("--again", help="Replace an encoder that is whole.")] = False,
    cross: Annotated[bool, typer.Option("--cross", help="Export the cross-encoder of MATCHING_CROSS_ENCODER instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the folder from which the service encodes; needs the extra [encoder]."""
    chosen = settings()
    folder = chosen.cross_encoder_folder if cross else chosen.encoder_folder
    if folder is None:
        raise Fault("No cross-encoder is named. Set MATCHING_CROSS_ENCODER to its folder or hub id.")
    if not again and encoders.is_there(folder) and (cross or encoders.is_whole(folder)):
        raise Fault(f"{folder} holds an encoder already. See it with `matching encoder show`, or replace it with --again.")
    encoder_id = export_cross_encoder(folder, chosen.cross_encoder) if cross else export_encoder(chosen.encoder_used)
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
    ranker: Annotated[str, typer.Option(help="The ranker file that was fitted on its vectors; MATCHING_RANKER goes with it.")] = "",
    unfitted: Annotated[bool, typer.Option("--unfitted", help="Switch although no ranker was fitted on its vectors.")] = False,
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
    with_ranker = str(Path(ranker).resolve()) if ranker else ""
    wanted = EncoderChoice(name=name, query_prompt=query_prompt, document_prompt=document_prompt, ranker=with_ranker)
    to = switching.way_back(chosen) if back else wanted
    if to == chosen.encoder_used:
        raise Fault(f"{to.name} is in use already. See it with `matching encoder show`.")
    with opened() as database:
        with database.reading() as session:
            switching.check_none_trained(session)
        if not encoders.is_whole(chosen.folder_of(to)):
            export_encoder(to)
        report = None if back else prepare(database, to, judged=judged or [])
        if report and not as_json:
            _show(report)
        if report and report.doubt and yes and not unfitted:
            raise Fault(f"Nothing was switched. {report.doubt} {_WAYS}")
        may_ask = not as_json and (unfitted or not (report and report.doubt))
        left = take_over(database, to) if back or yes or (may_ask and typer.confirm("Switch now?", err=True)) else None
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
    if report.doubt:
        say(f"{report.doubt} {_WAYS}")
