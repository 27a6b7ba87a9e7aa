"""What the pages of calls, of one's own account and of colleagues change, and the one event that each writes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from models.people import Person, Role, RoleGrant
from tests import factories


def _asked_for(world: Any) -> Any:
    said = {"data": {"address": world.person.email}, "headers": {"Accept": "text/html"}, "follow_redirects": False}
    return world.stranger.post("/sign-in/link", **said)


def _invited(world: Any) -> Any:
    """By the lead, who is of Leeds too."""

    def of_leeds(session: Session) -> Any:
        place = factories.make_place(session)
        lead = session.query(Person).join(RoleGrant).filter(RoleGrant.role == Role.LEAD).one()
        lead.grants.append(RoleGrant(role=Role.PLACE, place_id=place.id))
        session.flush()
        return place.id

    return world.form("/colleagues", email="new@example.org", into=f"place:{world.on(world.make(of_leeds))}")


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /sign-in/link": ("person.link_asked", _asked_for),
    "POST /account/role": ("session.role_chosen", lambda world: world.form("/account/role", role="lead")),
    "POST /account/mail": ("person.mail_stopped", lambda world: world.form("/account/mail", digest="off")),
    "POST /account/delete": (
        "person.erased",
        lambda world: world.leaving().post(
            "/account/delete", data={"sure": "yes"}, headers={"Accept": "text/html"}, follow_redirects=False
        ),
    ),
    "POST /colleagues": ("person.invited", _invited),
    "POST /colleagues/{invitation_id}/take-back": (
        "person.uninvited",
        lambda world: world.form(f"/colleagues/{world.on(world.invite()).json()['id']}/take-back"),
    ),
    "POST /calls/{reference}/close": (
        "call.closed",
        lambda world: world.form(f"/calls/{world.on(world.make(factories.make_call)).reference}/close", version="1"),
    ),
}
STRANGERS = {"POST /sign-in/link"}
