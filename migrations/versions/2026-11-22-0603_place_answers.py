"""Place answers.

Revision 0009, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "need_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("draft", "open", "met", "closed", "withdrawn", name="needstatus", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("measured_value", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("baseline", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_by_name", sa.String(), nullable=False),
        sa.CheckConstraint("outcome = 'met' OR proposal_id IS NULL", name=op.f("ck_need_result_met_by_a_match")),
        sa.CheckConstraint("outcome IN ('met', 'closed')", name=op.f("ck_need_result_met_or_closed")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_need_result_need_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_need_result_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_result")),
        sa.UniqueConstraint("need_id", name=op.f("uq_need_result_need_id")),
    )
    with op.batch_alter_table("need_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_need_result_proposal_id"), ["proposal_id"], unique=False)

    op.create_table(
        "place_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("asking", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("held", "asked", "answered", "closed", name="questionstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column(
            "answer",
            sa.Enum("meet", "not_now", "no", name="placereply", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("until", sa.Date(), nullable=True),
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
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_by_name", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on_behalf", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("introduced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "closing",
            sa.Enum("match_reversed", "place_left", "need_ended", name="closing", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(answer IS NOT NULL AND answer = 'not_now') = (until IS NOT NULL)", name=op.f("ck_place_answer_not_now_until_when")
        ),
        sa.CheckConstraint("(state = 'closed') = (closing IS NOT NULL)", name=op.f("ck_place_answer_closed_with_cause")),
        sa.CheckConstraint("answer IS NULL OR answer <> 'no' OR reason_code IS NOT NULL", name=op.f("ck_place_answer_no_with_reason")),
        sa.CheckConstraint("introduced_at IS NULL OR answer = 'meet'", name=op.f("ck_place_answer_introduced_who_meet")),
        sa.CheckConstraint("state <> 'answered' OR answer IS NOT NULL", name=op.f("ck_place_answer_answered_what")),
        sa.CheckConstraint(
            "state NOT IN ('asked', 'answered') OR asked_at IS NOT NULL", name=op.f("ck_place_answer_asked_before_answered")
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_place_answer_answered_when")),
        sa.CheckConstraint("(answer IS NULL) = (answered_by IS NULL)", name=op.f("ck_place_answer_answered_by_whom")),
        sa.CheckConstraint("(asked_at IS NULL) = (answer_by IS NULL)", name=op.f("ck_place_answer_asked_with_a_day")),
        sa.CheckConstraint("asking >= 1", name=op.f("ck_place_answer_asking_counts_from_one")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_place_answer_version_counts_from_one")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_place_answer_answered_by")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_place_answer_need_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_place_answer_place_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_place_answer_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_answer")),
        sa.UniqueConstraint("proposal_id", "place_id", "asking", name=op.f("uq_place_answer_proposal_id_place_id_asking")),
    )
    with op.batch_alter_table("place_answer", schema=None) as batch_op:
        batch_op.create_index("ix_place_answer_list", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_place_answer_need_id", ["need_id"], unique=False)
        batch_op.create_index(
            "ix_place_answer_of_the_region",
            ["proposal_id", "asking"],
            unique=True,
            sqlite_where=sa.text("place_id IS NULL"),
            postgresql_where=sa.text("place_id IS NULL"),
        )
        batch_op.create_index("ix_place_answer_place_id", ["place_id", "state"], unique=False)
        batch_op.create_index("ix_place_answer_until", ["until", "asked_again_at"], unique=False)

    with op.batch_alter_table("stage_change", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changed_by_name", sa.String(), server_default="", nullable=False))

    visibility = sa.Enum("public", "partners", "hub_only", name="visibility", native_enum=False, create_constraint=True, length=40)
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("innovation_visibility", visibility, nullable=True))


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_decision_visibility"), type_="check")
        batch_op.drop_column("innovation_visibility")

    with op.batch_alter_table("stage_change", schema=None) as batch_op:
        batch_op.drop_column("changed_by_name")

    with op.batch_alter_table("place_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_place_answer_until")
        batch_op.drop_index("ix_place_answer_place_id")
        batch_op.drop_index(
            "ix_place_answer_of_the_region", sqlite_where=sa.text("place_id IS NULL"), postgresql_where=sa.text("place_id IS NULL")
        )
        batch_op.drop_index("ix_place_answer_need_id")
        batch_op.drop_index("ix_place_answer_list")

    op.drop_table("place_answer")
    with op.batch_alter_table("need_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_need_result_proposal_id"))

    op.drop_table("need_result")
