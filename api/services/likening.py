"""What staff look at beside a ranking: flags of one text, and innovations that may be the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.library import Libraries, RankingUnavailable
from api.services.proposing import NothingToRank, encoded_of
from api.services.reading import document_of
from matcher.duplicates import Likeness, likenesses
from matcher.integrity import flags_of
from matcher.types import Flag
from models.actors import Actor
from models.documents import Readability, Side
from models.innovations import Innovation
from models.needs import Need
from models.policies import INNOVATION_READ_DUPLICATES
from models.queries import documents, triage
from models.subjects import subject_of
from models.triage import Submission

NEAREST = 50  # innovations whose words are compared
MOST_SIMILAR = 10  # submissions that are shown beside one


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An innovation that may be the same as the one asked about."""

    innovation: Innovation
    likeness: Likeness
    same_supplier: bool | None
    newer: bool

    @classmethod
    def of(cls, other: Innovation, asked: Innovation, likeness: Likeness) -> "Duplicate":
        """Beside the one asked about; None for the supplier when either is not known."""
        known = other.supplier_id is not None and asked.supplier_id is not None
        same = other.supplier_id == asked.supplier_id if known else None
        return cls(other, likeness, same, newer=(other.created_at, other.id) > (asked.created_at, asked.id))


def duplicates_of(
    session: Session, libraries: Libraries, innovation_id: UUID, *, actor: Actor, limit: int | None = None
) -> list[Duplicate]:
    """Innovations that can be found and may be the same as this one, most alike first, at most `limit`; an unreadable text is like none."""
    asked = documents.innovation(session, innovation_id, actor)
    INNOVATION_READ_DUPLICATES.check(actor, subject_of(asked))
    if asked.readability is not Readability.READABLE:
        raise NothingToRank(f"The text of this innovation is {asked.readability.replace('_', ' ')}, so it is compared with none.")
    encoded = encoded_of(session, libraries, Side.INNOVATION, asked)
    view = libraries.view(session, Side.INNOVATION, actor)
    near = [each.id for each in view.dense(encoded.pooled, NEAREST + 1) if each.id != str(innovation_id)]
    found = likenesses(encoded.document, [each.document for each in view.fetch(near).values()], limit=limit)
    rows = documents.of_ids(session, Side.INNOVATION, [UUID(each.document_id) for each in found], actor)
    return [
        Duplicate.of(row, asked, each)
        for each in found
        if isinstance(row := rows.get(UUID(each.document_id)), Innovation)  # gone meanwhile
    ]


def duplicate_count(session: Session, libraries: Libraries, innovation_id: UUID, *, actor: Actor) -> int | None:
    """How many innovations may be the same; None, which is shown as not known, while texts cannot be compared."""
    try:
        return len(duplicates_of(session, libraries, innovation_id, actor=actor))
    except (NothingToRank, RankingUnavailable):
        return None


def similar_submissions(session: Session, libraries: Libraries, row: Submission, *, actor: Actor) -> list[Submission]:
    """The latest submissions of the innovations that read most like a submission's, nearest first; raises NothingToRank.

    An innovation that can no longer be found, such as one that was archived, is not among them.
    """
    asked = row.innovation
    if asked.readability is not Readability.READABLE:
        raise NothingToRank(f"The text of this innovation is {asked.readability.replace('_', ' ')}, so it is compared with none.")
    encoded = encoded_of(session, libraries, Side.INNOVATION, asked)
    near = libraries.view(session, Side.INNOVATION, actor).dense(encoded.pooled, MOST_SIMILAR + 1)
    ids = [UUID(each.id) for each in near if each.id != str(asked.id)][:MOST_SIMILAR]
    found = triage.latest_of(session, ids, actor)
    return [found[each] for each in ids if each in found]


def compared(session: Session, one_id: UUID, other_id: UUID, *, actor: Actor) -> tuple[Innovation, Innovation, Likeness | None]:
    """Two innovations with what their texts share; None when they share too little to be the same."""
    one, other = (documents.innovation(session, each, actor) for each in (one_id, other_id))
    for row in (one, other):
        INNOVATION_READ_DUPLICATES.check(actor, subject_of(row))
    read = [document_of(str(row.id), Side.INNOVATION, row.content()) for row in (one, other)]
    return one, other, next(iter(likenesses(read[0], read[1:])), None)


def flags_of_row(row: Need | Innovation) -> Sequence[Flag]:
    """What staff should look at in one stored text."""
    return flags_of(document_of(str(row.id), row.side, row.content()))
