"""What alembic runs: all steps in one transaction, by one process at a time."""

import os
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection, text

from migrations import engine_for
from models import Base
from models.base import UtcDateTime

ADVISORY_LOCK = 5_771_001  # any number that nothing else in the database locks


def rendered(kind: str, item: object, writing: AutogenContext) -> str | Literal[False]:
    """Write our own types as the plain ones beneath, so that an old step needs no present model."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        writing.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")'
    return False


def run(connection: Connection, **options: Any) -> None:  # noqa: ANN401 -- alembic's options
    """Run the steps asked for; whoever comes second waits, then finds nothing left to do."""
    context.configure(connection=connection, target_metadata=Base.metadata, render_item=rendered, render_as_batch=True, **options)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})
        context.run_migrations()
        if connection.dialect.name == "sqlite" and (broken := connection.execute(text("PRAGMA foreign_key_check")).all()):
            raise RuntimeError(f"The migration would leave {len(broken)} rows that point nowhere; nothing was changed.")


if (given := context.config.attributes.get("connection")) is not None:
    run(given, transactional_ddl=True)
else:
    engine = engine_for(context.config.attributes.get("url") or os.environ["MATCHING_DATABASE_URL"])
    try:
        with engine.connect() as opened:
            run(opened, transactional_ddl=True)
    finally:
        engine.dispose()
