"""Merges.

Revision 0013, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=False),
        sa.Column("merged_by_name", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("undone_by_name", sa.String(), nullable=True),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by_name IS NULL)", name=op.f("ck_merge_undone_whole")),
        sa.CheckConstraint("kept_id <> merged_id", name=op.f("ck_merge_of_two")),
        sa.ForeignKeyConstraint(["kept_id"], ["innovation.id"], name=op.f("fk_merge_kept_id")),
        sa.ForeignKeyConstraint(["merged_by"], ["person.id"], name=op.f("fk_merge_merged_by")),
        sa.ForeignKeyConstraint(["merged_id"], ["innovation.id"], name=op.f("fk_merge_merged_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_merge_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    with op.batch_alter_table("merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merge_merged_id"), ["merged_id"], unique=False)
        batch_op.create_index(
            "ix_merge_standing",
            ["merged_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
    with op.batch_alter_table("innovation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_innovation_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_innovation_merged_into_id"), "innovation", ["merged_into_id"], ["id"])


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("innovation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_innovation_merged_into_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_innovation_merged_into_id"))
        batch_op.drop_column("merged_into_id")
    with op.batch_alter_table("merge", schema=None) as batch_op:
        batch_op.drop_index("ix_merge_standing", sqlite_where=sa.text("undone_at IS NULL"), postgresql_where=sa.text("undone_at IS NULL"))
        batch_op.drop_index(batch_op.f("ix_merge_merged_id"))
        batch_op.drop_index(batch_op.f("ix_merge_kept_id"))
    op.drop_table("merge")
