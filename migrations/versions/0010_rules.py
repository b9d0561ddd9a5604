"""Rules that were taken out of use stay for the leads they handed out; leads are counted by when they were given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rules", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_rules_default_stays"), "rules", "NOT (is_default AND deleted_at IS NOT NULL)")
    # For the caps on a day, a week and a month.
    op.create_index(
        "ix_leads_owner_assigned",
        "leads",
        ["company_id", "owner_id", "assigned_at"],
        postgresql_where=sa.text("owner_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_leads_owner_assigned", table_name="leads")
    op.drop_constraint(op.f("ck_rules_default_stays"), "rules", type_="check")
    # What was out of use would hand out leads again: it is paused, and stands behind the others.
    op.execute("ALTER TABLE rules NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE rules SET paused = true WHERE deleted_at IS NOT NULL")
    op.execute("ALTER TABLE rules FORCE ROW LEVEL SECURITY")
    op.drop_column("rules", "deleted_at")
