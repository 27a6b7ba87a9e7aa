import pytest

from matcher.clauses import LONGEST_QUOTE, clauses
from matcher.pairing import prepare
from matcher.types import Aspect
from matcher.vocabulary import Vocabulary
from tests.matcher.documents import encoded, innovation

VOCABULARY = Vocabulary(documents=100, counts={})


def clauses_of(**fields: str):
    return clauses(prepare(encoded(innovation(**fields)), VOCABULARY), VOCABULARY)


@pytest.mark.parametrize("joint", ["; ", " ", ""])
def test_a_long_sentence_comes_in_parts_that_lose_no_word(joint):
    text = joint.join(["woundsandlegs" * 2] * 30) + " zebra"

    parts = [clause.quote for clause in clauses_of(description=text)]

    assert all(0 < len(part.text) <= LONGEST_QUOTE for part in parts)
    assert all(text[part.start : part.end] == part.text for part in parts)
    assert "".join(part.text for part in parts).replace(" ", "") == text.replace(" ", "")


def test_each_clause_knows_its_aspect_and_the_vector_that_holds_it():
    found = clauses_of(name="Lens", description="Sees wounds. Sends them.", benefits="Heals sooner.")

    assert [clause.aspect for clause in found] == [Aspect.TITLE, Aspect.SOLUTION, Aspect.SOLUTION, Aspect.OUTCOME]
    assert [clause.quote.text for clause in found] == ["Lens", "Sees wounds.", "Sends them.", "Heals sooner."]
    assert found[1].row == found[2].row != found[3].row > 0
