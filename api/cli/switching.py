"""What `matching encoder switch` does between its question and its answer."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.cli.serving import claimed_home
from api.cli.showing import told_steps
from api.cli.working import batch_threads, context_around, export_if_missing, libraries, owe_missing, work_off
from api.db import Database
from api.queue import Job
from api.services import encoders, indexing, switching
from api.settings import EncoderChoice, settings

DOCUMENTS_AT_ONCE = 32  # encoded between two commits: what a kill costs

_STOP = "Stop it, say this again with --yes, and start it: what was prepared is kept."
_COMPARED = ("id", "dimension", "max_tokens", "prompts", "licence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a switch would change; `encoders` holds what, before, after."""

    encoders: list[tuple[str, str, str]]
    documents: int
    overlaps: list[switching.Overlap]
    qualities: list[switching.Quality]
    doubt: str

    def as_json(self) -> dict[str, Any]:
        """The report in the form that machines read."""
        return asdict(self)


def prepare(database: Database, to: EncoderChoice, *, judged: Sequence[Path]) -> Report:
    """Encode everything with another encoder too, a commit every few documents, and compare; nothing is switched."""
    export_if_missing()
    chosen, now = settings(), libraries()
    after = encoders.open_encoder(chosen.folder_of(to), threads=batch_threads())
    rankers = now.ranker, switching.ranker_of(now, to.ranker)
    with told_steps() as tell:
        encoded = _encode_beside(database, after, lambda done, total: tell("Encoding beside", done, total))
        ids = {side: [each.document.id for each in found] for side, found in encoded.items()}
        with database.reading() as session:
            before = switching.encoded_before(session, now, ids)
        overlaps = switching.overlaps(before, encoded, rankers=rankers)
        sides = switching.Judging(now.encoder, rankers[0]), switching.Judging(after, rankers[1])
        qualities = [each for folder in judged for each in switching.quality_of(folder, *sides, on_progress=tell)]
    said = [encoders.show_encoder(folder) for folder in (chosen.encoder_folder, chosen.folder_of(to))]
    return Report(
        encoders=[
            *((name, str(said[0].get(name, "")), str(said[1].get(name, ""))) for name in _COMPARED),
            ("ranker", rankers[0].id, rankers[1].id),
        ],
        documents=sum(map(len, ids.values())),
        overlaps=overlaps,
        qualities=qualities,
        doubt=switching.doubt(rankers[1], after.id),
    )


def take_over(database: Database, to: EncoderChoice) -> int:
    """Switch, and give every document the passages and vectors of its new encoder; returns how many wait for the service.

    Whatever is killed here is found by the service when it starts, as everything else that waits for its next step.
    """
    with claimed_home(_STOP):
        switching.switch(settings(), to)
        context = context_around(database)
        owed = owe_missing(context, Job.EMBED)
        left = min(work_off(context, Job.EMBED)[Job.EMBED], owed)
        with database.reading() as session:
            indexing.write_snapshot(session, context.libraries, at=datetime.now(UTC))
    return left


def _encode_beside(database: Database, after: switching.OnnxEncoder, tell: Callable[[int, int], None]) -> switching.Encoded:
    with database.reading() as session:
        wanted = switching.documents_in_use(session)
    encoded = []
    for start in range(0, len(wanted), DOCUMENTS_AT_ONCE):
        with database.reading() as session:
            beside = switching.encode_beside(session, after, wanted[start : start + DOCUMENTS_AT_ONCE])
        with database.transaction() as session:
            switching.keep_beside(session, after, beside)
        encoded += beside.documents
        tell(min(start + DOCUMENTS_AT_ONCE, len(wanted)), len(wanted))
    return switching.by_side(encoded)
