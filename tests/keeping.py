"""What the pages that keep the service change: how each form is sent, and the one event that it writes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from models.jobs import JobRow
from models.people import Role
from tests import factories, mails, merges, rankers

BODY = {"name": "Another body", "kind": "funder", "geography": "west_yorkshire", "evidence": "any", "active": "yes"}
KEY = {"name": "A system", "role": "pipeline", "scopes": ["read"], "prefix": "0a1b2c3d"}


def dead_job(session: Session) -> JobRow:
    """A job that failed too often."""
    at = datetime.now(UTC)
    enqueue(session, Job.SNAPSHOT, at=at)
    row = session.scalars(select(JobRow).where(JobRow.name == Job.SNAPSHOT)).one()
    row.give_up("It failed.", at=at)
    return row


def _closed(world: Any) -> Any:
    return world.make(factories.make_person, Role.BOARD, active=False)


def _active_ranker(world: Any) -> Any:
    return world.make(rankers.make_ranker, state="active", activated_at=rankers.DECIDED_FROM)


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /people/invite": ("person.invited", lambda world: world.form("/people/invite", email="new@example.org", role="hub")),
    "POST /people/invitations/{invitation_id}/take-back": (
        "person.uninvited",
        lambda world: world.form(f"/people/invitations/{world.on(world.invite()).json()['id']}/take-back"),
    ),
    "POST /people/{person_id}/roles": (
        "person.role_granted",
        lambda world: world.form(f"/people/{world.on(world.person).id}/roles", role="hub"),
    ),
    "POST /people/{person_id}/roles/{grant_id}/take": (
        "person.role_revoked",
        lambda world: world.form(f"/people/{world.on(world.person).id}/roles/{world.person.grants[0].id}/take"),
    ),
    "POST /people/{person_id}/deactivate": (
        "person.deactivated",
        lambda world: world.form(f"/people/{world.on(world.person).id}/deactivate"),
    ),
    "POST /people/{person_id}/reopen": ("person.reopened", lambda world: world.form(f"/people/{world.on(_closed(world)).id}/reopen")),
    "POST /people/{person_id}/erase": (
        "person.erased",
        lambda world: world.form(f"/people/{world.on(world.person).id}/erase", asked="yes"),
    ),
    "POST /keys/new": ("key.created", lambda world: world.form("/keys/new", **KEY)),
    "POST /keys/{key_id}/end": ("key.revoked", lambda world: world.form(f"/keys/{world.on(world.make_key()).json()['id']}/end")),
    "POST /running/jobs/{job_id}/retry": (
        "job.retried",
        lambda world: world.form(f"/running/jobs/{world.on(world.make(dead_job)).id}/retry"),
    ),
    "POST /running/retry-all": ("job.retried", lambda world: world.on(world.make(dead_job)) and world.form("/running/retry-all")),
    "POST /mail/{message_id}/send-again": (
        "mail.sent_again",
        lambda world: world.form(f"/mail/{world.on(world.make(mails.make_mail)).id}/send-again"),
    ),
    "POST /organisations/{organisation_id}/confirm": (
        "organisation.confirmed",
        lambda world: world.form(f"/organisations/{world.on(world.make(factories.make_organisation, confirmed=False)).id}/confirm"),
    ),
    "POST /organisations/{organisation_id}/profile": (
        "organisation.described",
        lambda world: world.form(f"/organisations/{world.on(world.make(factories.make_organisation)).id}/profile", size="up_to_5"),
    ),
    "POST /rankers/{name}/activate": (
        "ranker.activated",
        lambda world: world.form(f"/rankers/{world.on(world.ranker())}/activate", version="1"),
    ),
    "POST /rankers/roll-back": (
        "ranker.rolled_back",
        lambda world: world.on(_active_ranker(world)) and world.form("/rankers/roll-back", version="1"),
    ),
    "POST /bodies/new": ("body.added", lambda world: world.form("/bodies/new", **BODY)),
    "POST /bodies/{body_id}/change": (
        "body.changed",
        lambda world: world.form(f"/bodies/{world.on(world.make(merges.body)).id}/change", version="1", **BODY),
    ),
}
"""The routes by what each writes."""
