"""From one encoder to another: encoded beside the old vectors, compared, and only then switched; and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from api.services.faults import Fault
from api.services.library import Libraries
from api.services.reading import document_of
from api.settings import EncoderChoice, EncoderSwitch, Settings
from matcher.encoder_change import Judging, Overlap, Quality, overlaps, qualities
from matcher.encoding import EncoderDamaged, EncoderMissing, OnnxEncoder
from matcher.folder import MalformedFolder, read_folder, split_and_side
from matcher.rankers import RankerDamaged, RankerMissing
from matcher.ranking import Ranker
from matcher.sealing import write_file
from matcher.text import given, passages, pooled
from matcher.types import Document, EncodedDocument, Passage, Vectors
from matcher.types import Side as MatcherSide
from models.documents import Side
from models.queries import documents, ranker_versions
from models.queries import passages as passage_rows

__all__ = ["Beside", "Encoded", "Judging", "OnnxEncoder", "Overlap", "Quality", "overlaps"]

Encoded = Mapping[MatcherSide, Sequence[EncodedDocument]]


@dataclass(frozen=True, slots=True)
class Beside:
    """Documents as another encoder has them; `fresh` are the vectors that are not stored yet, by text hash."""

    documents: list[EncodedDocument]
    fresh: dict[str, bytes]


def documents_in_use(session: Session) -> list[Document]:
    """Every document that may be ranked, of both sides, in the order of their ids."""
    return [document_of(str(row.id), side, row.content()) for side in Side for row in documents.searchable_texts(session, side)]


def encode_beside(session: Session, encoder: OnnxEncoder, wanted: Sequence[Document]) -> Beside:
    """Read and encode documents for another encoder than the one in use, without those texts that it knows. Writes nothing."""
    read = [(document, passages(document, encoder=encoder).passages) for document in wanted]
    texts = {each.text_hash: given(each.text, document.side, encoder=encoder) for document, found in read for each in found}
    stored = passage_rows.vectors(session, encoder.id, texts.keys())
    missing = [text_hash for text_hash in texts if text_hash not in stored]
    vectors = encoder.encode([texts[text_hash] for text_hash in missing])
    fresh = {text_hash: vector.astype("<f4").tobytes() for text_hash, vector in zip(missing, vectors, strict=True)}
    known = {text_hash: np.frombuffer(data, dtype="<f4") for text_hash, data in {**stored, **fresh}.items()}
    # What says nothing is found by neither encoder.
    encoded = [_encoded(document, found, np.vstack([known[each.text_hash] for each in found])) for document, found in read if found]
    return Beside(encoded, fresh)


def _encoded(document: Document, read: tuple[Passage, ...], stored: Vectors) -> EncodedDocument:
    vectors = stored.astype(np.float32, copy=False)
    return EncodedDocument(document=document, passages=read, vectors=vectors, pooled=pooled(read, vectors))


def keep_beside(session: Session, encoder: OnnxEncoder, beside: Beside) -> None:
    """Store the fresh vectors; passages and vectors of the encoder in use stay as they are."""
    passage_rows.keep_vectors(session, encoder.id, encoder.dimension, beside.fresh)


def encoded_before(session: Session, libraries: Libraries, ids: Mapping[MatcherSide, Sequence[str]]) -> Encoded:
    """The documents as the encoder in use has them; those that it has not encoded yet are left out."""
    return {
        side: list(libraries.encoded(session, Side(side.value), [str(UUID(each)) for each in ids[side]]).values()) for side in MatcherSide
    }


def by_side(encoded: Sequence[EncodedDocument]) -> Encoded:
    """Documents parted by their side."""
    return {side: [each for each in encoded if each.document.side is side] for side in MatcherSide}


def ranker_of(libraries: Libraries, path: str) -> Ranker:
    """The ranker of a file, or the packaged one; raises Fault."""
    try:
        return libraries.load_ranker(Path(path) if path else None)
    except (RankerMissing, RankerDamaged, EncoderMissing, EncoderDamaged) as error:
        raise Fault(str(error)) from error


def quality_of(folder: Path, before: Judging, after: Judging, *, on_progress: Callable[[str, int, int], None]) -> list[Quality]:
    """Measure a folder of judged texts under either encoder, each with its ranker; raises Fault naming what cannot be read."""
    try:
        split, asking = split_and_side(folder)
        return qualities(read_folder(folder, split), asking=asking, before=before, after=after, on_progress=on_progress)
    except MalformedFolder as error:
        raise Fault(f"{error} Mend the folder and say the command again.") from error


def doubt(ranker: Ranker, encoder_id: str) -> str:
    """Why a ranker's probabilities should not be trusted with that encoder; empty when its weights hold for it."""
    if ranker.file.holds_for(encoder_id):
        return ""
    return (
        f"The weights of the ranker {ranker.id} were fitted on the vectors of {ranker.file.encoder}: with {encoder_id} its "
        "probabilities and bands are not calibrated. Fit a ranker with `python -m bench.fit_ranker` on the folder of that encoder."
    )


def check_none_trained(session: Session) -> None:
    """Refuse while a ranker judges that was trained on the vectors of the encoder in use; raises Fault."""
    if (version := ranker_versions.active(session)) is not None:
        raise Fault(
            f"The trained ranker {version.name} judges, and holds for the encoder in use alone. "
            "Go back with `matching ranker rollback`, switch then, and train anew when there are decisions by the new one."
        )


def switch(settings: Settings, to: EncoderChoice) -> None:
    """Write down that this home uses another encoder from now on; one step that a kill leaves done or undone."""
    switched = EncoderSwitch(said=settings.encoder_said, used=to, before=settings.encoder_used)
    settings.switch_file.parent.mkdir(parents=True, exist_ok=True)
    write_file(settings.switch_file, switched.model_dump_json(indent=1) + "\n")


def way_back(settings: Settings) -> EncoderChoice:
    """The encoder that was in use before the last switch; raises Fault when there was none."""
    switched = settings.encoder_switch
    if switched is None:
        raise Fault("No encoder was switched here, so that there is no way back. See `matching encoder show`.")
    return switched.before
