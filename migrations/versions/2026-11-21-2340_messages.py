"""When a job's message was last given to the broker.

Revision 0002, made 2026-11-21.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("job") as batch:
        batch.add_column(sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("job") as batch:
        batch.drop_column("sent_at")
