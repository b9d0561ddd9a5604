"""Somebody who looks after the open leads of a colleague who is paused or on leave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, own in (("users", "id"), ("leaves", "user_id")):
        op.add_column(table, sa.Column("stand_in_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_company_id_stand_in_id"), table, "users",
            ["company_id", "stand_in_id"], ["company_id", "id"],
        )  # fmt: skip
        op.create_check_constraint(op.f(f"ck_{table}_not_their_own_stand_in"), table, f"stand_in_id <> {own}")
    op.create_index(
        "ix_leaves_stand_in",
        "leaves",
        ["company_id", "stand_in_id"],
        postgresql_where=sa.text("stand_in_id IS NOT NULL"),
    )
    op.create_index(
        "ix_users_stand_in", "users", ["company_id", "stand_in_id"], postgresql_where=sa.text("stand_in_id IS NOT NULL")
    )


def downgrade() -> None:
    for table in ("users", "leaves"):
        op.drop_index(f"ix_{table}_stand_in", table)
        op.drop_column(table, "stand_in_id")
