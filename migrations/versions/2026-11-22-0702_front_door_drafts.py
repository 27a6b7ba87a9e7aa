"""What is kept of a submission before anybody hands it in.

Revision 0019, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import give_up_waiting

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "front_door_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.CheckConstraint("expires_at > kept_at", name=op.f("ck_front_door_draft_expires_after_kept")),
        sa.CheckConstraint("sends >= 0", name=op.f("ck_front_door_draft_sends_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_front_door_draft")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_front_door_draft_token_hash")),
    )
    with op.batch_alter_table("front_door_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_front_door_draft_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("front_door_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_front_door_draft_expires_at"))
    op.drop_table("front_door_draft")
