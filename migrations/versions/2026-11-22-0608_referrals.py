"""Referrals.

Revision 0014, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import give_up_waiting

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    op.create_table(
        "support_body",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "health_innovation_network",
                "research_centre",
                "research_infrastructure",
                "university",
                "accelerator",
                "business_support",
                "intellectual_property",
                "funder",
                "regulator",
                "evaluator",
                "nhs_service",
                name="bodykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("helps_with", sa.Text(), nullable=False),
        sa.Column("stages", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("kinds", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("categories", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("areas", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column(
            "evidence",
            sa.Enum("any", "none_yet", "some", name="evidenceasked", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "geography",
            sa.Enum(
                "places",
                "west_yorkshire",
                "yorkshire_and_humber",
                "england",
                "united_kingdom",
                name="geography",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("places", sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("contact_url", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 300", name=op.f("ck_support_body_name_length")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_support_body_version_counts_from_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_body")),
        sa.UniqueConstraint("key", name=op.f("uq_support_body_key")),
    )
    with op.batch_alter_table("support_body", schema=None) as batch_op:
        batch_op.create_index("ix_support_body_name_id", ["name", "id"], unique=False)
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("innovation_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "offered", "accepted", "declined", "closed", name="referralstate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("offered_by", sa.Uuid(), nullable=True),
        sa.Column("offered_by_name", sa.String(), nullable=False),
        sa.Column(
            "decline_code",
            sa.Enum(
                "not_our_remit",
                "outside_our_area",
                "too_early",
                "too_late",
                "evidence_too_weak",
                "no_capacity",
                "known_already",
                "other",
                name="declinecode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "helped",
                "advised_only",
                "no_contact",
                "referred_on",
                "taken_back",
                "innovation_gone",
                "other",
                name="referraloutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_referral_closed_with_outcome")),
        sa.CheckConstraint("state <> 'declined' OR decline_code IS NOT NULL", name=op.f("ck_referral_declined_with_reason")),
        sa.CheckConstraint("length(reason) >= 1", name=op.f("ck_referral_says_why")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_referral_version_counts_from_one")),
        sa.ForeignKeyConstraint(["body_id"], ["support_body.id"], name=op.f("fk_referral_body_id")),
        sa.ForeignKeyConstraint(["innovation_id"], ["innovation.id"], name=op.f("fk_referral_innovation_id")),
        sa.ForeignKeyConstraint(["offered_by"], ["person.id"], name=op.f("fk_referral_offered_by")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_referral_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_body_id"), ["body_id"], unique=False)
        batch_op.create_index("ix_referral_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_innovation_id"), ["innovation_id"], unique=False)
        batch_op.create_index(
            "ix_referral_open",
            ["innovation_id", "body_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('offered', 'accepted')"),
            postgresql_where=sa.text("state IN ('offered', 'accepted')"),
        )
        batch_op.create_index("ix_referral_state", ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_submission_id"), ["submission_id"], unique=False)
    op.create_table(
        "referral_step",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "offered", "accepted", "declined", "closed", name="referralstate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_step_referral_id")),
        sa.PrimaryKeyConstraint("referral_id", "ordinal", name=op.f("pk_referral_step")),
    )


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("referral_step")
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_submission_id"))
        batch_op.drop_index("ix_referral_state")
        batch_op.drop_index(
            "ix_referral_open",
            sqlite_where=sa.text("state IN ('offered', 'accepted')"),
            postgresql_where=sa.text("state IN ('offered', 'accepted')"),
        )
        batch_op.drop_index(batch_op.f("ix_referral_innovation_id"))
        batch_op.drop_index("ix_referral_created_at_id")
        batch_op.drop_index(batch_op.f("ix_referral_body_id"))
    op.drop_table("referral")
    with op.batch_alter_table("support_body", schema=None) as batch_op:
        batch_op.drop_index("ix_support_body_name_id")
    op.drop_table("support_body")
