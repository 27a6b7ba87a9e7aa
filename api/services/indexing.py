"""stored -> embedded -> searchable: passages and vectors in rows, and now and then a new snapshot."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services.library import Libraries
from api.services.reading import document_of
from api.services.recording import record
from matcher import snapshot
from matcher.encoding import OnnxEncoder
from matcher.text import Reading, given, passages
from matcher.types import Side as MatcherSide
from models.actors import SYSTEM
from models.documents import Side
from models.events import Event
from models.passages import Passage
from models.queries import documents, events
from models.queries import passages as passage_rows


@dataclass(frozen=True, slots=True)
class Embedding:
    """One document read and encoded, ready to be stored if it has not changed meanwhile."""

    side: Side
    document_id: UUID
    revision: int
    encoder_id: str
    reading: Reading
    vectors: dict[str, bytes]
    dimension: int


def embed(session: Session, libraries: Libraries, wanted: Iterable[tuple[Side, UUID]], *, batch_texts: int = 128) -> list[Embedding]:
    """Read and encode those that are not embedded yet, at most `batch_texts` texts at once. Writes nothing.

    Apart from `keep`, so that encoding, which takes most of the time, holds no lock of the database.
    """
    encoder = libraries.encoder
    read = [
        (row, side, passages(document_of(str(row.id), side, row.content()), encoder=encoder))
        for side, row in _behind(session, encoder, wanted)
    ]
    texts = {
        passage.text_hash: given(passage.text, MatcherSide(side.value), encoder=encoder)
        for _, side, reading in read
        for passage in reading.passages
    }
    known = passage_rows.vectors(session, encoder.id, texts.keys())
    missing = [text_hash for text_hash in texts if text_hash not in known]
    data: dict[str, bytes] = {}
    for start in range(0, len(missing), batch_texts):
        batch = missing[start : start + batch_texts]
        vectors = encoder.encode([texts[text_hash] for text_hash in batch])
        data.update((text_hash, vector.astype("<f4").tobytes()) for text_hash, vector in zip(batch, vectors, strict=True))
    return [
        Embedding(side, row.id, row.revision, encoder.id, reading, _of(reading, data), encoder.dimension) for row, side, reading in read
    ]


def _behind(session: Session, encoder: OnnxEncoder, wanted: Iterable[tuple[Side, UUID]]) -> Iterator[tuple[Side, Any]]:
    """Those that may be matched and are not embedded at their present revision."""
    for side, document_id in wanted:
        row = documents.find(session, side, document_id)
        if row is not None and row.searchable and (row.embedded_revision != row.revision or row.embedded_encoder != encoder.id):
            yield side, row


def _of(reading: Reading, data: Mapping[str, bytes]) -> dict[str, bytes]:
    return {passage.text_hash: data[passage.text_hash] for passage in reading.passages if passage.text_hash in data}


def keep(session: Session, embedding: Embedding, *, at: datetime) -> bool:
    """Store passages and vectors; False when the document changed meanwhile, and is owed its embedding anew."""
    side = embedding.side
    row = documents.one_for_update(session, side, embedding.document_id)
    if row is None or row.revision != embedding.revision or not row.searchable:
        return False
    passage_rows.replace(session, side, row.id, _rows(embedding))
    passage_rows.keep_vectors(session, embedding.encoder_id, embedding.dimension, embedding.vectors)
    row.embedded_revision, row.embedded_encoder = row.revision, embedding.encoder_id
    row.cut_characters = embedding.reading.cut_characters
    told = Event.of(f"{side}.embedded", subject_kind=side.value, subject_id=row.id, actor=SYSTEM.name, at=at, revision=row.revision)
    record(session, told, at=at)
    if row.proposed_revision != row.revision:
        enqueue(session, Job.PROPOSE, at=at, bulk=row.import_id is not None, side=side.value, id=str(row.id))
    session.flush()
    return True


def write_snapshot(session: Session, libraries: Libraries, *, at: datetime) -> str:
    """Write all searchable documents' pooled vectors as the newest snapshot; returns its name.

    The snapshot covers every event up to its position; what is committed later comes by the delta.
    """
    position = events.head(session)[0]
    content = {}
    for side in Side:
        rows = documents.searchable(session, side, None, libraries.encoder.id)
        encoded = libraries.encoded(session, side, [str(row.id) for row in rows])
        pooled = [each.pooled for each in encoded.values()]
        matrix = np.vstack(pooled) if pooled else np.empty((0, libraries.encoder.dimension), dtype=np.float32)
        content[MatcherSide(side.value)] = (list(encoded), matrix)
    folder = snapshot.write(
        libraries.snapshots_of(session), content=content, position=position, encoder_id=libraries.encoder.id, created_at=at
    )
    return folder.name


def _rows(embedding: Embedding) -> list[Passage]:
    owner = {"need_id" if embedding.side is Side.NEED else "innovation_id": embedding.document_id}
    return [
        Passage(
            **owner,
            ordinal=passage.ordinal,
            aspect=passage.aspect.value,
            field=passage.field,
            start_at=passage.start,
            end_at=passage.end,
            text=passage.text,
            text_hash=passage.text_hash,
        )
        for passage in embedding.reading.passages
    ]
