"""run: everything set up, with the demonstration, and served."""

from datetime import UTC, datetime

from api.cli.serving import claimed_home, listen, serve
from api.cli.setting_up import bring_in_demo, set_up, show_accounts
from api.cli.shell import say
from api.cli.working import context_around, export_if_missing, work_off
from api.db import Database
from api.queue import Job
from api.services import indexing
from api.settings import settings


def run_command() -> None:
    """Set everything up with the demonstration data, then serve; run it again at any time."""
    with listen() as listening, claimed_home():  # first, so that a taken port is told before anything takes long
        database = set_up()
        export_if_missing()
        brought = bring_in_demo(database)
        if brought.new_documents:
            _encode_and_rank(database)
        database.dispose()
        chosen = settings().model_copy(update={"demo": True})
        serve(listening, chosen, announce=lambda: show_accounts(brought.credentials))


def _encode_and_rank(database: Database) -> None:
    """What the service would do in the background, so that the first page shows matches."""
    context = context_around(database)
    left = work_off(context, Job.EMBED, Job.PROPOSE)
    if any(left.values()):
        say("Some work waits; the service goes on with it. `matching doctor` says what is wrong, if anything.")
    with database.reading() as session:
        indexing.write_snapshot(session, context.libraries, at=datetime.now(UTC))
