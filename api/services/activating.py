"""Which trained ranker judges: one at a time, put in by the lead, with a way back; everything is ranked anew by it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from api.services.library import Libraries, RankingUnavailable
from api.services.recording import record
from models.actors import Actor
from models.documents import StaleVersion
from models.events import Event
from models.policies import RANKER_MANAGE
from models.queries import documents, ranker_versions
from models.ranker_versions import NoWayBack, RankerState, RankerVersion


def activate(session: Session, libraries: Libraries, name: str, *, actor: Actor, at: datetime, version: int | None = None) -> RankerVersion:
    """Have a trained ranker judge, in every process, and have everything ranked anew by it.

    Raises NotFound, AlreadyActive, StaleVersion when `version` is not the present one, and RankingUnavailable when its file
    is gone or was changed, or is for another encoder: then what judged goes on judging.
    """
    RANKER_MANAGE.check(actor)
    every = ranker_versions.every(session, lock=True)
    row = ranker_versions.named(session, name)
    _must_be_as_read(row, version)
    libraries.open_version(row)
    before = _active(every)
    if before is not None and before is not row:
        before.retire()
        session.flush()  # one is active at a time
    row.activate(by=actor.name, at=at, before=before, others=every)
    session.flush()
    documents.owe_ranking_of_all(session)
    _record(session, "ranker.activated", row, actor=actor, at=at, other=before)
    return row


def roll_back(session: Session, libraries: Libraries, *, actor: Actor, at: datetime, version: int | None = None) -> RankerVersion | None:
    """Have the ranker judge again that judged before the active one; returns it, None for the one of the settings.

    One that cannot be used any more is passed over. Raises NoWayBack when no trained ranker judges, StaleVersion when
    `version` is not that of the active one.
    """
    RANKER_MANAGE.check(actor)
    every = ranker_versions.every(session, lock=True)
    active = _active(every)
    if active is None:
        raise NoWayBack("The ranker of the settings judges, so that there is none to go back from. See the list of rankers.")
    _must_be_as_read(active, version)
    before = next((each for each in _way_back(active, every) if _is_usable(libraries, each)), None)
    active.retire()
    session.flush()
    if before is not None:
        before.resume(by=actor.name, at=at)
    session.flush()
    documents.owe_ranking_of_all(session)
    _record(session, "ranker.rolled_back", active, actor=actor, at=at, other=before)
    return before


def _active(every: Sequence[RankerVersion]) -> RankerVersion | None:
    return next((each for each in every if each.state is RankerState.ACTIVE), None)


def _way_back(active: RankerVersion, every: Sequence[RankerVersion]) -> Iterator[RankerVersion]:
    """Those that judged before it, the latest first."""
    by_id = {each.id: each for each in every}
    found = active
    while found.replaced_id is not None:
        found = by_id[found.replaced_id]
        yield found


def _is_usable(libraries: Libraries, row: RankerVersion) -> bool:
    try:
        libraries.open_version(row)
    except RankingUnavailable:
        return False
    return True


def _must_be_as_read(row: RankerVersion, version: int | None) -> None:
    if version is not None and row.version != version:
        told = f"The ranker {row.name} is {row.state} since you read it. Read it again, then say what you want."
        raise StaleVersion(told, version=row.version)


def _record(session: Session, kind: str, row: RankerVersion, *, actor: Actor, at: datetime, other: RankerVersion | None) -> None:
    """Write down what judges now and what did; the ranker of the settings has no id of its own here."""
    names = (row.ranker_id, other.ranker_id if other else "")
    event = Event.of(kind, subject_kind="ranker", subject_id=row.id, actor=actor.name, at=at, ranker=names[0], other=names[1])
    record(session, event, at=at)
