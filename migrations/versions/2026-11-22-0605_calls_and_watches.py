"""Calls and watches.

Revision 0011, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_REASONS = ("answered", "met", "withdrawn", "expired", "taken_back")
_ONE_SUBJECT = (
    "(CASE WHEN need_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN call_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN innovation_id IS NULL THEN 0 ELSE 1 END) = 1"
)


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "closed_reason", sa.Enum(*_REASONS, name="callclosure", native_enum=False, create_constraint=True, length=40), nullable=True
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_reason IS NULL)", name=op.f("ck_call_closed_with_reason")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_call_version_counts_from_one")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_call_need_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("reference", name=op.f("uq_call_reference")),
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index("ix_call_need_id", ["need_id"], unique=False)
        batch_op.create_index("ix_call_published_at_id", ["published_at", "id"], unique=False)
        batch_op.create_index(
            "ix_call_open_of_need",
            ["need_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "call_count",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.CheckConstraint("given >= 1", name=op.f("ck_call_count_given_counts_from_one")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_call_count")),
    )
    op.create_table(
        "looked",
        sa.Column(
            "kind",
            sa.Enum("need", "call", "innovation", name="subjectkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_looked")),
    )
    op.create_table(
        "watch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("theme", "place", "text", name="watchkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "what", sa.Enum("needs", "innovations", name="watched", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("folded <> ''", name=op.f("ck_watch_says_something")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_watch_version_counts_from_one")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_watch_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch")),
        sa.UniqueConstraint("person_id", "kind", "what", "folded", name=op.f("uq_watch_person_id_kind_what_folded")),
    )
    with op.batch_alter_table("watch", schema=None) as batch_op:
        batch_op.create_index("ix_watch_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_watch_kind_what", ["kind", "what", "folded"], unique=False)

    op.create_table(
        "watch_hit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("watch_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("innovation_id", sa.Uuid(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_ONE_SUBJECT, name=op.f("ck_watch_hit_one_subject")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_watch_hit_call_id")),
        sa.ForeignKeyConstraint(["innovation_id"], ["innovation.id"], name=op.f("fk_watch_hit_innovation_id")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_watch_hit_need_id")),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_watch_hit_watch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_hit")),
        sa.UniqueConstraint("watch_id", "call_id", name=op.f("uq_watch_hit_watch_id_call_id")),
        sa.UniqueConstraint("watch_id", "innovation_id", name=op.f("uq_watch_hit_watch_id_innovation_id")),
        sa.UniqueConstraint("watch_id", "need_id", name=op.f("uq_watch_hit_watch_id_need_id")),
    )
    with op.batch_alter_table("watch_hit", schema=None) as batch_op:
        batch_op.create_index("ix_watch_hit_told_at", ["told_at", "found_at"], unique=False)


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("watch_hit")
    op.drop_table("watch")
    op.drop_table("looked")
    op.drop_table("call_count")
    op.drop_table("call")
