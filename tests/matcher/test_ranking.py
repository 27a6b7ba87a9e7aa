import pytest

from matcher.pairing import FEATURES
from matcher.ranking import MemoryLibrary
from matcher.types import Band, Criterion, CriterionKind, Facts, Side
from tests.matcher.documents import encoded, innovation, need, ranker

TEXTS = {
    "camera": "Pictures of wounds go to a nurse who advises the same day.",
    "bed": "A mattress that turns the patient at night.",
    "bus": "A timetable of buses to the hospital.",
    "twin-a": "Wounds of the leg are dressed by nurses.",
    "twin-b": "Wounds of the leg are dressed by nurses.",
}


@pytest.fixture
def library():
    return MemoryLibrary([encoded(innovation(id_, name=id_, description=text)) for id_, text in reversed(TEXTS.items())])


WOUNDS = need(title="Wounds are seen late", problem="A nurse sees wounds of the leg days late.")


def test_candidates_come_by_probability_and_equal_ones_by_id(library):
    found = ranker().rank(encoded(WOUNDS), library)

    order = [(-judgement.probability, judgement.innovation_id) for judgement in found.judgements]
    assert order == sorted(order)
    assert len(found.judgements) == len(TEXTS)
    assert {each.innovation_id for each in found.judgements[:3]} == {"camera", "twin-a", "twin-b"}
    assert (found.query_id, found.query_side, found.ranker) == ("need", Side.NEED, "test-ranker")


def test_no_more_are_returned_than_wanted(library):
    assert len(ranker().rank(encoded(WOUNDS), library, limit=2).judgements) == 2


def test_a_pair_has_one_probability_whichever_side_asked(library):
    needs = MemoryLibrary([encoded(WOUNDS), encoded(need("other", title="Buses", problem="Buses are late."))])

    asked_by_need = {each.innovation_id: each for each in ranker().rank(encoded(WOUNDS), library).judgements}
    for id_, judgement in asked_by_need.items():
        (asked_by_innovation,) = [each for each in ranker().rank(library.documents[id_], needs).judgements if each.need_id == WOUNDS.id]
        assert asked_by_innovation == judgement
        assert ranker().judge(encoded(WOUNDS), library.documents[id_]) == judgement


def test_a_probability_is_recomputed_from_its_features_exactly(library):
    for judgement in ranker().rank(encoded(WOUNDS), library).judgements:
        assert len(judgement.features) == len(FEATURES)
        assert ranker().probability_from(judgement.features) == judgement.probability
        assert ranker().band(judgement.probability) is judgement.band


def test_nothing_fits_when_the_best_is_weak(library):
    assert ranker(possible=0.9999, strong=0.99999).rank(encoded(WOUNDS), library).nothing_fits
    assert not ranker(possible=0.01).rank(encoded(WOUNDS), library).nothing_fits


def test_what_is_weak_can_be_left_out_and_the_best_is_told_all_the_same(library):
    everything = ranker().rank(encoded(WOUNDS), library).judgements
    border = everything[1].probability

    worth = ranker(possible=border, strong=0.99999).rank(encoded(WOUNDS), library, weak=False)
    none = ranker(possible=0.9999, strong=0.99999).rank(encoded(WOUNDS), library, weak=False)

    assert [each.innovation_id for each in worth.judgements] == [each.innovation_id for each in everything if each.probability >= border]
    assert (none.judgements, none.nothing_fits, none.best) == ((), True, everything[0].probability)


def test_nothing_fits_where_there_is_nothing(library):
    found = ranker().rank(encoded(WOUNDS), library.only(frozenset()))

    assert (found.judgements, found.best, found.nothing_fits) == ((), None, True)


def test_a_narrowed_library_finds_nothing_else(library):
    found = ranker().rank(encoded(WOUNDS), library.only(frozenset({"bed", "bus"})))

    assert {each.innovation_id for each in found.judgements} == {"bed", "bus"}


def test_a_document_that_has_gone_meanwhile_is_left_out(library):
    class Stale(MemoryLibrary):
        def fetch(self, ids):
            return {id_: found for id_, found in super().fetch(ids).items() if id_ != "camera"}

    stale = Stale(list(library.documents.values()))

    assert "camera" not in {each.innovation_id for each in ranker().rank(encoded(WOUNDS), stale).judgements}


def test_a_stated_contradiction_lowers_the_probability_and_readiness_does_not():
    plain, contrary = (encoded(innovation(description=TEXTS["camera"], facts=Facts(requires_smartphone=app))) for app in (None, True))
    phone = encoded(need(problem=WOUNDS.fields["problem"], criteria=[Criterion(CriterionKind.NO_SMARTPHONE)]))
    ready = encoded(need(problem=WOUNDS.fields["problem"], criteria=[Criterion(CriterionKind.DTAC)]))
    lacking = encoded(innovation(description=TEXTS["camera"], facts=Facts(standards={"DTAC": "NOT_YET"})))

    assert ranker().judge(phone, contrary).probability < ranker().judge(phone, plain).probability
    assert ranker().judge(ready, lacking).probability == ranker().judge(ready, plain).probability


def test_a_library_needs_a_document():
    with pytest.raises(ValueError, match="at least"):
        MemoryLibrary([])


def test_bands_follow_the_file(library):
    assert {each.band for each in ranker(possible=0.001, strong=0.002).rank(encoded(WOUNDS), library).judgements} == {Band.STRONG}
