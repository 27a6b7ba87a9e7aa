"""A request that is sent again under its Idempotency-Key is answered again and done once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from models.answers import AnswerState, KeptAnswer
from models.base import DomainError
from models.queries import answers

LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(hours=24)
RETRY_SECONDS = 1
HEADERS = ("content-type", "location", "etag")  # of the answer; all others are those of the request that asks


class RequestInFlight(DomainError):
    """A request with that Idempotency-Key is being worked on."""


class KeyReused(DomainError):
    """That Idempotency-Key came with another request before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its key names it: who, which key, method and path, and SHA-256 of what was sent."""

    actor: str
    key: str
    route: str
    payload_hash: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, byte for byte."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer a request, for as long as the lease runs."""

    id: UUID
    token: UUID


def answered(session: Session, asked: Asked, *, at: datetime) -> Answer | None:
    """The answer that a request had before; None when the request may be worked on. Only reads.

    Raises:
        KeyReused: if the key came with another request.
        RequestInFlight: if somebody works on it.
    """
    row = answers.of_key(session, asked.actor, asked.key)
    return _standing(row, asked) if row is not None and not row.is_free(at) else None


def claim(session: Session, asked: Asked, *, at: datetime) -> Claim | Answer:
    """Take the key for a request, or give the answer that it had before; raises as `answered` does.

    It is committed before the work begins: others are told that the request is in flight, and a process that is
    killed leaves a claim that ends with its lease.
    """
    mine = {
        "id": uuid4(),
        "actor": asked.actor,
        "key": asked.key,
        "route": asked.route,
        "payload_hash": asked.payload_hash,
        "token": uuid4(),
        "state": AnswerState.IN_FLIGHT,
        "claimed_at": at,
        "leased_until": at + LEASE,
        "status": None,
        "headers": {},
        "body": None,
        "expires_at": at + KEPT_FOR,
    }
    row = answers.claimed(session, mine)
    if row.token != mine["token"]:
        if not row.is_free(at):
            return _standing(row, asked)
        for name in mine.keys() - {"id"}:
            setattr(row, name, mine[name])
        session.flush()
    return Claim(row.id, row.token)


def keep(session: Session, claim: Claim, answer: Answer, *, at: datetime) -> None:
    """Keep the answer in the transaction of its effect, so that there are both or neither.

    Raises RequestInFlight when the lease ended and somebody else took the key: nothing may be committed then.
    """
    kept = {"status": answer.status, "body": answer.body, "headers": answer.headers, "expires_at": at + KEPT_FOR}
    if not answers.keep(session, claim.id, claim.token, **kept):
        raise RequestInFlight(
            "The work took so long that it was begun again by another request. Nothing was changed here. Ask again for its answer.",
            retry_after_seconds=RETRY_SECONDS,
        )


def free(session: Session, claim: Claim) -> None:
    """Give the key back, because nothing was done."""
    answers.free(session, claim.id, claim.token)


def purge(session: Session, *, at: datetime) -> int:
    """Forget the answers of more than a day ago; returns how many they were."""
    return answers.purge(session, at)


def _standing(row: KeptAnswer, asked: Asked) -> Answer:
    """The answer of a key that is taken."""
    if (row.route, row.payload_hash) != (asked.route, asked.payload_hash):
        raise KeyReused("This Idempotency-Key came with another request before. Send each request with a new key of its own.")
    if row.status is None or row.body is None:
        raise RequestInFlight(
            "A request with this Idempotency-Key is being worked on. Send it again in a moment to read its answer.",
            retry_after_seconds=RETRY_SECONDS,
        )
    return Answer(row.status, row.body, row.headers)
