"""asked -> mailed: the link that somebody asked for, if the address is that of an account."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from api.jobs.context import Context, Effect
from api.services import signing_in


def send_link(context: Context, *, id: str) -> Effect:
    """Mail a link to sign in."""
    staff_too = context.settings.link_sign_in == "all"
    return partial(signing_in.send, ask_id=UUID(id), at=datetime.now(UTC), staff_too=staff_too)
