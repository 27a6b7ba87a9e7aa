"""What answered a similar need before, as the page of a match shows it."""

from typing import Any, Final

from sqlalchemy.orm import Session

from api.pages import place_words
from api.services import precedents
from api.services.library import Libraries, RankingUnavailable
from api.services.proposing import NothingToRank
from models.actors import Actor
from models.needs import Need
from models.policies import NEED_READ, NEED_READ_PRECEDENTS
from models.subjects import subject_of

_SHOWN: Final = 3


def before(session: Session, libraries: Libraries, need: Need, *, actor: Actor) -> list[dict[str, Any]] | None:
    """What places adopted for needs like this one, the likest first; None for who may not know, or while texts cannot be compared."""
    subject = subject_of(need)
    if not (NEED_READ.allows(actor, subject) and NEED_READ_PRECEDENTS.allows(actor, subject)):
        return None
    try:
        found = precedents.of_need(session, libraries, need.id, actor=actor, limit=_SHOWN)
    except (RankingUnavailable, NothingToRank):
        return None
    return [
        {
            "place": each.place.name,
            "stage": place_words.STAGES[each.stage],
            "since": each.since,
            "innovation": each.innovation.name_shown,
            "href": f"/proposals/{each.proposal_id}" if actor.is_hub else "",
            "need": each.need.name_shown,
            "need_href": f"/needs/{each.need.id}",
            "result": each.result.text if each.result is not None else "",
        }
        for each in found
    ]
