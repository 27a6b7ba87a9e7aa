"""What a policy is made of: parties, relations, subjects and grants; `policies` holds those of the product.

A policy grants its action to a party, on the rows to which the party stands in a relation, in some states and
visibilities of them. The door of a route asks whether any row may be the actor's; the service asks about the row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from models.actors import Actor, NotAllowed
from models.documents import Visibility
from models.keys import Scope
from models.people import Role

OWN_OFFER: Final = "Your own organisation offers this. Ask a colleague to decide."


class Party(StrEnum):
    """Those whom no role names."""

    ANYBODY = "anybody"
    KNOWN = "known"  # signed in or with a key, in a role or in none
    PERSON = "person"  # signed in, in a role or in none


_WHO: Final[Mapping[Role | Party, str]] = {
    Role.HUB: "Hub staff",
    Role.LEAD: "the Hub lead",
    Role.PLACE: "a place team",
    Role.INNOVATOR: "an innovator",
    Role.BOARD: "the board",
    Role.PIPELINE: "the pipeline system",
    Party.ANYBODY: "anybody",
    Party.KNOWN: "anybody with an account",
    Party.PERSON: "anybody who is signed in",
}
"""Whom a refusal names."""


class Relation(StrEnum):
    """How an actor stands to a row."""

    ANY = "any"
    OWNER = "owner"  # the row is their place's, or their organisation's
    CONCERNED = "concerned"  # a need concerns their place; a match answers such a need by what they may read, as it was judged
    AUTHOR = "author"  # they brought it in themselves
    ASKED = "asked"  # a match was put to their place, which reads it as it was judged
    HANDED_ON = "handed_on"  # a match that was confirmed and announced, or part of one; a referral to the network that runs the pipeline
    UNOWNED = "unowned"  # no one place owns it
    OFFERER = "offerer"  # their organisation offers what the row is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule asks of a row; `behind` is what must be readable too, by its own policy, for those whom the row concerns.

    `state` is a status, the state of a match, or the kind of an event; `owners` are all of them owners together, `owned` says
    that one of them owns it alone.
    """

    owners: frozenset[UUID] = frozenset()
    concerned: frozenset[UUID] = frozenset()
    asked: frozenset[UUID] = frozenset()
    offered_by: frozenset[UUID] = frozenset()
    created_by: str = ""
    state: str = ""
    visibility: Visibility | None = None
    consented: bool = True
    live: bool = True
    handed_on: bool = False
    owned: bool = True
    behind: "tuple[Policy, Subject] | None" = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Lets a party do it on rows in a relation to them; no states or visibilities named means all."""

    to: Role | Party
    on: Relation = Relation.ANY
    states: frozenset[str] = frozenset()
    visibilities: frozenset[Visibility] = frozenset()
    consented: bool = False  # only rows to whose use their owner consented
    but_not: Relation | None = None  # rows in this relation are left out, as where nobody decides on their own

    def held_by(self, actor: Actor) -> bool:
        """Whether the actor is of the party; a lead may all that Hub staff may."""
        if self.to is Party.ANYBODY:
            return True
        if self.to is Party.KNOWN:
            return actor.is_known
        if self.to is Party.PERSON:
            return actor.is_known and actor.key_id is None
        return self.to in actor.roles or (self.to is Role.HUB and actor.is_lead)

    def covers(self, actor: Actor, subject: Subject) -> bool:
        """Whether the row is one of those that the grant is about, for an actor who holds it."""
        return (
            (not self.states or subject.state in self.states)
            and (not self.visibilities or subject.visibility in self.visibilities)
            and (subject.consented or not self.consented)
            and stands(actor, self.on, subject)
            and not (self.but_not is not None and stands(actor, self.but_not, subject))
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """One action: the scope that a key needs for it, who may do it on which rows, and how it is refused on others.

    `sees` is the policy by which the row must be readable first: what an actor may not read does not exist for them.
    """

    name: str
    scope: Scope
    grants: tuple[Grant, ...]
    sees: "Policy | None" = None
    refusal: str = ""
    parties: frozenset[Role | Party] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parties", frozenset(grant.to for grant in self.grants))

    @property
    def is_open(self) -> bool:
        """Whether it takes neither sign-in nor key."""
        return Party.ANYBODY in self.parties

    def held(self, actor: Actor) -> Iterator[Grant]:
        """The grants that the actor holds."""
        return (grant for grant in self.grants if grant.held_by(actor))

    def admits(self, actor: Actor) -> bool:
        """Whether there may be a row on which the actor may do it."""
        return any(self.held(actor))

    def allows(self, actor: Actor, subject: Subject) -> bool:
        """Whether the actor may do it on this row."""
        return subject.live and any(grant.covers(actor, subject) for grant in self.held(actor))

    def admit(self, actor: Actor) -> None:
        """Refuse who may do it on no row; raises NotAllowed."""
        if not self.admits(actor):
            raise NotAllowed(self._another_role(actor))

    def check(self, actor: Actor, subject: Subject | None = None) -> None:
        """Refuse who may not do it, or not on this row; raises NotAllowed."""
        if not (self.admits(actor) if subject is None else self.allows(actor, subject)):
            raise NotAllowed(self._why_not(actor, subject))

    def person(self, actor: Actor, subject: Subject) -> UUID:
        """Who does it by name, where an act is a person's own; raises NotAllowed, also for a key that acts for nobody."""
        self.check(actor, subject)
        if actor.person_id is None:
            raise NotAllowed("A decision is a person's. Sign in, or use a key that acts for a person.")
        return actor.person_id

    def _why_not(self, actor: Actor, subject: Subject | None) -> str:
        own = subject is not None and any(each.but_not is not None and stands(actor, each.but_not, subject) for each in self.held(actor))
        return OWN_OFFER if own else self.refusal or self._another_role(actor)

    def _another_role(self, actor: Actor) -> str:
        if not actor.roles:
            return "Your account has no role yet. Ask the Hub lead for one."
        return "This needs another role: " + " or ".join(sorted(_WHO[each] for each in self.parties)) + "."


def stands(actor: Actor, relation: Relation, subject: Subject) -> bool:
    """Whether an actor stands in a relation to a row."""
    return _STANDS[relation](actor, subject)


def _owns(actor: Actor, subject: Subject) -> bool:
    return bool(subject.owners) and subject.owners <= actor.place_ids | actor.organisation_ids


def _is_concerned(actor: Actor, subject: Subject) -> bool:
    readable = subject.behind is None or subject.behind[0].allows(actor, subject.behind[1])
    return readable and bool(subject.concerned & actor.place_ids)


_STANDS: Final[Mapping[Relation, Callable[[Actor, Subject], bool]]] = {
    Relation.ANY: lambda _actor, _subject: True,
    Relation.OWNER: _owns,
    Relation.CONCERNED: _is_concerned,
    Relation.ASKED: lambda actor, subject: bool(subject.asked & actor.place_ids),
    Relation.AUTHOR: lambda actor, subject: subject.created_by == actor.name,
    Relation.HANDED_ON: lambda _actor, subject: subject.handed_on,
    Relation.UNOWNED: lambda _actor, subject: not subject.owned,
    Relation.OFFERER: lambda actor, subject: bool(subject.offered_by & actor.organisation_ids),
}
