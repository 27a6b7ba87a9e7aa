"""${message}.

Revision ${up_revision}, made ${create_date.date()}${f", after {down_revision}" if down_revision else ""}.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
from migrations import give_up_waiting

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    give_up_waiting()
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    give_up_waiting()
    ${downgrades if downgrades else "pass"}
