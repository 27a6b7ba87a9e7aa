"""serve and run: the service in this process."""

import socket
from datetime import UTC, datetime

import uvicorn

from api.cli.setting_up import bring_in_demo, set_up, show_accounts
from api.cli.shell import opened, say
from api.cli.working import context_around, export_if_missing, work_off
from api.db import Database
from api.main import create_app
from api.queue import Job
from api.services import indexing
from api.services.demo import Credentials
from api.services.faults import Fault
from api.settings import settings


class _Announced(uvicorn.Server):
    """A server that says where to look once it can be looked at."""

    credentials: Credentials | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            if self.credentials is not None:
                show_accounts(self.credentials)
            say(f"Open http://{f'[{host}]' if ':' in host else host}:{port}/ in a browser. Stop with Ctrl+C.")


def serve_command() -> None:
    """Serve pages and API, and run the jobs, until stopped."""
    with opened():
        pass
    _serve(_listening(), credentials=None)


def run_command() -> None:
    """Set everything up with the demonstration data, then serve; run it again at any time."""
    listening = _listening()  # first, so that a taken port is told before anything takes long
    database = set_up()
    export_if_missing()
    brought = bring_in_demo(database)
    if brought.new_documents:
        _encode_and_rank(database)
    database.dispose()
    _serve(listening, credentials=brought.credentials)


def _encode_and_rank(database: Database) -> None:
    """What the service would do in the background, so that the first page shows matches."""
    context = context_around(database)
    left = work_off(context, Job.EMBED, Job.PROPOSE)
    if any(left.values()):
        say("Some work waits; the service goes on with it. `matching doctor` says what is wrong, if anything.")
    with database.reading() as session:
        indexing.write_snapshot(session, context.libraries, at=datetime.now(UTC))


def _listening() -> socket.socket:
    chosen = settings()
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((chosen.host, chosen.port))
    except OSError as error:
        listening.close()
        where = f"{chosen.host}:{chosen.port}"
        raise Fault(f"Nothing can listen at {where} ({error.strerror}). Stop what does, or set MATCHING_PORT to another number.") from error
    return listening


def _serve(listening: socket.socket, *, credentials: Credentials | None) -> None:
    chosen = settings().model_copy(update={"demo": credentials is not None or settings().demo})
    server = _Announced(uvicorn.Config(create_app(chosen), access_log=False, log_config=None, log_level=chosen.log_level.lower()))
    server.credentials = credentials
    server.run(sockets=[listening])
