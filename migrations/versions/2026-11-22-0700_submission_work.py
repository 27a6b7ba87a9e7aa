"""What staff note on submissions and put off, and the lists that they keep.

Revision 0017, made 2026-11-22.
"""

from migrations import give_up_waiting

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
