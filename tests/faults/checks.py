"""What must hold after any fault."""

from sqlalchemy import select

from api.db import Database
from models.events import GENESIS, Event


def check_chain(database: Database) -> None:
    """Every event has its place, and the hash of the one before."""
    with database.reading() as session:
        events = list(session.scalars(select(Event).order_by(Event.position)))
    previous = GENESIS
    for position, event in enumerate(events, start=1):
        assert (event.position, event.previous_hash) == (position, previous)
        previous = event.chain_hash()
        assert event.hash == previous
