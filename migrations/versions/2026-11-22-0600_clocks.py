"""Clocks.

Revision 0006, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "clock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("triage", "ask", "place_answer", "referral", name="clockkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("running_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("reminder_on", sa.Date(), nullable=True),
        sa.Column("overdue_on", sa.Date(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(running_since IS NULL) = (overdue_on IS NULL)", name=op.f("ck_clock_runs_with_overdue_day")),
        sa.CheckConstraint("(running_since IS NULL) = (reminder_on IS NULL)", name=op.f("ck_clock_runs_with_reminder_day")),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_clock_counted_not_negative")),
        sa.CheckConstraint("stopped_at IS NULL OR running_since IS NULL", name=op.f("ck_clock_stopped_or_running")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_clock_kind_subject_id")),
    )
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.create_index("ix_clock_overdue", ["overdue_on", "overdue_told_at"], unique=False)
        batch_op.create_index("ix_clock_reminder", ["reminder_on", "reminded_at"], unique=False)


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_index("ix_clock_reminder")
        batch_op.drop_index("ix_clock_overdue")

    op.drop_table("clock")
