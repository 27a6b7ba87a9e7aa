"""Feedback, and what reports tell suppliers apart by.

Revision 0016, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SIZES = ("up_to_5", "6_to_25", "26_to_100", "more_than_100")
ORIGINS = ("west_yorkshire", "rest_of_uk", "overseas")


def upgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("organisation") as batch:
        batch.add_column(sa.Column("size", sa.String(40), nullable=True))
        batch.add_column(sa.Column("origin", sa.String(40), nullable=True))
        batch.create_check_constraint(op.f("ck_organisation_companysize"), sa.column("size").in_(SIZES))
        batch.create_check_constraint(op.f("ck_organisation_origin"), sa.column("origin").in_(ORIGINS))
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outcome_id", sa.Uuid(), nullable=False),
        sa.Column(
            "answer", sa.Enum("yes", "partly", "no", name="answer", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcome.id"], name=op.f("fk_feedback_outcome_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("outcome_id", name=op.f("uq_feedback_outcome_id")),
    )


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("feedback")
    with op.batch_alter_table("organisation") as batch:
        batch.drop_constraint(op.f("ck_organisation_origin"), type_="check")
        batch.drop_constraint(op.f("ck_organisation_companysize"), type_="check")
        batch.drop_column("origin")
        batch.drop_column("size")
