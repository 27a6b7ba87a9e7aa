"""Joint needs for tests: some that are one's own or not, and every change of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.services import joining
from models.actors import SYSTEM
from models.documents import Visibility
from models.joint_needs import JointNeed
from models.needs import Need
from models.people import Role
from tests import factories


def owned(session: Session, place: str, **values: Any) -> Need:
    """An open need that a place owns alone."""
    return factories.make_need(session, places=(place,), owner_place_id=factories.make_place(session, place).id, **values)


def joint(session: Session, *needs: Need) -> JointNeed:
    """A joint need of these, or of two of Leeds and Wakefield; nobody was told."""
    first, *others = needs or (owned(session, "LDS"), owned(session, "WAK"))
    at = datetime.now(UTC)
    row = joining._begun(session, first, SYSTEM, at)
    for each in others:
        row.take_in(each, by=SYSTEM.name, at=at)
    session.flush()
    return row


def told_apart(session: Session) -> Iterator[tuple[str, JointNeed]]:
    """Joint needs as the rules tell them apart, for somebody of Leeds."""
    hub_only = {"visibility": Visibility.HUB_ONLY}
    yield "with own place's need", joint(session, owned(session, "LDS", **hub_only), owned(session, "WAK", **hub_only))
    yield "of others, one public", joint(session, owned(session, "WAK"), owned(session, "WAK", **hub_only))
    yield "of others, Hub only", joint(session, *(owned(session, "WAK", **hub_only) for _ in range(2)))
    dissolved = joint(session)
    dissolved.let_go(dissolved.present[0].need_id, by=SYSTEM.name, at=datetime.now(UTC))
    session.flush()
    yield "dissolved", dissolved


def joinable(session: Session) -> Need:
    """A need of Leeds that nobody owns alone, so that the place and the Hub may join it."""
    return factories.make_need(session)


def _two(world: Any) -> list[Any]:
    return [row.id for row in world.on([world.make(joinable) for _ in range(2)])]


def _of_wakefield(world: Any) -> list[Any]:
    def both(session: Session) -> list[Any]:
        factories.make_person(session, Role.PLACE, place="WAK")
        return [factories.make_need(session).id, owned(session, "WAK").id]

    return list(world.on(world.make(both)))


def _leave(world: Any) -> Any:
    row = world.on(world.make(lambda session: joint(session, *(joinable(session) for _ in range(3)))))
    return world.api(f"/needs/{row.present[-1].need_id}/leave")


def _join(world: Any) -> Any:
    other, own = _two(world)
    return world.api(f"/needs/{other}/join", {"need_id": str(own)})


def _join_joint(world: Any) -> Any:
    row, own = world.on((world.make(joint), world.make(joinable)))
    return world.api(f"/joint-needs/{row.id}/join", {"need_id": str(own.id)})


def _dismiss(world: Any) -> Any:
    return world.api("/alignments/dismiss", {"need_ids": [str(each) for each in _two(world)]})


def _propose(world: Any) -> Any:
    other, need = _of_wakefield(world)
    return world.api("/alignments/propose", {"with_need_id": str(other), "need_ids": [str(need)]})


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /api/v1/needs/{need_id}/join": ("need.joined", _join),
    "POST /api/v1/needs/{need_id}/leave": ("need.left", _leave),
    "POST /api/v1/joint-needs/{joint_need_id}/join": ("need.joined", _join_joint),
    "POST /api/v1/alignments/dismiss": ("alignment.dismissed", _dismiss),
    "POST /api/v1/alignments/propose": ("alignment.proposed", _propose),
}
