"""Merges.

Revision 0013, made 2026-11-22.
"""

from migrations import give_up_waiting

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
