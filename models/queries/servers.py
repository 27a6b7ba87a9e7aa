"""What a PostgreSQL server says of itself."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_FACTS = "'server_version', 'server_version_num', 'server_encoding', 'max_connections', 'fsync', 'full_page_writes', 'synchronous_commit'"


def facts(session: Session) -> Mapping[str, str]:
    """The settings of the server that decide whether it will do: version, encoding, connections, and whether it waits for its disk."""
    return {row.name: row.setting for row in session.execute(text(f"SELECT name, setting FROM pg_settings WHERE name IN ({_FACTS})"))}  # noqa: S608 -- our own words


def clock(session: Session) -> datetime:
    """The server's time."""
    found: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found
