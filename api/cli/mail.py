"""mail: what did not arrive, and what came back."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table
from api.services import bouncing, posting
from api.services.bouncing import LONGEST_REPORT
from models.actors import SYSTEM
from models.mail import MessageState
from models.queries import mail

mail_command = new_group("Mails that are owed or have left, and those that came back.")
_SHOWN = ("id", "template", "state", "address", "attempts", "due_at", "last_error")


@mail_command.command("list")
def list_mail(
    state: Annotated[MessageState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show mails, the latest first."""
    with opened() as database, database.reading() as session:
        rows = mail.page(session, state=state, template=None, after=None, limit=limit).rows
    found = [{name: str(getattr(row, name)) for name in _SHOWN} for row in rows]
    if as_json:
        answer({"mails": found})
    else:
        show_table("Mails", _SHOWN, [tuple(row[name] for name in _SHOWN) for row in found])


@mail_command.command("bounce")
def bounce(file: Annotated[str, typer.Argument(help="A file with a mail that came back; - reads it from standard input.")]) -> None:
    """Take a delivery report of a mail server, such as one that a mailbox hands on."""
    raw = sys.stdin.buffer.read(LONGEST_REPORT + 1) if file == "-" else Path(file).read_bytes()
    with opened() as database, database.transaction() as session:
        row = bouncing.take(session, raw, actor=SYSTEM, at=datetime.now(UTC))
    say(f"Mail {row.id} is {row.state}.")


@mail_command.command("send-again")
def send_again(message: Annotated[UUID, typer.Argument(help="The id of a mail that was not delivered.")]) -> None:
    """Send a mail that was not delivered once more."""
    with opened() as database, database.transaction() as session:
        posting.send_again(session, message, actor=SYSTEM, at=datetime.now(UTC))
    say("The mail is queued again.")
