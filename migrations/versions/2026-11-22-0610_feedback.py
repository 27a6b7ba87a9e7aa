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


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("organisation") as batch:
        batch.drop_constraint(op.f("ck_organisation_origin"), type_="check")
        batch.drop_constraint(op.f("ck_organisation_companysize"), type_="check")
        batch.drop_column("origin")
        batch.drop_column("size")
