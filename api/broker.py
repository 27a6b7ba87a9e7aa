"""The service mode's queue: Celery on Redis carries the ids of job rows, and may lose all of them at any time."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from celery import Celery
from kombu.transport import redis
from redis import Redis
from redis.exceptions import RedisError

from api.queue import Owed, listen
from api.settings import Settings

NOW, BULK, SWEEP = "now", "bulk", "sweep"
QUEUES = (NOW, BULK, SWEEP)
TASK = "matching."  # before the name of each job's task
DISPATCH_SECONDS = 5.0
_ANSWER_SECONDS = 1.0  # more than Redis ever takes when it is well
_AT_ONCE = {
    "socket_timeout": _ANSWER_SECONDS,
    "socket_connect_timeout": _ANSWER_SECONDS,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
_PAUSE_SECONDS = 3.0  # before a broker that was away is tried again
_MOST_WAITING = 10_000  # messages; what is forgotten beyond, the rows still say

log = structlog.get_logger(__name__)


class _QoS(redis.QoS):
    """What a worker has in hand, as kombu counts it.

    An acknowledgement that Redis did not take is only logged by kombu, and stays counted: with one message at a
    time the worker would never take another. Here it ends the connection, and the worker begins anew; the message
    comes again, and its row says that it is done.
    """

    def ack(self, delivery_tag: str) -> None:
        """Tell Redis; raises BrokenPipeError, the one that kombu lets through, when it does not answer."""
        try:
            super().ack(delivery_tag)
        except (RedisError, OSError) as error:
            raise BrokenPipeError("The broker did not take an acknowledgement.") from error


class Channel(redis.Channel):
    """A channel that counts so."""

    QoS = _QoS


class Transport(redis.Transport):
    """Celery's way to Redis."""

    Channel = Channel


def celery_of(settings: Settings) -> Celery:
    """Celery as this service needs it: nothing but JSON, late acks, one message at a time, no results."""
    app = Celery("matching", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=True,  # the row counts the attempts, not the message
        task_create_missing_queues=True,
        task_default_queue=NOW,
        task_protocol=2,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_soft_shutdown_timeout=20.0,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport="api.broker:Transport",  # by its name, because workers tell it as JSON
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 600,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10.0,
            "socket_connect_timeout": 3.0,
            "health_check_interval": 10,
            "retry_on_timeout": True,
        },
        beat_scheduler="celery.beat:Scheduler",  # the schedule never changes, so that nothing of it is worth a file
        beat_max_loop_interval=1,
        beat_schedule={
            "dispatch": _every(DISPATCH_SECONDS, f"{TASK}dispatch"),
            "sweep": _every(settings.sweep_seconds, f"{TASK}sweep"),
        },
    )
    return app


def _every(seconds: float, task: str) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"queue": SWEEP, "expires": seconds}}


def queue_for(owed: Owed) -> str:
    """Where workers look for it: what somebody waits for does not stand behind bulk."""
    return BULK if owed.bulk else NOW


class BrokerAway(Exception):
    """Redis does not answer; new work waits in its rows and is told of when it does."""


def ping(url: str, *, seconds: float = _ANSWER_SECONDS) -> float:
    """Ask the broker for a sign of life; returns the seconds that it took, raises BrokerAway."""
    began = time.perf_counter()
    try:
        with Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=None) as client:
            client.ping()
    except RedisError as error:
        raise BrokerAway(f"The broker does not answer ({type(error).__name__}). See that Redis runs at MATCHING_BROKER_URL.") from error
    return time.perf_counter() - began


class Publisher:
    """Tells the broker of committed jobs, in a thread, so that no request waits for Redis or fails with it.

    What cannot be told is dropped: the rows stand, and beat's dispatch tells of them again.
    """

    def __init__(self, settings: Settings) -> None:
        self._app = celery_of(settings)
        self._waiting: deque[Owed] = deque(maxlen=_MOST_WAITING)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to listen to commits and to tell the broker."""
        self._stop_listening = listen(self.take)
        self._thread.start()

    def stop(self) -> None:
        """Tell what waits, if the broker is there, and end."""
        self._stop_listening()
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2 * _ANSWER_SECONDS)

    @property
    def is_running(self) -> bool:
        """Whether the broker is being told; whether anybody works there is for the age of the oldest job to say."""
        return self._thread.is_alive()

    def take(self, owed: Sequence[Owed]) -> None:
        """Note what was committed; returns at once."""
        self._waiting.extend(each for each in owed if each.due)
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                self._tell()
            except Exception as error:  # every kind of failure means the same here: the broker could not be told
                log.warning("broker.away", error=type(error).__name__, forgotten=len(self._waiting))
                self._waiting.clear()
                self._stopping.wait(_PAUSE_SECONDS)
                self._waiting.clear()
            if self._stopping.is_set() and not self._waiting:
                return

    def _tell(self) -> None:
        if not self._waiting:
            return
        with self._app.connection_for_write(transport_options=_AT_ONCE) as connection, self._app.amqp.Producer(connection) as producer:
            while self._waiting:
                owed = self._waiting[0]
                self._app.send_task(
                    f"{TASK}{owed.name}", args=[str(owed.id)], queue=queue_for(owed), producer=producer, retry=False, ignore_result=True
                )
                self._waiting.popleft()
