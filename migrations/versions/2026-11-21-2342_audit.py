"""The end of the event chain, and rows that nobody changes.

Revision 0004, made 2026-11-21.
"""

from migrations import give_up_waiting

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
