"""The log: one line of JSON an entry on standard error, ours and the libraries' alike.

No value of a line is a submission's text, an e-mail address or a part of a request beyond its route. Of an error that
is its kind and its place: the messages of drivers and validators repeat what was sent. Of a library's line it is the
sentence before anything was put into it, and the numbers that would have been.
"""

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import TextIO

import structlog
from asgi_correlation_id import correlation_id
from structlog.typing import EventDict

from api.services.faults import trace_of

_TALKING = ("uvicorn", "celery", "alembic.runtime.migration")  # whose information is worth a line; of other libraries it is warnings only
_REPEATING = ("celery.worker.strategy", "celery.app.trace", "celery.beat")  # say of each task what our own line says better, or nothing
_CONSTANT = frozenset({"uvicorn", "alembic"})  # whose sentences without arguments are written in their source as they are
_log = structlog.get_logger("process")


def configure_log(level: str) -> None:
    """Write every line of ours and of the libraries as JSON, from this level on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _name_the_request,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(lambda told: trace_of(told[1])),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    if not any(isinstance(handler, _Retold) for handler in root.handlers):
        root.addHandler(_Retold())
    for name in _TALKING:
        logging.getLogger(name).setLevel(level)
    for name in _REPEATING:
        logging.getLogger(name).setLevel(logging.WARNING)


def retell_the_rest() -> None:
    """Write as lines what Python itself would print: warnings, and errors that nothing caught. For a process that serves."""
    warnings.showwarning = _tell_warning
    sys.excepthook = _tell_end
    sys.unraisablehook = lambda told: _log.error("error.ignored", exc_info=told.exc_value)
    threading.excepthook = lambda told: _log.error("thread.failed", exc_info=told.exc_value)


class _Retold(logging.Handler):
    """Tells a library's record by our own means, so that both pass the same processors."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        error = record.exc_info[1] if record.exc_info else None
        told = {"logger": record.name, "said": _sentence(record), "numbers": _numbers(record), "place": f"{record.module}:{record.lineno}"}
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)  # some libraries have levels in between
        structlog.get_logger().log(level, "library.said", **{name: value for name, value in told.items() if value}, exc_info=error)


def _sentence(record: logging.LogRecord) -> str:
    """What a library says, before anything was put into it; empty where nobody can tell the two apart."""
    constant = bool(record.args) or record.name.partition(".")[0] in _CONSTANT
    return record.msg.strip() if isinstance(record.msg, str) and constant else ""


def _numbers(record: logging.LogRecord) -> list[float]:
    """The numbers among what was put in, such as ports, processes and seconds."""
    return [each for each in record.args if isinstance(each, (int, float))] if isinstance(record.args, tuple) else []


def _name_the_request(_logger: object, _method: str, told: EventDict) -> EventDict:
    """Say which request or job a line came from."""
    if (current := correlation_id.get()) is not None:
        told.setdefault("correlation_id", current)
    return told


def _tell_warning(  # noqa: PLR0917 -- as Python calls it
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None, line: str | None = None
) -> None:
    """A warning's kind and place; its message may repeat a value."""
    _log.warning("library.warned", kind=category.__name__, place=f"{'/'.join(filename.rsplit('/', 3)[1:])}:{lineno}")


def _tell_end(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    _log.critical("process.failed", exc_info=error)
