"""Documents in, encoded documents out: read into passages, encoded in batches, pooled."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from matcher.encoding import Encoder
from matcher.text import given, passages, pooled
from matcher.types import Document, EncodedDocument

BATCH_DOCUMENTS = 64

Progress = Callable[[int, int], None]
"""Told (done, total) as work goes on."""


def encode_document(document: Document, encoder: Encoder) -> EncodedDocument:
    """Encode one document; raise ValueError if it says nothing."""
    (encoded,) = encode_documents([document], encoder)
    return encoded


def encode_documents(
    documents: Sequence[Document], encoder: Encoder, *, on_progress: Progress = lambda _done, _total: None
) -> list[EncodedDocument]:
    """Encode documents in the order given; a passage that several hold is encoded once a batch.

    Raises:
        ValueError: if a document says nothing, and so cannot be found.
    """
    encoded: list[EncodedDocument] = []
    for batch in _batches(documents, BATCH_DOCUMENTS):
        encoded += _encode_batch(batch, encoder)
        on_progress(len(encoded), len(documents))
    return encoded


def _encode_batch(batch: Sequence[Document], encoder: Encoder) -> Iterator[EncodedDocument]:
    read = [passages(document, encoder=encoder).passages for document in batch]
    texts = list(
        {
            passage.text_hash: given(passage.text, document.side, encoder=encoder)
            for document, found in zip(batch, read, strict=True)
            for passage in found
        }.items()
    )
    rows = {text_hash: row for row, (text_hash, _) in enumerate(texts)}
    vectors = encoder.encode([text for _, text in texts])
    for document, found in zip(batch, read, strict=True):
        own = vectors[[rows[passage.text_hash] for passage in found]]
        yield EncodedDocument(document=document, passages=found, vectors=own, pooled=pooled(found, own))


def _batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    remaining = iter(documents)
    while batch := list(islice(remaining, size)):
        yield batch
