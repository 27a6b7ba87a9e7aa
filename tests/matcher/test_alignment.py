"""Needs that are one, by texts and codes; opposites that only sound alike are told apart."""

from types import MappingProxyType

import numpy as np
import pytest

from matcher import alignment
from matcher.agreement import agreement
from matcher.alignment import Difference
from matcher.types import Aspect, Document, EncodedDocument, Facet, Passage, Side
from matcher.vocabulary import Vocabulary

VOCABULARY = Vocabulary(100, {})
STROKE = "CARDIOVASCULAR_CONDITIONS_STROKE_AND_TRANSIENT_ISCHAEMIC_ATTACK"


def encoded(need_id="a", *, at=0.0, codes=None, **fields):
    """A need whose pooled vector stands at an angle, so that the cosine of two is that of the angles between them."""
    said = {"title": "Help is late", **fields}
    document = Document(
        id=need_id,
        side=Side.NEED,
        fields=MappingProxyType(said),
        codes=MappingProxyType({Facet(name): frozenset(each) for name, each in (codes or {}).items()}),
    )
    vector = np.array([np.cos(at), np.sin(at)], dtype=np.float32)
    read = tuple(
        Passage(document_id=need_id, aspect=Aspect.PROBLEM, ordinal=n, field=name, start=0, end=len(text), text=text, text_hash=name)
        for n, (name, text) in enumerate(said.items())
    )
    return EncodedDocument(document=document, passages=read, vectors=np.stack([vector] * len(read)), pooled=vector)


def need(*args, **values):
    return alignment.read(encoded(*args, **values), VOCABULARY)


def difference(one, other):
    found = [each.what for each in alignment.differences(need(**one), need(**other))]
    back = [each.what for each in alignment.differences(need(**other), need(**one))]
    assert found == back
    return found


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("Adults waiting for a test", "Children waiting for a test", True),
        ("Adults waiting for a test", "Pensioners waiting for a test", True),
        ("People over 65", "Under-16s", True),
        ("People over 65", "People aged 70 and over", False),
        ("16- to 25-year-olds", "Young adults", False),
        ("16- to 25-year-olds", "People over 60 at home", True),
        ("Children and adults", "Adults", False),
        ("Children and young people", "Working-age people", True),
        ("Babies", "Children", False),
        ("Pregnant women", "Older women", True),
        ("People waiting for a test", "Adults waiting for a test", False),
        ("People waiting for a test", "Children waiting for a test", True),
        ("Patients, most of all babies and children", "Children", False),
        ("Adults with a BMI over 40", "Adults", False),
    ],
)
def test_other_ages_are_other_needs(one, other, apart):
    assert difference({"population": one}, {"population": other}) == [Difference.AGE] * apart


def test_ages_are_looked_for_in_the_title_where_the_population_names_none():
    assert difference({"title": "Help for children"}, {"title": "Help for adults"}) == [Difference.AGE]


def test_who_speaks_of_children_somewhere_may_mean_them():
    spoken = {"population": "People with epilepsy", "problem": "Children with epilepsy wait."}

    assert difference(spoken, {"population": "Children with epilepsy"}) == []


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ({"population": "People in prison"}, {"population": "People in care homes"}, True),
        ({"population": "People in prison"}, {"population": "People at risk"}, True),
        ({"population": "People in care homes"}, {"population": "Frail people", "problem": "Care homes call too often."}, False),
        ({"population": "People in care homes"}, {"population": "Residents of nursing homes"}, False),
        ({"population": "Inpatients in hospices"}, {"population": "People in hospices"}, False),
        ({"population": "Surgical inpatients"}, {"population": "People who had an operation"}, False),
    ],
)
def test_other_places_of_care_are_other_needs(one, other, apart):
    assert difference(one, other) == [Difference.SETTING] * apart


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("Strokes are found late", "Asthma is found late", True),
        ("Type 1 diabetes is found late", "Type 2 diabetes is found late", True),
        ("Diabetes is found late", "Type 2 diabetes is found late", False),
        ("Cancer is found late", "Bowel cancer is found late", False),
        ("Cancer is found late", "It is found late", False),
    ],
)
def test_other_conditions_are_other_needs(one, other, apart):
    assert difference({"title": one}, {"title": other}) == [Difference.SUBJECT] * apart


def test_what_it_is_about_is_looked_for_in_the_problem_where_nothing_else_tells():
    assert difference({"problem": "Stroke care is late."}, {"problem": "Asthma care is late."}) == [Difference.SUBJECT]


def test_opposite_directions_are_other_needs():
    discharge, admission = {"problem": "Discharge is late."}, {"problem": "People are at risk of admission."}

    assert difference(discharge, admission) == [Difference.DIRECTION]
    both = {"problem": "Discharge is late, and people are at risk of admission."}
    assert difference(discharge, both) == []
    (found,) = alignment.differences(need(**admission), need(**discharge))
    assert (found.one, found.other) == (("admission avoidance",), ("discharge",))


def test_a_pair_that_is_alike_is_one_and_an_opposite_is_not():
    needs = [need("a", population="Adults"), need("b", population="Adults", at=0.2), need("c", population="Children", at=0.1)]

    assert alignment.groups(needs) == [["a", "b"]]


def test_chains_do_not_join_unlike_needs():
    chain = [need(name, at=0.55 * step) for step, name in enumerate("abcde")]

    found = alignment.groups(chain)

    assert all(len(members) <= 3 for members in found)


def test_what_was_kept_apart_is_not_one_and_what_is_joint_stays_so():
    needs = [need("a"), need("b", at=0.1), need("c", at=3.0)]

    assert alignment.groups(needs, apart=[frozenset("ab"), frozenset("ax")]) == []
    assert alignment.groups(needs, joint=[["a", "c"], ["b", "gone"]]) == [["a", "c"]]
    assert alignment.groups([]) == []
    assert alignment.groups([need("a")]) == []


def test_the_largest_group_comes_first():
    needs = [need("a"), need("b"), *(need(name, at=2.0) for name in "xyz")]

    assert alignment.groups(needs) == [["x", "y", "z"], ["a", "b"]]


def test_shared_conditions_bring_needs_nearer_and_others_part_them():
    plain = alignment.likeness(need("a"), need("b", at=0.5))
    coded = {"diseases_conditions_impact": [STROKE]}
    other = {"diseases_conditions_impact": ["CANCER"]}

    assert alignment.likeness(need("a", codes=coded), need("b", at=0.5, codes=coded)) > plain
    assert alignment.likeness(need("a", codes=coded), need("b", at=0.5, codes=other)) < plain
    assert alignment.likeness(need("a", codes=coded), need("b", at=0.5)) == plain


def test_the_reason_names_what_both_say_and_in_what_they_differ():
    codes = {"diseases_conditions_impact": [STROKE], "care_settings": ["PRIMARY_CARE", "NONE"]}
    one = need("a", problem="After a stroke people wait. Nobody rings.", metric="Days waited.", codes=codes, population="Adults")
    other = need("b", problem="Nurses ring. People wait after a stroke.", metric="Weeks", codes=codes, population="People over 50 at home")

    told = agreement(one, other, VOCABULARY)

    assert told.is_one
    assert any("stroke" in name for name in told.concepts)
    assert told.codes == ("Cardiovascular conditions - Stroke and transient ischaemic attack", "Primary care")
    assert told.quotes is not None
    for quote, told_by in zip(told.quotes, (one, other), strict=True):
        assert told_by.encoded.document.fields[quote.field][quote.start : quote.end] == quote.text
    assert told.differs == (
        "Other ages are named. The first need: adults. The second need: over 50.",
        "Other metrics. The first need: Days waited. The second need: Weeks.",
    )
    assert told.apart == ()


def test_the_reason_says_what_bars_two_needs_from_being_one():
    told = agreement(need("a", population="Children"), need("b", population="People in prison"), VOCABULARY)

    assert not told.is_one
    assert told.apart == (
        "They are about people of other ages: children; no age.",
        "They are about other places of care: none named; prison or custody.",
    )
    assert told.differs == (
        "Other ages are named. The first need: children. The second need: none.",
        "Other places of care are named. The first need: none. The second need: prison or custody.",
    )


def test_needs_that_say_nothing_to_quote_have_a_reason_without_words():
    silent = encoded("a")
    bare = EncodedDocument(document=silent.document, passages=(), vectors=silent.vectors[:0], pooled=silent.pooled)

    assert agreement(alignment.read(bare, VOCABULARY), need("b"), VOCABULARY).quotes is None
