"""The proposals of a need are found by their need, and innovations that may be found without reading their texts.

Revision 0021, made 2026-11-22.
"""

from alembic import op

from migrations import give_up_waiting

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SEARCHABLE = ("live", "status", "readability", "merged_into_id", "consent_at", "visibility", "id")


def upgrade() -> None:
    give_up_waiting()
    op.create_index("ix_proposal_need_id", "proposal", ["need_id"])
    op.create_index("ix_innovation_searchable", "innovation", SEARCHABLE)


def downgrade() -> None:
    give_up_waiting()
    op.drop_index("ix_innovation_searchable", table_name="innovation")
    op.drop_index("ix_proposal_need_id", table_name="proposal")
