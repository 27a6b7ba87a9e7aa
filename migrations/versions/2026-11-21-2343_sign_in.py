"""Sign-ins that rotate and devices that are known.

Revision 0005, made 2026-11-21.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    now = sa.func.current_timestamp()
    with op.batch_alter_table("sign_in_session") as batch:
        batch.add_column(sa.Column("renewed_at", sa.DateTime(timezone=True), server_default=now, nullable=False))
        batch.add_column(sa.Column("renew_at", sa.DateTime(timezone=True), server_default=now, nullable=False))
        batch.add_column(sa.Column("previous_token_hash", sa.String(), nullable=True))
        batch.add_column(sa.Column("previous_ends_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_unique_constraint(op.f("uq_sign_in_session_previous_token_hash"), ["previous_token_hash"])
        batch.create_index(op.f("ix_sign_in_session_expires_at"), ["expires_at"])
    op.create_table(
        "known_device",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_known_device_person_id")),
        sa.PrimaryKeyConstraint("token_hash", "person_id", name=op.f("pk_known_device")),
    )
    op.create_index(op.f("ix_known_device_person_id"), "known_device", ["person_id"])
    op.create_index(op.f("ix_known_device_expires_at"), "known_device", ["expires_at"])


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("known_device")
    with op.batch_alter_table("sign_in_session") as batch:
        batch.drop_index(op.f("ix_sign_in_session_expires_at"))
        batch.drop_constraint(op.f("uq_sign_in_session_previous_token_hash"), type_="unique")
        for column in ("previous_ends_at", "previous_token_hash", "renew_at", "renewed_at"):
            batch.drop_column(column)
