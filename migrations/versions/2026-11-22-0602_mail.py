"""Mail.

Revision 0008, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_FREQUENCY = sa.Enum("off", "daily", "weekly", name="frequency", native_enum=False, create_constraint=True, length=40)
_SUBSCRIPTION = sa.Enum("digest", name="subscription", native_enum=False, create_constraint=True, length=40)
_STATE = sa.Enum(
    "queued",
    "sending",
    "sent",
    "failed",
    "bounced",
    "suppressed",
    "unsure",
    name="messagestate",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "mail_secret",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_secret")),
    )
    op.create_table(
        "suppressed_address",
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppressed_address")),
    )
    op.create_table(
        "mail_preference",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("digest", _FREQUENCY, nullable=False),
        sa.Column("digested_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_preference_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_preference")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("once_key", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("subscription", _SUBSCRIPTION, nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("give_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sending_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state <> 'sending' OR sending_since IS NOT NULL", name=op.f("ck_message_sending_has_time")),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_message_sent_has_time")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_message_attempts_not_negative")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("once_key", name=op.f("uq_message_once_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_address", ["address"], unique=False)
        batch_op.create_index("ix_message_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_message_state", ["state", "due_at"], unique=False)


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_state")
        batch_op.drop_index(batch_op.f("ix_message_person_id"))
        batch_op.drop_index("ix_message_created_at_id")
        batch_op.drop_index("ix_message_address")
    op.drop_table("message")
    op.drop_table("mail_preference")
    op.drop_table("suppressed_address")
    op.drop_table("mail_secret")
