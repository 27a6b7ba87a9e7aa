"""A service as full as it may become: 1,000 needs, 10,000 innovations, 5,000 proposals and a long queue.

Twenty-five needs and 250 innovations are read and embedded as ever; each is then there forty times, with its vectors a little moved,
so that a search meets as many different vectors as it would, without the hour that it takes to embed them.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import Session

from api.db import Database
from api.services import accounts, delivering, indexing, triaging
from api.services.library import Libraries
from models.documents import Revision, Side
from models.innovations import Innovation, InnovationStatus
from models.needs import Need
from models.passages import Passage, Vector
from models.proposals import Proposal
from models.runs import RankingRun
from tests import factories, many

BASE_NEEDS, BASE_INNOVATIONS, COPIES = 25, 250, 40
PROPOSALS_A_NEED: Final = 5
IN_TRIAGE, OTHERS = 200, 20
_MOVED: Final = 0.4  # how far a copy's vector is moved, as a share of its length
_NEED_PLACE: Final = Need.metadata.tables["need_place"]
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
        needs, innovations = _documents(session, at)
    wanted = [*((Side.NEED, row.id) for row in needs), *((Side.INNOVATION, row.id) for row in innovations)]
    with database.reading() as session:
        embedded = indexing.embed(session, libraries, wanted)
    with database.transaction() as session:
        for each in embedded:
            indexing.keep(session, each, at=at)
    with database.transaction() as session:
        for row in (*session.scalars(select(Need)), *session.scalars(select(Innovation))):
            row.proposed_revision = row.revision
        session.flush()
        copied = set(_copied(session, Need, [row.id for row in needs], "title"))
        innovation_ids = _copied(session, Innovation, [row.id for row in innovations], "name")
        pairs = _proposed(session, session.scalars(select(Need.id).order_by(Need.id)).all(), innovation_ids)
        sessions = {name: accounts.start_session(session, each.id, at=at, hours=2) for name, each in world.people.items()}
    with database.transaction() as session:
        delivering.seal(session, at=at, limit=100_000)
    with database.transaction() as session:
        indexing.write_snapshot(session, libraries, at=at)
    return World(world.names, sessions, [proposal_id for proposal_id, need_id in pairs if need_id in copied])


def _documents(session: Session, at: datetime) -> tuple[list[Need], list[Innovation]]:
    """Needs and innovations with texts of their own; the first of these wait in triage."""
    texts = cycle(json.loads(line) for line in _TEXTS.read_text(encoding="utf-8").splitlines())
    needs = [
        factories.make_need(session, title=text["title"][:100], problem=text["text"][:900], population=text["text"][900:1100] or "All")
        for text in islice(texts, BASE_NEEDS)
    ]
    innovations = []
    for number, text in enumerate(islice(texts, BASE_INNOVATIONS)):
        said = {"name": text["title"][:100], "problems_tackled": text["text"][:600], "how_it_works": text["text"][600:1200] or "By hand."}
        waiting = number < IN_TRIAGE
        status = InnovationStatus.SUBMITTED if waiting else InnovationStatus.ACTIVE
        row = factories.make_innovation(session, supplier=f"Firm {number % 100}", status=status, **said)
        if waiting:
            triaging.receive(session, row, at=at)
        innovations.append(row)
    return needs, innovations


def _copied(session: Session, kind: type[Need] | type[Innovation], ids: Sequence[UUID], title: str) -> list[UUID]:
    """Copies of these documents with their texts as saved, passages and moved vectors; the ids of all, in turn."""
    owner, of_revision = (Passage.need_id, Revision.need_id) if kind is Need else (Passage.innovation_id, Revision.innovation_id)
    table = inspect(kind).local_table
    vectors = {each.text_hash: each for each in session.scalars(select(Vector))}
    made, rows, revisions, passages, places, moved = list(ids), [], [], [], [], {}
    for document_id in ids:
        row = dict(session.execute(select(table).where(table.c.id == document_id)).mappings().one())
        own = [dict(each) for each in session.execute(select(Passage.__table__).where(owner == document_id)).mappings()]
        saved = [dict(each) for each in session.execute(select(Revision.__table__).where(of_revision == document_id)).mappings()]
        beside = _places(session, document_id)
        for number in range(1, COPIES):
            new_id = uuid4()
            active = {"status": InnovationStatus.ACTIVE} if kind is Innovation else {}
            rows.append(row | {"id": new_id, "key": None, title: f"{row[title]} ({number})"} | active)
            revisions += [each | {"id": uuid4(), owner.key: new_id} for each in saved]
            places += [each | {"need_id": new_id} for each in beside]
            for each in own:
                text_hash = hashlib.sha256(f"{each['text_hash']}-{number}".encode()).hexdigest()
                passages.append(each | {"id": uuid4(), owner.key: new_id, "text_hash": text_hash})
                moved[text_hash] = vectors[each["text_hash"]]
            made.append(new_id)
    session.execute(insert(table), rows)
    session.execute(insert(Revision.__table__), revisions)
    session.execute(insert(Passage.__table__), passages)
    session.execute(insert(Vector.__table__), [_moved(each, text_hash) for text_hash, each in moved.items() if text_hash not in vectors])
    if places:
        session.execute(insert(_NEED_PLACE), places)
    return made


def _places(session: Session, need_id: UUID) -> list[dict[str, Any]]:
    return [dict(each) for each in session.execute(select(_NEED_PLACE).where(_NEED_PLACE.c.need_id == need_id)).mappings()]


def _moved(vector: Vector, text_hash: str) -> dict[str, Any]:
    """The vector of a copy: the first one, moved in a direction of its own."""
    there = np.frombuffer(vector.data, dtype="<f4")
    aside = np.random.default_rng(int(text_hash[:8], 16)).standard_normal(len(there)).astype(np.float32)
    found = there + _MOVED * aside / np.linalg.norm(aside)
    data = (found / np.linalg.norm(found)).astype("<f4").tobytes()
    return {"text_hash": text_hash, "encoder_id": vector.encoder_id, "dimension": vector.dimension, "data": data}


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
