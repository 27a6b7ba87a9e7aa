"""Who is asking: the values that rules about reading and writing are given."""

from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from models.base import DomainError
from models.keys import Scope
from models.people import Role


class NotAllowed(DomainError):
    """The actor may not do that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person signed in, a key, the system itself, or nobody.

    `name` is how events call the actor: a kind and an id, never an e-mail address.
    """

    name: str
    shown_as: str
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    person_id: UUID | None = None
    key_id: UUID | None = None
    place_ids: frozenset[UUID] = frozenset()
    organisation_ids: frozenset[UUID] = frozenset()

    @property
    def is_hub(self) -> bool:
        """Hub staff, the Hub lead among them."""
        return bool(self.roles & {Role.HUB, Role.LEAD})

    @property
    def is_lead(self) -> bool:
        """The Hub lead."""
        return Role.LEAD in self.roles

    @property
    def is_partner(self) -> bool:
        """Places, pipeline and board read what is open to partners."""
        return self.is_hub or bool(self.roles & {Role.PLACE, Role.PIPELINE, Role.BOARD})

    @property
    def is_known(self) -> bool:
        """Somebody has signed in, or a machine has sent its key; with or without a role."""
        return self.person_id is not None or self.key_id is not None

    @property
    def is_anonymous(self) -> bool:
        """In no role: not signed in, or in none yet."""
        return not self.roles

    def acting_as(self, role: Role | None) -> Self:
        """The same person in one of the roles that they hold; in all of them for none, or for one that they do not hold.

        Whose organisation is theirs stays known, so that nobody decides on their own offer by a change of role.
        """
        if role is None or role not in self.roles:
            return self
        return replace(self, roles=frozenset({role}), place_ids=self.place_ids if role is Role.PLACE else frozenset())


ANONYMOUS = Actor(name="anonymous", shown_as="somebody not signed in")
SYSTEM = Actor(name="system", shown_as="the service itself", roles=frozenset({Role.LEAD}), scopes=frozenset(Scope))
