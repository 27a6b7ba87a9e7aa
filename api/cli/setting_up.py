"""init and demo: home folder, database, the five places, and the demonstration."""

from dataclasses import dataclass
from datetime import UTC, datetime

import migrations
from api.cli.shell import AsJson, answer, opened, say
from api.cli.showing import progress, show_table
from api.db import Database
from api.services import demo
from api.settings import settings


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the demonstration brought in, and how to sign in."""

    new_documents: int
    credentials: demo.Credentials


def init_command(as_json: AsJson = False) -> None:
    """Make the home folder and the database, or bring them to this version."""
    database = set_up()
    revision = migrations.current(database.engine)
    database.dispose()
    if as_json:
        answer({"home": str(settings().home.resolve()), "revision": revision})
    else:
        say(f"The home folder {settings().home} and the database are ready, at {revision}.")


def demo_command(as_json: AsJson = False) -> None:
    """Bring in the demonstration: needs, innovations and an account for each role."""
    with opened() as database:
        brought = bring_in_demo(database)
    if as_json:
        answer({"new_documents": brought.new_documents, "accounts_file": str(settings().home / demo.ACCOUNTS_FILE)})
    else:
        say(f"New needs and innovations: {brought.new_documents}. `matching embed` and `matching propose` encode and rank them.")
        show_accounts(brought.credentials)


def set_up() -> Database:
    """Home folder, database at the newest step, the five places; safe to run again."""
    settings().home.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings().url)
    database = Database(settings().url)
    with database.transaction() as session:
        demo.bring_in_places(session)
    return database


def bring_in_demo(database: Database) -> Demonstration:
    """Needs, innovations and accounts that are not there yet; what people changed is left alone."""
    with progress() as bars, database.transaction() as session:
        task = bars.add_task("Needs and innovations")
        new = demo.bring_in(session, at=datetime.now(UTC), on_progress=lambda done, total: bars.update(task, completed=done, total=total))
    with database.transaction() as session:
        credentials = demo.open_accounts(session, settings().home / demo.ACCOUNTS_FILE, at=datetime.now(UTC))
    return Demonstration(new, credentials)


def show_accounts(credentials: demo.Credentials) -> None:
    """Print how to sign in as each role of the demonstration."""
    show_table("Sign in as", ("E-mail", "Who"), [(account.email, account.name) for account in demo.ACCOUNTS])
    say(f"The password of all of them: {credentials.password}")
    say(f"The key of the pipeline system: {credentials.key}")
    say(f"Both stand in {settings().home / demo.ACCOUNTS_FILE}.")
