"""What is kept of a submission before anybody hands it in.

Revision 0019, made 2026-11-22.
"""

from migrations import give_up_waiting

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
