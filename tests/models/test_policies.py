"""The policies: asked of one row and of all rows they say the same, and every query that answers somebody asks them."""

import ast
import importlib
import inspect
import pkgutil
import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from models import policies, queries
from models.actors import ANONYMOUS, SYSTEM, Actor, NotAllowed
from models.events import PIPELINE_KINDS, Event
from models.grants import Grant, Party, Policy, Relation, Subject
from models.imports import ImportBatch
from models.innovations import Innovation
from models.keys import Scope
from models.needs import Need
from models.people import Role
from models.place_answers import PlaceAnswer
from models.policies import POLICIES
from models.proposals import Proposal
from models.queries import visibility
from models.subjects import subject_of
from models.triage import Submission
from tests import authorisation
from tests.factories import NOW

ROOT = Path(__file__).parents[2]
READING = {
    "need_id": (policies.NEED_READ, Need, visibility.needs_visible_to),
    "innovation_id": (policies.INNOVATION_READ, Innovation, visibility.innovations_visible_to),
    "proposal_id": (policies.PROPOSAL_READ, Proposal, visibility.proposals_visible_to),
    "place_answer_id": (policies.PLACE_ANSWER_READ, PlaceAnswer, visibility.place_answers_visible_to),
    "submission_id": (policies.SUBMISSION_READ, Submission, visibility.submissions_visible_to),
    "import_id": (policies.IMPORT_READ, ImportBatch, visibility.imports_visible_to),
}


def actor(*roles: Role, **values: object) -> Actor:
    return Actor(name="person:1", shown_as="Somebody", roles=frozenset(roles), person_id=uuid4(), **values)


@pytest.mark.both
@pytest.mark.parametrize("kind", READING)
def test_a_query_gives_exactly_the_rows_that_the_policy_allows(session, kind):
    policy, table, visible_to = READING[kind]
    world = authorisation.make_world(session)
    askers = {name: asker.actor for name, asker in world.askers.items()} | {"system": SYSTEM}
    several = replace(askers["place"], roles=frozenset({Role.PLACE, Role.INNOVATOR}), organisation_ids=askers["innovator"].organisation_ids)

    for name, asker in (askers | {"place and innovator": several}).items():
        cases = {case.id: case for case in world.rows[kind]}
        found = set(session.scalars(select(table.id).where(visible_to(asker), table.id.in_(cases))))
        assert found == {id for id, case in cases.items() if policy.allows(asker, case.subject)}, name


def test_events_are_read_by_their_kind(session):
    kinds = ["need.opened", "need.changed", "match.confirmed"]
    session.add_all(Event.of(kind, subject_kind="need", subject_id=uuid4(), actor="system", at=NOW) for kind in kinds)
    session.flush()

    for role, expected in ((Role.HUB, set(kinds)), (Role.PIPELINE, set(kinds) & PIPELINE_KINDS), (Role.PLACE, set()), (Role.BOARD, set())):
        found = set(session.scalars(select(Event.kind).where(visibility.events_visible_to(actor(role)))))
        assert found == expected == {kind for kind in kinds if policies.EVENT_READ.allows(actor(role), Subject(state=kind))}


@pytest.mark.parametrize(
    ("to", "holders"),
    [
        (Party.ANYBODY, {"anonymous", "no role", "place", "hub", "lead", "system", "key"}),
        (Party.KNOWN, {"no role", "place", "hub", "lead", "key"}),
        (Party.PERSON, {"no role", "place", "hub", "lead"}),
        (Role.PLACE, {"place"}),
        (Role.HUB, {"hub", "lead", "system"}),
        (Role.LEAD, {"lead", "system"}),
    ],
)
def test_a_party_is_who_it_says(to, holders):
    people = {"anonymous": ANONYMOUS, "no role": actor(), "system": SYSTEM, "key": replace(actor(), key_id=uuid4())}
    people |= {role.value: actor(role) for role in (Role.PLACE, Role.HUB, Role.LEAD)}

    assert {name for name, who in people.items() if Grant(to).held_by(who)} == holders


def test_what_is_several_places_together_is_owned_by_who_is_of_all():
    leeds, wakefield = uuid4(), uuid4()
    shared = Subject(owners=frozenset({leeds, wakefield}), concerned=frozenset({leeds, wakefield}))

    assert not policies.NEED_CHANGE.allows(actor(Role.PLACE, place_ids=frozenset({leeds})), shared)
    assert policies.NEED_CHANGE.allows(actor(Role.PLACE, place_ids=frozenset({leeds, wakefield})), shared)
    assert not policies.NEED_CHANGE.allows(actor(Role.PLACE, place_ids=frozenset({leeds})), Subject())


def test_a_refusal_says_whose_it_is_or_which_role_it_takes():
    place = actor(Role.PLACE, place_ids=frozenset({uuid4()}))

    with pytest.raises(NotAllowed, match="Only who owns this need"):
        policies.NEED_CHANGE.check(place, Subject(owners=frozenset({uuid4()})))
    with pytest.raises(NotAllowed, match="another role: Hub staff\\."):
        policies.PROPOSAL_DECIDE.check(place)
    with pytest.raises(NotAllowed, match="Hub staff or a place team"):
        policies.NEED_CREATE.admit(actor(Role.BOARD))
    with pytest.raises(NotAllowed, match="no role yet"):
        policies.NEED_CREATE.admit(actor())
    policies.NEED_CREATE.admit(place)


def test_an_act_of_a_person_takes_a_person():
    hub = actor(Role.HUB)

    assert policies.PROPOSAL_DECIDE.person(hub, Subject()) == hub.person_id
    with pytest.raises(NotAllowed, match="A decision is a person's"):
        policies.PROPOSAL_DECIDE.person(SYSTEM, Subject())
    with pytest.raises(NotAllowed, match="another role"):
        policies.PROPOSAL_DECIDE.person(actor(Role.PLACE), Subject())


@pytest.mark.parametrize("policy", [policies.PROPOSAL_DECIDE, policies.SUBMISSION_DECIDE, policies.PLACE_ANSWER_GIVE])
def test_nobody_decides_on_what_their_own_organisation_offers(policy):
    firm, leeds = uuid4(), uuid4()
    both = actor(Role.HUB, Role.PLACE, Role.INNOVATOR, place_ids=frozenset({leeds}), organisation_ids=frozenset({firm}))
    own, anothers = (Subject(owners=frozenset({leeds}), offered_by=frozenset({each})) for each in (firm, uuid4()))

    assert policy.allows(both, anothers)
    assert policy.allows(actor(Role.HUB), own)
    with pytest.raises(NotAllowed, match="Your own organisation offers this"):
        policy.check(both, own)


def test_only_what_anybody_may_takes_no_sign_in():
    assert {name for name, policy in POLICIES.items() if policy.is_open} == {
        "service.meet",
        "reference.read",
        "need.read",
        "call.read",
        "mail.unsubscribe",
        "front_door.ask",
        "front_door.save",
        "link.ask",
        "link.open",
    }


def test_what_no_policy_is_about_is_told():
    with pytest.raises(TypeError, match="UUID"):
        subject_of(uuid4())


def test_every_name_is_that_of_one_policy():
    made = {name: value for name, value in vars(policies).items() if isinstance(value, Policy)}

    assert len({policy.name for policy in made.values()}) == len(made) == len(POLICIES)
    assert {policy.scope for policy in POLICIES.values()} == set(Scope)


def test_a_policy_on_rows_says_by_which_they_are_seen_or_how_it_refuses():
    on_rows = [policy for policy in POLICIES.values() if any(grant.on is not Relation.ANY for grant in policy.grants)]

    assert [p.name for p in on_rows if not (p.refusal or p.sees or p.name.endswith((".read", ".import")))] == []


def test_every_policy_is_asked_somewhere():
    told = {path: path.read_text(encoding="utf-8") for folder in ("api", "models/queries") for path in (ROOT / folder).rglob("*.py")}
    names = {name for name, value in vars(policies).items() if isinstance(value, Policy)}

    assert {name for name in names if not any(name in text for text in told.values())} == set()


# Queries that give rows and take no actor, by the reason why none is asked for.
WITHOUT_ACTOR = {
    "the walk's own jobs act for nobody": {
        "documents": {"find", "one_for_update", "searchable", "searchable_texts"},
        "proposals": {"in_force", "of_needs", "open_by_another", "outdated_of", "unannounced"},
        "events": {"unsealed"},
        "imports": {"applying", "batch", "to_apply"},
    },
    "of an import that `imports.read` has shown to who asks": {"imports": {"faulty_rows", "warned_rows"}},
    "the same file, so that it is brought in once, whoever has it": {"imports": {"taken_before"}},
    "jobs are of no place and no organisation: the door asks": {"jobs": None},
    "for the command line and for tests, which see everything": {
        "documents": {"by_key"},
        "events": {"of_subject", "once"},
        "imports": {"latest"},
    },
}
# What routes and pages may ask although it takes no actor.
ASKED_BY_ALL = {
    ("calls", "open_for"),  # calls are public
    ("clocks", "of"),  # days of a submission that was shown
    ("clocks", "of_many"),
    ("events", "head"),  # a number
    ("jobs", "page"),  # behind the door of `job.read`
    ("mail", "one"),  # behind the door of `mail.read`
    ("mail", "page"),
    ("mail", "preference"),  # of who asks
    ("mail", "undelivered"),  # numbers
    ("merges", "standing"),  # of two innovations that who merges was shown
    ("organisations", "confirmed"),  # behind the door of `organisation.confirm`, as the next three
    ("organisations", "confirmed_like"),
    ("organisations", "offers_of"),
    ("people", "of_organisation"),
    ("people", "by_email"),  # behind the doors of the lead's pages
    ("people", "by_id"),  # who did it, on the Hub's page of activity
    ("people", "ids_named_like"),
    ("people", "names"),
    ("people", "names_by_id"),
    ("places", "all_places"),
    ("places", "organisations"),
    ("ranker_versions", "active"),  # behind the door of `ranker.read`
    ("ranker_versions", "every"),
    ("ranker_versions", "named"),
    ("recipients", "hub_staff"),  # to whom staff may give a submission
    ("recipients", "leads"),  # whom staff ask about a match that was announced
    ("referrals", "active_bodies"),  # public knowledge, but for the address, which the answer leaves out
    ("referrals", "bodies"),
    ("referrals", "body"),
    ("referrals", "tried"),  # of an innovation that the Hub was shown
    ("sign_offs", "shares_of"),  # of a need whose sharing who asks may see
    ("sign_offs", "sign_offs_of"),
    ("submission_notes", "counts"),  # of submissions that the Hub was shown, as the next three
    ("triage", "assigner"),
    ("triage", "current"),
    ("triage", "proposals_of_many"),
    ("unmet", "is_answered"),  # of a need that was shown
}
ROWS = frozenset({"Need", "Innovation", "Proposal", "Decision", "Revision", "Event", "ImportBatch", "ImportRow", "JobRow", "Any"})
Functions = dict[str, dict[str, inspect.Signature]]


def queries_there_are() -> Functions:
    """The public functions of each module of queries."""
    found = {}
    for info in pkgutil.iter_modules(queries.__path__):
        module = importlib.import_module(f"models.queries.{info.name}")
        mine = [each for each in vars(module).values() if inspect.isfunction(each) and each.__module__ == module.__name__]
        found[info.name] = {each.__name__: inspect.signature(each) for each in mine if not each.__name__.startswith("_")}
    return found


def named_in(folder: str) -> set[tuple[str, str]]:
    """Every `module.function` in the files of a folder."""
    nodes = (node for path in (ROOT / folder).rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {(node.value.id, node.attr) for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}


@pytest.mark.parametrize("module", ["documents", "proposals", "events", "imports", "jobs"])
def test_a_query_of_rows_takes_the_actor_or_says_why_not(module):
    signatures = queries_there_are()[module]
    giving = {name for name, each in signatures.items() if ROWS & set(re.findall(r"\w+", inspect.formatannotation(each.return_annotation)))}
    silent = {name for name in giving if "actor" not in signatures[name].parameters}
    excused = [names for told in WITHOUT_ACTOR.values() for at, names in told.items() if at == module]

    assert silent == (silent if None in excused else set().union(*excused))


def test_routes_and_pages_ask_only_queries_that_take_the_actor():
    known = queries_there_are()
    asked = {
        each for folder in ("api/routes", "api/pages", "api/schemas") for each in named_in(folder) if each[1] in known.get(each[0], {})
    }

    assert {each for each in asked if "actor" not in known[each[0]][each[1]].parameters} == ASKED_BY_ALL
