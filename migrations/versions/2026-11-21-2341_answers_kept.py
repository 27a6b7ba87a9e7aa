"""Answers kept for requests that are sent again.

Revision 0003, made 2026-11-21.
"""

from migrations import give_up_waiting

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
