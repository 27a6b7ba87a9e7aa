"""stored -> embedded, embedded -> ranked -> proposed, and the snapshot. Each is safe to run twice."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from asgi_correlation_id import correlation_id
from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect, nothing
from api.queue import Job, enqueue
from api.services import indexing, proposing
from models.documents import Side
from models.jobs import JobRow


def embed(context: Context, work: Sequence[JobRow]) -> Effect:
    """Encode documents outside any transaction, then keep what was encoded where the text is still the same.

    What becomes of each is told in the name of the request that it came from, although they are done together.
    """
    asked_by = {(Side(job.arguments["side"]), UUID(job.arguments["id"])): job.correlation_id for job in work}
    with context.database.reading() as session:
        embeddings = indexing.embed(session, context.libraries, list(asked_by), batch_texts=context.settings.embed_batch_texts)

    def keep(session: Session) -> None:
        at = datetime.now(UTC)
        for embedding in sorted(embeddings, key=lambda each: (each.side, each.document_id)):
            token = correlation_id.set(asked_by[embedding.side, embedding.document_id] or None)
            if not indexing.keep(session, embedding, at=at):
                enqueue(session, Job.EMBED, at=at, side=embedding.side.value, id=str(embedding.document_id))
            correlation_id.reset(token)

    return keep


def propose(context: Context, *, side: str, id: str) -> Effect:
    """Rank a document outside any transaction, then store what is worth a look if the text is still the same."""
    with context.database.reading() as session:
        ranked = proposing.rank(session, context.libraries, Side(side), UUID(id), limit=context.settings.proposals_per_run)
    if ranked is None:
        return nothing

    def store(session: Session) -> None:
        proposing.propose(session, ranked, at=datetime.now(UTC))

    return store


def snapshot(context: Context) -> Effect:
    """Write a new snapshot of both sides."""
    with context.database.reading() as session:
        indexing.write_snapshot(session, context.libraries, at=datetime.now(UTC))
    return nothing
