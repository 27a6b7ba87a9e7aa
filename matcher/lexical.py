"""BM25 over whole documents, by tantivy, in memory, with additions and removals as they happen."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, cast

from matcher.text import normalise
from matcher.types import Candidate

if TYPE_CHECKING:
    from tantivy import Query, TextAnalyzer

_ANALYSER = "english"
_LONGEST_TERM = 64  # characters; encoded data is no word
_SLACK = 32  # hits beyond those wanted, to see whether a tie goes on
_WRITER_BYTES = 32_000_000  # tantivy spills to a new segment beyond


class LexicalIndex:
    """BM25 (k1 1.2, b 0.75, English stems, stop words left out) over one text a document.

    Built from the same pairs in the same order, it gives the same scores on every machine. Its statistics
    change as documents come and go, so that a score only orders the candidates of one answer.
    """

    def __init__(self, documents: Iterable[tuple[str, str]] = ()) -> None:
        import tantivy  # noqa: PLC0415 -- only who searches pays for it

        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("row", indexed=True, fast=True)
        schema.add_text_field("text", tokenizer_name=_ANALYSER, index_option="freq")
        self._tantivy = tantivy
        self._schema = schema.build()
        self._analyser = _analyser()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer(_ANALYSER, self._analyser)
        self._index.config_reader("manual")  # else its own watcher takes the lock and every commit waits 0.1 s
        self._writer = self._index.writer(heap_size=_WRITER_BYTES, num_threads=1)
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []
        self.add(documents)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def spent(self) -> int:
        """How many rows are held for texts that were replaced or removed; a new index would not have them."""
        return len(self._ids) - len(self._rows)

    def add(self, documents: Iterable[tuple[str, str]]) -> None:
        """Add (id, text) pairs; one whose id is there is replaced."""
        for document_id, text in documents:
            self._forget(document_id)
            self._rows[document_id] = len(self._ids)
            self._writer.add_document(self._tantivy.Document(row=len(self._ids), text=normalise(text)))
            self._ids.append(document_id)
        self._commit()

    def remove(self, ids: Iterable[str]) -> None:
        """Take documents out of every later answer; an id that is not there is passed over."""
        known = [document_id for document_id in ids if document_id in self._rows]
        for document_id in known:
            self._forget(document_id)
        if known:
            self._commit()

    def search(self, text: str, k: int, allowed: Collection[str] | None = None) -> list[Candidate]:
        """Find the documents that share words with a text, which is read as words and never as query syntax.

        Args:
            text: a query of any length.
            k: the most candidates wanted.
            allowed: the only ids that may be found; None allows all.

        Returns:
            At most k candidates, best first, equal scores by id; none that shares no word.
        """
        chosen = None if allowed is None else frozenset(allowed)
        if k < 1 or not self._rows or chosen == frozenset():
            return []
        query = self._as_words(text)
        limit = k + _SLACK if chosen is None else (k + _SLACK) * max(1, len(self._rows) // len(chosen))
        while True:
            hits = self._hits(query, min(limit, len(self._ids)))
            found = [hit for hit in hits if chosen is None or hit.id in chosen]
            exhausted = len(hits) < limit
            if exhausted or (len(found) > k and found[-1].score < found[k - 1].score):
                return sorted(found, key=lambda hit: (-hit.score, hit.id))[:k]
            limit *= 4

    def _hits(self, query: "Query", limit: int) -> list[Candidate]:
        """The best of all documents, ties in no order."""
        addresses = self._searcher.search(query, limit=limit, count=False).hits
        rows = cast("list[int]", self._searcher.fast_field_values("row", [address for _, address in addresses]))
        return [Candidate(self._ids[row], score) for (score, _), row in zip(addresses, rows, strict=True)]

    def _as_words(self, text: str) -> "Query":
        """Any of the words of a text, each weighing as often as it occurs."""
        query, occur = self._tantivy.Query, self._tantivy.Occur
        terms = Counter(self._analyser.analyze(normalise(text)))
        return query.boolean_query([
            (occur.Should, query.boost_query(query.term_query(self._schema, "text", term), float(count))) for term, count in terms.items()
        ])  # fmt: skip

    def _forget(self, document_id: str) -> None:
        row = self._rows.pop(document_id, None)
        if row is not None:
            self._writer.delete_documents_by_term("row", row)

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()


def _analyser() -> "TextAnalyzer":
    """Words in lower case, stemmed; stop words and text beyond any word's length are dropped."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer  # noqa: PLC0415 -- only who searches pays for it

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    steps = (
        Filter.remove_long(_LONGEST_TERM),
        Filter.lowercase(),
        Filter.ascii_fold(),
        Filter.stopword("english"),
        Filter.stemmer("english"),
    )
    for step in steps:
        builder = builder.filter(step)
    return builder.build()
