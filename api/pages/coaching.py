"""What stands beside a need that somebody writes: advice, which never blocks, and other places' similar needs, which it may join."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.pages import wording
from api.pages.matches import about
from api.services import advising, aligning
from api.services.advising import Advice
from api.services.aligning import Reason, Similar
from api.services.content import NeedContent
from api.services.library import Libraries, RankingUnavailable
from api.services.proposing import NothingToRank
from models.actors import Actor
from models.documents import Side

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to look at again: at which field, what to do, and the words that it is about."""

    field: str
    label: str
    says: str
    words: str


@dataclass(frozen=True, slots=True)
class Coach:
    """What is told of a text that is not stored; `silent` says why no similar needs are shown."""

    advice: Sequence[Told]
    similar: Sequence[dict[str, Any]]
    silent: str = ""
    unreadable: bool = False

    @property
    def joinable(self) -> list[str]:
        """The ids of the needs that this one may join."""
        return [each["id"] for each in self.similar if each["may_join"]]


def coach(session: Session, libraries: Libraries, content: NeedContent, *, actor: Actor, but: UUID | None = None) -> Coach:
    """Advice on a text and needs of others that are like it, but for the stored one that it is going to replace."""
    advice = advice_shown(advising.of_text(session, content, actor=actor))
    try:
        found = aligning.similar_to_text(session, libraries, content, actor=actor, limit=_SHOWN + 1)
    except RankingUnavailable:
        return Coach(advice, (), "We cannot look for similar needs at the moment.")
    except NothingToRank as error:
        return Coach(advice, (), error.message, unreadable=True)
    return Coach(advice, [similar_shown(each) for each in found if each.need.id != but][:_SHOWN])


def advice_shown(found: Sequence[Advice]) -> list[Told]:
    """Advice in words, with the field that it is about."""
    labels = wording.FIELDS[Side.NEED]
    return [Told(each.field, labels.get(each.field, each.field), each.says, each.quote.text if each.quote else "") for each in found]


def similar_shown(each: Similar) -> dict[str, Any]:
    """Another need with the reason, in words."""
    return {
        "id": str(each.need.id),
        "href": f"/needs/{each.need.id}",
        "title": each.need.title,
        "about": about(each.need),
        "joint": each.joint_need_id is not None,
        "may_join": each.may_join,
        "reason": reason_shown(each.agreement),
    }


def reason_shown(reason: Reason) -> dict[str, Any]:
    """Why two needs are taken for one, and in what they differ."""
    return {
        "shared": [*reason.concepts, *reason.codes],
        "quotes": [each.text for each in reason.quotes or ()],
        "differs": [*reason.differs, *reason.apart],
    }
