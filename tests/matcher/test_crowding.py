import numpy as np
import pytest

from matcher.crowding import NEAREST, NOWHERE, Reference
from matcher.types import Side


def reference(needs, innovations, usual_need=0.0, usual_innovation=0.0):
    return Reference(
        needs=np.array(needs, dtype=np.float32),
        innovations=np.array(innovations, dtype=np.float32),
        usual_need=usual_need,
        usual_innovation=usual_innovation,
    )


ACROSS, ALONG = [1.0, 0.0], [0.0, 1.0]
SLANTED = [0.6, 0.8]


def test_a_text_is_placed_among_the_texts_of_the_other_side():
    among = reference(needs=[SLANTED], innovations=[ALONG])

    assert among.crowding(Side.NEED, np.array(SLANTED, dtype=np.float32)) == pytest.approx(0.8)
    assert among.crowding(Side.INNOVATION, np.array(ALONG, dtype=np.float32)) == pytest.approx(0.8)


def test_only_the_nearest_count():
    among = reference(needs=[SLANTED] * NEAREST + [ALONG] * 50, innovations=[ALONG])

    assert among.crowding(Side.INNOVATION, np.array(ACROSS, dtype=np.float32)) == pytest.approx(0.6)


def test_what_is_usual_for_a_side_is_taken_off():
    among = reference(needs=[SLANTED], innovations=[SLANTED], usual_need=0.5, usual_innovation=0.25)

    assert among.crowding(Side.NEED, np.array(ACROSS, dtype=np.float32)) == pytest.approx(0.1)
    assert among.crowding(Side.INNOVATION, np.array(ACROSS, dtype=np.float32)) == pytest.approx(0.35)


def test_a_text_does_not_crowd_itself():
    among = reference(needs=[ACROSS, SLANTED], innovations=[ACROSS])

    assert among.crowding(Side.INNOVATION, np.array(ACROSS, dtype=np.float32)) == pytest.approx(0.6)
    assert among.crowding(Side.NEED, np.array(ACROSS, dtype=np.float32)) == 0.0


def test_another_encoders_vectors_have_no_place_here():
    among = reference(needs=[ACROSS], innovations=[ALONG])
    longer = np.array([1.0, 0.0, 0.0], dtype=np.float32)

    assert among.crowding(Side.NEED, longer) == NOWHERE.crowding(Side.NEED, longer) == 0.0
