"""users: who may sign in."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from api.cli.shell import AsJson, answer, new_group, opened, say
from api.cli.showing import show_table
from api.services import accounts
from api.services.faults import Fault
from models.actors import SYSTEM
from models.people import Person, Role
from models.queries import places

users_command = new_group("People who may sign in.")

Email = Annotated[str, typer.Argument(help="The e-mail address of the account.")]
RoleOption = Annotated[Role, typer.Option(help="What they may do.")]
PlaceKey = Annotated[str | None, typer.Option(help="The key of the place, for the role place, such as LDS.")]
OrganisationName = Annotated[str | None, typer.Option(help="The organisation's name, for the role innovator; a new one is added.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file whose first line is the password; - reads standard input.")]


@users_command.command("list")
def show(as_json: AsJson = False) -> None:
    """List everybody who has an account."""
    with opened() as database, database.reading() as session:
        found: list[dict[str, Any]] = [
            {"email": row.email, "name": row.name, "active": row.active, "roles": sorted({grant.role.value for grant in row.grants})}
            for row in accounts.everybody(session)
        ]
    if as_json:
        answer({"users": found})
    else:
        rows = [(row["email"], row["name"], ", ".join(row["roles"]), "yes" if row["active"] else "no") for row in found]
        show_table("Users", ("E-mail", "Name", "Roles", "Active"), rows)


@users_command.command("add")
def add(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="The name that others read.")],
    role: RoleOption,
    place: PlaceKey = None,
    organisation: OrganisationName = None,
    password_file: PasswordFile = None,
) -> None:
    """Add somebody who may sign in; the password is asked for, or read from a file."""
    with opened() as database:
        password, at = _password(password_file), datetime.now(UTC)
        with database.transaction() as session:
            person = accounts.create_person(session, email=email, name=name, password=password, at=at, actor=SYSTEM)
            _grant(session, person, role, place=place, organisation=organisation, at=at)
    say(f"Added {email} as {role}.")


@users_command.command("role")
def change_role(
    email: Email,
    role: RoleOption,
    remove: Annotated[bool, typer.Option("--remove", help="Take the role away.")] = False,
    place: PlaceKey = None,
    organisation: OrganisationName = None,
) -> None:
    """Give somebody a role, or take it away."""
    with opened() as database, database.transaction() as session:
        person, at = accounts.person_of(session, email), datetime.now(UTC)
        if remove and not accounts.revoke(session, person, role, at=at, actor=SYSTEM):
            raise Fault(f"{email} does not hold the role {role}. See `matching users list`.")
        if not remove:
            _grant(session, person, role, place=place, organisation=organisation, at=at)
    say(f"Took the role {role} from {email}." if remove else f"Gave the role {role} to {email}.")


@users_command.command("password")
def set_password(email: Email, password_file: PasswordFile = None) -> None:
    """Set a new password; whoever is signed in with the old one is signed out."""
    with opened() as database:
        password = _password(password_file)
        with database.transaction() as session:
            person = accounts.person_of(session, email)
            accounts.set_password(session, person, password, at=datetime.now(UTC), actor=SYSTEM)
    say(f"Set the password of {email}.")


@users_command.command("deactivate")
def deactivate(email: Email) -> None:
    """Close an account; what the person did stays on record."""
    with opened() as database, database.transaction() as session:
        accounts.deactivate(session, accounts.person_of(session, email), at=datetime.now(UTC), actor=SYSTEM)
    say(f"Closed the account of {email}.")


def belonging(session: Session, place: str | None, organisation: str | None) -> tuple[UUID | None, UUID | None]:
    """The ids of the place and of the organisation that a role or key is for."""
    place_id = places.by_keys(session, [place])[0].id if place else None
    return place_id, places.supplier_named(session, organisation).id if organisation else None


def _grant(session: Session, person: Person, role: Role, *, place: str | None, organisation: str | None, at: datetime) -> None:
    place_id, organisation_id = belonging(session, place, organisation)
    accounts.grant(session, person, role, at=at, actor=SYSTEM, place_id=place_id, organisation_id=organisation_id)


def _password(file: Path | None) -> str:
    """The password from a file, standard input or whoever sits at the terminal; never from the command line."""
    if file is None and not sys.stdin.isatty():
        raise Fault("Nobody can be asked for the password here. Give --password-file a file, or - for standard input.")
    if file is None:
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    return text.partition("\n")[0].rstrip("\r")
