"""Links that work once: kept as hashes, refused with the reason, spent by one of two at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import select

from api.services import accounts, front_door, inviting, links, opening
from api.services.content import InnovationContent
from models.links import Invitation, Link, LinkAsk, LinkPurpose, LinkSpent
from models.mail import Message
from models.people import Role
from tests import factories
from tests.factories import NOW
from tests.links import CONSENT, FIVE_ANSWERS, last_token

HOUR = timedelta(hours=1)
SIGN_IN = LinkPurpose.SIGN_IN


@pytest.fixture
def token(session):
    return links.make(session, SIGN_IN, subject_id=uuid4(), at=NOW, valid_for=HOUR, address=" New@Example.org ")


def why(call, *arguments, **values):
    with pytest.raises(LinkSpent) as refused:
        call(*arguments, **values)
    return refused.value.details["why"]


def test_only_the_hash_of_a_token_of_256_bits_is_kept(session, token):
    row = session.scalars(select(Link)).one()

    assert (len(token), row.token_hash, row.address) == (43, accounts.digest(token), "new@example.org")
    assert token not in repr([getattr(row, column.key) for column in Link.__table__.columns])


def test_a_link_is_looked_at_as_often_as_one_likes_and_spent_once(session, token):
    for _ in range(3):
        assert links.peek(session, token, SIGN_IN, at=NOW).spent_at is None

    assert links.spend(session, token, SIGN_IN, at=NOW).spent_at == NOW
    assert why(links.spend, session, token, SIGN_IN, at=NOW) == why(links.peek, session, token, SIGN_IN, at=NOW) == "used"


@pytest.mark.parametrize(
    ("purpose", "then"),
    [
        (SIGN_IN, "new one"),
        (LinkPurpose.ANSWER, "your answer"),
        (LinkPurpose.REFERRAL, "your answer"),
        (LinkPurpose.FEEDBACK, "your answer"),
    ],
)
def test_who_answered_by_a_link_is_not_told_to_ask_for_another(session, purpose, then):
    token = links.make(session, purpose, subject_id=uuid4(), at=NOW, valid_for=HOUR, address="new@example.org")
    links.spend(session, token, purpose, at=NOW)

    with pytest.raises(LinkSpent, match=then):
        links.spend(session, token, purpose, at=NOW)


def test_a_link_ends_at_its_time_and_not_before(session, token):
    assert why(links.spend, session, token, SIGN_IN, at=NOW + HOUR) == "expired"
    assert links.spend(session, token, SIGN_IN, at=NOW + HOUR - timedelta(microseconds=1))


def test_a_link_that_was_taken_back_says_so(session, token):
    row = session.scalars(select(Link)).one()

    assert [links.take_back(session, SIGN_IN, row.subject_id, at=NOW) for _ in range(2)] == [1, 0]
    session.expire_all()
    assert why(links.spend, session, token, SIGN_IN, at=NOW) == "taken_back"


@pytest.mark.parametrize("garbled", ["", "x", "x" * 43, "é" * 43, "x" * 10_000, "../" * 20, "\ud800" * 43])
def test_what_is_no_link_of_ours_is_refused_alike(session, token, garbled):
    assert why(links.spend, session, garbled, SIGN_IN, at=NOW) == "unknown"
    assert why(links.peek, session, token, LinkPurpose.INVITATION, at=NOW) == "unknown"
    assert why(links.peek, session, token[:-1], SIGN_IN, at=NOW) == "unknown"


@pytest.mark.both
def test_of_two_who_spend_a_link_at_once_one_wins(database):
    with database.transaction() as session:
        token = links.make(session, SIGN_IN, subject_id=uuid4(), at=NOW, valid_for=HOUR)
    together = Barrier(4)

    def spend(_):
        together.wait()
        try:
            with database.transaction() as session:
                links.spend(session, token, SIGN_IN, at=NOW)
        except LinkSpent as refused:
            return refused.details["why"]
        return "won"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(spend, range(4))) == ["used", "used", "used", "won"]


def test_what_fails_leaves_the_link_as_it_was(database):
    with database.transaction() as session:
        token = links.make(session, SIGN_IN, subject_id=uuid4(), at=NOW, valid_for=HOUR)

    def fails():
        with database.transaction() as session:
            links.spend(session, token, SIGN_IN, at=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with database.transaction() as session:
        assert links.spend(session, token, SIGN_IN, at=NOW)


def test_a_closed_account_has_no_link_that_works(session):
    person = factories.make_person(session, Role.HUB)
    token = links.make(session, SIGN_IN, subject_id=person.id, person_id=person.id, at=NOW, valid_for=HOUR)

    accounts.deactivate(session, person, at=NOW, actor=accounts.actor_of_person(person))

    assert why(links.spend, session, token, SIGN_IN, at=NOW) == "taken_back"


def test_links_and_asks_are_forgotten_a_month_after_they_ended(session, token):
    session.add(LinkAsk(address="new@example.org", asked_at=NOW))
    ended = NOW + HOUR

    for after, left in ((timedelta(days=29), 1), (timedelta(days=30), 0)):
        front_door.purge(session, at=ended + after)
        assert len(session.scalars(select(Link)).all()) == left
    assert session.scalars(select(LinkAsk)).all() == []
    assert why(links.peek, session, token, SIGN_IN, at=NOW) == "unknown"


@pytest.mark.both
def test_of_those_who_never_came_no_address_is_kept_once_their_link_is_forgotten(session):
    lead = accounts.actor_of_person(factories.make_person(session, Role.LEAD))
    factories.make_person(session, Role.INNOVATOR, email="director@example.org")
    content = InnovationContent(**FIVE_ANSWERS, **CONSENT)
    for address in ("saved@example.org", "director@example.org"):
        front_door.save(session, content, organisation="New firm", email=address, hand_in=True, at=NOW, keep_for=inviting.VALID_FOR)
    for address in ("invited@example.org", "came@example.org"):
        inviting.invite(session, email=address, role=Role.BOARD, actor=lead, at=NOW)
    opening.open_link(session, last_token(session, "came@example.org"), at=NOW, hours=1)

    kept = []
    for after in (links.KEPT_AFTER - HOUR, links.KEPT_AFTER):
        front_door.purge(session, at=NOW + inviting.VALID_FOR + after)
        kept.append({row.address for kind in (Message, Invitation) for row in session.scalars(select(kind))} - {""})

    came = {"director@example.org", "came@example.org"}
    assert kept == [came | {"saved@example.org", "invited@example.org"}, came]
