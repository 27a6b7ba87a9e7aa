"""said -> stored: a need or an innovation is kept with its revision and its event; embedding it is owed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import calling, deciding, joining, parting, place_answers, referring, triaging
from api.services.composing import SUBMITTED, TITLE, evidences_of, owner_place, read, revision_of
from api.services.content import InnovationContent, NeedContent, shown_title
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.documents import Side, StaleVersion, TransitionRefused, Visibility
from models.events import Event
from models.grants import Policy, Subject
from models.innovations import ExternalId, Innovation, InnovationStatus
from models.needs import Need, NeedCriterion, NeedStatus
from models.policies import (
    INNOVATION_CHANGE,
    INNOVATION_CREATE,
    INNOVATION_CREATE_FOR,
    INNOVATION_GIVE,
    INNOVATION_SUBMIT,
    INNOVATION_WITHDRAW,
    NEED_CHANGE,
    NEED_CREATE,
    NEED_SUBMIT,
    NEED_WITHDRAW,
)
from models.queries import documents, places
from models.subjects import subject_of
from models.triage import Leaving

Content = NeedContent | InnovationContent
CHANGE = {Side.NEED: NEED_CHANGE, Side.INNOVATION: INNOVATION_CHANGE}
_SUBMIT = {Side.NEED: NEED_SUBMIT, Side.INNOVATION: INNOVATION_SUBMIT}
_WITHDRAW = {Side.NEED: NEED_WITHDRAW, Side.INNOVATION: INNOVATION_WITHDRAW}
_WITHDRAWN = {Side.NEED: NeedStatus.WITHDRAWN, Side.INNOVATION: InnovationStatus.WITHDRAWN}
_SUBMITTED_EVENT = {Side.NEED: "need.opened", Side.INNOVATION: "submission.received"}
_WITHDRAWN_EVENT = {Side.NEED: "need.closed", Side.INNOVATION: "submission.withdrawn"}
_SETTLED = frozenset({NeedStatus.MET, NeedStatus.CLOSED, NeedStatus.WITHDRAWN, InnovationStatus.WITHDRAWN})


_SUPPLIER = {"supplier"}


class ExternalIdTaken(DomainError):
    """Another innovation has that key of that system already."""


def create(session: Session, side: Side, content: Content, *, actor: Actor, at: datetime, submit_too: bool = False) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """Keep a new draft, or submit it at once."""
    own = _own_supplier(session, content, actor)
    _may_create(side, content, actor, own)
    row = _blank(side, actor, at)
    if own is not None:
        row.supplier_id = own
    _write(session, side, row, content.model_dump(exclude=_SUPPLIER if own else None), actor=actor, at=at)
    session.add(revision_of(row, content.model_dump()[TITLE[side]], at))
    record(session, _event(f"{side}.created", side, row, actor, at), at=at)
    session.flush()
    return _submit(session, side, row, actor=actor, at=at) if submit_too else row


def change(
    session: Session, side: Side, document_id: UUID, changes: Mapping[str, Any], *, actor: Actor, at: datetime, version: int | None = None
) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """Change what is said; a change of content is a new revision, embedded and ranked again.

    Raises StaleVersion when `version` is given and somebody else was faster.
    """
    row = _to_change(session, side, document_id, CHANGE[side], actor=actor, version=version)
    if row.status in _SETTLED:
        raise TransitionRefused(f"This {side} is {row.status} and can no longer be changed.", status=row.status.value)
    _must_stand(row)
    if "supplier" in changes:
        INNOVATION_GIVE.check(actor, subject_of(row))
    before, was_searchable = row.content(), row.searchable
    _write(session, side, row, changes, actor=actor, at=at)
    session.flush()
    if row.content() != before:
        row.revision += 1
        session.add(revision_of(row, changes.get(TITLE[side]), at))
    _touch(row, at)
    record(session, _event(f"{side}.changed", side, row, actor, at), at=at)
    if side is Side.NEED:
        calling.settled(session, row.id, actor=actor, at=at)
    elif row.visibility is Visibility.HUB_ONLY:
        place_answers.hold(session, row.id, at=at)
    if was_searchable and not row.searchable:
        deciding.lapse(session, side, row.id, actor=actor, at=at)
    elif row.searchable and not was_searchable:
        row.proposed_revision = None
    _owe_next_step(session, side, row, at)
    session.flush()
    return row


def touch(session: Session, side: Side, document_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """Begin a change of what no matching reads: the row locked and counted as a new version; raises as `change` does."""
    row = _to_change(session, side, document_id, CHANGE[side], actor=actor, version=version)
    _must_stand(row)
    _touch(row, at)
    session.flush()
    return row


def submit(session: Session, side: Side, document_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Any:  # noqa: ANN401 -- Need or Innovation
    """Open a need, or hand an innovation in; from now on it is matched."""
    return _submit(session, side, _to_change(session, side, document_id, _SUBMIT[side], actor=actor, version=version), actor=actor, at=at)


def _submit(session: Session, side: Side, row: Any, *, actor: Actor, at: datetime) -> Any:  # noqa: ANN401 -- Need or Innovation
    _must_stand(row)
    row.move_to(SUBMITTED[side], at=at)
    _touch(row, at)
    record(session, _event(_SUBMITTED_EVENT[side], side, row, actor, at), at=at)
    _owe_next_step(session, side, row, at)
    session.flush()
    if isinstance(row, Innovation):
        triaging.receive(session, row, at=at)
    return row


def withdraw(session: Session, side: Side, document_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Any:  # noqa: ANN401 -- Need or Innovation
    """Take a document back: it is gone from every answer with this transaction; what was merged into it stands by itself again."""
    (parting if side is Side.INNOVATION else joining).lock(session, document_id)
    row = _to_change(session, side, document_id, _WITHDRAW[side], actor=actor, version=version)
    row.move_to(_WITHDRAWN[side], at=at)
    _touch(row, at)
    record(session, _event(_WITHDRAWN_EVENT[side], side, row, actor, at), at=at)
    deciding.lapse(session, side, row.id, actor=actor, at=at)
    if side is Side.NEED:
        calling.settled(session, row.id, actor=actor, at=at)
        joining.end(session, row, actor=actor, at=at)
    if side is Side.INNOVATION:
        triaging.leave(session, row.id, Leaving.WITHDRAWN, at=at)
        referring.end_all(session, row.id, actor=actor, at=at)
        parting.let_go(session, row.id, actor=actor, at=at)
    session.flush()
    return row


def _own_supplier(session: Session, content: Content, actor: Actor) -> UUID | None:
    """The organisation of the actor's that the content names, among several or beside another role."""
    named = getattr(content, "supplier", None)
    return places.own_named(session, actor.organisation_ids, named) if named else None


def _may_create(side: Side, content: Content, actor: Actor, own: UUID | None) -> None:
    if side is Side.NEED:
        NEED_CREATE.admit(actor)  # whether it concerns their place, is asked when its places are known
    else:
        INNOVATION_CREATE.check(actor)
        if getattr(content, "supplier", None) and own is None:
            INNOVATION_CREATE_FOR.check(actor)


def _to_change(session: Session, side: Side, document_id: UUID, policy: Policy, *, actor: Actor, version: int | None) -> Any:  # noqa: ANN401 -- Need or Innovation
    row = documents.get(session, side, document_id, actor, lock=True)
    policy.check(actor, subject_of(row))
    if version is not None and version != row.version:
        raise StaleVersion(f"Somebody changed this {side} after you read it. Read it again and repeat your change.", version=row.version)
    return row


def _must_stand(row: Need | Innovation) -> None:
    """Refuse for one that was merged: whoever asks goes on with the one that stands for it."""
    if isinstance(row, Innovation) and row.merged_into_id is not None:
        into = str(row.merged_into_id)
        raise TransitionRefused("This innovation was merged into another. Change that one, or ask the Hub to part them.", into=into)


def _blank(side: Side, actor: Actor, at: datetime) -> Any:  # noqa: ANN401 -- Need or Innovation
    if side is Side.NEED:
        return Need(
            created_at=at,
            updated_at=at,
            status=NeedStatus.DRAFT,
            revision=1,
            version=1,
            places=[],
            criteria=[],
            owner_person_id=actor.person_id,
            created_by=actor.name,
        )
    own = next(iter(sorted(actor.organisation_ids)), None) if not actor.is_hub else None
    return Innovation(
        created_at=at,
        updated_at=at,
        status=InnovationStatus.DRAFT,
        revision=1,
        version=1,
        external_ids=[],
        supplier_id=own,
        created_by=actor.name,
    )


def _write(session: Session, side: Side, row: Any, values: Mapping[str, Any], *, actor: Actor, at: datetime) -> None:  # noqa: ANN401 -- Need or Innovation
    """Put validated values into their columns; the ones that are rows of their own are looked up or replaced."""
    plain = dict(values)
    if title := plain.get(TITLE[side]):
        plain[TITLE[side]] = shown_title(title)
    if side is Side.NEED:
        _write_need_rows(session, row, plain, actor)
    else:
        _write_innovation_rows(session, row, plain, at)
    for name, value in plain.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    read(row)


def _write_need_rows(session: Session, row: Need, plain: dict[str, Any], actor: Actor) -> None:
    if (keys := plain.pop("places", None)) is not None:
        row.places = places.by_keys(session, keys)
        place_ids = [place.id for place in row.places]
        NEED_CREATE.check(actor, Subject(concerned=frozenset(place_ids)))
        if row.owner_place_id not in place_ids:
            row.owner_place_id = owner_place(actor, place_ids)
    if "owning_organisation" in plain:
        ods_code = plain.pop("owning_organisation")
        row.owner_organisation = places.organisation_of(session, ods_code) if ods_code else None
    if (criteria := plain.pop("criteria", None)) is not None:
        row.criteria.clear()
        session.flush()
        row.criteria += [
            NeedCriterion(position=number, kind=item["kind"], value=item.get("value", "")) for number, item in enumerate(criteria)
        ]


def _write_innovation_rows(session: Session, row: Innovation, plain: dict[str, Any], at: datetime) -> None:
    if name := plain.pop("supplier", None):
        row.supplier = places.supplier_named(session, name)
    if "evidences" in plain:
        plain["evidences"] = evidences_of(plain["evidences"])
    if plain.get("consent_by") and not plain.get("consent_at"):
        plain["consent_at"] = at
    if "consent_by" in plain and not plain["consent_by"]:
        plain["consent_at"] = None
    elif "consent_at" in plain and "consent_by" not in plain:
        plain.pop("consent_at")
    if (given := plain.pop("external_ids", None)) is not None:
        _write_external_ids(session, row, given)


def _write_external_ids(session: Session, row: Innovation, given: list[dict[str, str]]) -> None:
    theirs = {(each.system, each.value) for each in row.external_ids_of_parts}  # of those merged into it; they stay on their rows
    given = [item for item in given if (item["system"], item["id"]) not in theirs]
    for item in given:
        holder = documents.by_external_id(session, item["system"], item["id"])
        if holder is not None and holder != row.id:
            raise ExternalIdTaken("Another innovation has that external id. Change that one, or leave the id out.", field="external_ids")
    row.external_ids.clear()
    session.flush()
    row.external_ids += [ExternalId(system=item["system"], value=item["id"]) for item in given]


def _owe_next_step(session: Session, side: Side, row: Any, at: datetime) -> None:  # noqa: ANN401 -- Need or Innovation
    if row.searchable and row.embedded_revision != row.revision:
        enqueue(session, Job.EMBED, at=at, side=side.value, id=str(row.id))
    elif row.searchable and row.proposed_revision != row.revision:
        enqueue(session, Job.PROPOSE, at=at, side=side.value, id=str(row.id))


def _touch(row: Any, at: datetime) -> None:  # noqa: ANN401 -- Need or Innovation
    row.version += 1
    row.updated_at = at


def _event(kind: str, side: Side, row: Any, actor: Actor, at: datetime) -> Event:  # noqa: ANN401 -- Need or Innovation
    return Event.of(
        kind, subject_kind=side.value, subject_id=row.id, actor=actor.name, at=at, revision=row.revision, status=row.status.value
    )
