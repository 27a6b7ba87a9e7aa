"""Who may do what, worked out from the router and the policies: rows of every kind, askers in every role, one outcome each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.orm import Session
from starlette.staticfiles import StaticFiles

from api.security import COOKIE, CSRF_HEADER, Door, OpenDoor
from api.services import accounts
from models import policies
from models.actors import ANONYMOUS, Actor
from models.decisions import Decision, Verdict
from models.documents import Revision, Side, Visibility
from models.grants import Policy, Subject
from models.imports import ImportBatch, ImportStatus
from models.innovations import InnovationStatus
from models.jobs import JobRow, JobState
from models.links import Invitation
from models.needs import NeedStatus
from models.people import Role
from models.proposals import Proposal, ProposalState
from models.queries import keys, people
from models.referrals import BodyKind
from models.subjects import subject_of
from tests import factories, joint_needs, mails, merges, place_answers, rankers, sign_offs, triage
from tests.factories import NOW

ALLOWED, SIGN_IN, REFUSED, HIDDEN = "yes", "sign in", "no", "hidden"
ASKERS: Final = ("anonymous", "no role", *(role.value for role in Role))


@dataclass(frozen=True)
class Asker:
    """Somebody in one role: what the rules know of them, and the headers of their requests."""

    actor: Actor
    headers: dict[str, str]


@dataclass(frozen=True)
class Case:
    """One row as a rule sees it: its words in the table, what it is, its address, and what is sent."""

    words: str
    subject: Subject | None = None
    id: UUID | str | None = None
    policy: Policy | None = None  # asked besides the route's own
    sent: dict[str, Any] | None = None


@dataclass(frozen=True)
class World:
    """Askers by role, and rows by the name of the parameter that addresses them."""

    askers: dict[str, Asker]
    rows: dict[str, list[Case]]
    places: dict[str, UUID]


def routes(app: FastAPI) -> Iterator[tuple[str, str, list[Policy]]]:
    """Method, address and policies of every route; static files, which are the same for all, are left out."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(getattr(route, "app", None), StaticFiles):
            continue
        doors = list(_doors(context.dependant)) if isinstance(route, APIRoute) else []
        for method in sorted(context.methods or {"ANY"}):
            yield method, context.path, doors


def _doors(dependant: Dependant) -> Iterator[Policy]:
    if isinstance(dependant.call, Door | OpenDoor):
        yield dependant.call.policy
    for each in dependant.dependencies:
        yield from _doors(each)


def expected(policy: Policy, actor: Actor, case: Case) -> str:
    """What becomes of a request at a door of this policy."""
    found = _outcome(policy, actor, case.subject)
    return _outcome(case.policy, actor, case.subject) if found == ALLOWED and case.policy is not None else found


def _outcome(policy: Policy, actor: Actor, subject: Subject | None) -> str:
    if not policy.admits(actor):
        return REFUSED if actor.is_known else SIGN_IN
    if subject is None:
        return ALLOWED
    reading = policy.name.endswith(".read")
    if policy.sees is not None and not policy.sees.allows(actor, subject):
        return HIDDEN
    return ALLOWED if policy.allows(actor, subject) else (HIDDEN if reading else REFUSED)


def cases_of(world: World, method: str, path: str) -> list[Case]:
    """The rows, or the things sent, on which the outcome at a route depends; one that says nothing when it does not."""
    if special := _SENT.get(f"{method} {path}"):
        return list(special(world))
    named = [name for name in world.rows if f"{{{name}}}" in path]
    return world.rows[named[0]] if named else [Case("")]


def make_world(session: Session) -> World:
    """One asker in each role, of Leeds and of the example supplier, and rows that are theirs or not."""
    askers = {name: _asker(session, name) for name in ASKERS}
    places = {key: factories.make_place(session, key).id for key in ("LDS", "WAK")}
    return World(
        askers,
        {
            "need_id": list(_needs(session)),
            "innovation_id": list(_innovations(session, askers["pipeline"].actor)),
            "proposal_id": list(_proposals(session)),
            "place_answer_id": [Case(words, subject_of(row), row.id) for words, row in place_answers.told_apart(session)],
            "submission_id": [Case(words, subject_of(row), row.id) for words, row in triage.told_apart(session)],
            "joint_need_id": list(_joint_needs(session)),
            "import_id": list(_imports(session, askers)),
            "job_id": list(_jobs(session)),
            "name": [Case("", None, rankers.make_ranker(session).name)],
            "share_id": [Case(words, subject_of(row.need), row.id) for words, row in sign_offs.shares_told_apart(session)],
            "sign_off_id": [Case(words, subject_of(row), row.id) for words, row in sign_offs.told_apart(session, askers["place"].actor)],
            "message_id": [Case("", None, mails.make_mail(session).id)],
            "body_id": [Case("", None, merges.body(session).id)],
            "referral_id": list(_referrals(session)),
            "reference": list(_calls(session)),
            "watch_id": list(_watches(session, askers)),
            "view_id": [Case(words, subject_of(row), row.id) for words, row in triage.views(session, askers["hub"].actor)],
            "invitation_id": list(_invitations(session)),
            "person_id": [Case("", None, factories.make_person(session, Role.BOARD).id)],
            "organisation_id": [
                Case(f"{row.name}'s", Subject(owners=frozenset({row.id})), row.id)
                for row in (factories.make_organisation(session), factories.make_organisation(session, "Rival"))
            ],
            "key_id": [Case("", None, factories.make_key(session, Role.BOARD) and keys.every_key(session)[0].id)],
        },
        places,
    )


def _asker(session: Session, name: str) -> Asker:
    if name == "anonymous":
        return Asker(ANONYMOUS, {})
    if name == Role.PIPELINE:
        key = factories.make_key(session, Role.PIPELINE)
        return Asker(accounts.actor_of_key(session, key, at=NOW), {"Authorization": f"Bearer {key}"})
    person = factories.make_person(session, None if name == "no role" else Role(name))
    begun = accounts.start_session(session, person.id, at=datetime.now(UTC), hours=1)
    headers = {CSRF_HEADER: begun.csrf_token, "Sec-Fetch-Site": "same-origin", "Cookie": f"{COOKIE}={begun.token}"}
    return Asker(accounts.actor_of_person(person), headers)


def _needs(session: Session) -> Iterator[Case]:
    draft, hub_only = {"status": NeedStatus.DRAFT}, {"visibility": Visibility.HUB_ONLY}
    leeds, wakefield = (factories.make_place(session, key).id for key in ("LDS", "WAK"))
    told: list[tuple[str, tuple[str, ...], UUID, dict[str, Any]]] = [
        ("own place's draft", ("LDS",), leeds, draft),
        ("own place's, Hub only", ("LDS",), leeds, hub_only),
        ("own place's, withdrawn", ("LDS",), leeds, {"status": NeedStatus.WITHDRAWN}),
        ("another place's, public", ("WAK",), wakefield, {}),
        ("another place's, partners", ("WAK",), wakefield, {"visibility": Visibility.PARTNERS}),
        ("another place's, Hub only", ("WAK",), wakefield, hub_only),
        ("another place's draft", ("WAK",), wakefield, draft),
        ("another place's, withdrawn", ("WAK",), wakefield, {"status": NeedStatus.WITHDRAWN}),
        ("another place's, Hub only, concerns own place too", ("LDS", "WAK"), wakefield, hub_only),
        ("another place's draft, concerns own place too", ("LDS", "WAK"), wakefield, draft),
    ]
    for words, places, owner, values in told:
        row = factories.make_need(session, places=places, owner_place_id=owner, **values)
        yield Case(words, subject_of(row), row.id)
    row = factories.make_need(session, places=("WAK",), owner_place_id=wakefield, **hub_only)
    _hand_on(session, factories.make_proposal(session, row))
    yield Case("another place's, Hub only, handed on", replace(subject_of(row), handed_on=True), row.id)
    row = factories.make_need(session, live=False)
    yield Case("own place's, of an import under way", subject_of(row), row.id)


def _innovations(session: Session, pipeline: Actor) -> Iterator[Case]:
    draft, hub_only = {"status": InnovationStatus.DRAFT}, {"visibility": Visibility.HUB_ONLY}
    public, held = {"visibility": Visibility.PUBLIC}, {"consent_at": None, "consent_by": ""}
    own, rival = "Example supplier", "Rival"
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("own organisation's draft", own, draft),
        ("own organisation's, Hub only", own, hub_only),
        ("own organisation's, without consent", own, public | held),
        ("a rival's, public", rival, public),
        ("a rival's, partners", rival, {"visibility": Visibility.PARTNERS}),
        ("a rival's, Hub only", rival, hub_only),
        ("a rival's draft", rival, draft),
        ("a rival's, public, without consent", rival, public | held),
        ("a rival's draft that the pipeline brought in", rival, draft | {"created_by": pipeline.name}),
    ]
    for words, supplier, values in told:
        row = factories.make_innovation(session, supplier=supplier, **values)
        yield Case(words, subject_of(row), row.id)
    row = factories.make_innovation(session, supplier=rival, **hub_only)
    _hand_on(session, factories.make_proposal(session, innovation=row))
    yield Case("a rival's, Hub only, handed on", replace(subject_of(row), handed_on=True), row.id)


def _proposals(session: Session) -> Iterator[Case]:
    def case(words: str, *, place: str = "LDS", visibility: Visibility = Visibility.PARTNERS, judged: int = 1, **values: Any) -> Case:
        need = factories.make_need(session, places=(place,), visibility=Visibility.HUB_ONLY)
        innovation = factories.make_innovation(session, visibility=visibility, revision=2)
        session.add(Revision(innovation_id=innovation.id, number=1, content=innovation.content(), content_hash=uuid4().hex, saved_at=NOW))
        row = factories.make_proposal(session, need, innovation, innovation_revision=judged, **values)
        return Case(words, subject_of(row), row.id)

    def put_to_own_place(words: str, **values: Any) -> Case:
        made = case(words, place="WAK", judged=1, **values)
        row = session.get_one(Proposal, made.id)
        place_answers.put_to(session, row)
        return replace(made, subject=subject_of(row))

    yield case("on own place's need", judged=2)
    yield put_to_own_place("on another place's need, of an older text, put to own place")
    yield put_to_own_place("on another place's need, put to own place, for the Hub only now", visibility=Visibility.HUB_ONLY)
    yield case("on own place's need, of an innovation for the Hub only", judged=2, visibility=Visibility.HUB_ONLY)
    yield case("on own place's need, of an older text", judged=1)
    yield case("on own place's need, out of force", judged=2, state=ProposalState.SUPERSEDED)
    yield case("on another place's need", place="WAK", judged=2)
    row = factories.make_proposal(session, factories.make_need(session, places=("WAK",), visibility=Visibility.HUB_ONLY))
    _hand_on(session, row)
    yield Case("on another place's need, handed on", subject_of(row), row.id)


def _hand_on(session: Session, row: Proposal) -> None:
    by = factories.make_person(session)
    row.decisions.append(
        Decision(verdict=Verdict.CONFIRMED, decided_by=by.id, decided_by_name=by.name, decided_at=NOW, note="", announced_at=NOW)
    )
    row.state = ProposalState.CONFIRMED
    session.flush()


def _imports(session: Session, askers: dict[str, Asker]) -> Iterator[Case]:
    for words, name in (("own place's", "place"), ("the pipeline's", "pipeline"), ("the Hub's", "hub")):
        row = ImportBatch(
            side=Side.NEED, file_name="needs.csv", file_hash=uuid4().hex, created_at=NOW, created_by=askers[name].actor.name,
            status=ImportStatus.CHECKED,
        )  # fmt: skip
        session.add(row)
        session.flush()
        yield Case(words, subject_of(row), row.id)


def _referrals(session: Session) -> Iterator[Case]:
    told = (
        ("own organisation's, to the network", "Example supplier", BodyKind.HEALTH_INNOVATION_NETWORK),
        ("own organisation's, to a funder", "Example supplier", BodyKind.FUNDER),
        ("a rival's, to the network", "Rival", BodyKind.HEALTH_INNOVATION_NETWORK),
        ("a rival's, to a funder", "Rival", BodyKind.FUNDER),
    )
    for words, supplier, kind in told:
        row = merges.referral(session, merges.active(session, supplier=supplier), merges.body(session, name=words, kind=kind))
        yield Case(words, subject_of(row), row.id)


def _merged(world: World) -> Iterator[Case]:
    rows = world.rows["innovation_id"]
    yield from (replace(row, sent={"json": {"into": str(rows[1].id)}}) for row in rows)


def _referred(world: World) -> Iterator[Case]:
    (body,) = world.rows["body_id"]
    yield from (replace(row, sent={"json": {"body_id": str(body.id), "reason": "They may help."}}) for row in world.rows["innovation_id"])


def _jobs(session: Session) -> Iterator[Case]:
    row = JobRow(
        name="propose", arguments={}, dedupe_key="dead", state=JobState.DEAD, due_at=NOW, created_at=NOW, finished_at=NOW, attempts=5,
        last_error="", correlation_id="", priority=0,
    )  # fmt: skip
    session.add(row)
    session.flush()
    yield Case("", None, row.id)


def _calls(session: Session) -> Iterator[Case]:
    leeds, wakefield = (factories.make_place(session, key).id for key in ("LDS", "WAK"))
    told: list[tuple[str, tuple[str, ...], UUID, Visibility]] = [
        ("on own place's need", ("LDS",), leeds, Visibility.PUBLIC),
        ("on another place's need", ("WAK",), wakefield, Visibility.PUBLIC),
        ("on another place's need, concerns own place too", ("LDS", "WAK"), wakefield, Visibility.PUBLIC),
        ("on another place's need, which is for the Hub only now", ("WAK",), wakefield, Visibility.HUB_ONLY),
    ]
    for words, places, owner, visibility in told:
        row = factories.make_call(session, factories.make_need(session, places=places, owner_place_id=owner, visibility=visibility))
        yield Case(words, subject_of(row), row.reference)


def _watches(session: Session, askers: dict[str, Asker]) -> Iterator[Case]:
    for words, name in (("one's own, in no role", "no role"), ("one's own, of the Hub", "hub")):
        row = factories.make_watch(session, people.by_id(session, askers[name].actor.person_id))
        yield Case(words, subject_of(row), row.id)


def _watched(_world: World) -> Iterator[Case]:
    said = {"kind": "text", "value": "falls at home"}
    yield Case("for needs", sent={"json": said})
    yield Case("for innovations", Subject(), policy=policies.WATCH_CREATE_FOR_INNOVATIONS, sent={"json": said | {"what": "innovations"}})


def _invitations(session: Session) -> Iterator[Case]:
    by, own, another = factories.make_person(session, Role.LEAD), factories.make_place(session), factories.make_place(session, "WAK")
    told: list[tuple[str, dict[str, Any]]] = [
        ("into own place", {"role": Role.PLACE, "place_id": own.id}),
        ("into another place", {"role": Role.PLACE, "place_id": another.id}),
        ("into own organisation", {"role": Role.INNOVATOR, "organisation_id": factories.make_organisation(session).id}),
        ("into a rival's", {"role": Role.INNOVATOR, "organisation_id": factories.make_organisation(session, "Rival").id}),
        ("into the Hub", {"role": Role.HUB}),
    ]
    for words, values in told:
        row = Invitation(address="new@example.org", invited_by=by.id, made_at=NOW, expires_at=NOW + timedelta(days=14), **values)
        session.add(row)
        session.flush()
        yield Case(words, subject_of(row), row.id)


def _invited(world: World) -> Iterator[Case]:
    for words, place in (("into own place", "LDS"), ("into another place", "WAK")):
        said = {"email": "new@example.org", "role": "place", "place": place}
        yield Case(words, Subject(owners=frozenset({world.places[place]})), sent={"json": said})
    yield Case("into the Hub", Subject(), sent={"json": {"email": "new@example.org", "role": "hub"}})


def _stated(world: World) -> Iterator[Case]:
    for words, place in (("for own place", "LDS"), ("for another place only", "WAK")):
        yield Case(words, Subject(concerned=frozenset({world.places[place]})), sent={"json": {"title": "A need", "places": [place]}})


def _offered(_world: World) -> Iterator[Case]:
    yield Case("in one's own name", sent={"json": {"name": "An offer"}})
    yield Case("for another organisation", policy=policies.INNOVATION_CREATE_FOR, sent={"json": {"name": "An offer", "supplier": "Rival"}})


def _given(world: World) -> Iterator[Case]:
    rows = world.rows["innovation_id"]
    yield from rows
    own = rows[0]
    yield replace(own, words=f"{own.words}, given to a rival", policy=policies.INNOVATION_GIVE, sent={"json": {"supplier": "Rival"}})


def _brought_in(_world: World) -> Iterator[Case]:
    needs, innovations = b"title,places\nA need,LDS\n", b"name\nAn innovation\n"
    yield Case("needs", policy=policies.NEED_IMPORT, sent={"data": {"side": "need"}, "files": {"file": ("a.csv", needs)}})
    told = {"data": {"side": "innovation"}, "files": {"file": ("a.csv", innovations)}}
    yield Case("innovations", policy=policies.INNOVATION_IMPORT, sent=told)


def _joint_needs(session: Session) -> Iterator[Case]:
    own = {"json": {"need_id": str(joint_needs.joinable(session).id)}}
    for words, row in joint_needs.told_apart(session):
        yield Case(words, subject_of(row), row.id, sent=own)


def _joined(world: World) -> Iterator[Case]:
    """Each need joined with one that who asks may join; and each as the one that is joined with another's."""
    own = world.rows["joint_need_id"][0].sent
    needs = world.rows["need_id"]
    yield from (replace(each, sent=own) for each in needs)
    (public,) = (each for each in needs if each.words == "another place's, public")
    for each in needs:
        sent = {"json": {"need_id": str(each.id)}}
        yield replace(each, words=f"with {each.words}", id=public.id, policy=policies.NEED_JOIN, sent=sent)


def _aligned(world: World) -> Iterator[Case]:
    needs = {each.words: str(each.id) for each in world.rows["need_id"]}
    own, other = needs["own place's, Hub only"], needs["another place's, public"]
    yield Case("", sent={"json": {"need_ids": [own, other]}})


def _proposed(world: World) -> Iterator[Case]:
    (aligned,) = _aligned(world)
    own, other = aligned.sent["json"]["need_ids"] if aligned.sent else ("", "")
    yield Case("", sent={"json": {"with_need_id": other, "need_ids": [own]}})


_SENT: Final[dict[str, Callable[[World], Iterator[Case]]]] = {
    "POST /api/v1/needs": _stated,
    "POST /api/v1/innovations": _offered,
    "PATCH /api/v1/innovations/{innovation_id}": _given,
    "POST /api/v1/imports": _brought_in,
    "POST /api/v1/records": lambda _: iter([Case("", sent={"files": {"file": ("a.csv", b"uniqueId,name\nINN-2501-0007-5,A\n")}})]),
    "POST /api/v1/innovations/{innovation_id}/merge": _merged,
    "POST /api/v1/innovations/{innovation_id}/referrals": _referred,
    "POST /api/v1/needs/{need_id}/join": _joined,
    "POST /needs/{need_id}/join": lambda world: (replace(each, sent={"data": (each.sent or {})["json"]}) for each in _joined(world)),
    "POST /api/v1/alignments/dismiss": _aligned,
    "POST /api/v1/alignments/propose": _proposed,
    "POST /api/v1/watches": _watched,
    "POST /api/v1/invitations": _invited,
}
