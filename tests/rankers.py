"""Decisions to train a ranker on, as somebody would make who cares for one thing, and rankers that were trained on them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from api.services import activating, learning
from api.services.learning import Gathered
from api.services.library import Libraries
from matcher.pairing import FEATURES
from matcher.training import Decided
from models.actors import SYSTEM
from models.queries import ranker_versions
from models.ranker_versions import RankerState, RankerVersion

DECIDED_FROM = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
USUAL = {"whole": 0.55, "aspects": 0.45, "crowding": -0.3, "passages": 1.1, "coded": 2.0}
SPREAD = {"whole": 0.1, "aspects": 0.1, "crowding": 0.1, "settings": 0.4, "conditions": 0.3, "concepts": 0.3, "need_words": 0.1}


def decide(count: int, *, liking: str = "settings", seed: int = 1, needs: int = 20, noise: float = 0.1) -> list[Decided]:
    """Decisions of somebody who confirms what has much of one feature, and errs at times."""
    random = np.random.default_rng(seed)
    liked, decided = FEATURES.index(liking), []
    for number in range(count):
        row = [USUAL.get(name, 0.0) + SPREAD.get(name, 0.0) * random.standard_normal() for name in FEATURES]
        fits = bool((row[liked] > USUAL.get(liking, 0.0)) != (random.random() < noise))
        at = DECIDED_FROM + timedelta(hours=number)
        decided.append(Decided(need=f"need-{number % needs}", at=at, features=tuple(row), fits=fits))
    return decided


def trained(session: Session, libraries: Libraries, name: str = "taught", decided: Sequence[Decided] | None = None) -> Any:
    """A ranker that was trained and kept; it does not judge."""
    gathered = Gathered(decided=tuple(decided or decide(60)), left_out={})
    learned = learning.learn(libraries, gathered, on_progress=lambda *_: None)
    return learning.keep(session, libraries, learned, name=name, actor=SYSTEM, at=DECIDED_FROM + timedelta(days=60))


def activated(session: Session, libraries: Libraries, name: str = "taught") -> Any:
    """A ranker that judges; it is trained when there is none of that name."""
    if not ranker_versions.is_taken(session, name):
        trained(session, libraries, name, decide(60, seed=len(name)))
    return activating.activate(session, libraries, name, actor=SYSTEM, at=DECIDED_FROM + timedelta(days=61))


def make_ranker(session: Session, name: str = "taught", **values: Any) -> RankerVersion:
    """The row of a trained ranker, without its file."""
    said: dict[str, Any] = {
        "ranker_id": f"{name}-0123456789ab",
        "file_hash": "0" * 64,
        "base": "walk-3-0123456789ab",
        "encoder_id": "test",
        "decisions": 60,
        "confirmed": 30,
        "rejected": 30,
        "needs": 20,
        "decided_from": DECIDED_FROM,
        "decided_to": DECIDED_FROM + timedelta(days=50),
        "report": {},
        "trained_at": DECIDED_FROM + timedelta(days=60),
        "trained_by": SYSTEM.name,
        "state": RankerState.TRAINED,
        "version": 1,
    }
    row = RankerVersion(name=name, **said | values)
    session.add(row)
    session.flush()
    return row
