"""Who may do what: every action of the product as one policy; `queries.visibility` turns those for reading into SQL.

A policy grants its action to a party, on the rows to which the party stands in a relation, in some states and
visibilities of them. The door of a route asks whether any row may be the actor's; the service asks about the row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import singledispatch
from typing import Final
from uuid import UUID

from models.actors import Actor, NotAllowed
from models.documents import Visibility
from models.events import PIPELINE_KINDS
from models.imports import ImportBatch
from models.innovations import SEARCHABLE_STATUSES, Innovation
from models.keys import Scope
from models.needs import Need, NeedStatus
from models.people import Role
from models.proposals import Proposal, ProposalState


class Party(StrEnum):
    """Those whom no role names."""

    ANYBODY = "anybody"
    KNOWN = "known"  # signed in or with a key, in a role or in none


class Relation(StrEnum):
    """How an actor stands to a row."""

    ANY = "any"
    OWNER = "owner"  # the row is their place's, or their organisation's
    CONCERNED = "concerned"  # a need concerns their place; a match answers such a need by what they may read, as it was judged
    AUTHOR = "author"  # they brought it in themselves
    HANDED_ON = "handed_on"  # it was confirmed and announced, itself or as part of a match


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule asks of a row; `offered` is the innovation of a match, when it still says what was judged.

    `state` is a status, the state of a match, or the kind of an event; `owners` are all of them owners together.
    """

    owners: frozenset[UUID] = frozenset()
    concerned: frozenset[UUID] = frozenset()
    created_by: str = ""
    state: str = ""
    visibility: Visibility | None = None
    consented: bool = True
    live: bool = True
    handed_on: bool = False
    offered: "Subject | None" = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Lets a party do it on rows in a relation to them; no states or visibilities named means all."""

    to: Role | Party
    on: Relation = Relation.ANY
    states: frozenset[str] = frozenset()
    visibilities: frozenset[Visibility] = frozenset()
    consented: bool = False  # only rows to whose use their owner consented

    def held_by(self, actor: Actor) -> bool:
        """Whether the actor is of the party; a lead may all that Hub staff may."""
        if self.to is Party.ANYBODY:
            return True
        if self.to is Party.KNOWN:
            return actor.is_known
        return self.to in actor.roles or (self.to is Role.HUB and actor.is_lead)

    def covers(self, actor: Actor, subject: Subject) -> bool:
        """Whether the row is one of those that the grant is about, for an actor who holds it."""
        return (
            (not self.states or subject.state in self.states)
            and (not self.visibilities or subject.visibility in self.visibilities)
            and (subject.consented or not self.consented)
            and stands(actor, self.on, subject)
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
            raise NotAllowed(self.refusal or self._another_role(actor))

    def person(self, actor: Actor, subject: Subject) -> UUID:
        """Who does it by name, where an act is a person's own; raises NotAllowed, also for a key that acts for nobody."""
        self.check(actor, subject)
        if actor.person_id is None:
            raise NotAllowed("A decision is a person's. Sign in, or use a key that acts for a person.")
        return actor.person_id

    def _another_role(self, actor: Actor) -> str:
        if not actor.roles:
            return "Your account has no role yet. Ask the Hub lead for one."
        return "This needs another role. Sign in as " + " or ".join(sorted(self.parties)) + "."


def stands(actor: Actor, relation: Relation, subject: Subject) -> bool:
    """Whether an actor stands in a relation to a row."""
    match relation:
        case Relation.ANY:
            return True
        case Relation.OWNER:
            return bool(subject.owners) and subject.owners <= actor.place_ids | actor.organisation_ids
        case Relation.CONCERNED:
            readable = subject.offered is None or INNOVATION_READ.allows(actor, subject.offered)
            return readable and bool(subject.concerned & actor.place_ids)
        case Relation.AUTHOR:
            return subject.created_by == actor.name
    return subject.handed_on


@singledispatch
def subject_of(row: object) -> Subject:
    """What the rules ask of a row; of a need or an innovation not whether it was handed on, which only a query knows."""
    raise TypeError(f"No policy is about a {type(row).__name__}.")


@subject_of.register
def _(row: Need) -> Subject:
    places = frozenset(place.id for place in row.places)
    return Subject(
        owners=places if row.owner_place_id is None else frozenset({row.owner_place_id}),
        concerned=places,
        created_by=row.created_by,
        state=row.status,
        visibility=row.visibility,
        live=row.live,
    )


@subject_of.register
def _(row: Innovation) -> Subject:
    return Subject(
        owners=frozenset({row.supplier_id} if row.supplier_id else ()),
        created_by=row.created_by,
        state=row.status,
        visibility=row.visibility,
        consented=row.consent_at is not None,
        live=row.live,
    )


@subject_of.register
def _(row: Proposal) -> Subject:
    as_judged = row.innovation_revision == row.innovation.revision
    return Subject(
        concerned=subject_of(row.need).concerned if as_judged else frozenset(),
        state=row.state,
        handed_on=row.state is ProposalState.CONFIRMED and any(each.announced_at for each in row.decisions),
        offered=subject_of(row.innovation),
    )


@subject_of.register
def _(row: ImportBatch) -> Subject:
    return Subject(created_by=row.created_by, state=row.status)


_PARTNERS: Final = (Role.PLACE, Role.PIPELINE, Role.BOARD)
_TO_PARTNERS: Final = frozenset({Visibility.PUBLIC, Visibility.PARTNERS})
_SHOWN: Final = frozenset({NeedStatus.OPEN, NeedStatus.MET, NeedStatus.CLOSED})
_IN_FORCE: Final = frozenset(ProposalState) - {ProposalState.SUPERSEDED}
_MATCHING: Final = tuple(Grant(role) for role in (Role.INNOVATOR, Role.PLACE, Role.PIPELINE, Role.HUB))
_OF_PLACES: Final = (Grant(Role.PLACE, Relation.OWNER), Grant(Role.HUB))
_OF_OFFERERS: Final = (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.PIPELINE, Relation.AUTHOR), Grant(Role.HUB))
_NOT_YOUR_NEED: Final = "Only who owns this need, or the Hub, may change it."
_NOT_YOUR_INNOVATION: Final = "Only who owns this innovation, or the Hub, may change it."

# Signing in, health and documentation: who asks makes no difference, and is not looked up.
SERVICE_MEET: Final = Policy("service.meet", Scope.READ, (Grant(Party.ANYBODY),))
# The start page, places, organisations and code lists.
REFERENCE_READ: Final = Policy("reference.read", Scope.READ, (Grant(Party.ANYBODY),))
SELF_READ: Final = Policy("self.read", Scope.READ, (Grant(Party.KNOWN),))
SESSION_END: Final = Policy("session.end", Scope.READ, (Grant(Party.KNOWN),))

# A draft is for those whose need it is; others whom it concerns read it once it is open.
NEED_READ: Final = Policy(
    "need.read",
    Scope.READ,
    (
        Grant(Party.ANYBODY, states=_SHOWN, visibilities=frozenset({Visibility.PUBLIC})),
        *(Grant(role, states=_SHOWN, visibilities=_TO_PARTNERS) for role in _PARTNERS),
        Grant(Role.PLACE, Relation.OWNER),
        Grant(Role.PLACE, Relation.CONCERNED, states=_SHOWN),
        Grant(Role.PIPELINE, Relation.HANDED_ON),
        Grant(Role.HUB),
    ),
)
NEED_CREATE: Final = Policy(
    "need.create",
    Scope.WRITE,
    (Grant(Role.PLACE, Relation.CONCERNED), Grant(Role.HUB)),
    refusal="A need must concern your own place. Add it to the places.",
)
NEED_CHANGE: Final = Policy("need.change", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_SUBMIT: Final = Policy("need.submit", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_WITHDRAW: Final = Policy("need.withdraw", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_SUGGEST_CODES: Final = Policy("need.suggest_codes", Scope.READ, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_MATCH: Final = Policy("need.match", Scope.READ, _MATCHING, sees=NEED_READ)

# What was handed in without consent is for those who offer it and the Hub, whatever its visibility says.
INNOVATION_READ: Final = Policy(
    "innovation.read",
    Scope.READ,
    (
        *(Grant(role, states=SEARCHABLE_STATUSES, visibilities=_TO_PARTNERS, consented=True) for role in _PARTNERS),
        Grant(Role.PIPELINE, Relation.HANDED_ON),
        *_OF_OFFERERS,
    ),
)
INNOVATION_CREATE: Final = Policy("innovation.create", Scope.WRITE, (Grant(Role.INNOVATOR), Grant(Role.PIPELINE), Grant(Role.HUB)))
INNOVATION_CREATE_FOR: Final = Policy(
    "innovation.create_for_another",
    Scope.WRITE,
    (Grant(Role.PIPELINE), Grant(Role.HUB)),
    refusal="The supplier is your own organisation. Leave the field out.",
)
INNOVATION_GIVE: Final = Policy(
    "innovation.give_to_another",
    Scope.WRITE,
    (Grant(Role.HUB),),
    refusal="Only the Hub may say that another organisation offers this. Leave the supplier out.",
)
INNOVATION_CHANGE: Final = Policy("innovation.change", Scope.WRITE, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION)
INNOVATION_SUBMIT: Final = Policy("innovation.submit", Scope.WRITE, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION)
INNOVATION_WITHDRAW: Final = Policy("innovation.withdraw", Scope.WRITE, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION)
INNOVATION_READ_CONSENT: Final = Policy(
    "innovation.read_consent", Scope.READ, (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.HUB)), sees=INNOVATION_READ
)
INNOVATION_SUGGEST_CODES: Final = Policy(
    "innovation.suggest_codes", Scope.READ, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION
)
INNOVATION_READ_DUPLICATES: Final = Policy("innovation.read_duplicates", Scope.READ, (Grant(Role.HUB),), sees=INNOVATION_READ)
INNOVATION_MATCH: Final = Policy("innovation.match", Scope.READ, _MATCHING, sees=INNOVATION_READ)

TEXT_MATCH: Final = Policy("text.match", Scope.READ, _MATCHING)
TEXT_SUGGEST_CODES: Final = Policy("text.suggest_codes", Scope.READ, _MATCHING)
MATCH_READ_PROBABILITY: Final = Policy("match.read_probability", Scope.READ, tuple(Grant(role) for role in (*_PARTNERS, Role.HUB)))
MATCH_READ_FLAGS: Final = Policy("match.read_flags", Scope.READ, (Grant(Role.HUB),))

PROPOSAL_READ: Final = Policy(
    "proposal.read",
    Scope.READ,
    (Grant(Role.PLACE, Relation.CONCERNED, states=_IN_FORCE), Grant(Role.PIPELINE, Relation.HANDED_ON), Grant(Role.HUB)),
)
PROPOSAL_DECIDE: Final = Policy("proposal.decide", Scope.DECIDE, (Grant(Role.HUB),), sees=PROPOSAL_READ)
PROPOSAL_SKIP: Final = Policy("proposal.skip", Scope.DECIDE, (Grant(Role.HUB),), sees=PROPOSAL_READ)
PROPOSAL_UNDO: Final = Policy("proposal.undo", Scope.DECIDE, (Grant(Role.HUB),), sees=PROPOSAL_READ)

EVENT_READ: Final = Policy("event.read", Scope.EVENTS, (Grant(Role.PIPELINE, states=PIPELINE_KINDS), Grant(Role.HUB)))
ACTIVITY_READ: Final = Policy("activity.read", Scope.EVENTS, (Grant(Role.HUB),))  # the page names who did it

IMPORT_START: Final = Policy("import.start", Scope.IMPORT, (Grant(Role.PLACE), Grant(Role.PIPELINE), Grant(Role.HUB)))
NEED_IMPORT: Final = Policy("need.import", Scope.IMPORT, NEED_CREATE.grants)
INNOVATION_IMPORT: Final = Policy("innovation.import", Scope.IMPORT, INNOVATION_CREATE_FOR.grants)
IMPORT_READ: Final = Policy(
    "import.read",
    Scope.IMPORT,
    (Grant(Role.PLACE, Relation.AUTHOR), Grant(Role.PIPELINE, Relation.AUTHOR), Grant(Role.HUB)),
)

JOB_READ: Final = Policy("job.read", Scope.READ, (Grant(Role.HUB),))
JOB_RETRY: Final = Policy("job.retry", Scope.WRITE, (Grant(Role.LEAD),))
METRICS_READ: Final = Policy("metrics.read", Scope.METRICS, (Grant(Role.PIPELINE), Grant(Role.BOARD), Grant(Role.HUB)))
AUDIT_READ: Final = Policy("audit.read", Scope.EVENTS, (Grant(Role.LEAD),))
ACCOUNT_MANAGE: Final = Policy("account.manage", Scope.WRITE, (Grant(Role.LEAD),))
KEY_MANAGE: Final = Policy("key.manage", Scope.WRITE, (Grant(Role.LEAD),))

POLICIES: Final = {policy.name: policy for policy in tuple(globals().values()) if isinstance(policy, Policy)}
