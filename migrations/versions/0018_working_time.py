"""Windows that count only a pool's working time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pools", sa.Column("timer", sa.Text(), server_default="wall", nullable=False))
    op.add_column("pools", sa.Column("hours", postgresql.JSONB(), nullable=True))
    op.create_check_constraint(op.f("ck_pools_timer"), "pools", "timer IN ('wall', 'working')")


def downgrade() -> None:
    op.drop_column("pools", "hours")
    op.drop_column("pools", "timer")
