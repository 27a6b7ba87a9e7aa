"""Plain makers of rows for tests: what is not said gets a sensible value; places and people come as they are needed."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.services import accounts
from models.actors import SYSTEM
from models.base import Base
from models.calls import Call, reference_of
from models.documents import Readability, Revision, Visibility
from models.events import GUARDS
from models.innovations import Innovation, InnovationKind, InnovationStatus
from models.keys import Scope
from models.needs import Need, NeedCriterion, NeedStatus
from models.organisations import Organisation, OrganisationKind
from models.people import Person, Role, RoleGrant
from models.places import Place, PlaceCode
from models.proposals import Band, Proposal, ProposalState
from models.queries import calls
from models.runs import RankingRun
from models.watches import Watch, Watched, WatchKind, folded

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANY_VERSION = {"If-Match": "*"}
PASSWORD = "a long enough password"
PLACES = {
    "BDC": ("Bradford District and Craven", "36J"),
    "CAL": ("Calderdale", "02T"),
    "KIR": ("Kirklees", "X2C4Y"),
    "LDS": ("Leeds", "15F"),
    "WAK": ("Wakefield", "03R"),
}


def make_place(session: Session, key: str = "LDS") -> Place:
    """The place of a key, added when it is not there yet."""
    found = session.scalars(select(Place).where(Place.key == key)).first()
    if found is None:
        name, ods_code = PLACES[key]
        code = PlaceCode(ods_code=ods_code, valid_from=None, valid_to=None, successor=None, verified=True)
        found = Place(key=key, name=name, partnership=f"{name} Partnership", ons_code=None, ods_codes=[code])
        session.add(found)
        session.flush()
    return found


def make_organisation(
    session: Session, name: str = "Example supplier", kind: OrganisationKind = OrganisationKind.SUPPLIER, **values: Any
) -> Organisation:
    """The organisation of a name, added when it is not there yet."""
    found = session.scalars(select(Organisation).where(Organisation.name == name)).first()
    if found is None:
        found = Organisation(name=name, kind=kind, **{"ods_code": None, "town": None, "places": []} | values)
        session.add(found)
        session.flush()
    return found


def make_person(
    session: Session, role: Role | None = Role.HUB, *, place: str | None = None, organisation: str | None = None, **values: Any
) -> Person:
    """Somebody in a role, with the password PASSWORD; a place lead is of Leeds, an innovator of the example supplier."""
    said = {"email": f"{uuid4().hex[:12]}@example.org", "name": f"{(role or 'no').title()} officer", "active": True, "created_at": NOW}
    person = Person(**said | {"password_hash": _password_hash(), "grants": []} | values)
    if role is not None:
        place_id = make_place(session, place or "LDS").id if role is Role.PLACE else None
        organisation_id = make_organisation(session, organisation or "Example supplier").id if role is Role.INNOVATOR else None
        person.grants.append(RoleGrant(role=role, place_id=place_id, organisation_id=organisation_id))
    session.add(person)
    session.flush()
    return person


def make_key(session: Session, role: Role = Role.PIPELINE, scopes: set[Scope] | None = None, **values: Any) -> str:
    """A key, as its machine sends it; with a scope to decide it acts for a new person of the role."""
    scopes = set(Scope) - {Scope.DECIDE} if scopes is None else scopes
    if Scope.DECIDE in scopes and "person_id" not in values:
        values["person_id"] = make_person(session, role).id
    if role is Role.PLACE:
        values.setdefault("place_id", make_place(session).id)
    if role is Role.INNOVATOR:
        values.setdefault("organisation_id", make_organisation(session).id)
    said = {"name": f"{role.title()} system", "role": role, "scopes": scopes, "at": NOW, "actor": SYSTEM}
    return accounts.create_key(session, **said | values).secret


def make_need(session: Session, *, places: tuple[str, ...] = ("LDS",), criteria: tuple[tuple[str, str], ...] = (), **values: Any) -> Need:
    """An open, public, readable need of Leeds; not embedded."""
    said: dict[str, Any] = {
        "title": "People wait too long for an ADHD assessment",
        "problem": "Adults wait years for an assessment, because each takes several visits that cannot be booked together.",
        "population": "Adults in Leeds who were referred for an ADHD assessment",
        "desired_outcome": "A decision within eighteen weeks, with fewer visits for each person.",
        "metric": "Weeks from referral to decision",
        "status": NeedStatus.OPEN,
        "visibility": Visibility.PUBLIC,
        "readability": Readability.READABLE,
        "care_settings": ["MENTAL_HEALTH"],
        "created_at": NOW,
        "updated_at": NOW,
        "opened_at": NOW,
        "revision": 1,
        "version": 1,
    }
    row = Need(**said | values)
    row.places = [make_place(session, key) for key in places]
    row.criteria = [NeedCriterion(position=number, kind=kind, value=value) for number, (kind, value) in enumerate(criteria)]
    return _stored(session, row)


def make_innovation(session: Session, *, supplier: str | None = "Example supplier", **values: Any) -> Innovation:
    """A submitted, consented, readable innovation that partners may read; not embedded."""
    said: dict[str, Any] = {
        "name": "Computer test of attention and activity",
        "kind": InnovationKind.PRODUCT,
        "description": "A twenty-minute computer test that measures attention, impulsivity and movement.",
        "problems_tackled": "Assessments for ADHD wait on clinician time and on questionnaires that say little.",
        "how_it_works": "The person takes the test at the clinic and the clinician reads a report on the same day.",
        "status": InnovationStatus.SUBMITTED,
        "visibility": Visibility.PARTNERS,
        "readability": Readability.READABLE,
        "care_settings": ["MENTAL_HEALTH"],
        "consent_by": "Managing director",
        "consent_at": NOW,
        "consent_scope": "matching",
        "created_at": NOW,
        "updated_at": NOW,
        "submitted_at": NOW,
        "revision": 1,
        "version": 1,
    }
    row = Innovation(**said | values)
    row.supplier = make_organisation(session, supplier) if supplier else None
    row.external_ids = values.get("external_ids", [])
    return _stored(session, row)


def make_proposal(session: Session, need: Need | None = None, innovation: Innovation | None = None, **values: Any) -> Proposal:
    """An open, strong proposal of a new pair, in a run of its own."""
    need, innovation = need or make_need(session), innovation or make_innovation(session)
    run = RankingRun(
        query_side="need",
        need_id=need.id,
        innovation_id=None,
        query_revision=need.revision,
        ranker="test",
        ranker_hash="0" * 64,
        encoder_id="test",
        event_position=0,
        candidate_count=1,
        best_probability=0.9,
        nothing_fits=False,
        created_at=NOW,
    )
    session.add(run)
    session.flush()
    said: dict[str, Any] = {
        "rank": 1,
        "probability": 0.9,
        "band": Band.STRONG,
        "features": [0.9],
        "findings": [make_finding(need, innovation)],
        "state": ProposalState.OPEN,
        "created_at": NOW,
        "need_revision": need.revision,
        "innovation_revision": innovation.revision,
        "version": 1,
    }
    row = Proposal(**said | values)
    row.run, row.need, row.innovation, row.decisions, row.skips, row.place_answers = run, need, innovation, [], [], []
    session.add(row)
    session.flush()
    return row


def make_call(session: Session, need: Need | None = None, **values: Any) -> Call:
    """An open call for answers to a new need, which everybody may read."""
    need = need or make_need(session)
    number = calls.next_number(session, 2026)
    said = {"reference": reference_of(2026, number), "introduction": "", "published_by": "system", "published_at": NOW, "version": 1}
    row = Call(**said | {"closes_on": None, "closed_at": None, "closed_reason": None} | values)
    row.need = need
    session.add(row)
    session.flush()
    return row


def make_watch(session: Session, person: Person | None = None, **values: Any) -> Watch:
    """Somebody's watch for needs of Leeds, begun before anything was there."""
    said: dict[str, Any] = {"kind": WatchKind.PLACE, "what": Watched.NEEDS, "value": "LDS", "muted": False, "version": 1}
    said |= {"created_at": NOW - timedelta(days=30)} | values
    row = Watch(person_id=(person or make_person(session)).id, folded=folded(said["value"]), **said)
    session.add(row)
    session.flush()
    return row


def make_finding(need: Need, innovation: Innovation) -> dict[str, Any]:
    """The verdict *met* on the problem, with the first words of both texts."""
    ours, theirs = need.problem[:20], innovation.problems_tackled[:20]
    return {
        "aspect": "problem",
        "criterion": None,
        "verdict": "met",
        "need_quote": {"field": "problem", "start": 0, "end": len(ours), "text": ours},
        "innovation_quote": {"field": "problems_tackled", "start": 0, "end": len(theirs), "text": theirs},
        "missing": "",
    }


def empty(session: Session) -> None:
    """Take every row out of every table."""
    drop_guards(session)
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(table.delete())
    for statement in GUARDS[session.get_bind().dialect.name]:
        session.execute(text(statement))


def drop_guards(session: Session) -> None:
    """Let events be changed and deleted, as somebody may who owns the tables."""
    where = " ON event" if session.get_bind().dialect.name == "postgresql" else ""
    for name in ("not_changed", "not_reworded", "not_deleted", "not_emptied"):
        session.execute(text(f"DROP TRIGGER IF EXISTS event_{name}{where}"))


def _stored(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    row.refresh_search_text()
    ids = {"need_id": row.id} if isinstance(row, Need) else {"innovation_id": row.id}
    session.add(Revision(**ids, number=row.revision, content=row.content(), content_hash=uuid4().hex, saved_at=NOW))
    session.flush()
    return row


@cache
def _password_hash() -> str:
    return accounts.hashed(PASSWORD)
