"""In which of their roles somebody has chosen to act.

Revision 0020, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ROLES = ("innovator", "place", "hub", "lead", "pipeline", "board")


def upgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("sign_in_session") as batch:
        batch.add_column(sa.Column("acting_as", sa.String(40), nullable=True))
        batch.create_check_constraint(op.f("ck_sign_in_session_role"), sa.column("acting_as").in_(ROLES))


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("sign_in_session") as batch:
        batch.drop_constraint(op.f("ck_sign_in_session_role"), type_="check")
        batch.drop_column("acting_as")
