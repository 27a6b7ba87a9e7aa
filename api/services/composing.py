"""content -> rows: what a new document consists of, worked out without a database, so that many can be stored at once."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import structlog
from pydantic import ValidationError

from api.services.columns import CONTENT, problem, problems_of
from api.services.content import NeedContent, shown_title
from api.services.reading import document_of
from matcher.text import document_readability
from models.actors import Actor
from models.documents import Readability, Revision, Side
from models.innovations import ExternalId, Innovation, InnovationStatus
from models.needs import Need, NeedCriterion, NeedStatus
from models.organisations import Organisation, OrganisationKind
from models.queries.imports import Composed
from models.queries.places import UnknownOrganisation, UnknownPlace

SUBMITTED = {Side.NEED: NeedStatus.OPEN, Side.INNOVATION: InnovationStatus.SUBMITTED}
TITLE = {Side.NEED: "title", Side.INNOVATION: "name"}
_EVIDENCE = {"evidence_type": None, "summary": "", "dated_on": None}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """What a row may refer to: places by key and organisations by ODS code."""

    places: Mapping[str, UUID]
    organisations: Mapping[str, UUID]


def compose(side: Side, said: Mapping[str, Any], known: Known, *, created_by: str, at: datetime) -> Composed:
    """A submitted but unseen document that says this; its key, its import and its line are the caller's to add.

    Raises ValidationError, UnknownPlace or UnknownOrganisation if it may not be stored.
    """
    content = CONTENT[side].model_validate(said)
    written = content.model_dump()
    plain = {**written, TITLE[side]: shown_title(written[TITLE[side]])}
    common = {"id": uuid4(), "live": False, "revision": 1, "version": 1, "created_at": at, "updated_at": at, "created_by": created_by}
    row: Need | Innovation
    place_ids: tuple[UUID, ...] = ()
    if isinstance(content, NeedContent):
        place_ids = _place_ids(plain.pop("places"), known)
        row = _need(plain, known, common)
    else:
        row = _innovation(plain, common, at)
    read(row)
    return Composed(row, revision_of(row, written[TITLE[side]], at), place_ids, supplier=plain.get("supplier"))


def owner_place(actor: Actor, place_ids: Sequence[UUID]) -> UUID | None:
    """Whose need it is that an actor states: the first of its places that is theirs; nobody's alone when the Hub states it."""
    return None if actor.is_hub else next((place_id for place_id in place_ids if place_id in actor.place_ids), None)


def misfits(error: Exception, line: int) -> list[dict[str, Any]]:
    """What an import's report says of a row that could not be composed or stored."""
    if isinstance(error, ValidationError):
        return problems_of(error, line)
    if isinstance(error, UnknownPlace | UnknownOrganisation):
        kind = "unknown_place" if isinstance(error, UnknownPlace) else "unknown_organisation"
        return [problem(line, error.details["field"], kind, error.message)]
    log.error("import_row.misfit", line=line, error=type(error).__name__)
    return [problem(line, "", "cannot_be_stored", "This row cannot be stored as it is. Leave it out, or write it anew.")]


def _need(plain: dict[str, Any], known: Known, common: Mapping[str, Any]) -> Need:
    code, criteria = plain.pop("owning_organisation"), plain.pop("criteria")
    if code is not None and code not in known.organisations:
        raise UnknownOrganisation("Use the ODS code of a known organisation, or leave the cell empty.", field="owning_organisation")
    return Need(
        **plain,
        **common,
        status=SUBMITTED[Side.NEED],
        owner_organisation_id=known.organisations[code] if code is not None else None,
        criteria=[
            NeedCriterion(id=uuid4(), need_id=common["id"], position=number, kind=item["kind"], value=item["value"])
            for number, item in enumerate(criteria)
        ],
    )


def _place_ids(keys: list[str], known: Known) -> tuple[UUID, ...]:
    if set(keys) - known.places.keys():
        raise UnknownPlace(f"Use place keys among {', '.join(sorted(known.places))}.", field="places")
    return tuple(known.places[key] for key in keys)


def _innovation(plain: dict[str, Any], common: Mapping[str, Any], at: datetime) -> Innovation:
    given = {name: value for name, value in plain.items() if name not in {"supplier", "external_ids", "evidences", "consent_at"}}
    consented_at = (plain["consent_at"] or at).astimezone(UTC) if plain["consent_by"] else None
    return Innovation(
        **given,
        **common,
        status=SUBMITTED[Side.INNOVATION],
        evidences=evidences_of(plain["evidences"]),
        consent_at=consented_at,
        supplier=Organisation(name=plain["supplier"], kind=OrganisationKind.SUPPLIER) if plain["supplier"] else None,
        external_ids=[
            ExternalId(id=uuid4(), innovation_id=common["id"], system=item["system"], value=item["id"]) for item in plain["external_ids"]
        ],
    )


def evidences_of(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pieces of evidence as they are stored: every key there, dates as text."""
    told = [{**_EVIDENCE, **item} for item in given]
    return [{**item, "dated_on": item["dated_on"].isoformat() if item["dated_on"] else None} for item in told]


def read(row: Need | Innovation) -> None:
    """Find out anew which words a document is found by, and whether it says anything."""
    row.refresh_search_text()
    row.readability = Readability(document_readability(document_of("unread", row.side, row.content())).value)


def revision_of(row: Need | Innovation, title: str | None, at: datetime) -> Revision:
    """The present version of a document's content, with its title as it was written when it is shown otherwise."""
    side, content = row.side, row.content()
    if title and title != content["fields"][TITLE[side]]:
        content["as_written"] = {TITLE[side]: title}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    ids = {"need_id": row.id} if side is Side.NEED else {"innovation_id": row.id}
    return Revision(**ids, id=uuid4(), number=row.revision, content=content, content_hash=digest, saved_at=at)
