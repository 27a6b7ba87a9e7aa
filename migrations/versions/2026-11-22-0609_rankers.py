"""Rankers.

Revision 0015, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import give_up_waiting

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_ACTIVE = sa.text("state = 'active'")


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "ranker_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ranker_id", sa.String(), nullable=False),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("encoder_id", sa.String(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.Column("decided_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", _JSON, nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trained_by", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("trained", "active", "retired", name="rankerstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by", sa.String(), nullable=False),
        sa.Column("replaced_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state = 'trained' OR activated_at IS NOT NULL", name=op.f("ck_ranker_version_activated_when")),
        sa.CheckConstraint("decided_from <= decided_to", name=op.f("ck_ranker_version_decided_in_order")),
        sa.CheckConstraint("decisions = confirmed + rejected", name=op.f("ck_ranker_version_decisions_add_up")),
        sa.CheckConstraint("replaced_id <> id", name=op.f("ck_ranker_version_replaced_another")),
        sa.ForeignKeyConstraint(["replaced_id"], ["ranker_version.id"], name=op.f("fk_ranker_version_replaced_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranker_version")),
        sa.UniqueConstraint("name", name=op.f("uq_ranker_version_name")),
        sa.UniqueConstraint("ranker_id", name=op.f("uq_ranker_version_ranker_id")),
    )
    with op.batch_alter_table("ranker_version", schema=None) as batch_op:
        batch_op.create_index("ix_ranker_version_active", ["state"], unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("ranker_version", schema=None) as batch_op:
        batch_op.drop_index("ix_ranker_version_active", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)

    op.drop_table("ranker_version")
