import numpy as np
import pytest

from matcher.embedding import BATCH_DOCUMENTS, encode_document, encode_documents
from tests.matcher.documents import WORDS, innovation, need


def test_documents_are_encoded_in_order_with_progress():
    told = []
    documents = [innovation(f"i{number}", name=f"Tool {number}", description="Helps.") for number in range(BATCH_DOCUMENTS + 1)]

    found = encode_documents(documents, WORDS, on_progress=lambda done, total: told.append((done, total)))

    assert [each.document.id for each in found] == [document.id for document in documents]
    assert told == [(BATCH_DOCUMENTS, BATCH_DOCUMENTS + 1), (BATCH_DOCUMENTS + 1, BATCH_DOCUMENTS + 1)]


def test_each_passage_has_its_own_vector():
    found = encode_document(need(title="Wounds", problem="Wounds"), WORDS)

    expected = WORDS.encode([passage.text for passage in found.passages])
    np.testing.assert_allclose(found.vectors, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found.pooled), 1, atol=1e-6)


def test_a_document_that_says_nothing_is_not_encoded():
    with pytest.raises(ValueError, match="without text"):
        encode_document(need(title=" ", problem="\u200b"), WORDS)
