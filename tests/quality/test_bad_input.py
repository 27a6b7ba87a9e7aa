"""Texts as people paste them: each is ranked sensibly, or said to be unreadable or not read to the end, and none raises."""

from pathlib import Path

import pytest

from matcher.embedding import encode_document, encode_documents
from matcher.folder import read_folder
from matcher.integrity import flags_of
from matcher.ranking import MemoryLibrary, load_ranker
from matcher.text import DOCUMENT_LIMIT, Readability, document_readability, passages, unread
from matcher.types import Document, FlagKind, Side

DATA = Path(__file__).parents[2] / "bench" / "data"
FIRST = 5
PROBLEM = "Type 2 diabetes is found late and the three treatment targets and eight care processes are met unevenly."
TITLE = "Close the diabetes diagnosis and treatment gap"


@pytest.fixture(scope="module")
def library(encoder) -> MemoryLibrary:
    rows = read_folder(DATA / "wy", "dev").corpus
    return MemoryLibrary(encode_documents([row.document(Side.INNOVATION) for row in rows], encoder))


@pytest.fixture(scope="module")
def ranked(encoder, library):
    """The ids of the first five for a need of these fields."""
    ranker = load_ranker()

    def rank(**fields: str) -> list[str]:
        need = Document(id="need", side=Side.NEED, fields=fields)
        return [each.innovation_id for each in ranker.rank(encode_document(need, encoder), library, limit=FIRST).judgements]

    return rank


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(PROBLEM.upper(), id="all capitals"),
        pytest.param(f"😟😟 {PROBLEM} 🙏🏽 ❤️", id="emoji"),
        pytest.param(PROBLEM.replace(" ", "\n\t  "), id="broken lines"),
        pytest.param(f"{PROBLEM} Le diabète de type 2 est découvert tard et les soins sont inégaux.", id="two languages"),
        pytest.param(
            "Condition\tFound\tTargets\nType 2 diabetes\tlate\tmet unevenly\nCare processes\t8\tmet unevenly\n", id="pasted table"
        ),
    ],
)
def test_a_badly_written_need_is_ranked_as_the_same_need(ranked, problem):
    clean, found = ranked(title=TITLE, problem=PROBLEM), ranked(title=TITLE, problem=problem)

    assert found[0] in clean[:2]
    assert len(set(found) & set(clean)) >= FIRST - 2


@pytest.mark.parametrize(
    "fields", [{"title": "Diabetes"}, {"title": "DIABETES!!!", "problem": "", "population": " "}, {"problem": "diabetes"}]
)
def test_one_word_and_empty_aspects_are_ranked_by_what_is_there(ranked, library, fields):
    found = [library.documents[each].document for each in ranked(**fields)]

    assert any("diabet" in " ".join(each.fields.values()).lower() or "DIABETES" in str(each.codes) for each in found[:3])


@pytest.mark.parametrize("side", list(Side))
def test_a_hundred_thousand_characters_are_read_as_far_as_is_told(encoder, side):
    name, field = ("title", "problem") if side is Side.NEED else ("name", "description")
    text = f"{PROBLEM} " * (100_000 // len(PROBLEM))
    document = Document(id="long", side=side, fields={name: TITLE, field: text})

    reading = passages(document, encoder=encoder)

    assert dict(reading.cut) == dict(unread(document))
    assert reading.read_characters <= DOCUMENT_LIMIT
    assert reading.read_characters + reading.cut_characters == len(TITLE) + len(text)
    assert max(each.end for each in reading.passages) >= len(text) - reading.cut[field] - len(PROBLEM)
    assert FlagKind.UNREAD_TEXT in {flag.kind for flag in flags_of(document)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", Readability.EMPTY),
        (" \n\t ", Readability.EMPTY),
        ("\u200b\u200b", Readability.EMPTY),
        ("🙏🏽 ❤️ 👍", Readability.UNREADABLE),
        ("1234 5678 90", Readability.UNREADABLE),
        ("|---|---|", Readability.UNREADABLE),
        ("asdkjfhqwklejrhtzxmcnbv qwrtpsdfghjkl zxcvbnmlkjhg", Readability.UNREADABLE),
        ("aGVsbG8gd29ybGQgdGhpcyBpcyBhIGxvbmcgYmFzZTY0IHN0cmluZyB0aGF0IG5vYm9keSByZWFkcw==", Readability.UNREADABLE),
        ("Les personnes atteintes de diabète attendent trop longtemps avant de recevoir un traitement adapté.", Readability.FOREIGN),
        ("糖尿病患者等待治疗的时间太长,而且护理质量参差不齐,需要改善。", Readability.FOREIGN),
    ],
)
def test_what_says_nothing_in_english_is_told_and_never_ranked_as_if_it_did(text, said):
    assert document_readability(Document(id="need", side=Side.NEED, fields={"problem": text})) is said
