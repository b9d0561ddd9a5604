"""Limits on leads of one pool, and pools where whoever is full loses what they are owed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES, LIMITS = ("pool_members", "pool_tags"), ("open_cap", "day_cap", "week_cap", "month_cap")
KINDS = "'step', 'join', 'leave', 'charge', 'reversal', 'zero'"


def upgrade() -> None:
    for table in TABLES:
        for limit in LIMITS:
            op.add_column(table, sa.Column(limit, sa.Integer(), nullable=True))
            op.create_check_constraint(op.f(f"ck_{table}_{limit}"), table, f"{limit} >= 0")
    op.add_column("pools", sa.Column("forfeit_at_cap", sa.Boolean(), server_default="false", nullable=False))
    op.drop_constraint(op.f("ck_ledger_entries_kind"), "ledger_entries")
    op.create_check_constraint(
        op.f("ck_ledger_entries_kind"), "ledger_entries", f"kind IN ({KINDS}, 'forfeit')"
    )  # fmt: skip


def downgrade() -> None:
    # What was forfeited stays so: the books have no other word for it than a charge.
    op.execute("UPDATE ledger_entries SET kind = 'charge' WHERE kind = 'forfeit'")
    op.drop_constraint(op.f("ck_ledger_entries_kind"), "ledger_entries")
    op.create_check_constraint(op.f("ck_ledger_entries_kind"), "ledger_entries", f"kind IN ({KINDS})")
    op.drop_column("pools", "forfeit_at_cap")
    for table in TABLES:
        for limit in LIMITS:
            op.drop_column(table, limit)
