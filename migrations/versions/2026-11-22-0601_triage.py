"""Triage.

Revision 0007, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("innovation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting", "in_triage", "asked", "closed", name="submissionstate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("assigned_to_name", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "active", "ask", "refer", "archive", "undone", name="outcomekind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column(
            "left_by", sa.Enum("withdrawn", "merged", name="leaving", native_enum=False, create_constraint=True, length=40), nullable=True
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (ended_at IS NOT NULL)", name=op.f("ck_submission_closed_with_time")),
        sa.CheckConstraint(
            "(state = 'closed') = (outcome IS NOT NULL OR left_by IS NOT NULL)", name=op.f("ck_submission_leaves_with_an_outcome")
        ),
        sa.CheckConstraint("outcome IS NULL OR outcome IN ('active', 'refer', 'archive')", name=op.f("ck_submission_outcome_ends_triage")),
        sa.CheckConstraint("state <> 'waiting' OR assigned_to IS NULL", name=op.f("ck_submission_waiting_for_anybody")),
        sa.CheckConstraint("(assigned_to IS NULL) = (taken_at IS NULL)", name=op.f("ck_submission_taken_by_somebody")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_submission_number_counts_from_one")),
        sa.CheckConstraint("outcome IS NULL OR left_by IS NULL", name=op.f("ck_submission_leaves_one_way")),
        sa.ForeignKeyConstraint(["assigned_to"], ["person.id"], name=op.f("fk_submission_assigned_to")),
        sa.ForeignKeyConstraint(["innovation_id"], ["innovation.id"], name=op.f("fk_submission_innovation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("innovation_id", "number", name=op.f("uq_submission_innovation_id_number")),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index("ix_submission_assigned_to", ["assigned_to"], unique=False)
        batch_op.create_index(
            "ix_submission_open",
            ["innovation_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'closed'"),
            postgresql_where=sa.text("state <> 'closed'"),
        )
        batch_op.create_index("ix_submission_queue", ["state", "submitted_at", "id"], unique=False)
    op.create_table(
        "outcome",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "active", "ask", "refer", "archive", "undone", name="outcomekind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("given_by", sa.Uuid(), nullable=False),
        sa.Column("given_by_name", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reason_code",
            sa.Enum(
                "not_this_problem",
                "wrong_population",
                "wrong_setting",
                "not_ready",
                "evidence_too_weak",
                "duplicate",
                "already_in_use",
                "no_capacity",
                "no_budget",
                "poor_value",
                "digital_inclusion_risk",
                "skills",
                "other",
                name="reasoncode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("left_undecided", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=True),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("undoes_id", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_to", sa.Integer(), nullable=True),
        sa.CheckConstraint("(kind = 'refer') = (body_id IS NOT NULL)", name=op.f("ck_outcome_referred_to_a_body")),
        sa.CheckConstraint("(kind = 'undone') = (undoes_id IS NOT NULL)", name=op.f("ck_outcome_undo_names_what_it_undoes")),
        sa.CheckConstraint("kind <> 'archive' OR reason_code IS NOT NULL", name=op.f("ck_outcome_archived_with_reason")),
        sa.CheckConstraint("(settled_at IS NULL) = (mailed_to IS NULL)", name=op.f("ck_outcome_settled_whole")),
        sa.CheckConstraint("left_undecided >= 0", name=op.f("ck_outcome_left_undecided_not_negative")),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_outcome_given_by")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_outcome_submission_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["outcome.id"], name=op.f("fk_outcome_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_outcome_undoes_id")),
    )
    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outcome_submission_id"), ["submission_id"], unique=False)
        batch_op.create_index("ix_outcome_unsettled", ["settled_at", "given_at"], unique=False)
    op.create_table(
        "ask",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("outcome_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("asked_by_name", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_name", sa.String(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(answered_at IS NULL) = (answered_by_name IS NULL)", name=op.f("ck_ask_answered_by_somebody")),
        sa.CheckConstraint("length(question) >= 1", name=op.f("ck_ask_question_says_something")),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcome.id"], name=op.f("fk_ask_outcome_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_ask_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask")),
        sa.UniqueConstraint("outcome_id", name=op.f("uq_ask_outcome_id")),
    )
    with op.batch_alter_table("ask", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ask_open",
            ["submission_id"],
            unique=True,
            sqlite_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
        )
        batch_op.create_index("ix_ask_submission_id", ["submission_id"], unique=False)


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("ask", schema=None) as batch_op:
        batch_op.drop_index("ix_ask_submission_id")
        batch_op.drop_index(
            "ix_ask_open",
            sqlite_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
        )
    op.drop_table("ask")
    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.drop_index("ix_outcome_unsettled")
        batch_op.drop_index(batch_op.f("ix_outcome_submission_id"))
    op.drop_table("outcome")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index("ix_submission_queue")
        batch_op.drop_index("ix_submission_open", sqlite_where=sa.text("state <> 'closed'"), postgresql_where=sa.text("state <> 'closed'"))
        batch_op.drop_index("ix_submission_assigned_to")
    op.drop_table("submission")
