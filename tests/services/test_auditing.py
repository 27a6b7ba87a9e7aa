"""A history that was altered is found out; one that was not is left alone."""

from collections import Counter
from random import Random

import pytest
from sqlalchemy.orm import Session

from api.services import auditing
from api.services.auditing import Verification
from api.services.heads import KeptHead
from models.queries import chain, events
from tests.tampering import NOW, tampering, write_history

EVENTS = 60


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """The same choices in every run."""
    return Random(request.node.name)  # noqa: S311 -- for tests


@pytest.fixture
def history(session: Session, random: Random) -> Session:
    """A sealed history, in a database that takes it back."""
    write_history(session, EVENTS, random)
    return session


def found_in(session: Session, *kept: KeptHead) -> Verification:
    return auditing.verify(session, kept, at=NOW)


def kept_at(session: Session, position: int) -> KeptHead:
    return KeptHead(date=NOW.date(), position=position, hash=chain.hash_at(session, position), chain_id=events.chain_id(session))


def tamper(session: Session, random: Random, times: int) -> Counter[str]:
    """Alter the history that often, each time in the next way and from the sound one; returns what was not found."""
    kept, missed = [kept_at(session, EVENTS // 2), kept_at(session, EVENTS)], Counter[str]()
    for number in range(times):
        with tampering(session, random) as tamperer:
            ways = [*tamperer.ways().items(), ("rewrite", tamperer.rewrite)]
            name, alter = ways[number % len(ways)]
            alter()
            if found_in(session, *(kept if name == "rewrite" else [])).well:
                missed[name] += 1
    return missed


@pytest.mark.both
def test_sixty_tamperings_are_all_found(history: Session, random: Random) -> None:
    assert found_in(history).well

    missed = tamper(history, random, 60)

    assert not missed
    assert found_in(history).well


@pytest.mark.long
@pytest.mark.both
def test_five_hundred_tamperings_are_all_found(history: Session, random: Random) -> None:
    assert not tamper(history, random, 500)
