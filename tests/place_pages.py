"""What places do by form, for tests: every route with a sound change and the event that it writes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from models.people import Role
from tests import factories, joint_needs, place_answers, sign_offs

LATER_ON = {"review-day": "3", "review-month": "5", "review-year": "2028"}


def _step(world: Any) -> Any:
    proposal = world.on(world.make(place_answers.announced))
    return world.form(f"/proposals/{proposal.id}/stages", place="LDS", stage="introduced")


def _answer(world: Any) -> Any:
    said = {"answer": "meet", "note": "By telephone.", "version": "2"}
    return world.form(f"/place-answers/{world.on(world.question())}/answer", **said)


def _on_a_need(step: str, **said: str) -> Callable[[Any], Any]:
    return lambda world: world.form(f"/needs/{world.on(world.make(factories.make_need)).id}/{step}", version="1", **said)


def _two(world: Any) -> list[str]:
    return [str(row.id) for row in world.on([world.make(joint_needs.joinable) for _ in range(2)])]


def _join(world: Any) -> Any:
    other, own = _two(world)
    return world.form(f"/needs/{other}/join", need_id=own)


def _leave(world: Any) -> Any:
    row = world.on(world.make(lambda session: joint_needs.joint(session, *(joint_needs.joinable(session) for _ in range(3)))))
    return world.form(f"/needs/{row.present[-1].need_id}/leave", version=str(row.version))


def _dismiss(world: Any) -> Any:
    one, other = _two(world)
    return world.form("/alignment/dismiss", first=one, need=other)


def _propose(world: Any) -> Any:
    def both(session: Session) -> list[Any]:
        factories.make_person(session, Role.PLACE, place="WAK")
        return [factories.make_need(session).id, joint_needs.owned(session, "WAK").id]

    first, need = world.on(world.make(both))
    return world.form("/alignment/propose", first=str(first), need=str(need))


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /place-answers/{place_answer_id}/answer": ("place.answered", _answer),
    "POST /proposals/{proposal_id}/stages": ("stage.changed", _step),
    "POST /needs/{need_id}/renew": ("need.renewed", _on_a_need("renew", **LATER_ON)),
    "POST /needs/{need_id}/met": ("need.met", _on_a_need("met", result="It is met.")),
    "POST /needs/{need_id}/close": ("need.closed", _on_a_need("close", reason="It is over.")),
    "POST /needs/{need_id}/join": ("need.joined", _join),
    "POST /needs/{need_id}/leave": ("need.left", _leave),
    "POST /alignment/dismiss": ("alignment.dismissed", _dismiss),
    "POST /alignment/propose": ("alignment.proposed", _propose),
    **sign_offs.CHANGES,
}

SENT: dict[str, dict[str, Any]] = {
    "POST /place-answers/{place_answer_id}/answer": {"data": {"answer": "meet", "version": "1"}},
    "POST /proposals/{proposal_id}/stages": {"data": {"place": "LDS", "stage": "introduced"}},
    **sign_offs.SENT,
}
"""What is sent where a form that says nothing would be asked for more before anybody asks who sent it."""
