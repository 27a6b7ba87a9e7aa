"""The key of a request: who may claim it, what it answers, when it is free again."""

from datetime import timedelta

import pytest

from api.services import answering
from api.services.answering import KEPT_FOR, LEASE, Answer, Asked, Claim, KeyReused, RequestInFlight
from models.queries import answers
from tests.factories import NOW

pytestmark = pytest.mark.both

ASKED = Asked("person:1", "key-1", "POST /api/v1/needs", "0" * 64)
ANSWER = Answer(201, b'{"id": 1}', {"location": "/api/v1/needs/1", "etag": '"1"'})


@pytest.fixture
def claim(database):
    def claim(asked=ASKED, at=NOW):
        with database.transaction() as session:
            return answering.claim(session, asked, at=at)

    return claim


@pytest.fixture
def kept(database, claim):
    """A request that was answered."""
    claimed = claim()
    with database.transaction() as session:
        answering.keep(session, claimed, ANSWER, at=NOW)


def answered(database, asked=ASKED, at=NOW):
    with database.reading() as session:
        return answering.answered(session, asked, at=at)


def test_a_key_that_nobody_used_is_free(database, claim):
    assert answered(database) is None
    assert isinstance(claim(), Claim)


def test_a_claimed_key_is_in_flight_until_its_lease_ends(database, claim):
    claim()
    almost = NOW + LEASE - timedelta(seconds=1)

    with pytest.raises(RequestInFlight) as told:
        answered(database, at=almost)
    with pytest.raises(RequestInFlight):
        claim(at=almost)

    assert told.value.details["retry_after_seconds"] == 1
    assert answered(database, at=NOW + LEASE) is None
    assert isinstance(claim(at=NOW + LEASE), Claim)


def test_what_was_answered_is_answered_again_as_it_was(database, claim, kept):
    assert answered(database) == claim() == ANSWER


@pytest.mark.parametrize("other", [{"route": "POST /api/v1/innovations"}, {"payload_hash": "1" * 64}])
@pytest.mark.parametrize("state", ["in flight", "kept"])
def test_a_key_stands_for_one_request(request, database, claim, other, state):
    claim() if state == "in flight" else request.getfixturevalue("kept")
    asked = Asked(**{name: getattr(ASKED, name) for name in ("actor", "key", "route", "payload_hash")} | other)

    with pytest.raises(KeyReused):
        answered(database, asked)
    with pytest.raises(KeyReused):
        claim(asked)


def test_a_key_is_its_actors_own(database, kept):
    assert answered(database, Asked("person:2", ASKED.key, ASKED.route, ASKED.payload_hash)) is None


def test_a_key_stands_for_another_request_when_its_day_is_over(database, claim, kept):
    other = Asked(ASKED.actor, ASKED.key, "POST /api/v1/innovations", "1" * 64)

    claimed = claim(other, at=NOW + KEPT_FOR)

    assert isinstance(claimed, Claim)
    with pytest.raises(RequestInFlight):
        answered(database, other, at=NOW + KEPT_FOR)


def test_who_lost_the_key_keeps_no_answer(database, claim):
    slow = claim()
    claim(at=NOW + LEASE)

    with pytest.raises(RequestInFlight), database.transaction() as session:
        answering.keep(session, slow, ANSWER, at=NOW + LEASE)

    with pytest.raises(RequestInFlight):
        answered(database, at=NOW + LEASE)


def test_a_key_given_back_is_free_and_only_its_holder_gives_it_back(database, claim):
    slow = claim()
    quick = claim(at=NOW + LEASE)

    with database.transaction() as session:
        answering.free(session, slow)
    with pytest.raises(RequestInFlight):
        answered(database, at=NOW + LEASE)
    with database.transaction() as session:
        answering.free(session, quick)

    assert answered(database, at=NOW + LEASE) is None


def test_an_answer_that_was_kept_is_not_given_back(database, claim):
    claimed = claim()
    with database.transaction() as session:
        answering.keep(session, claimed, ANSWER, at=NOW)

    with database.transaction() as session:
        answering.free(session, claimed)

    assert answered(database) == ANSWER


def test_what_is_more_than_a_day_old_is_forgotten(database, claim, kept):
    claim(Asked("person:1", "key-2", ASKED.route, ASKED.payload_hash), at=NOW + timedelta(hours=1))

    with database.transaction() as session:
        assert answering.purge(session, at=NOW + KEPT_FOR) == 1

    with database.reading() as session:
        assert answers.of_key(session, "person:1", "key-1") is None
        assert answers.of_key(session, "person:1", "key-2") is not None
