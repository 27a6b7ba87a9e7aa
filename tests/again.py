"""Requests of the working life that may be sent again: which rows they are about, what is sent first, and what is sent otherwise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.services import merging
from models.people import Role
from tests import factories, joint_needs, merges, outcomes, place_answers, triage


@dataclass(frozen=True)
class Sound:
    """A sound request: what its address is filled with, what it says, and another payload; None says nothing."""

    said: dict[str, Any] | None
    other: dict[str, Any] | None = None
    address: dict[str, Any] = field(default_factory=dict)


def _text(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {name: "As before"}, {name: "Now"}


def _owned_needs(session: Session) -> tuple[str, ...]:
    """Of Leeds, then two of Wakefield, where somebody may be told."""
    factories.make_person(session, Role.PLACE, place="WAK")
    rows = [factories.make_need(session), *(joint_needs.owned(session, "WAK") for _ in range(2))]
    return tuple(str(row.id) for row in rows)


def _joinable(session: Session, count: int) -> tuple[str, ...]:
    return tuple(str(joint_needs.joinable(session).id) for _ in range(count))


def _dismiss(session: Session) -> Sound:
    one, two, three = _joinable(session, 3)
    return Sound({"need_ids": [one, two]}, {"need_ids": [one, three]})


def _propose(session: Session) -> Sound:
    other, one, two = _owned_needs(session)
    return Sound({"with_need_id": other, "need_ids": [one]}, {"with_need_id": other, "need_ids": [two]})


def _join(session: Session) -> Sound:
    other, one, two = _joinable(session, 3)
    return Sound({"need_id": one}, {"need_id": two}, {"need_id": other})


def _join_joint(session: Session) -> Sound:
    one, two = _joinable(session, 2)
    return Sound({"need_id": one}, {"need_id": two}, {"joint_need_id": joint_needs.joint(session).id})


def _leave(session: Session) -> Sound:
    joint = joint_needs.joint(session, *(joint_needs.joinable(session) for _ in range(3)))
    return Sound(None, None, {"need_id": joint.present[-1].need_id})


def _merge(session: Session) -> Sound:
    merged, kept = (factories.make_innovation(session).id for _ in range(2))
    said = {"into": str(kept)}
    return Sound(said, said | {"note": "The same test."}, {"innovation_id": merged})


def _unmerge(session: Session) -> Sound:
    merged, kept = (factories.make_innovation(session).id for _ in range(2))
    merging.merge(session, merged, kept, actor=merges.staff(session), at=datetime.now(UTC))
    return Sound(None, None, {"innovation_id": merged})


def _refer(session: Session) -> Sound:
    said = {"body_id": str(merges.body(session).id), "reason": "They plan evaluations."}
    return Sound(said, said | {"reason": "They know the market."}, {"innovation_id": merges.active(session).id})


def _question(session: Session) -> Sound:
    (row,) = place_answers.announced(session).place_answers
    said = {"answer": "meet", "note": "By telephone."}
    return Sound(said, said | {"note": "In Leeds."}, {"place_answer_id": row.id})


def _stage(session: Session) -> Sound:
    said = {"place": "LDS", "stage": "introduced"}
    return Sound(said, said | {"stage": "piloting"}, {"proposal_id": place_answers.announced(session).id})


def _feedback(session: Session) -> Sound:
    return Sound({"answer": "yes"}, {"answer": "no"}, {"token": outcomes.token_of(session, datetime.now(UTC))})


def _share(session: Session) -> Sound:
    return Sound({"email": "before@example.org"}, {"email": "now@example.org"}, {"need_id": factories.make_need(session).id})


def _sign_off(session: Session) -> Sound:
    need = factories.make_need(session)
    one, other = (str(factories.make_person(session, Role.PLACE).id) for _ in range(2))
    return Sound({"person_id": one}, {"person_id": other}, {"need_id": need.id})


SOUND: dict[str, Callable[[Session], Sound]] = {
    "POST /api/v1/submissions/{submission_id}/notes": lambda session: Sound(
        *_text("text"), {"submission_id": triage.submission(session).id}
    ),
    "POST /api/v1/alignments/dismiss": _dismiss,
    "POST /api/v1/alignments/propose": _propose,
    "POST /api/v1/needs/{need_id}/join": _join,
    "POST /api/v1/needs/{need_id}/shares": _share,
    "POST /api/v1/needs/{need_id}/sign-offs": _sign_off,
    "POST /api/v1/needs/{need_id}/leave": _leave,
    "POST /api/v1/joint-needs/{joint_need_id}/join": _join_joint,
    "POST /api/v1/innovations/{innovation_id}/merge": _merge,
    "POST /api/v1/innovations/{innovation_id}/unmerge": _unmerge,
    "POST /api/v1/innovations/{innovation_id}/referrals": _refer,
    "POST /api/v1/place-answers/{place_answer_id}/answer": _question,
    "POST /api/v1/proposals/{proposal_id}/stages": _stage,
    "POST /api/v1/feedback/{token}": _feedback,
    "POST /api/v1/bodies": lambda _: Sound({"name": "A body", "kind": "funder"}, {"name": "Another body", "kind": "funder"}),
    "POST /api/v1/needs/{need_id}/met": lambda session: Sound(*_text("result"), {"need_id": factories.make_need(session).id}),
    "POST /api/v1/needs/{need_id}/close": lambda session: Sound(*_text("reason"), {"need_id": factories.make_need(session).id}),
}
"""The routes by what makes their rows."""


def sender(make: Callable[..., Any]) -> Callable[..., Any]:
    """`send(client, route, headers, changed=…)`: a sound request of one of the routes SOUND, about the same rows each time."""
    made: dict[str, Sound] = {}

    def send(client: Any, route: str, headers: dict[str, str], *, changed: bool) -> Any:
        if route not in made:
            made[route] = make(SOUND[route])
        sound, (method, url) = made[route], route.split()
        return client.request(method, url.format(**sound.address), json=sound.other if changed else sound.said, headers=headers)

    return send
