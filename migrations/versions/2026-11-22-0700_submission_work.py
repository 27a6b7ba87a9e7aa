"""What staff note on submissions and put off, and the lists that they keep.

Revision 0017, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("submission") as batch:
        batch.add_column(sa.Column("snoozed_until", sa.Date(), nullable=True))
        batch.add_column(sa.Column("snoozed_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("snoozed_by_name", sa.String(), server_default="", nullable=False))
        batch.create_foreign_key(op.f("fk_submission_snoozed_by"), "person", ["snoozed_by"], ["id"])
        batch.create_check_constraint(op.f("ck_submission_snoozed_by_somebody"), "(snoozed_until IS NULL) = (snoozed_by IS NULL)")
    op.create_table(
        "submission_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_by_name", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(text) >= 1", name=op.f("ck_submission_note_says_something")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_submission_note_submission_id")),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_submission_note_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_note")),
    )
    op.create_index("ix_submission_note_submission_id", "submission_note", ["submission_id", "written_at"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(name) >= 1", name=op.f("ck_saved_view_has_a_name")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("person_id", "path", "name", name=op.f("uq_saved_view_person_id_path_name")),
    )


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("saved_view")
    op.drop_table("submission_note")
    with op.batch_alter_table("submission") as batch:
        batch.drop_constraint(op.f("ck_submission_snoozed_by_somebody"), type_="check")
        batch.drop_constraint(op.f("fk_submission_snoozed_by"), type_="foreignkey")
        batch.drop_column("snoozed_by_name")
        batch.drop_column("snoozed_by")
        batch.drop_column("snoozed_until")
