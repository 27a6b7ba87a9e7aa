"""A broker that hangs with its connections open, which is worse than one that is gone."""

import logging

import pytest

from api.broker import NOW, TASK, celery_of
from api.settings import Settings
from tests.servers import Valkey


def test_an_acknowledgement_that_the_broker_does_not_take_ends_the_connection():
    with Valkey() as valkey:
        app = celery_of(Settings(broker_url=valkey.url))
        app.conf.broker_transport_options |= {"socket_timeout": 0.2, "retry_on_timeout": False}
        with app.connection() as connection:
            app.send_task(f"{TASK}seal", queue=NOW, connection=connection)
            message = connection.SimpleQueue(NOW).get(timeout=10)
            valkey.pause()

            # Any other error is swallowed here, and the message counts as in the worker's hands for ever.
            with pytest.raises(BrokenPipeError):
                message.ack_log_error(logging.getLogger(__name__), connection.connection_errors)

            valkey.resume()
