"""The end of the event chain, and rows that nobody changes.

The chain is hashed anew, because what it hashed before left out `once_key` and `ordinal`. What was broken stays
broken: an event whose old hash is wrong keeps it, and so does a link that led elsewhere.

Revision 0004, made 2026-11-21.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import give_up_waiting

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
BATCH = 1000
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
EVENT = sa.table(
    "event",
    sa.column("id", sa.Uuid()),
    sa.column("position", sa.Integer()),
    sa.column("kind", sa.String()),
    sa.column("subject_kind", sa.String()),
    sa.column("subject_id", sa.Uuid()),
    sa.column("actor", sa.String()),
    sa.column("data", JSON),
    sa.column("recorded_at", sa.DateTime(timezone=True)),
    sa.column("ordinal", sa.Integer()),
    sa.column("correlation_id", sa.String()),
    sa.column("once_key", sa.String()),
    sa.column("previous_hash", sa.String()),
    sa.column("hash", sa.String()),
)
HEAD = sa.table(
    "chain_head",
    sa.column("id", sa.Integer()),
    sa.column("position", sa.Integer()),
    sa.column("hash", sa.String()),
    sa.column("sealed_at", sa.DateTime(timezone=True)),
)
SAID = "id, kind, subject_kind, subject_id, actor, data, recorded_at, ordinal, correlation_id, once_key"
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER event_not_changed BEFORE UPDATE ON event WHEN OLD.position IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'A sealed event is never changed.'); END",
        f"CREATE TRIGGER event_not_reworded BEFORE UPDATE OF {SAID} ON event WHEN OLD.position IS NULL "
        "BEGIN SELECT RAISE(ABORT, 'What an event says is never changed; it is only sealed.'); END",
        "CREATE TRIGGER event_not_deleted BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'An event is never deleted.'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER event_not_changed BEFORE UPDATE ON event FOR EACH ROW WHEN (OLD.position IS NOT NULL) "
        "EXECUTE FUNCTION event_is_kept('A sealed event is never changed.')",
        f"CREATE TRIGGER event_not_reworded BEFORE UPDATE OF {SAID} ON event FOR EACH ROW WHEN (OLD.position IS NULL) "
        "EXECUTE FUNCTION event_is_kept('What an event says is never changed; it is only sealed.')",
        "CREATE TRIGGER event_not_deleted BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION event_is_kept('An event is never deleted.')",
        "CREATE TRIGGER event_not_emptied BEFORE TRUNCATE ON event EXECUTE FUNCTION event_is_kept('An event is never deleted.')",
    ),
}
UNGUARDS = {
    "sqlite": ("DROP TRIGGER event_not_changed", "DROP TRIGGER event_not_reworded", "DROP TRIGGER event_not_deleted"),
    "postgresql": ("DROP FUNCTION event_is_kept() CASCADE",),
}
Hash = Callable[[Mapping[str, Any]], str]


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_chain_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_head")),
    )
    position, last = chain_anew(hash_before, hash_now)
    if position:
        op.execute(HEAD.insert().values(id=1, position=position, hash=last, sealed_at=datetime.now(UTC)))
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    give_up_waiting()
    for statement in UNGUARDS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    chain_anew(hash_now, hash_before)
    op.drop_table("chain_head")


def chain_anew(before: Hash, after: Hash) -> tuple[int, str]:
    """Hash every sealed event by `after` where it holds by `before`; returns the last position and its hash."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":  # a sealer that still runs must not go on with the old chain in between
        connection.execute(sa.text("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE"))
    position, was, now = 0, GENESIS, GENESIS
    query = sa.select(EVENT).order_by(EVENT.c.position).limit(BATCH)
    while rows := connection.execute(query.where(EVENT.c.position > position)).mappings().all():
        changes = []
        for each in rows:
            row = {column.name: each[column.name] for column in EVENT.c}
            previous = now if row["previous_hash"] == was else row["previous_hash"]
            sound = row["hash"] == before(row)
            position, was = row["position"], row["hash"]
            now = after({**row, "previous_hash": previous}) if sound else row["hash"]
            changes.append({"of": row["id"], "to_previous": previous, "to_hash": now})
        change = EVENT.update().where(EVENT.c.id == sa.bindparam("of"))
        connection.execute(change.values(previous_hash=sa.bindparam("to_previous"), hash=sa.bindparam("to_hash")), changes)
    return position, now


def hash_before(row: Mapping[str, Any]) -> str:
    """As revision 0001 hashed an event."""
    said = [
        row["position"],
        row["previous_hash"],
        str(row["id"]),
        row["kind"],
        row["subject_kind"],
        str(row["subject_id"]),
        row["actor"],
        in_utc(row["recorded_at"]).isoformat(),
        row["correlation_id"],
        row["data"],
    ]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hash_now(row: Mapping[str, Any]) -> str:
    """As this revision hashes an event."""
    said = [
        "event-2",
        row["position"],
        row["previous_hash"],
        str(row["id"]),
        row["kind"],
        row["subject_kind"],
        str(row["subject_id"]),
        row["actor"],
        by_value(row["data"]),
        in_utc(row["recorded_at"]).isoformat(timespec="microseconds"),
        row["ordinal"],
        row["correlation_id"],
        row["once_key"],
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def in_utc(time: datetime) -> datetime:
    """SQLite keeps no zone."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def by_value(data: Any) -> Any:  # noqa: ANN401 -- JSON values
    """A whole number is whole, however JSON writes it."""
    if isinstance(data, dict):
        return {name: by_value(value) for name, value in data.items()}
    if isinstance(data, list):
        return [by_value(value) for value in data]
    return int(data) if isinstance(data, float) and data.is_integer() else data
