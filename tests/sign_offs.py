"""Needs that are written together and signed off, for tests: plain makers, every change of them, and who they are told apart by."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.security import COOKIE, CSRF_HEADER
from api.services import accounts, sharing_needs, signing_off
from api.services.accounts import actor_of_person
from models.actors import Actor
from models.mail import Message
from models.needs import Need
from models.people import Person, Role, RoleGrant
from models.sign_offs import NeedShare, SignOff
from tests import factories, joint_needs
from tests.factories import NOW

ADDRESS = "co-author@example.org"


def owner(session: Session, place: str = "LDS") -> Person:
    """Somebody of a place, who owns its needs."""
    return factories.make_person(session, Role.PLACE, place=place, name="Place officer")


def shared(session: Session, need: Need | None = None, *, at: datetime = NOW, address: str = ADDRESS) -> NeedShare:
    """A need of Leeds that a co-author helps to write."""
    need = need or joint_needs.owned(session, "LDS")
    return sharing_needs.share(session, need.id, address, actor=actor_of_person(owner(session)), at=at)


def token(session: Session) -> str:
    """The secret of the link that was mailed last to a co-author."""
    sent = session.scalars(select(Message).where(Message.template == "need_shared_link").order_by(Message.created_at.desc())).first()
    assert sent is not None
    found: str = sent.body.split("/shared-needs/")[1].split()[0]
    return found


def asked(session: Session, person: Person | None = None, need: Need | None = None, *, at: datetime = NOW) -> SignOff:
    """A need of Leeds that a place lead is asked to sign off."""
    need = need or joint_needs.owned(session, "LDS")
    lead = person or factories.make_person(session, Role.PLACE, name="Place lead of Leeds")
    return signing_off.ask(session, need.id, lead.id, actor=actor_of_person(owner(session)), at=at)


def for_lead(session: Session, person: Person) -> SignOff:
    """What somebody who is of Leeds too is asked to sign off."""
    person.grants.append(RoleGrant(role=Role.PLACE, place_id=factories.make_place(session).id))
    session.flush()
    return asked(session, person)


def told_apart(session: Session, mine: Actor) -> Iterator[tuple[str, SignOff]]:
    """Sign-offs as the rules tell them apart, for somebody of Leeds."""
    yield "asked of oneself", asked(session, session.get_one(Person, mine.person_id))
    yield "asked of a colleague, on own place's need", asked(session)
    wakefield = joint_needs.owned(session, "WAK")
    other = factories.make_person(session, Role.PLACE, place="WAK")
    yield "of another place", signing_off.ask(session, wakefield.id, other.id, actor=actor_of_person(owner(session, "WAK")), at=NOW)


def shares_told_apart(session: Session) -> Iterator[tuple[str, NeedShare]]:
    """Shares of needs that are one's own and of others, for somebody of Leeds."""
    yield "of own place's need", shared(session)
    wakefield = joint_needs.owned(session, "WAK")
    yield (
        "of another place's need",
        sharing_needs.share(session, wakefield.id, ADDRESS, actor=actor_of_person(owner(session, "WAK")), at=NOW),
    )


def _need(world: Any) -> Any:
    world.make(factories.make_person, Role.PLACE, name="Place lead of Leeds")
    return world.on(world.make(factories.make_need)).id


def _lead(session: Session) -> str:
    return str(session.scalars(select(Person.id).where(Person.name == "Place lead of Leeds")).one())


def _shared(world: Any) -> Any:
    return world.on(world.make(shared)).id


def _mine(world: Any) -> tuple[Any, Any]:
    """A browser of the place lead who is asked, and what they are asked."""
    person = world.make(factories.make_person, Role.PLACE, name="Place lead of Leeds")
    row = world.make(lambda session: asked(session, session.merge(person)))
    begun = world.make(lambda session: accounts.start_session(session, person.id, at=datetime.now(UTC), hours=1))
    browser = TestClient(world.stranger.app, raise_server_exceptions=False, headers={CSRF_HEADER: begun.csrf_token})
    browser.cookies.set(COOKIE, begun.token)
    world.on(None)
    return browser, row


def _answer_by_form(world: Any) -> Any:
    browser, row = _mine(world)
    said = {"verdict": "signed", "version": str(row.need.revision)}
    return browser.post(f"/sign-offs/{row.id}/answer", data=said, headers={"Accept": "text/html"}, follow_redirects=False)


def _answer(world: Any) -> Any:
    browser, row = _mine(world)
    return browser.post(f"/api/v1/sign-offs/{row.id}/answer", json={"verdict": "signed"}, headers=factories.ANY_VERSION)


def _change(world: Any) -> Any:
    world.make(shared, at=datetime.now(UTC))
    secret = world.on(world.make(token))
    said = {"title": "In better words", "version": "1"}
    return world.stranger.post(f"/shared-needs/{secret}", data=said, headers={"Accept": "text/html"}, follow_redirects=False)


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /api/v1/needs/{need_id}/shares": ("need.shared", lambda world: world.api(f"/needs/{_need(world)}/shares", {"email": ADDRESS})),
    "DELETE /api/v1/need-shares/{share_id}": ("need.unshared", lambda world: world.api(f"/need-shares/{_shared(world)}", method="DELETE")),
    "POST /api/v1/needs/{need_id}/sign-offs": (
        "need.sign_off_asked",
        lambda world: world.api(f"/needs/{_need(world)}/sign-offs", {"person_id": world.make(_lead)}),
    ),
    "POST /api/v1/sign-offs/{sign_off_id}/answer": ("need.signed_off", _answer),
    "POST /needs/{need_id}/shares": ("need.shared", lambda world: world.form(f"/needs/{_need(world)}/shares", email=ADDRESS)),
    "POST /need-shares/{share_id}/end": ("need.unshared", lambda world: world.form(f"/need-shares/{_shared(world)}/end")),
    "POST /needs/{need_id}/sign-offs": (
        "need.sign_off_asked",
        lambda world: world.form(f"/needs/{_need(world)}/sign-offs", person_id=world.make(_lead)),
    ),
    "POST /sign-offs/{sign_off_id}/answer": ("need.signed_off", _answer_by_form),
    "POST /shared-needs/{token}": ("need.changed", _change),
}
SENT: dict[str, dict[str, Any]] = {
    "POST /api/v1/needs/{need_id}/shares": {"json": {"email": ADDRESS}},
    "POST /api/v1/needs/{need_id}/sign-offs": {"json": {"person_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10"}},
    "POST /api/v1/sign-offs/{sign_off_id}/answer": {"json": {"verdict": "signed"}},
    "POST /sign-offs/{sign_off_id}/answer": {"data": {"verdict": "signed", "version": "1"}},
}
