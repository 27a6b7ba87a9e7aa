"""The five places, and the demonstration: real needs and innovations, and an account for each role."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import accounts, intake, supporting
from api.services.columns import CONTENT
from api.services.content import BodyContent
from models.actors import SYSTEM
from models.documents import Side
from models.innovations import Innovation
from models.keys import Scope
from models.needs import Need
from models.organisations import Organisation, OrganisationKind
from models.people import Person, Role
from models.places import Place, PlaceCode
from models.queries import documents, people, places, referrals

ACCOUNTS_FILE = "demo-accounts.txt"
_FILES = {Side.NEED: "needs.json", Side.INNOVATION: "innovations.json"}
_BESIDE_CONTENT = ("key", "status", "verified", "illustrative")
_KEY_SCOPES = frozenset({Scope.READ, Scope.WRITE, Scope.EVENTS, Scope.IMPORT})
_INNOVATOR = "Advanced Digital Innovation"  # the supplier of several demo innovations

Progress = Callable[[int, int], None]
"""Told (done, total) as work goes on."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An invented account: whom it stands for and what it may do."""

    email: str
    name: str
    role: Role
    place: str | None = None
    organisation: str | None = None


ACCOUNTS = (
    DemoAccount("hub.triage@example.org", "Hub triage officer", Role.HUB),
    DemoAccount("hub.lead@example.org", "Hub lead", Role.LEAD),
    DemoAccount("bradford@example.org", "Bradford District and Craven place lead", Role.PLACE, place="BDC"),
    DemoAccount("calderdale@example.org", "Calderdale place lead", Role.PLACE, place="CAL"),
    DemoAccount("kirklees@example.org", "Kirklees place lead", Role.PLACE, place="KIR"),
    DemoAccount("leeds@example.org", "Leeds place lead", Role.PLACE, place="LDS"),
    DemoAccount("wakefield@example.org", "Wakefield place lead", Role.PLACE, place="WAK"),
    DemoAccount("innovator@example.org", f"Innovator of {_INNOVATOR}", Role.INNOVATOR, organisation=_INNOVATOR),
    DemoAccount("board@example.org", "Board member", Role.BOARD),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to sign in as each role of this installation: one password, and a key for the pipeline system."""

    password: str
    key: str


def bring_in_places(session: Session) -> None:
    """Store the five places and the NHS bodies that are not there yet."""
    known = {place.key: place for place in places.all_places(session)}
    for row in _read("places.json"):
        if row["key"] not in known:
            known[row["key"]] = _place(row)
            session.add(known[row["key"]])
    held = {body.ods_code for body in places.organisations(session)}
    for row in _read("organisations.json"):
        if row["ods"] not in held:
            body = Organisation(name=row["name"], kind=OrganisationKind(row["kind"]), ods_code=row["ods"], town=row.get("town"))
            body.places = [known[key] for key in row["places"]]
            session.add(body)
    session.flush()


def bring_in_bodies(session: Session, *, at: datetime) -> None:
    """Store the region's bodies that help innovators and are not there yet; mail to them goes to invented addresses.

    For the demonstration only: a real installation's lead agrees with each body where offers may be sent.
    """
    known = referrals.body_keys(session)
    for row in _read("bodies.json"):
        key = row.pop("key")
        if key not in known:
            said = BodyContent.model_validate(row | {"contact_email": f"{key}@example.org"})
            supporting.add(session, said.model_dump(), actor=SYSTEM, at=at, key=key)


def bring_in(session: Session, *, at: datetime, on_progress: Progress = lambda _done, _total: None) -> int:
    """Store the demo needs and innovations that are not there yet; returns how many were new.

    What people changed, closed or withdrew is known by its key and left alone.
    """
    bring_in_places(session)
    bring_in_bodies(session, at=at)
    rows = [(side, row) for side in Side for row in _read(_FILES[side])]
    new = 0
    for done, (side, row) in enumerate(rows, start=1):
        if documents.by_key(session, side, row["key"]) is None:
            _store(session, side, row, at)
            new += 1
        on_progress(done, len(rows))
    enqueue(session, Job.SEAL, at=at)
    return new


def open_accounts(session: Session, file: Path, *, at: datetime) -> Credentials:
    """Make the demo accounts that are missing; password and key of this installation stand in `file`, for its owner's eyes only.

    With the file gone a new password is set for all of them; with the file there no password is touched.
    """
    kept = _kept(file)
    password = kept.password if kept else secrets.token_urlsafe(12)
    for account in ACCOUNTS:
        person = people.by_email(session, account.email)
        if person is None:
            _open(session, account, password, at)
        elif kept is None:
            accounts.set_password(session, person, password, at=at, actor=SYSTEM)
    if kept is not None and _opens(session, kept.key, at):
        return kept
    made = accounts.create_key(session, name="Demonstration pipeline", role=Role.PIPELINE, scopes=_KEY_SCOPES, at=at, actor=SYSTEM)
    credentials = Credentials(password, made.secret)
    _keep(file, credentials)
    return credentials


def _read(name: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(files("api").joinpath("data/demo", name).read_text(encoding="utf-8"))
    return read


def _place(row: Mapping[str, Any]) -> Place:
    place = Place(key=row["key"], name=row["name"], partnership=row["partnership"], ons_code=row["ons"])
    place.ods_codes = [
        PlaceCode(
            ods_code=code["code"],
            valid_from=_day(code["valid_from"]),
            valid_to=_day(code["valid_to"]),
            successor=code["successor"],
            verified=code["verified"],
        )
        for code in row["ods_codes"]
    ]
    return place


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _store(session: Session, side: Side, row: Mapping[str, Any], at: datetime) -> None:
    said = {name: value for name, value in row.items() if name not in _BESIDE_CONTENT}
    document: Need | Innovation = intake.create(session, side, CONTENT[side].model_validate(said), actor=SYSTEM, at=at, submit_too=True)
    document.key, document.verified, document.illustrative = row["key"], row["verified"], row["illustrative"]
    session.flush()


def _open(session: Session, account: DemoAccount, password: str, at: datetime) -> Person:
    person = accounts.create_person(session, email=account.email, name=account.name, password=password, at=at, actor=SYSTEM)
    place = places.by_keys(session, [account.place])[0].id if account.place else None
    organisation = places.supplier_named(session, account.organisation).id if account.organisation else None
    accounts.grant(session, person, account.role, at=at, actor=SYSTEM, place_id=place, organisation_id=organisation)
    return person


def _kept(file: Path) -> Credentials | None:
    """Password and key as they were written; None when the file is not there or is not ours."""
    if not file.is_file():
        return None
    said = dict(line.split(": ", 1) for line in file.read_text(encoding="utf-8").splitlines() if ": " in line)
    return Credentials(said["password"], said["key"]) if {"password", "key"} <= said.keys() else None


def _opens(session: Session, key: str, at: datetime) -> bool:
    try:
        accounts.actor_of_key(session, key, at=at)
    except accounts.KeyRefused:
        return False
    return True


def _keep(file: Path, credentials: Credentials) -> None:
    """Write before the accounts are committed: a kill in between leaves a password that the next run uses."""
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(f"Demonstration accounts of this installation; invented, no real people.\npassword: {credentials.password}\n")
        stream.write(f"key: {credentials.key}\n")
        stream.writelines(f"{account.email}  {account.name}\n" for account in ACCOUNTS)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)
