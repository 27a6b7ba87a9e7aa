"""What changes something, route by route: how it is asked for, and the one event that it writes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import links
from models.base import Base
from models.documents import Side
from models.events import Event
from models.innovations import InnovationStatus
from models.jobs import JobRow
from models.links import LinkPurpose
from models.mail import MessageState
from models.needs import NeedStatus
from models.people import Role
from tests import factories, front_door, joint_needs, mails, merges, outcomes, page_changes, place_answers, public_pages, rankers, triage
from tests.api.test_page_forms import INNOVATION as INNOVATION_FORM
from tests.api.test_page_forms import NEED as NEED_FORM
from tests.factories import ANY_VERSION, PASSWORD
from tests.imports import NEEDS as NEEDS_FILE
from tests.imports import send_record
from tests.mailboxes import report

NOW = datetime.now(UTC)
NEED = {"title": "People fall", "problem": "Older people who fall wait too long for help.", "places": ["LDS"]}
INNOVATION = {"name": "Falls sensor", "problems_tackled": "People fall and lie for hours.", "how_it_works": "A sensor calls a neighbour."}
PROFILE = {"size": "up_to_5", "origin": None}
WATCH = {"kind": "text", "value": "falls at home"}
DRAFT = {"then": "draft", "version": "1"}
SAVED = {
    **INNOVATION,
    "care_settings": ["PRIMARY_CARE"],
    "stage": "ADOPTION",
    "email": "new@example.org",
    "organisation": "New firm",
    "consent_by": "Managing director",
}
LATER_ON = (NOW + timedelta(days=200)).date().isoformat()
LEFT_ALONE = {
    "POST /api/v1/matches",
    "POST /api/v1/front-door/matches",
    "POST /api/v1/suggested-codes",
    "POST /api/v1/similar-needs",
}  # read a text that is not stored


class World:
    """What is changed, by a Hub lead; what is put there for it comes before `on`, and the change after."""

    def __init__(self, app: FastAPI, lead: TestClient, make: Callable[..., Any]) -> None:
        self.lead, self.make, self.stranger = lead, make, TestClient(app, raise_server_exceptions=False)
        self.libraries = app.state.libraries
        self.person = make(factories.make_person, Role.BOARD)
        for key in ("LDS", "WAK"):
            make(factories.make_place, key)
        self.body = make(merges.body)
        self.writing_fails: pytest.MonkeyPatch | None = None
        self.on(None)

    def on(self, found: Any) -> Any:
        """What is there; from now on events count, or cannot be written."""
        self.before, self.rows = self._written(), self.make(everything)
        if self.writing_fails is not None:
            self.writing_fails.setattr(Event, "of", fail)
        return found

    def events(self) -> list[Event]:
        """Those that were written since, in their order."""
        return [event for event in self._written() if event.id not in {each.id for each in self.before}]

    def _written(self) -> list[Event]:
        return list(self.make(lambda session: session.scalars(select(Event).order_by(Event.recorded_at, Event.ordinal)).all()))

    def api(self, path: str, said: Any = None, method: str = "POST") -> Any:
        """A change by API."""
        return self.lead.request(method, f"/api/v1{path}", json=said, headers=ANY_VERSION)

    def form(self, path: str, **said: Any) -> Any:
        """A change by form."""
        return self.lead.post(path, data=said, headers={"Accept": "text/html"}, follow_redirects=False)

    def draft(self, side: Side) -> Any:
        """One that is not submitted."""
        if side is Side.NEED:
            return self.make(factories.make_need, status=NeedStatus.DRAFT).id
        return self.make(factories.make_innovation, status=InnovationStatus.DRAFT).id

    def watch(self) -> Any:
        """One of the lead's own."""
        return self.api("/watches", WATCH).json()["id"]

    def link(self) -> Any:
        """One that signs the person in."""
        said = {"subject_id": self.person.id, "person_id": self.person.id, "at": NOW, "valid_for": timedelta(hours=1)}
        return self.make(links.make, LinkPurpose.SIGN_IN, **said)

    def invite(self) -> Any:
        """A colleague of the lead."""
        return self.api("/invitations", {"email": "new@example.org", "role": "hub"})

    def make_key(self) -> Any:
        """One that only reads."""
        return self.api("/keys", {"name": "A system", "role": "pipeline", "scopes": ["read"]})

    def leaving(self) -> TestClient:
        """Somebody who is signed in, as the lead is."""
        self.make(factories.make_person, Role.LEAD)
        self.on(None)
        return self.lead

    def proposal(self) -> Any:
        """One to decide."""
        return self.make(factories.make_proposal).id

    def decided(self) -> Any:
        """One that was just confirmed."""
        found = self.proposal()
        self.api(f"/proposals/{found}/decision", {"verdict": "confirmed"})
        return found

    def question(self) -> Any:
        """One to a place, about a match that was announced."""
        return next(iter(self.make(place_answers.announced).place_answers)).id

    def two(self) -> Any:
        """Two innovations of one organisation."""
        return [self.make(factories.make_innovation).id for _ in range(2)]

    def merged(self) -> Any:
        """One that was just merged."""
        merged, kept = self.two()
        self.api(f"/innovations/{merged}/merge", {"into": str(kept)})
        return merged

    def referral_link(self) -> Any:
        """The secret of a link by which a body answers."""
        self.make(merges.referral)
        return self.make(merges.token)

    def bounce(self) -> Any:
        """A mail that came back."""
        sent = self.on(self.make(mails.make_mail, state=MessageState.SENT))
        return self.api("/mail-bounces", {"report": report(sent.id).as_string()})

    def ranker(self) -> str:
        """One that was trained."""
        return str(self.make(rankers.trained, self.libraries).name)

    def import_file(self) -> Any:
        """A file of needs."""
        return self.lead.post("/api/v1/imports", data={"side": "need"}, files={"file": ("rows.csv", NEEDS_FILE.encode())})


def everything(session: Session) -> dict[str, Any]:
    """Every row of every table that tells of the domain."""
    tables = (table for table in Base.metadata.sorted_tables if table.name not in {"job", "known_device"})
    return {table.name: sorted(map(repr, session.execute(table.select()))) for table in tables}


def fail(*_args: object, **_values: object) -> None:
    raise RuntimeError("The event cannot be written.")


def make_dead_job(session: Session) -> Any:
    enqueue(session, Job.SNAPSHOT, at=NOW)
    row = session.scalars(select(JobRow).where(JobRow.name == Job.SNAPSHOT)).one()
    row.give_up("It failed.", at=NOW)
    return row.id


def of_documents(side: Side, said: Any, form: Any, created: str, changed: str, submitted: str, withdrawn: str) -> Any:
    """The routes that needs and innovations have alike, by what each writes."""
    path, part = f"/{side}s", f"/{side}s/{{{side}_id}}"
    other = {next(iter(said)): "Another"}
    return {
        f"POST /api/v1{path}": (created, lambda world: world.api(path, said)),
        f"PATCH /api/v1{part}": (changed, lambda world: world.api(f"{path}/{world.on(world.draft(side))}", other, "PATCH")),
        f"POST /api/v1{part}/submit": (submitted, lambda world: world.api(f"{path}/{world.on(world.draft(side))}/submit")),
        f"POST /api/v1{part}/withdraw": (withdrawn, lambda world: world.api(f"{path}/{world.on(world.draft(side))}/withdraw")),
        f"POST {path}/new": (created, lambda world: world.form(f"{path}/new", **form | DRAFT)),
        f"POST {part}/change": (changed, lambda world: world.form(f"{path}/{world.on(world.draft(side))}/change", **form | DRAFT)),
        f"POST {part}/submit": (submitted, lambda world: world.form(f"{path}/{world.on(world.draft(side))}/submit", version="1")),
        f"POST {part}/withdraw": (withdrawn, lambda world: world.form(f"{path}/{world.on(world.draft(side))}/withdraw", version="1")),
    }


Change = tuple[str, Callable[[World], Any]]
ROUTES: dict[str, Change] = {
    **of_documents(Side.NEED, NEED, NEED_FORM, "need.created", "need.changed", "need.opened", "need.closed"),
    **of_documents(
        Side.INNOVATION,
        INNOVATION,
        INNOVATION_FORM,
        "innovation.created",
        "innovation.changed",
        "submission.received",
        "submission.withdrawn",
    ),
    "POST /api/v1/session": (
        "session.begun",
        lambda world: world.stranger.post("/api/v1/session", json={"email": world.person.email, "password": PASSWORD}),
    ),
    "POST /sign-in": (
        "session.begun",
        lambda world: world.stranger.post(
            "/sign-in", data={"email": world.person.email, "password": PASSWORD}, headers={"Accept": "text/html"}, follow_redirects=False
        ),
    ),
    "DELETE /api/v1/session": ("session.ended", lambda world: world.api("/session", method="DELETE")),
    "POST /sign-out": ("session.ended", lambda world: world.form("/sign-out")),
    "POST /api/v1/imports": ("import.staged", World.import_file),
    "POST /api/v1/records": (
        "innovation.record_imported",
        lambda world: world.on(send_record(world.lead, 1)) and send_record(world.lead, 2),
    ),
    "POST /api/v1/jobs/{job_id}/retry": ("job.retried", lambda world: world.api(f"/jobs/{world.on(world.make(make_dead_job))}/retry")),
    "POST /api/v1/needs/{need_id}/call": (
        "call.published",
        lambda world: world.api(f"/needs/{world.on(world.make(factories.make_need, proposed_revision=1)).id}/call", {}),
    ),
    "POST /api/v1/calls/{reference}/close": (
        "call.closed",
        lambda world: world.api(f"/calls/{world.on(world.make(factories.make_call)).reference}/close"),
    ),
    "DELETE /api/v1/innovations/{innovation_id}": (
        "innovation.deleted",
        lambda world: world.api(f"/innovations/{world.on(world.draft(Side.INNOVATION))}", method="DELETE"),
    ),
    "POST /api/v1/front-door/submissions": (
        "front_door.saved",
        lambda world: world.stranger.post("/api/v1/front-door/submissions", json=SAVED),
    ),
    "POST /api/v1/session/link": (
        "person.link_asked",
        lambda world: world.stranger.post("/api/v1/session/link", json={"email": world.person.email}),
    ),
    "POST /api/v1/links/{token}": (
        "session.begun",
        lambda world: world.stranger.post(f"/api/v1/links/{world.on(world.link())}", json={}),
    ),
    "POST /links/{token}": (
        "session.begun",
        lambda world: world.stranger.post(f"/links/{world.on(world.link())}", headers={"Accept": "text/html"}, follow_redirects=False),
    ),
    "POST /api/v1/invitations": ("person.invited", World.invite),
    "DELETE /api/v1/invitations/{invitation_id}": (
        "person.uninvited",
        lambda world: world.api(f"/invitations/{world.on(world.invite()).json()['id']}", method="DELETE"),
    ),
    "DELETE /api/v1/me": ("person.erased", lambda world: world.leaving().delete("/api/v1/me")),
    "POST /api/v1/people": ("person.created", lambda world: world.api("/people", {"email": "new@example.org", "name": "New officer"})),
    "POST /api/v1/people/{person_id}/grants": (
        "person.role_granted",
        lambda world: world.api(f"/people/{world.on(world.person).id}/grants", {"role": "hub"}),
    ),
    "DELETE /api/v1/people/{person_id}/grants/{grant_id}": (
        "person.role_revoked",
        lambda world: world.api(f"/people/{world.on(world.person).id}/grants/{world.person.grants[0].id}", method="DELETE"),
    ),
    "POST /api/v1/people/{person_id}/deactivate": (
        "person.deactivated",
        lambda world: world.api(f"/people/{world.on(world.person).id}/deactivate"),
    ),
    "POST /api/v1/people/{person_id}/reopen": (
        "person.reopened",
        lambda world: world.api(f"/people/{world.on(world.make(factories.make_person, active=False)).id}/reopen"),
    ),
    "DELETE /api/v1/people/{person_id}": (
        "person.erased",
        lambda world: world.api(f"/people/{world.on(world.person).id}", method="DELETE"),
    ),
    "POST /api/v1/organisations/{organisation_id}/confirm": (
        "organisation.confirmed",
        lambda world: world.api(f"/organisations/{world.on(world.make(factories.make_organisation, confirmed=False)).id}/confirm", {}),
    ),
    "PUT /api/v1/organisations/{organisation_id}/profile": (
        "organisation.described",
        lambda world: world.api(f"/organisations/{world.on(world.make(factories.make_organisation)).id}/profile", PROFILE, "PUT"),
    ),
    "POST /api/v1/keys": ("key.created", World.make_key),
    "DELETE /api/v1/keys/{key_id}": (
        "key.revoked",
        lambda world: world.api(f"/keys/{world.on(world.make_key()).json()['id']}", method="DELETE"),
    ),
    "POST /api/v1/watches": ("watch.begun", lambda world: world.api("/watches", WATCH)),
    "PATCH /api/v1/watches/{watch_id}": (
        "watch.changed",
        lambda world: world.api(f"/watches/{world.on(world.watch())}", {"muted": True}, "PATCH"),
    ),
    "DELETE /api/v1/watches/{watch_id}": ("watch.ended", lambda world: world.api(f"/watches/{world.on(world.watch())}", method="DELETE")),
    "POST /api/v1/proposals/{proposal_id}/decision": (
        "proposal.rejected",
        lambda world: world.api(f"/proposals/{world.on(world.proposal())}/decision", {"verdict": "rejected", "reason": "no_budget"}),
    ),
    "POST /api/v1/proposals/{proposal_id}/undo": (
        "proposal.undone",
        lambda world: world.api(f"/proposals/{world.on(world.decided())}/undo"),
    ),
    "POST /api/v1/proposals/{proposal_id}/stages": (
        "stage.changed",
        lambda world: world.api(
            f"/proposals/{world.on(world.make(place_answers.announced)).id}/stages", {"place": "LDS", "stage": "introduced"}
        ),
    ),
    "POST /api/v1/place-answers/{place_answer_id}/answer": (
        "place.answered",
        lambda world: world.api(f"/place-answers/{world.on(world.question())}/answer", {"answer": "meet", "note": "By telephone."}),
    ),
    "POST /api/v1/needs/{need_id}/met": (
        "need.met",
        lambda world: world.api(f"/needs/{world.on(world.make(factories.make_need)).id}/met", {"result": "It is met."}),
    ),
    "POST /api/v1/needs/{need_id}/close": (
        "need.closed",
        lambda world: world.api(f"/needs/{world.on(world.make(factories.make_need)).id}/close", {"reason": "It is over."}),
    ),
    "POST /api/v1/needs/{need_id}/renew": (
        "need.renewed",
        lambda world: world.api(f"/needs/{world.on(world.make(factories.make_need)).id}/renew", {"review_date": LATER_ON}),
    ),
    "POST /api/v1/mail/{message_id}/send-again": (
        "mail.sent_again",
        lambda world: world.api(f"/mail/{world.on(world.make(mails.make_mail)).id}/send-again"),
    ),
    "POST /api/v1/mail-bounces": ("mail.bounced", World.bounce),
    "PATCH /api/v1/me/mail": ("person.mail_stopped", lambda world: world.api("/me/mail", {"digest": "off"}, "PATCH")),
    "POST /unsubscribe/{token}": (
        "person.mail_stopped",
        lambda world: world.stranger.post(f"/unsubscribe/{world.on(world.make(mails.stop_token, world.person))}"),
    ),
    **triage.CHANGES,
    **outcomes.CHANGES,
    **joint_needs.CHANGES,
    **page_changes.CHANGES,
    "POST /api/v1/innovations/{innovation_id}/merge": (
        "innovation.merged",
        lambda world: world.api(f"/innovations/{(two := world.on(world.two()))[0]}/merge", {"into": str(two[1])}),
    ),
    "POST /api/v1/innovations/{innovation_id}/unmerge": (
        "innovation.unmerged",
        lambda world: world.api(f"/innovations/{world.on(world.merged())}/unmerge"),
    ),
    "POST /api/v1/bodies": ("body.added", lambda world: world.api("/bodies", {"name": "A body", "kind": "funder"})),
    "PATCH /api/v1/bodies/{body_id}": (
        "body.changed",
        lambda world: world.api(f"/bodies/{world.on(world.make(merges.body)).id}", {"active": False}, "PATCH"),
    ),
    "POST /api/v1/innovations/{innovation_id}/referrals": (
        "referral.offered",
        lambda world: world.api(
            f"/innovations/{world.on(world.make(merges.active)).id}/referrals",
            {"body_id": str(world.body.id), "reason": "They plan evaluations."},
        ),
    ),
    "POST /api/v1/referrals/{referral_id}/answer": (
        "referral.accepted",
        lambda world: world.api(f"/referrals/{world.on(world.make(merges.referral)).id}/answer", {"answer": "accepted"}),
    ),
    "POST /api/v1/referrals/{referral_id}/close": (
        "referral.closed",
        lambda world: world.api(f"/referrals/{world.on(world.make(merges.referral)).id}/close", {"outcome": "taken_back"}),
    ),
    "POST /referrals/{token}": (
        "referral.accepted",
        lambda world: world.stranger.post(
            f"/referrals/{world.on(world.referral_link())}", data={"answer": "accepted"}, headers={"Accept": "text/html"}
        ),
    ),
    "POST /api/v1/rankers/{name}/activate": (
        "ranker.activated",
        lambda world: world.api(f"/rankers/{world.on(world.ranker())}/activate"),
    ),
    "POST /api/v1/ranker-rollback": (
        "ranker.rolled_back",
        lambda world: world.on(world.make(rankers.make_ranker, state="active", activated_at=NOW)) and world.api("/ranker-rollback"),
    ),
    "POST /proposals/{proposal_id}/decision": (
        "proposal.confirmed",
        lambda world: world.form(f"/proposals/{world.on(world.proposal())}/decision", verdict="confirmed", version="1"),
    ),
    "POST /proposals/{proposal_id}/skip": (
        "proposal.skipped",
        lambda world: world.form(f"/proposals/{world.on(world.proposal())}/skip", version="1"),
    ),
    "POST /proposals/{proposal_id}/undo": (
        "proposal.undone",
        lambda world: world.form(f"/proposals/{world.on(world.decided())}/undo", version="2"),
    ),
}


STRANGERS = {"POST /api/v1/front-door/submissions", "POST /api/v1/session/link", *front_door.STRANGERS, *public_pages.STRANGERS}
