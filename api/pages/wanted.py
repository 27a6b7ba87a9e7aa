"""The need that somebody sets out to answer: carried by its id from its page or its call through the forms that follow."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.pages import forms
from models.actors import Actor
from models.documents import Side
from models.needs import Need, NeedStatus
from models.queries import calls, documents


@dataclass(frozen=True, slots=True)
class WantedNeed:
    """An open need that is to be answered, with the reference of the call for answers to it, if one is out."""

    need: Need
    call: str

    @property
    def shown(self) -> dict[str, Any]:
        """The same as pages show it."""
        return {"id": str(self.need.id), "title": self.need.title, "href": f"/needs/{self.need.id}", "call": self.call}


def wanted_need(session: Session, said: str, actor: Actor) -> WantedNeed | None:
    """The need of an id that came with an address or a form; None for none, or for one that is not open to the actor now."""
    need_id = forms.uuid(said)
    if need_id is None:
        return None
    need = documents.of_ids(session, Side.NEED, [need_id], actor).get(need_id)
    if need is None or need.status is not NeedStatus.OPEN:
        return None
    call = calls.open_for(session, [need.id]).get(need.id)
    return WantedNeed(need, call.reference if call is not None else "")
