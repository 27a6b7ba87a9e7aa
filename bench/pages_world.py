"""A service as full as it may become: 1,000 needs, 10,000 innovations, 5,000 proposals and a long queue.

Every document has a text of its own. The first 250 needs and 500 innovations are embedded as ever; the others have vectors of these,
moved a little, so that a search meets as many different vectors as it would, without the time that it takes to embed them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api.db import Database
from api.services import accounts, delivering, indexing, triaging
from api.services.library import Libraries
from api.services.reading import document_of
from matcher.text import passages
from models.documents import Side
from models.innovations import Innovation, InnovationStatus
from models.needs import Need
from models.proposals import Proposal
from models.queries import documents
from models.runs import RankingRun
from tests import factories, many

NEEDS, INNOVATIONS = 1_000, 10_000
EMBEDDED_NEEDS, EMBEDDED_INNOVATIONS = 250, 500
FIRMS = 100
PROPOSALS_A_NEED: Final = 5
IN_TRIAGE, OTHERS = 200, 20
_MOVED: Final = 0.4  # how far a vector is moved, as a share of its length
_AT_ONCE: Final = 500  # documents that are stored in one transaction
_TEXTS: Final = Path(__file__).parent / "data" / "sbir-sample" / "texts.jsonl"


@dataclass(frozen=True, slots=True)
class World:
    """What the pages are opened with: names for their addresses, sign-ins by role, and proposals to decide."""

    names: dict[str, Any]
    sessions: dict[str, accounts.SignedIn]
    to_decide: list[UUID]


def fill(database: Database, libraries: Libraries) -> World:
    """Write everything, and the snapshot that a search opens."""
    at = datetime.now(UTC)
    with database.transaction() as session:
        world = many.begin(session)
        many.grow(session, world, OTHERS)
        rows = {Side.NEED: _needs(session), Side.INNOVATION: _innovations(session, at)}
        ids = {side: [row.id for row in found] for side, found in rows.items()}
        stored = {Side.NEED: session.scalars(select(Need)).all(), Side.INNOVATION: session.scalars(select(Innovation)).all()}
        for row in chain(*stored.values()):
            row.proposed_revision = row.revision  # so that no ranking is owed
        own = set(chain(*ids.values()))
        around = {side: [row.id for row in found if row.id not in own] for side, found in stored.items()}
    for side, count in ((Side.NEED, EMBEDDED_NEEDS), (Side.INNOVATION, EMBEDDED_INNOVATIONS)):
        _embed(database, libraries, side, encode=[*around[side], *ids[side][:count]], place_near=ids[side][count:], at=at)
    with database.transaction() as session:
        pairs = _proposed(session, session.scalars(select(Need.id).order_by(Need.id)).all(), ids[Side.INNOVATION])
        sessions = {name: accounts.start_session(session, each.id, at=at, hours=2) for name, each in world.people.items()}
    with database.transaction() as session:
        delivering.seal(session, at=at, limit=100_000)
    with database.transaction() as session:
        indexing.write_snapshot(session, libraries, at=at)
    return World(world.names, sessions, [proposal_id for proposal_id, need_id in pairs if need_id in own])


def _needs(session: Session) -> list[Need]:
    found = []
    for one, other in _texts(NEEDS):
        said = {"problem": one["text"][:900], "population": other["text"][:200]}
        found.append(factories.make_need(session, title=one["title"][:100], **said))
    return found


def _innovations(session: Session, at: datetime) -> list[Innovation]:
    """The first of these wait in triage."""
    found = []
    for number, (one, other) in enumerate(_texts(INNOVATIONS)):
        said = {"name": one["title"][:100], "problems_tackled": one["text"][:600], "how_it_works": other["text"][:600]}
        status = InnovationStatus.SUBMITTED if number < IN_TRIAGE else InnovationStatus.ACTIVE
        row = factories.make_innovation(session, supplier=f"Firm {number % FIRMS}", status=status, **said)
        if number < IN_TRIAGE:
            triaging.receive(session, row, at=at)
        found.append(row)
    return found


def _texts(count: int) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """As many pairs of texts, each pair another."""
    texts = [json.loads(line) for line in _TEXTS.read_text(encoding="utf-8").splitlines()]
    for number in range(count):
        turn, place = divmod(number, len(texts))
        yield texts[place], texts[(place * 31 + turn * 7 + 5) % len(texts)]


def _embed(
    database: Database, libraries: Libraries, side: Side, *, encode: Sequence[UUID], place_near: Sequence[UUID], at: datetime
) -> None:
    """Encode some documents, and give the others vectors near to theirs."""
    with database.reading() as session:
        known = indexing.embed(session, libraries, [(side, each) for each in encode])
    encoded = [vector for each in known for vector in each.vectors.values()]
    with database.transaction() as session:
        for each in known:
            indexing.keep(session, each, at=at)
    for start in range(0, len(place_near), _AT_ONCE):
        with database.transaction() as session:
            for each in place_near[start : start + _AT_ONCE]:
                indexing.keep(session, _near(session, libraries, side, each, encoded), at=at)


def _near(session: Session, libraries: Libraries, side: Side, document_id: UUID, encoded: Sequence[bytes]) -> indexing.Embedding:
    """A document as if it had been encoded, near to texts that were."""
    row, encoder = documents.one_for_update(session, side, document_id), libraries.encoder
    reading = passages(document_of(str(row.id), side, row.content()), encoder=encoder)
    vectors = {each.text_hash: _moved(encoded, each.text_hash) for each in reading.passages}
    return indexing.Embedding(side, row.id, row.revision, encoder.id, reading, vectors, encoder.dimension)


def _moved(encoded: Sequence[bytes], text_hash: str) -> bytes:
    """A vector of those, by the text's hash, moved in a direction of its own."""
    chance = np.random.default_rng(int(text_hash[:8], 16))
    there = np.frombuffer(encoded[int(chance.integers(len(encoded)))], dtype="<f4")
    aside = chance.standard_normal(len(there)).astype(np.float32)
    found = there + _MOVED * aside / np.linalg.norm(aside)
    return (found / np.linalg.norm(found)).astype("<f4").tobytes()


def _proposed(session: Session, need_ids: Sequence[UUID], innovation_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Five proposals for each need, as one that a run wrote; each with its need."""
    template = factories.make_proposal(session)
    run = dict(session.execute(select(RankingRun.__table__).where(RankingRun.id == template.run_id)).mappings().one())
    row = dict(session.execute(select(Proposal.__table__).where(Proposal.id == template.id)).mappings().one())
    runs, rows = [], []
    for place, need_id in enumerate(need_ids):
        runs.append(run | {"id": uuid4(), "need_id": need_id})
        for rank, innovation_id in enumerate(_turn(innovation_ids, place), start=1):
            chance = 0.95 - 0.1 * rank - place / 20_000
            said = {"id": uuid4(), "run_id": runs[-1]["id"], "need_id": need_id, "innovation_id": innovation_id}
            rows.append(row | said | {"rank": rank, "probability": chance})
    session.execute(insert(RankingRun.__table__), runs)
    session.execute(insert(Proposal.__table__), rows)
    return [(each["id"], each["need_id"]) for each in rows]


def _turn(innovation_ids: Sequence[UUID], place: int) -> Iterator[UUID]:
    for number in range(PROPOSALS_A_NEED):
        yield innovation_ids[(place * PROPOSALS_A_NEED + number) % len(innovation_ids)]
