import numpy as np

from matcher.copying import phrases
from matcher.duplicates import Sketch, likenesses, near_copy_flag, places, resemblance
from matcher.tokens import fields_of
from matcher.types import FlagKind
from tests.matcher.documents import innovation

TEXT = "District nurses send pictures of leg wounds to a specialist, and get advice the same day instead of weeks later."
NEAR = "Community nurses send pictures of leg wounds to a specialist, and get advice within the day instead of weeks later."
OTHER = "A mattress turns the patient at night, so that nobody has to be woken and fewer pressure ulcers are seen on the ward."


def told(text: str):
    return phrases(fields_of({"description": text}))


def sketch(text: str, direction: int = 0) -> Sketch:
    return Sketch(np.eye(4, dtype=np.float32)[direction], told(text))


def test_resemblance_is_symmetric_and_tells_copies_from_others():
    assert resemblance(told(TEXT), told(TEXT)) == 1
    assert 0.5 <= resemblance(told(TEXT), told(NEAR)) == resemblance(told(NEAR), told(TEXT)) < 1
    assert resemblance(told(TEXT), told(OTHER)) == 0


def test_neither_two_names_nor_a_text_that_holds_everything_are_copies():
    everything = " ".join([TEXT, OTHER, *(f"Word{number} follows{number} thing{number}." for number in range(60))])

    assert resemblance(told("Wound camera"), told("Wound camera")) == 0
    assert resemblance(told(TEXT), told(everything)) == 0


def test_near_copies_take_one_place_of_a_list_and_other_texts_their_own():
    sketches = [sketch(TEXT), sketch(OTHER), sketch(NEAR), sketch(TEXT), sketch(OTHER, direction=1)]

    assert places(sketches, limit=5) == [[0, 2, 3], [1], [4]]
    assert places(sketches, limit=1) == [[0]]
    assert places([], limit=3) == []


def test_the_one_that_stands_for_several_says_so_with_the_words():
    kept = innovation("kept", name="Woundly", description=TEXT)

    flag = near_copy_flag(kept, [innovation("copy", name="Woundora", description=NEAR), innovation("nameless", description=TEXT)])

    assert (flag.kind, flag.weighs) == (FlagKind.NEAR_COPY, False)
    assert "Woundora; one without a name" in flag.says
    assert kept.fields[flag.quote.field][flag.quote.start : flag.quote.end] == flag.quote.text


def test_likenesses_come_most_alike_first_with_the_same_words_of_both():
    one = innovation("one", name="Woundly", description=TEXT)
    near, same, other = (innovation(id_, name=id_, description=text) for id_, text in (("near", NEAR), ("same", TEXT), ("other", OTHER)))

    found = likenesses(one, [near, other, same])

    assert [each.document_id for each in found] == ["same", "near"]
    assert all(each.is_nearly_the_same for each in found)
    assert found[0].here.text == found[0].there.text
    assert near.fields["description"][found[1].there.start : found[1].there.end] == found[1].there.text
