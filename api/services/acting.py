"""One person, several roles: acting in one of them, in one browser, as long as the sign-in lasts."""

from datetime import datetime

from sqlalchemy.orm import Session

from api.services.accounts import AccountInvalid, NotSignedIn, actor_of_person, digest
from api.services.recording import record
from models.actors import Actor
from models.events import Event
from models.people import Role
from models.queries import people

ALL = "all"


def choose(session: Session, token: str, role: Role | None, *, actor: Actor, at: datetime) -> None:
    """Act in one role from now on, or in all that the person holds for none; the sign-in goes on under a new token soon.

    Raises NotSignedIn when the sign-in has ended, and AccountInvalid for a role that the person does not hold.
    """
    row = people.signed_in(session, digest(token), to_change=True)
    if row is None:
        raise NotSignedIn("Your sign-in has ended. Sign in again.")
    if role is not None and role not in actor_of_person(row.person).roles:
        raise AccountInvalid("You do not hold that role. Choose one from the list on this page.", field="role")
    if row.acting_as is role:
        return
    row.acting_as, row.renew_at = role, at
    chosen = role.value if role else ALL
    event = Event.of("session.role_chosen", subject_kind="person", subject_id=row.person_id, actor=actor.name, at=at, role=chosen)
    record(session, event, at=at)
    session.flush()
