import json

import pytest

from matcher.trust import Share, trust
from matcher.types import Band, Candidate

JUDGEMENTS = {"q1": {"a": 3, "b": 0}, "q2": {"c": 1}}


def found(rankings, *, relevant_from=2):
    def band(probability):
        return Band.STRONG if probability >= 0.7 else Band.POSSIBLE if probability >= 0.4 else Band.WEAK

    return trust(rankings, JUDGEMENTS, relevant_from=relevant_from, band=band)


def ranking(**probabilities):
    return [Candidate(document, probability) for document, probability in probabilities.items()]


def test_what_was_said_is_held_against_what_came_true():
    trusted = found({"q1": ranking(a=0.9, b=0.5), "q2": ranking(c=0.2, d=0.0)})

    assert (trusted.shown, trusted.judged, trusted.said) == (Share(count=4, fitting=1), 3, pytest.approx(0.4))
    assert trusted.brier == pytest.approx((0.01 + 0.25 + 0.04) / 4)
    assert trusted.skill == pytest.approx(1 - 0.075 / (0.25 * 0.75))
    assert {band: (share.count, share.fitting) for band, share in trusted.bands.items()} == {
        Band.STRONG: (1, 1),
        Band.POSSIBLE: (1, 0),
        Band.WEAK: (2, 0),
    }


def test_only_what_people_see_counts():
    many = ranking(**{f"d{place:02}": 0.5 for place in range(30)})

    assert found({"q1": many}).shown.count == 10


def test_where_all_are_alike_there_is_no_skill_to_have():
    assert found({"q2": ranking(c=0.2)}).skill is None
    assert found({"q1": ranking(a=0.2)}).skill is None


def test_where_nothing_was_ranked_there_is_nothing_to_trust():
    assert found({"q1": []}) is None


def test_a_machine_gets_counts_intervals_and_the_reliability_table():
    said = found({"q1": ranking(a=0.9, b=0.5), "q2": ranking(c=0.2)}).to_json()

    assert json.loads(json.dumps(said)) == said
    assert [each["n"] for each in said["reliability"]] == [1, 1, 1]
    assert said["bands"]["strong"]["precision"] == 1.0
    assert 0 < said["bands"]["strong"]["ci95"][0] < 1
    assert found({"q2": ranking(c=0.2)}).to_json()["bands"]["strong"] == {"n": 0, "fitting": 0, "precision": None, "ci95": [0.0, 1.0]}
