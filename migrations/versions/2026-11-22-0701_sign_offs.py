"""Who wrote a need together, and who signed it off.

Revision 0018, made 2026-11-22.
"""

from migrations import give_up_waiting

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
