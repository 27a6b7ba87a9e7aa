"""Who wrote a need together, and who signed it off.

Revision 0018, made 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

from migrations import give_up_waiting

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PURPOSES = ("sign_in", "save", "invitation", "answer", "referral", "feedback")
PURPOSE = "ck_link_linkpurpose"


def upgrade() -> None:
    give_up_waiting()
    with op.batch_alter_table("link") as batch:
        batch.drop_constraint(op.f(PURPOSE), type_="check")
        batch.create_check_constraint(op.f(PURPOSE), sa.column("purpose").in_((*PURPOSES, "need_share")))
    op.create_table(
        "need_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_by_name", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_need_share_expires_after_made")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_need_share_need_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_share")),
    )
    op.create_index("ix_need_share_need_id", "need_share", ["need_id", "made_at"])
    op.create_index(op.f("ix_need_share_address"), "need_share", ["address"])
    op.create_table(
        "sign_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_by_name", sa.String(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("signed", "sent_back", name="signoffverdict", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(verdict IS NULL) = (answered_at IS NULL)", name=op.f("ck_sign_off_answered_when")),
        sa.CheckConstraint("(verdict IS NULL) = (revision IS NULL)", name=op.f("ck_sign_off_answered_to_what")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_sign_off_version_counts_from_one")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_sign_off_need_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_off_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_off")),
    )
    op.create_index("ix_sign_off_person_id", "sign_off", ["person_id"])
    op.create_index(
        "ix_sign_off_waits",
        "sign_off",
        ["need_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )


def downgrade() -> None:
    give_up_waiting()
    op.drop_table("sign_off")
    op.drop_table("need_share")
    op.execute("DELETE FROM link WHERE purpose = 'need_share'")
    with op.batch_alter_table("link") as batch:
        batch.drop_constraint(op.f(PURPOSE), type_="check")
        batch.create_check_constraint(op.f(PURPOSE), sa.column("purpose").in_(PURPOSES))
