"""Debian's PostgreSQL and Redis for one command: `python -m tests.debian COMMAND…` starts both, runs it and ends them.

What the command is told: MATCHING_TEST_DATABASE_URL and MATCHING_TEST_BROKER_URL. A server that is not installed
is an error: apt-get install postgresql-15 redis-server.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from redis import Redis

from tests.servers import PostgreSQL, Valkey

POSTGRESQL = Path("/usr/lib/postgresql/15/bin")


def main(command: list[str]) -> int:
    """Run the command against both servers; returns its exit status."""
    redis = shutil.which("redis-server")
    assert POSTGRESQL.is_dir(), f"There is no PostgreSQL 15 at {POSTGRESQL}: apt-get install postgresql-15."
    assert redis is not None, "There is no redis-server: apt-get install redis-server."
    signal.signal(signal.SIGTERM, _leave)  # so that a command that is ended leaves no server behind
    with PostgreSQL(POSTGRESQL) as database, Valkey(Path(redis)) as broker:
        with Redis.from_url(broker.url) as client:
            version = client.info("server")["redis_version"]
        sys.stderr.write(f"{_version(POSTGRESQL / 'postgres')}; Redis {version}\n")
        told = {
            "MATCHING_TEST_DATABASE_URL": database.url.render_as_string(),
            "MATCHING_TEST_BROKER_URL": broker.url.removesuffix("/0"),
        }
        return subprocess.run(command, env={**os.environ, **told}, check=False).returncode


def _version(program: Path) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
