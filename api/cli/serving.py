"""serve: the service in this process."""

import fcntl
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.cli.shell import opened, say
from api.connections import BoundedProtocol
from api.logs import retell_the_rest
from api.main import create_app
from api.services.faults import Fault
from api.settings import Settings, settings
from api.sharing import count_together

GRACE_SECONDS = 20  # for requests in hand when the service is told to stop


class _Announced(uvicorn.Server):
    """A server that says where to look once it can be looked at."""

    def __init__(self, config: uvicorn.Config, before: Callable[[], None]) -> None:
        super().__init__(config)
        self._before = before

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started and sockets:
            self._before()
            say(f"Open {_address(sockets[0])} in a browser. Stop with Ctrl+C.")


def serve_command() -> None:
    """Serve pages and API until stopped; in embedded mode run the jobs too."""
    chosen = settings()
    if chosen.processes > 1 and not chosen.service_mode:
        raise Fault("Several processes need the service mode. Set MATCHING_BROKER_URL, or MATCHING_PROCESSES to 1.")
    with listen() as listening, opened(), nullcontext() if chosen.service_mode else claimed_home():
        serve(listening, chosen)


def listen() -> socket.socket:
    """A socket at the address of the settings; raises Fault when something else listens there."""
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


@contextmanager
def claimed_home(otherwise: str = "Use that one, or set MATCHING_HOME to another folder.") -> Iterator[None]:
    """Serve a home alone: two embedded runners would do each other's jobs again. A kill gives the home free."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    with (home / "serving.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Fault(f"Another process serves {home} already. {otherwise}") from error
        yield


def serve(listening: socket.socket, chosen: Settings, *, announce: Callable[[], None] = lambda: None) -> None:
    """Serve until stopped; `announce` says what is to be said before the address."""
    retell_the_rest()
    if chosen.processes > 1:
        count_together(chosen.home, f"api-{listening.getsockname()[1]}")
        config = configured(chosen)
        listening.listen(config.backlog)
        say(f"{chosen.processes} processes answer at {_address(listening)}. Stop with Ctrl+C.")
        Multiprocess(config, [listening]).run()
    else:
        _Announced(configured(chosen), announce).run(sockets=[listening])


def configured(chosen: Settings) -> uvicorn.Config:
    """The server as the settings have it; where a request comes from is asked of our own proxies only."""
    several = chosen.processes > 1
    return uvicorn.Config(
        "api.main:application" if several else create_app(chosen),  # processes of their own make their own app
        factory=several,
        workers=chosen.processes,
        http=BoundedProtocol,
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
        access_log=False,
        log_config=None,  # nor a level: both are ours, and uvicorn would set its own for the whole process
        proxy_headers=bool(chosen.proxies),
        forwarded_allow_ips=chosen.proxies,
    )


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
