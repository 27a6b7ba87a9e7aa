"""Answers kept for requests that are sent again.

Revision 0003, made 2026-11-21.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import give_up_waiting

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("payload_hash", sa.String(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("in_flight", "kept", name="answerstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'kept') = (status IS NOT NULL)", name=op.f("ck_kept_answer_kept_with_status")),
        sa.CheckConstraint("(state = 'kept') = (body IS NOT NULL)", name=op.f("ck_kept_answer_kept_with_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answer")),
        sa.UniqueConstraint("actor", "key", name=op.f("uq_kept_answer_actor_key")),
    )
    op.create_index("ix_kept_answer_expires_at", "kept_answer", ["expires_at"], unique=False)


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("kept_answer")
