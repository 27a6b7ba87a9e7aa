"""Submissions in triage for tests: what is handed in, proposals to decide, and outcomes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services import accounts, assigning, concluding, keeping_views, noting, triaging
from api.services.letters import Choice
from models.actors import Actor
from models.clocks import Clock, ClockKind
from models.decisions import Reason, ReasonCode
from models.documents import Visibility
from models.innovations import Innovation
from models.jobs import JobRow
from models.mail import Message
from models.people import Person, Role
from models.referrals import BodyKind, SupportBody
from models.saved_views import SavedView
from models.triage import Outcome, OutcomeKind, Submission
from tests import factories

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WINDOW = 600.0
LATER = timedelta(seconds=WINDOW)
ACTIVE = Choice(kind=OutcomeKind.ACTIVE)
ARCHIVE = Choice(kind=OutcomeKind.ARCHIVE, reason=Reason(code=ReasonCode.EVIDENCE_TOO_WEAK))
VIEW = {"path": "/triage", "name": "Mine", "query": "who=me"}
ASK = Choice(kind=OutcomeKind.ASK, question="For which ages is it?", answer_by=datetime(2026, 11, 9, tzinfo=UTC).date())


def submission(session: Session, *, at: datetime = MONDAY, ranked: bool = True, **values: Any) -> Submission:
    """An innovation that was handed in and waits; its matches were looked for."""
    said: dict[str, Any] = {"embedded_revision": 1, "proposed_revision": 1 if ranked else None, "submitted_at": at}
    innovation = factories.make_innovation(session, **said | values)
    return triaging.receive(session, innovation, at=at)


def officer(session: Session, role: Role = Role.HUB, name: str = "Hub triage officer") -> Actor:
    """Somebody with an account in a role, as an actor."""
    return actor(factories.make_person(session, role, name=name))


def actor(person: Person) -> Actor:
    """A person as an actor."""
    return accounts.actor_of_person(person)


def innovator(session: Session, name: str = "Managing director", organisation: str = "Example supplier") -> Person:
    """Somebody of the supplier, whom letters are mailed to."""
    return factories.make_person(session, Role.INNOVATOR, organisation=organisation, name=name)


def make_body(session: Session, **values: Any) -> SupportBody:
    """A body that helps, and is asked by the Hub."""
    said = {"name": "Evaluation centre", "kind": BodyKind.EVALUATOR, "created_at": MONDAY, "updated_at": MONDAY, "version": 1}
    row = SupportBody(**said | values)
    session.add(row)
    session.flush()
    return row


def conclude(session: Session, row: Submission | UUID, choice: Choice, by: Actor, *, at: datetime = MONDAY, **said: Any) -> Outcome:
    """Give an outcome."""
    found = row if isinstance(row, UUID) else row.id
    return concluding.conclude(session, found, choice, actor=by, at=at, undo_window_seconds=WINDOW, **said)


def settle(session: Session, outcome: Outcome, *, at: datetime = MONDAY + LATER) -> Outcome | None:
    """Let its letter leave."""
    return concluding.settle(session, outcome.id, at=at, undo_window_seconds=WINDOW)


def mails(session: Session) -> list[Message]:
    """Every mail that is owed, in order."""
    return list(session.scalars(select(Message).order_by(Message.created_at, Message.template, Message.address)))


def clock(session: Session, kind: ClockKind, subject_id: UUID) -> Clock:
    """The clock of a thing."""
    return session.scalars(select(Clock).where(Clock.kind == kind, Clock.subject_id == subject_id)).one()


def owed(session: Session, name: str) -> list[JobRow]:
    """The jobs of a name that are owed."""
    return list(session.scalars(select(JobRow).where(JobRow.name == name)))


def stored(session: Session, innovation_id: UUID) -> Innovation:
    """An innovation as it is now."""
    found = session.get(Innovation, innovation_id)
    assert found is not None
    return found


def told_apart(session: Session) -> Iterator[tuple[str, Submission]]:
    """Submissions of innovations that people stand differently to; nothing was asked about them."""
    for words, supplier, visibility in (
        ("own organisation's", "Example supplier", Visibility.HUB_ONLY),
        ("a rival's, partners", "Rival", Visibility.PARTNERS),
        ("a rival's, Hub only", "Rival", Visibility.HUB_ONLY),
    ):
        yield words, submission(session, supplier=supplier, visibility=visibility)


def views(session: Session, by: Actor) -> Iterator[tuple[str, SavedView]]:
    """A view of somebody's own, and one of somebody else."""
    for words, owner in (("one's own, of the Hub", by), ("somebody else's", officer(session))):
        yield words, keeping_views.save(session, path="/triage", name="Mine", query="who=me", actor=owner, at=MONDAY)


def put_to(world: Any, *, asked: bool = False, before: str = "") -> tuple[Submission, str]:
    """A submission that a world's next change is about, and the token of a link to the question that was asked of it."""

    def make(session: Session) -> tuple[Submission, str]:
        row = submission(session, at=datetime.now(UTC))
        if not asked:
            return row, ""
        founder, by = innovator(session), officer(session, name="Second officer")
        choice = replace(ASK, answer_by=(datetime.now(UTC) + timedelta(days=7)).date())
        conclude(session, row, choice, by, at=datetime.now(UTC))
        return row, concluding.ask_link(session, row.asks[0], founder, at=datetime.now(UTC)).rpartition("/")[2]

    found: tuple[Submission, str] = world.make(make)
    if before:
        world.api(f"/submissions/{found[0].id}/{before}", {"outcome": "active"} if before == "outcome" else None)
    world.on(None)
    return found


def _api(what: str, said: Any = None, *, asked: bool = False, before: str = "") -> Callable[[Any], Any]:
    def change(world: Any) -> Any:
        row, _ = put_to(world, asked=asked, before=before)
        return world.api(f"/submissions/{row.id}/{what}", said)

    return change


def _answered(world: Any) -> Any:
    return world.stranger.post(f"/api/v1/asks/{put_to(world, asked=True)[1]}/answer", json={"answer": "Adults."})


def _page_sent(world: Any) -> Any:
    row, token = put_to(world, asked=True)
    texts = {name: getattr(row.innovation, name) for name in ("problems_tackled", "how_it_works", "eligibility", "evidence_summary")}
    return world.stranger.post(f"/answers/{token}", data=texts | {"answer": "Adults.", "revision": "1"}, headers={"Accept": "text/html"})


def _assigned(world: Any) -> Any:
    row, _ = put_to(world)
    return world.api(f"/submissions/{row.id}/assign", {"to": str(world.on(world.make(factories.make_person, Role.HUB)).id)})


def put_off(session: Session) -> str:
    """The id of a submission that somebody has put off."""
    row = submission(session, at=datetime.now(UTC))
    assigning.snooze(session, row.id, date.fromisoformat(soon()), actor=officer(session), at=datetime.now(UTC))
    return str(row.id)


def noted(session: Session) -> str:
    """The path of a note on a submission, by both ids."""
    row = submission(session, at=datetime.now(UTC))
    return f"{row.id}/notes/{noting.write(session, row.id, 'They call back.', actor=officer(session), at=datetime.now(UTC)).id}"


def _ticked(world: Any) -> Any:
    row, _ = put_to(world)
    return world.form("/triage/bulk", do="take", chosen=f"{row.id}.{row.version}")


def _view_deleted(world: Any) -> Any:
    world.lead.post("/views", data=VIEW)
    (view,) = world.make(lambda session: session.scalars(select(SavedView)).all())
    return world.form(f"/views/{world.on(view).id}/delete")


def soon() -> str:
    """A day to come, until which something may be put off."""
    return (datetime.now(UTC) + timedelta(days=7)).date().isoformat()


WORK: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /api/v1/submissions/{submission_id}/assign": ("submission.assigned", _assigned),
    "POST /api/v1/submissions/{submission_id}/snooze": ("submission.snoozed", _api("snooze", {"until": soon()})),
    "POST /api/v1/submissions/{submission_id}/wake": (
        "submission.woken",
        lambda world: world.api(f"/submissions/{world.on(world.make(put_off))}/wake"),
    ),
    "POST /api/v1/submissions/{submission_id}/notes": ("submission.noted", _api("notes", {"text": "They call back."})),
    "DELETE /api/v1/submissions/{submission_id}/notes/{note_id}": (
        "submission.note_deleted",
        lambda world: world.api(f"/submissions/{world.on(world.make(noted))}", method="DELETE"),
    ),
    "POST /triage/bulk": ("submission.taken", _ticked),
    "POST /triage/{submission_id}/notes": (
        "submission.noted",
        lambda world: world.form(f"/triage/{put_to(world)[0].id}/notes", text="They call back."),
    ),
    "POST /triage/{submission_id}/notes/{note_id}/delete": (
        "submission.note_deleted",
        lambda world: world.form(f"/triage/{world.on(world.make(noted))}/delete"),
    ),
    "POST /views": ("view.saved", lambda world: world.lead.post("/views", data=VIEW, follow_redirects=False)),
    "POST /views/{view_id}/delete": ("view.deleted", _view_deleted),
}
"""How staff share out the work, by the one event that each writes."""


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **WORK,
    "POST /api/v1/submissions/{submission_id}/take": ("submission.taken", _api("take")),
    "POST /api/v1/submissions/{submission_id}/give-back": ("submission.given_back", _api("give-back", before="take")),
    "POST /api/v1/submissions/{submission_id}/outcome": ("submission.outcome", _api("outcome", {"outcome": "active"})),
    "POST /api/v1/submissions/{submission_id}/undo": ("submission.undone", _api("undo", before="outcome")),
    "POST /api/v1/submissions/{submission_id}/answer": ("submission.answered", _api("answer", {"answer": "Adults."}, asked=True)),
    "POST /api/v1/asks/{token}/answer": ("submission.answered", _answered),
    "POST /answers/{token}": ("submission.answered", _page_sent),
}
"""The routes of triage that change something, by the one event that each writes."""


AGAIN: dict[str, tuple[str, Any, Any]] = {
    "POST /api/v1/submissions/{submission_id}/outcome": ("outcome", {"outcome": "active", "letter": "Now"}, {"outcome": "active"}),
    "POST /api/v1/submissions/{submission_id}/undo": ("undo", None, None),
    "POST /api/v1/submissions/{submission_id}/answer": ("answer", {"answer": "Now"}, {"answer": "As before"}),
    "POST /api/v1/asks/{token}/answer": ("link", {"answer": "Now"}, {"answer": "As before"}),
}
"""The routes of triage whose requests may be sent again: which they are, another payload, and the one that is sent first."""


def sender(make: Callable[..., Any]) -> Callable[..., Any]:
    """`send(client, route, headers, changed=…)`: a sound request of one of the routes AGAIN, about the same submission each time."""
    found: dict[str, str] = {}

    def put(session: Session, *, asked: bool) -> dict[str, str]:
        row = submission(session, at=datetime.now(UTC))
        if asked:
            choice = replace(ASK, answer_by=(datetime.now(UTC) + timedelta(days=7)).date())
            conclude(session, row, choice, officer(session, name="Second officer"), at=datetime.now(UTC))
            found["token"] = concluding.ask_link(session, row.asks[0], innovator(session), at=datetime.now(UTC)).rpartition("/")[2]
        return found | {"submission_id": str(row.id)}

    def send(client: Any, route: str, headers: dict[str, str], *, changed: bool) -> Any:
        what, other, first = AGAIN[route]
        if not found:
            found.update(make(put, asked=what in {"answer", "link"}))
            if what == "undo":
                client.post(
                    f"/api/v1/submissions/{found['submission_id']}/outcome", json={"outcome": "active"}, headers=factories.ANY_VERSION
                )
        return client.post(route.split()[1].format(**found), json=other if changed else first, headers=headers)

    return send
