"""keys: which machines may call."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table
from api.cli.users import OrganisationName, PlaceKey, RoleOption, belonging
from api.services import accounts
from models.actors import SYSTEM
from models.keys import Scope

keys_command = new_group("Keys of machines.")


@keys_command.command("list")
def show(as_json: AsJson = False) -> None:
    """List every key by its prefix; secrets are not kept."""
    at = datetime.now(UTC)
    with opened() as database, database.reading() as session:
        found: list[dict[str, Any]] = [
            {"prefix": row.prefix, "name": row.name, "role": row.role.value, "scopes": list(row.scopes), "in_force": row.in_force(at)}
            for row in accounts.every_key(session)
        ]
    if as_json:
        answer({"keys": found})
    else:
        rows = [(row["prefix"], row["name"], row["role"], " ".join(row["scopes"]), "yes" if row["in_force"] else "no") for row in found]
        show_table("Keys", ("Prefix", "Name", "Role", "Scopes", "In force"), rows)


@keys_command.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Who uses the key.")],
    *,
    role: RoleOption,
    scope: Annotated[list[Scope], typer.Option(help="What the key may be used for; may be given again.")],
    place: PlaceKey = None,
    organisation: OrganisationName = None,
    person: Annotated[str | None, typer.Option(help="E-mail address of the person on whose behalf the key decides.")] = None,
    expires: Annotated[datetime | None, typer.Option(help="When the key ends, in UTC.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; its secret is shown this once."""
    with opened() as database, database.transaction() as session:
        place_id, organisation_id = belonging(session, place, organisation)
        made = accounts.create_key(
            session,
            name=name,
            role=role,
            scopes=frozenset(scope),
            at=datetime.now(UTC),
            actor=SYSTEM,
            expires_at=expires.replace(tzinfo=UTC) if expires else None,
            place_id=place_id,
            organisation_id=organisation_id,
            person_id=accounts.person_of(session, person).id if person else None,
        )
    if as_json:
        answer({"prefix": made.row.prefix, "key": made.secret})
    else:
        say("The key is shown this once; keep it safe.")
        sys.stdout.write(made.secret + "\n")


@keys_command.command("revoke")
def revoke(prefix: Annotated[str, typer.Argument(help="The prefix of the key.")]) -> None:
    """End a key at once."""
    with opened() as database, database.transaction() as session:
        accounts.revoke_key(session, prefix, at=datetime.now(UTC), actor=SYSTEM)
    say(f"Revoked the key {prefix}.")
