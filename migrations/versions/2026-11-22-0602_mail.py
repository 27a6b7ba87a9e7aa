"""Mail.

Revision 0008, made 2026-11-22.
"""

from migrations import give_up_waiting

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
