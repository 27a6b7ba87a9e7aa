"""What the page of a need shows beside its words and matches: the joint need it is in, what places say, and how it ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from api.pages import place_words
from api.services import joining
from api.services import place_answers as asked
from models.actors import Actor
from models.joint_needs import JointNeed, Scale
from models.needs import Need, NeedStatus
from models.place_answers import Closing, PlaceAnswer
from models.policies import NEED_LEAVE, NEED_MEET, NEED_READ_JOINT, NEED_SHARE, NEED_SIMILAR, PLACE_ANSWER_READ
from models.queries import need_results, place_answers, sign_offs
from models.sign_offs import SignOff, SignOffVerdict
from models.subjects import subject_of
from models.working_days import day_of

VERDICTS: Final = {
    SignOffVerdict.SIGNED: ("Signed off", "green"),
    SignOffVerdict.SENT_BACK: ("Sent back", "yellow"),
    None: ("Waits", "blue"),
}
_SHOWN: Final = 10
_WRITTEN: Final = frozenset({NeedStatus.DRAFT, NeedStatus.OPEN})
_ENDED: Final = frozenset({NeedStatus.MET, NeedStatus.CLOSED})


def need_parts(session: Session, need: Need, actor: Actor, *, at: datetime) -> dict[str, Any]:
    """What the template `need.jinja` shows beside that of every document."""
    subject = subject_of(need)
    is_open = need.status is NeedStatus.OPEN
    joint = joining.of_need(session, need.id, actor=actor) if is_open and NEED_READ_JOINT.allows(actor, subject) else None
    return {
        "result": need_results.of_need(session, need.id, actor) if need.status in _ENDED else None,
        "joint": joint_shown(session, joint, actor) if joint is not None else None,
        "may_leave": joint is not None and NEED_LEAVE.allows(actor, subject),
        "questions": _questions(session, need, actor, at) if PLACE_ANSWER_READ.admits(actor) else (),
        "may_share": need.status in _WRITTEN and NEED_SHARE.allows(actor, subject),
        "signed": signed_shown(session, need) if NEED_SHARE.allows(actor, subject) else (),
        "may_end": is_open and NEED_MEET.allows(actor, subject),
        "may_compare": need.status in _WRITTEN and NEED_SIMILAR.allows(actor, subject),
    }


def signed_shown(session: Session, need: Need) -> list[dict[str, Any]]:
    """Who was asked to sign a need off, and what they said, in words."""
    return [told(row) for row in sign_offs.sign_offs_of(session, need.id)]


def told(row: SignOff) -> dict[str, Any]:
    """One who was asked to sign a need off, and what they said."""
    return {
        "href": f"/sign-offs/{row.id}",
        "who": row.person.name,
        "tag": VERDICTS[row.verdict],
        "asked_at": row.asked_at,
        "by": row.asked_by_name,
        "answered_at": row.answered_at,
        "note": row.note,
        "older": row.verdict is not None and not row.is_of_this_text,
    }


def joint_shown(session: Session, joint: JointNeed, actor: Actor) -> dict[str, Any]:
    """A joint need with those of its members that the actor may read, and the scale of these."""
    members = joining.members_shown(session, joint, actor=actor)
    return {
        "id": joint.id,
        "version": joint.version,
        "href": f"/joint-needs/{joint.id}",
        "scale": place_words.scale_in_words(Scale.of(members)),
        "members": [_member(need) for need in members],
        "hidden": len(joint.present) - len(members),
    }


def _member(need: Need) -> dict[str, Any]:
    return {
        "id": need.id,
        "href": f"/needs/{need.id}",
        "title": need.title,
        "places": ", ".join(place.name for place in need.places),
        "population": need.population,
        "metric": need.metric,
    }


def _questions(session: Session, need: Need, actor: Actor, at: datetime) -> Sequence[dict[str, Any]]:
    """What places were asked about matches of this need, the latest first."""
    rows = place_answers.page(session, actor, need_id=need.id, limit=_SHOWN).rows
    return [_question(row, at) for row in rows]


def _question(row: PlaceAnswer, at: datetime) -> dict[str, Any]:
    stands = row.proposal.handed_on and row.closing is not Closing.PLACE_LEFT
    return {
        "href": f"/place-answers/{row.id}",
        "stages": f"/proposals/{row.proposal_id}/stages" if stands and row.introduced_at is not None else "",
        "innovation": asked.name_as_judged(row.proposal) if stands else "A match that no longer stands",
        "asked_as": row.asked_as,
        "tag": place_words.question_tag(row, day_of(at)),
    }
