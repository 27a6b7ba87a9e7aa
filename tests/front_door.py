"""What changes something by the pages of the front door and of what innovators follow: how it is asked for, and its event."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.browsers import DRAFT_COOKIE
from api.services import concluding
from api.services.accounts import digest
from models.documents import Side
from models.front_door import FrontDoorDraft
from tests import triage
from tests.links import FIVE_ANSWERS, SENDER

TOKEN = "t" * 43
PAGE = {"Accept": "text/html"}
STRANGERS = {"POST /begin", "POST /begin/draft", "POST /begin/record", "POST /begin/needs", "POST /begin/forget"}


def make_draft(session: Session, **values: Any) -> FrontDoorDraft:
    """The five answers of a browser that has the cookie `TOKEN`."""
    at = datetime.now(UTC)
    said = {"token_hash": digest(TOKEN), "answers": FIVE_ANSWERS, "kept_at": at, "expires_at": at + timedelta(days=1), "sends": 0}
    row = FrontDoorDraft(**said | values)
    session.add(row)
    session.flush()
    return row


def _begun(path: str, **said: str) -> Callable[[Any], Any]:
    """Go on with a draft that is there."""

    def change(world: Any) -> Any:
        world.on(world.make(make_draft))
        world.stranger.cookies.set(DRAFT_COOKIE, TOKEN)
        return world.stranger.post(path, data=said, headers=PAGE, follow_redirects=False)

    return change


def _asked(session: Session) -> tuple[UUID, UUID]:
    row = triage.submission(session, at=datetime.now(UTC))
    by = triage.officer(session, name="Second officer")
    choice = replace(triage.ASK, answer_by=(datetime.now(UTC) + timedelta(days=7)).date())
    outcome = triage.conclude(session, row, choice, by, at=datetime.now(UTC))
    late = datetime.now(UTC) + triage.LATER
    concluding.settle(session, outcome.id, at=late, undo_window_seconds=triage.WINDOW)
    return row.id, row.innovation_id


def _answered(world: Any) -> Any:
    _, innovation_id = world.on(world.make(_asked))
    return world.form(f"/innovations/{innovation_id}/status/answer", answer="Adults.")


def _sent(path: str, **said: str) -> Callable[[Any], Any]:
    """Change a draft innovation."""
    return lambda world: world.form(f"/innovations/{world.on(world.draft(Side.INNOVATION))}/{path}", **said | {"version": "1"})


def _of_watch(what: str, **said: str) -> Callable[[Any], Any]:
    return lambda world: world.form(f"/watches/{world.on(world.watch())}/{what}", **said)


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /begin": (
        "front_door.begun",
        lambda world: world.stranger.post("/begin", data=FIVE_ANSWERS, headers=PAGE, follow_redirects=False),
    ),
    "POST /begin/draft": ("front_door.begun", lambda world: world.stranger.post("/begin/draft", data={"name": "Half"})),
    "POST /begin/record": (
        "front_door.begun",
        lambda world: world.stranger.post(
            "/begin/record", files={"record": ("record.csv", b"uniqueId,name\n,Half\n")}, headers=PAGE, follow_redirects=False
        ),
    ),
    "POST /begin/needs": ("front_door.saved", _begun("/begin/needs", **SENDER, after="0")),
    "POST /begin/forget": ("front_door.forgotten", _begun("/begin/forget")),
    "POST /innovations/{innovation_id}/status/submit": ("submission.received", _sent("status/submit")),
    "POST /innovations/{innovation_id}/status/withdraw": ("submission.withdrawn", _sent("status/withdraw")),
    "POST /innovations/{innovation_id}/status/answer": ("submission.answered", _answered),
    "POST /innovations/{innovation_id}/delete": ("innovation.deleted", _sent("delete")),
    "POST /watches": ("watch.begun", lambda world: world.form("/watches", kind="text", text="falls at home")),
    "POST /watches/mail": ("person.mail_stopped", lambda world: world.form("/watches/mail", digest="off")),
    "POST /watches/{watch_id}/mute": ("watch.changed", _of_watch("mute", muted="yes", version="1")),
    "POST /watches/{watch_id}/end": ("watch.ended", _of_watch("end")),
}
