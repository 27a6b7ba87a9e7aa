"""encoder: export and show what turns texts into vectors."""

from typing import Annotated

import typer

from api.cli.shell import AsJson, answer, new_group, say
from api.cli.showing import show_table
from api.cli.working import export_encoder
from api.services import encoders
from api.services.faults import Fault
from api.settings import settings

encoder_command = new_group("The encoder that turns texts into vectors.")


@encoder_command.command("export")
def export(
    again: Annotated[bool, typer.Option("--again", help="Replace an encoder that is whole.")] = False, as_json: AsJson = False
) -> None:
    """Make the folder from which the service encodes; needs the extra [encoder]."""
    folder = settings().encoder_folder
    if not again and encoders.is_whole(folder):
        raise Fault(f"{folder} holds a whole encoder. See it with `matching encoder show`, or replace it with --again.")
    encoder_id = export_encoder()
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
