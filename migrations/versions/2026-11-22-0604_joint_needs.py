"""Joint needs.

Revision 0010, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "joint_need",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("dissolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_joint_need_version_counts_from_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_need")),
    )

    op.create_table(
        "joint_need_membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("joint_need_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_by", sa.String(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_by", sa.String(), nullable=True),
        sa.CheckConstraint("left_at IS NULL OR left_at >= joined_at", name=op.f("ck_joint_need_membership_left_after_it_joined")),
        sa.ForeignKeyConstraint(["joint_need_id"], ["joint_need.id"], name=op.f("fk_joint_need_membership_joint_need_id")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_joint_need_membership_need_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_need_membership")),
    )
    with op.batch_alter_table("joint_need_membership", schema=None) as batch_op:
        batch_op.create_index("ix_joint_need_membership_joint_need_id", ["joint_need_id"], unique=False)
        batch_op.create_index(
            "ix_joint_need_membership_present",
            ["need_id"],
            unique=True,
            sqlite_where=sa.text("left_at IS NULL"),
            postgresql_where=sa.text("left_at IS NULL"),
        )

    op.create_table(
        "alignment_dismissal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("one_revision", sa.Integer(), nullable=False),
        sa.Column("other_revision", sa.Integer(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_by", sa.String(), nullable=False),
        sa.CheckConstraint("one_id <> other_id", name=op.f("ck_alignment_dismissal_two_needs")),
        sa.ForeignKeyConstraint(["one_id"], ["need.id"], name=op.f("fk_alignment_dismissal_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["need.id"], name=op.f("fk_alignment_dismissal_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alignment_dismissal")),
        sa.UniqueConstraint("one_id", "other_id", name=op.f("uq_alignment_dismissal_one_id_other_id")),
    )
    with op.batch_alter_table("alignment_dismissal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alignment_dismissal_other_id"), ["other_id"], unique=False)

    op.create_table(
        "alignment_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("with_need_id", sa.Uuid(), nullable=False),
        sa.Column("need_revision", sa.Integer(), nullable=False),
        sa.Column("with_revision", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.CheckConstraint("need_id <> with_need_id", name=op.f("ck_alignment_proposal_two_needs")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_alignment_proposal_need_id")),
        sa.ForeignKeyConstraint(["with_need_id"], ["need.id"], name=op.f("fk_alignment_proposal_with_need_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alignment_proposal")),
        sa.UniqueConstraint("need_id", "with_need_id", name=op.f("uq_alignment_proposal_need_id_with_need_id")),
    )
    with op.batch_alter_table("alignment_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alignment_proposal_with_need_id"), ["with_need_id"], unique=False)


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("alignment_proposal")
    op.drop_table("alignment_dismissal")
    op.drop_table("joint_need_membership")
    op.drop_table("joint_need")
