"""embedded -> searchable: what a process holds in memory of both sides, and how it stays fresh.

Base (the newest verified snapshot, or the rows themselves when there is none) plus delta (every document with an
event since) give fresh answers: a document is found as soon as it is embedded, and gone with the transaction that
withdrew it. The database stays the only record; all of this can be thrown away.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from api.services.reading import document_of, encoded_rows
from api.settings import Settings
from matcher.cross_encoding import load_pair_scorer
from matcher.embedding import encode_document
from matcher.encoding import EncoderDamaged, EncoderMissing, OnnxEncoder, load_encoder
from matcher.index import VectorIndex
from matcher.lexical import LexicalIndex
from matcher.pairing import read_text
from matcher.rankers import RankerDamaged, RankerMissing
from matcher.ranking import Ranker, load_ranker
from matcher.sealing import file_hash
from matcher.snapshot import Pointer, Snapshot, SnapshotDamaged, SnapshotMissing, load_newest, newest
from matcher.types import Candidate, Document, EncodedDocument, Vector, Vectors
from matcher.types import Side as MatcherSide
from models.actors import Actor
from models.base import DomainError
from models.documents import Side
from models.queries import documents, events, ranker_versions
from models.ranker_versions import RankerVersion

KEPT_DOCUMENTS = 20_000  # encoded documents that one side keeps in memory
KEPT_DRAFTS = 64  # documents that no job embeds, and that were encoded because somebody looked at them
MOST_SPENT = 10_000  # rows of replaced texts that an index of words may carry beyond its own size


class RankingUnavailable(DomainError):
    """No encoder, index or ranker: the service says so and never makes up a score."""


@dataclass(slots=True)
class _Shelf:
    """One side: the base index, and what has changed since `position`."""

    base: VectorIndex
    position: int
    words: LexicalIndex
    snapshot: str = ""  # its name; empty when the base was made from the rows
    delta: dict[str, EncodedDocument] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    kept: dict[str, EncodedDocument] = field(default_factory=dict)
    fresh: VectorIndex | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)


class Libraries:
    """Encoder, ranker and both shelves of this process, opened when first needed; safe to share between threads."""

    def __init__(
        self,
        *,
        encoder_folder: Path,
        snapshot_folder: Path,
        ranker_path: Path | None = None,
        rankers_folder: Path | None = None,
        cross_encoder_folder: Path | None = None,
        threads: int = 1,
    ) -> None:
        self.snapshot_folder = snapshot_folder
        self._cross_encoder_folder = cross_encoder_folder
        self.ranker_path, self.rankers_folder = ranker_path, rankers_folder or snapshot_folder.with_name("rankers")
        self._encoder_folder, self._threads = encoder_folder, threads
        self._encoder: OnnxEncoder | None = None
        self._ranker: Ranker | None = None
        self._trained: dict[str, Ranker] = {}  # by the hash of the file: the one that judges, and the one before it
        self._shelves: dict[Side, _Shelf] = {}
        self._encoded: dict[str, EncodedDocument] = {}  # what was encoded last outside the jobs, the oldest first
        self._snapshots: dict[str, Snapshot | None] = {}  # the newest, by name, as it was found; None when damaged
        self._lock = threading.RLock()
        self.degraded = ""  # why the base was not the newest snapshot, in words; empty when all is well

    @classmethod
    def of(cls, settings: Settings, *, threads: int | None = None) -> "Libraries":
        """Encoder, ranker and indexes as the settings name them."""
        return cls(
            encoder_folder=settings.encoder_folder,
            snapshot_folder=settings.snapshot_folder,
            ranker_path=settings.ranker_path,
            rankers_folder=settings.rankers_folder,
            cross_encoder_folder=settings.cross_encoder_folder,
            threads=threads or settings.encoder_threads,
        )

    @property
    def encoder(self) -> OnnxEncoder:
        """The encoder; raises RankingUnavailable when it is missing or damaged."""
        with self._lock:
            if self._encoder is None:
                try:
                    self._encoder = load_encoder(self._encoder_folder, threads=self._threads)
                except (EncoderMissing, EncoderDamaged) as error:
                    raise RankingUnavailable(str(error), part="encoder") from error
            return self._encoder

    @property
    def ranker(self) -> Ranker:
        """The ranker of the settings; raises RankingUnavailable when its file, or a cross-encoder that it needs, is missing or damaged."""
        with self._lock:
            if self._ranker is None:
                try:
                    self._ranker = self.load_ranker(self.ranker_path)
                except (RankerMissing, RankerDamaged, EncoderMissing, EncoderDamaged) as error:
                    raise RankingUnavailable(str(error), part="ranker") from error
            return self._ranker

    def ranker_for(self, session: Session) -> Ranker:
        """The ranker that judges, as the session sees it: the trained one that is active, else the one of the settings.

        So an activation holds in every process with the first request after it. Raises RankingUnavailable when the active one
        cannot be used; another is never used in its stead.
        """
        version = ranker_versions.active(session)
        if version is None:
            return self.ranker
        with self._lock:
            found = self._trained.get(version.file_hash) or self.open_version(version)
            self._trained = {**dict(list(self._trained.items())[-1:]), version.file_hash: found}
        return found

    def follow(self, session: Session) -> None:
        """Take the ranker that judges for that of the settings; for a process that does one thing and ends."""
        self._ranker = self.ranker_for(session)

    def open_version(self, version: RankerVersion) -> Ranker:
        """The ranker of a trained version; raises RankingUnavailable unless its file is as it was trained, for the encoder in use."""
        try:
            found = self._open_file(version)
        except (RankerMissing, RankerDamaged, EncoderMissing, EncoderDamaged) as error:
            raise RankingUnavailable(f"{error} {_GO_BACK}", part="ranker") from error
        if not found.file.holds_for(self.encoder.id):
            raise RankingUnavailable(
                f"The ranker {version.name} was trained with the encoder {version.encoder_id}, and {self.encoder.id} is in use. {_GO_BACK}",
                part="ranker",
            )
        return found

    def _open_file(self, version: RankerVersion) -> Ranker:
        path = trained_file(self.rankers_folder, version.name)
        if not path.is_file():
            raise RankerMissing(f"There is no file {path.name} of the ranker {version.name}.")
        if file_hash(path) != version.file_hash:
            raise RankerDamaged(f"{path.name} is not the file that was trained: somebody changed it.")
        return self.load_ranker(path)

    def load_ranker(self, path: Path | None) -> Ranker:
        """A ranker file, with the configured cross-encoder where it asks for one; raises what `matcher.ranking.load_ranker` does."""
        folder = self._cross_encoder_folder
        return load_ranker(path, open_scorer=partial(load_pair_scorer, folder, threads=self._threads) if folder else None)

    def view(self, session: Session, side: Side, actor: Actor) -> "View":
        """One side as this actor may search it, as fresh as the session's reading of the database."""
        allowed = documents.searchable_names(session, side, actor)
        shelf = self._shelf(session, side)
        with shelf.lock:
            head = self._catch_up(session, side, shelf)
            if self._renew(session, side, shelf):
                self._catch_up(session, side, shelf, anew=True)
        return View(self, session, side, shelf, allowed=allowed, head=head)

    def snapshots_of(self, session: Session) -> Path:
        """Where the snapshots of this database lie; those of another one, left in the same home, are never read."""
        return self.snapshot_folder / (events.chain_id(session)[:16] or "new")

    def newest(self, session: Session) -> Pointer | None:
        """Which snapshot is current by what the folder says; None when there is none."""
        return newest(self.snapshots_of(session), self.encoder.id)

    def lag(self, session: Session) -> int:
        """How many documents changed since the newest snapshot, whoever wrote it."""
        pointer = self.newest(session)
        return events.changes_since(session, pointer.position if pointer else 0, [side.value for side in Side])

    def check_snapshot(self, session: Session) -> str:
        """What is wrong with the newest snapshot, in words; empty when all is well. Each is read once."""
        with self._lock:
            self._snapshot(session)
            return self.degraded

    def encoded(self, session: Session, side: Side, ids: Collection[str]) -> dict[str, EncodedDocument]:
        """Searchable documents as the matching holds them; those that are not embedded are left out."""
        rows = {row.id: row for row in documents.searchable(session, side, [UUID(each) for each in ids], self.encoder.id)}
        return encoded_rows(session, side, rows, self.encoder.id)

    def held(self, session: Session, side: Side, document_id: UUID) -> EncodedDocument | None:
        """A document as this process has it in memory, with what was worked out of it; None when it is not there.

        Also None for a session that began before another had caught up further: it may not see what is held.
        """
        shelf = self._shelves.get(side)
        if shelf is None:
            return None
        with shelf.lock:
            if self._catch_up(session, side, shelf) < shelf.position:
                return None
            return shelf.delta.get(str(document_id)) or shelf.kept.get(str(document_id))

    def encode(self, document: Document) -> EncodedDocument:
        """Encode a stored text that no job has embedded, such as a draft's; while it stays as it is, it is not encoded again."""
        with self._lock:
            known = self._encoded.get(document.id)
        if known is not None and known.document == document:
            return known
        encoded = encode_document(document, self.encoder)
        with self._lock:
            self._encoded.pop(document.id, None)
            self._encoded[document.id] = encoded
            while len(self._encoded) > KEPT_DRAFTS:
                del self._encoded[next(iter(self._encoded))]
        return encoded

    def _shelf(self, session: Session, side: Side) -> _Shelf:
        with self._lock:
            if side not in self._shelves:
                self._shelves[side] = self._open(session, side)
            return self._shelves[side]

    def _open(self, session: Session, side: Side) -> _Shelf:
        """The newest snapshot with the words of its documents; without one, the rows."""
        snapshot = self._snapshot(session)
        if snapshot is not None and _holds(snapshot, side) and snapshot.position <= events.head(session)[0]:
            return _Shelf(
                base=snapshot.indexes[MatcherSide(side.value)],
                position=snapshot.position,
                words=_words(session, side),
                snapshot=snapshot.name,
            )
        position = events.head(session)[0]
        encoded = self._all(session, side)
        base = VectorIndex(list(encoded), _stacked(list(encoded.values()), self.encoder.dimension))
        return _Shelf(
            base=base, position=position, words=LexicalIndex((i, read_text(e.document)) for i, e in encoded.items()), kept=encoded
        )

    def _renew(self, session: Session, side: Side, shelf: _Shelf) -> bool:
        """Change over to a newer snapshot, whichever process wrote it; True when what changed since is to be read again.

        The words and the documents in memory have caught up already, and are kept.
        """
        pointer = self.newest(session)
        if pointer is None or pointer.name == shelf.snapshot:
            return False
        with self._lock:
            snapshot = self._snapshot(session)
        if snapshot is None or not _holds(snapshot, side) or snapshot.position > events.head(session)[0]:
            return False  # damaged, or written after this session began
        shelf.base, shelf.position, shelf.snapshot = snapshot.indexes[MatcherSide(side.value)], snapshot.position, snapshot.name
        shelf.delta, shelf.gone, shelf.fresh = {}, set(), None
        if shelf.words.spent > len(shelf.words) + MOST_SPENT:
            shelf.words = _words(session, side)
        return True

    def _snapshot(self, session: Session) -> Snapshot | None:
        """The newest snapshot, opened and checked once; None when there is none or it is damaged."""
        folder = self.snapshots_of(session)
        pointer = newest(folder, self.encoder.id)
        name = pointer.name if pointer else ""
        if name and name in self._snapshots:
            return self._snapshots[name]
        found: Snapshot | None = None
        self.degraded = ""
        try:
            found = load_newest(folder, self.encoder.id)
        except SnapshotMissing:  # a young installation has none yet, which is no fault
            return None
        except SnapshotDamaged as error:
            self.degraded = str(error)
        self._snapshots = {name: found}
        return found

    def _all(self, session: Session, side: Side) -> dict[str, EncodedDocument]:
        rows = {row.id: row for row in documents.searchable(session, side, None, self.encoder.id)}
        return encoded_rows(session, side, rows, self.encoder.id)

    def _catch_up(self, session: Session, side: Side, shelf: _Shelf, *, anew: bool = False) -> int:
        """Read again every document with an event since the shelf's position, sealed or not; returns how far the session sees.

        `anew`: the base is another one, which need not hold what is in memory, even of what reads as before.
        """
        head, _ = events.head(session)
        if head < shelf.position:  # this session began before another had caught up further
            return head
        sealed, loose = events.changed_since(session, side.value, shelf.position)
        changed = {str(each) for each in sealed | loose}
        if changed:
            self._forget(changed)
            read = self.encoded(session, side, changed)
            alike = (
                set() if anew else {each for each, now in read.items() if _reads_alike(shelf.delta.get(each) or shelf.kept.get(each), now)}
            )
            self._take_over(shelf, changed - alike, {each: now for each, now in read.items() if each not in alike})
        shelf.position = head
        return head

    def _forget(self, changed: Collection[str]) -> None:
        """Let go of what was encoded of documents that changed since, as of one that was erased."""
        with self._lock:
            for each in changed:
                self._encoded.pop(each, None)

    def _take_over(self, shelf: _Shelf, changed: Collection[str], now: Mapping[str, EncodedDocument]) -> None:
        if not changed:
            return
        shelf.gone.update(changed)
        for document_id in changed:
            shelf.delta.pop(document_id, None)
            shelf.kept.pop(document_id, None)
        shelf.delta.update(now)
        shelf.words.remove(set(changed) - set(now))
        shelf.words.add((document_id, read_text(each.document)) for document_id, each in now.items())
        delta = list(shelf.delta.values())
        shelf.fresh = VectorIndex(list(shelf.delta), _stacked(delta, self.encoder.dimension)) if delta else None


class View:
    """A `matcher.ranking.Library`: one side's searchable documents, narrowed to what the asker may see."""

    def __init__(self, libraries: Libraries, session: Session, side: Side, shelf: _Shelf, *, allowed: frozenset[str], head: int) -> None:
        self._libraries, self._session, self._side, self._shelf = libraries, session, side, shelf
        self._head = head  # of the events, as far as the session sees
        self.allowed = allowed

    def dense(self, vector: Vector, k: int) -> list[Candidate]:
        """At most k documents nearest to a pooled vector, best first: the base without what changed, and the delta."""
        with self._shelf.lock:
            old = self._shelf.base.search(vector[None], k, self.allowed - self._shelf.gone)[0]
            new = self._shelf.fresh.search(vector[None], k, self.allowed)[0] if self._shelf.fresh else []
        return sorted((*old, *new), key=lambda each: (-each.score, each.id))[:k]

    def lexical(self, text: str, k: int) -> list[Candidate]:
        """At most k documents that share words with a text, best first."""
        with self._shelf.lock:
            return self._shelf.words.search(text, k, self.allowed)

    def fetch(self, ids: Sequence[str]) -> Mapping[str, EncodedDocument]:
        """The documents with these ids, in their order; one that is not embedded any more is left out."""
        with self._shelf.lock:
            held = {each: self._shelf.delta.get(each) or self._shelf.kept.get(each) for each in ids}
        missing = [document_id for document_id, encoded in held.items() if encoded is None]
        read = self._libraries.encoded(self._session, self._side, missing) if missing else {}
        with self._shelf.lock:
            # What a session that began earlier has read may have changed since, and is not kept for those who come later.
            if self._head >= self._shelf.position and len(self._shelf.kept) + len(read) <= KEPT_DOCUMENTS:
                self._shelf.kept.update({each: encoded for each, encoded in read.items() if each not in self._shelf.gone})
        found = {each: encoded or read.get(each) for each, encoded in held.items()}
        return {each: encoded for each, encoded in found.items() if encoded is not None}


def _reads_alike(held: EncodedDocument | None, now: EncodedDocument) -> bool:
    """Whether a document says what it said: most events tell of what became of it, and change nothing that is read."""
    return held is not None and (held.document, held.passages) == (now.document, now.passages)


_GO_BACK = "Bring back the folder of it in MATCHING_HOME/rankers, or go back with `matching ranker rollback`."


def trained_file(folder: Path, name: str) -> Path:
    """Where the file of a trained ranker lies, or would."""
    return folder / name / f"{name}.json"


def _holds(snapshot: Snapshot, side: Side) -> bool:
    return MatcherSide(side.value) in snapshot.indexes


def _words(session: Session, side: Side) -> LexicalIndex:
    """The words of every document that may be ranked, embedded or not."""
    return LexicalIndex((str(row.id), _words_of(side, row)) for row in documents.searchable_texts(session, side))


def _words_of(side: Side, row: documents.DocumentRow) -> str:
    return read_text(document_of(str(row.id), side, row.content()))


def _stacked(encoded: Sequence[EncodedDocument], dimension: int) -> Vectors:
    return np.vstack([each.pooled for each in encoded]) if encoded else np.empty((0, dimension), dtype=np.float32)
