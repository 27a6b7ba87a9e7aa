"""The command line: `matching`. A command's module is loaded when it is called, so that help answers at once."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

PARTS = {
    "serve": ("serving", "Serve pages and API until stopped; in embedded mode run the jobs too."),
    "worker": ("service", "Run jobs in service mode, until stopped; a stop lets those in hand end."),
    "beat": ("service", "Have due and forgotten jobs looked for in service mode, until stopped; a second one does no harm."),
    "run": ("running", "Set everything up with the demonstration data, then serve; run it again at any time."),
    "init": ("setting_up", "Make the home folder and the database, or bring them to this version."),
    "demo": ("setting_up", "Bring in the demonstration: needs, innovations and an account for each role."),
    "import": ("importing", "Bring in needs or innovations from a CSV file, all or none of its rows."),
    "record": ("record", "National Innovation Records: bring files of them in, and write one out."),
    "schema": ("schema", "The schema of the national record: what comes with us, and live versions."),
    "embed": ("ranking", "Encode every need and innovation that is not encoded at its present version."),
    "index": ("ranking", "Write a new snapshot of the vectors, from which a start is faster."),
    "propose": ("ranking", "Rank what is not ranked at its present version, and put good matches before the Hub."),
    "evaluate": ("evaluating", "Measure the ranker on judged texts, beside BM25, dense retrieval and their fusions."),
    "ranker": ("ranker", "Rankers that were trained on decisions, and which one judges."),
    "encoder": ("encoder", "The encoder that turns texts into vectors."),
    "users": ("users", "People who may sign in."),
    "keys": ("keys", "Keys of machines."),
    "events": ("checking", "Show what happened after a position of the event chain."),
    "jobs": ("jobs", "Jobs that wait or failed, and trying them again."),
    "mail": ("mail", "Mails that are owed or have left, and those that came back."),
    "backup": ("backing_up", "Write everything in the database into one file, while the service goes on."),
    "restore": ("backing_up", "Put a backup in the place of the database: all of it, or nothing."),
    "audit": ("auditing", "Say whether the history is whole, and list the heads that were kept of it."),
    "doctor": ("checking", "Say in plain words what is wrong here and what to do."),
}
"""The commands in the order of the help: module and summary."""


class Commands(TyperGroup):
    """Loads the module of the one command that was called, and tells in one sentence what a person can mend."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 -- typer keeps its own kind of context
        """All commands, in our order."""
        return list(PARTS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 -- likewise
        """A command as the help shows it: name and summary."""
        return _summary(cmd_name) if cmd_name in PARTS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 -- likewise
        """The called command itself."""
        name, shown, rest = super().resolve_command(ctx, args)
        return name, shown and _loaded(str(name)), rest

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 -- likewise
        """Run the command; exit status 1 with one sentence where somebody can mend what is wrong."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from api.cli.faults import told  # noqa: PLC0415 -- only after a failure

            if (sentence := told(error)) is None:
                raise
            typer.echo(f"matching: {sentence}", err=True)
            raise typer.Exit(1) from error


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def matching() -> None:
    """Bring West Yorkshire's health needs and the innovations that answer them together."""


def _summary(name: str) -> Any:  # noqa: ANN401 -- typer keeps its own kind of command
    alone = typer.Typer(rich_markup_mode=None)
    alone.command(name, short_help=PARTS[name][1])(matching)
    return get_command(alone)


def _loaded(name: str) -> Any:  # noqa: ANN401 -- likewise
    from api.logs import configure_log  # noqa: PLC0415 -- a command that is run pays for it, help does not

    configure_log("WARNING")  # on standard error, because standard output belongs to answers; what serves sets its own level
    part = getattr(import_module(f"api.cli.{PARTS[name][0]}"), f"{name}_command")
    if not isinstance(part, typer.Typer):
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name, help=None)(part)
        part = alone
    return get_command(part)
