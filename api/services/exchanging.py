"""National records in and out: checked as a file, stored whole or not at all, and given back with nothing lost.

A record is known by its national id. The same one again changes nothing; another one is a new version, told by the
questions that differ. What somebody edited here stands against what the import says, until overwriting is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.services import intake
from api.services.columns import problem, problems_of
from api.services.composing import evidences_of
from api.services.content import InnovationContent, shown_title
from api.services.recording import record as write_down
from api.services.records import columns
from api.services.records.cells import same
from api.services.records.document import Change, NationalRecord, changes
from api.services.records.entries import CONSENT, Entry
from api.services.records.files import read_file
from api.services.records.identifiers import SYSTEM
from api.services.records.schema import Schemas
from api.services.staging import checked_basis
from models.actors import Actor
from models.documents import Side
from models.events import Event
from models.innovations import Innovation, InnovationStatus
from models.policies import INNOVATION_CHANGE, INNOVATION_IMPORT, INNOVATION_READ_RECORD
from models.queries import documents
from models.subjects import subject_of

WRITTEN = "written"
"""Beside a kept record: what its last import wrote into our columns, by which an edit made here is told."""


class Fate(StrEnum):
    """What becomes of one record of a file."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(slots=True, kw_only=True)
class Plan:
    """One record of a file: what it becomes, what differs, and what was edited here and is kept against it.

    `values` are the columns to write, `written` all that the record says in our columns, `version` that of the row as it was read.
    """

    entry: Entry
    fate: Fate
    record: NationalRecord
    innovation_id: UUID | None = None
    version: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    changes: Sequence[Change] = ()
    kept: Sequence[str] = ()
    held: bool = False
    problems: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was read and compared with what is stored; nothing is written yet."""

    plans: Sequence[Plan]
    dry_run: bool

    @property
    def status(self) -> str:
        """`refused` when any record has a problem, `checked` for a dry run, else `complete`."""
        if any(plan.problems for plan in self.plans):
            return "refused"
        return "checked" if self.dry_run else "complete"

    def count(self, fate: Fate) -> int:
        """How many records become that."""
        return sum(plan.fate is fate for plan in self.plans)


def check(
    session: Session,
    stream: BinaryIO,
    schemas: Schemas,
    *,
    actor: Actor,
    at: datetime,
    dry_run: bool = False,
    overwrite: bool = False,
    consent_basis: str = "",
    unique_id: str = "",
) -> Checked:
    """Read a file of records in any shape, and say what would become of each; writes nothing, so that nobody waits for it.

    Raises:
        ImportFileRefused: if the file as a whole cannot be read, or the basis of consent cannot be kept.
        NotAllowed: if the actor may not import.
    """
    INNOVATION_IMPORT.admit(actor)
    basis = checked_basis(consent_basis)
    entries = read_file(stream, schemas, unique_id=unique_id)
    holders = documents.by_external_ids(session, SYSTEM, {entry.unique_id for entry in entries})
    rows: dict[UUID, Innovation] = documents.of_ids(session, Side.INNOVATION, set(holders.values()), actor)
    plans = []
    for entry in entries:
        holder = holders.get(entry.unique_id)
        consent, found = _consent(entry, basis, at)
        if holder is None:
            plan = _new(entry, consent)
        elif (row := rows.get(holder)) is None or not INNOVATION_CHANGE.allows(actor, subject_of(row)):
            plan = _refused(entry, "taken", "An innovation has this id that you may not change. Ask the Hub.")
        else:
            plan = _known(entry, row, consent, overwrite=overwrite)
        plan.problems = [*plan.problems, *found]
        plan.fate = Fate.REFUSED if plan.problems else plan.fate
        plans.append(plan)
    return Checked(plans, dry_run)


def apply(session: Session, checked: Checked, *, actor: Actor, at: datetime) -> Checked:
    """Store a checked file: every record of it, or, when any has a problem or it was a dry run, none.

    Raises StaleVersion or ExternalIdTaken when somebody else was faster; bring the file again then.
    """
    if checked.status != "complete":
        return checked
    # Known rows first, in the order in which everybody locks innovations; a new one is nobody else's yet.
    for plan in sorted(checked.plans, key=lambda plan: (plan.innovation_id is None, str(plan.innovation_id), plan.entry.line)):
        if plan.fate is not Fate.UNCHANGED:
            _store(session, plan, actor=actor, at=at)
    session.flush()
    return checked


def export(session: Session, innovation_id: UUID, *, actor: Actor) -> tuple[str, NationalRecord]:
    """An innovation as a national record, with its national id or none: what was imported, under what was edited here since.

    Raises NotFound, or NotAllowed for who may read the innovation and not its record.
    """
    row = documents.innovation(session, innovation_id, actor)
    INNOVATION_READ_RECORD.check(actor, subject_of(row))
    kept, written = _kept_of(row)
    unique_id = next((each.value for each in row.external_ids if each.system == SYSTEM), "")
    return unique_id, columns.overlaid(kept, current_of(row), written)


def current_of(row: Innovation) -> dict[str, Any]:
    """What our columns say now, of those that a record may write, as plain JSON."""
    return {name: getattr(row, name) for name in columns.COLUMNS}


def _kept_of(row: Innovation) -> tuple[NationalRecord, Mapping[str, Any]]:
    if row.record is None:
        return NationalRecord(), {}
    return NationalRecord.from_json(row.record), row.record[WRITTEN]


def _refused(entry: Entry, kind: str, remedy: str) -> Plan:
    found = problem(entry.line, "uniqueId", kind, remedy)
    return Plan(entry=entry, fate=Fate.REFUSED, record=entry.record, problems=[*entry.problems, found])


def _consent(entry: Entry, basis: str, at: datetime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Consent is of the row, whole, or else the one that was stated for the whole file."""
    given = {name: entry.consent[name] for name in CONSENT if entry.consent.get(name)}
    if 0 < len(given) < len(CONSENT):
        remedy = "Say who consented, when and to what, or leave all three out."
        return {}, [problem(entry.line, "consent_by", "consent_incomplete", remedy)]
    if not given and basis:
        return {"consent_by": basis, "consent_at": at, "consent_scope": "matching"}, []
    return given, []


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as our columns will hold them once they were stored; raises ValidationError for what may not be stored."""
    content = InnovationContent.model_validate(values).model_dump(mode="json", include=set(values))
    content["name"] = shown_title(content["name"])
    if "evidences" in content:
        content["evidences"] = evidences_of(content["evidences"])
    return content


def _new(entry: Entry, consent: dict[str, Any]) -> Plan:
    values = columns.values_of(entry.record)
    supplier = columns.supplier_of(entry.record)
    said = values | consent | ({"supplier": supplier} if supplier else {}) | {"external_ids": [{"system": SYSTEM, "id": entry.unique_id}]}
    plan = Plan(entry=entry, fate=Fate.CREATED, record=entry.record, values=said, held=not consent, problems=entry.problems)
    if not plan.problems:  # a record that cannot be kept is not looked at any further
        try:
            InnovationContent.model_validate(said)
            plan.written = _written(values)
        except ValidationError as error:
            plan.problems = problems_of(error, entry.line)
    return plan


def _known(entry: Entry, row: Innovation, consent: dict[str, Any], *, overwrite: bool) -> Plan:
    if row.merged_into_id is not None:
        return _refused(entry, "merged", "This innovation was merged into another here. Part the two first, or leave the record out.")
    if row.status is InnovationStatus.WITHDRAWN:
        return _refused(entry, "withdrawn", "This innovation was withdrawn here. Leave the record out.")
    before, written = _kept_of(row)
    after = before.taking(entry.record, entry.covers)
    plan = Plan(entry=entry, fate=Fate.UNCHANGED, record=after, innovation_id=row.id, version=row.version, problems=entry.problems)
    if plan.problems:
        return plan
    try:
        plan.written = _written(columns.values_of(after) | {"name": columns.values_of(after).get("name", row.name)})
    except ValidationError as error:
        plan.problems = problems_of(error, entry.line)
        return plan
    taken, plan.kept = _compared(current_of(row), written, plan.written, overwrite=overwrite)
    plan.values = taken | (consent if not row.consent_by else {})
    plan.held = not row.consent_by and not consent
    plan.changes = changes(before.document, after.document)
    if plan.values or row.record is None or before.hash != after.hash:
        plan.fate = Fate.CHANGED
    return plan


def _compared(
    current: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], *, overwrite: bool
) -> tuple[dict[str, Any], list[str]]:
    """The columns that take what the record says, and those that were edited here and keep it against the record."""
    fields = InnovationContent.model_fields
    empty = {name: "" if fields[name].is_required() else fields[name].get_default(call_default_factory=True) for name in current}
    taken, kept = dict[str, Any](), list[str]()
    for name, ours in current.items():
        was, told = before.get(name, empty[name]), after.get(name, empty[name])
        edited = not same(ours, was)
        if same(ours, told) or (edited and not overwrite and same(was, told)):
            continue
        if edited and not overwrite:
            kept.append(name)
        elif name != "name" or told:
            taken[name] = told
    return taken, kept


def _store(session: Session, plan: Plan, *, actor: Actor, at: datetime) -> None:
    if plan.innovation_id is None:
        content = InnovationContent.model_validate(plan.values)
        row = intake.create(session, Side.INNOVATION, content, actor=actor, at=at, submit_too=True)
    elif plan.values:
        said = InnovationContent.model_validate({"name": "-", **plan.values}).model_dump(include=set(plan.values))
        row = intake.change(session, Side.INNOVATION, plan.innovation_id, said, actor=actor, at=at, version=plan.version)
    else:
        row = intake.touch(session, Side.INNOVATION, plan.innovation_id, actor=actor, at=at, version=plan.version)
    row.record = plan.record.to_json() | {WRITTEN: dict(plan.written)}
    row.record_version = plan.record.version
    plan.innovation_id = row.id
    told = {"revision": row.revision, "hash": plan.record.hash, "answers": len(plan.changes)}
    event = Event.of("innovation.record_imported", subject_kind="innovation", subject_id=row.id, actor=actor.name, at=at, **told)
    write_down(session, event, at=at)
