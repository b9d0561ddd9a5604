"""Leads are held for managers or until the company opens; one row of due work lets those of a company go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = ("end_offer", "send_message", "drain")


def upgrade() -> None:
    op.add_column(
        "companies", sa.Column("manual_intercept", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("companies", sa.Column("opening_hours", postgresql.JSONB(), nullable=True))
    op.add_column(
        "companies", sa.Column("hold_spacing_seconds", sa.Integer(), server_default=sa.text("10"), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_companies_hold_spacing_seconds"), "companies", "hold_spacing_seconds BETWEEN 5 AND 60"
    )
    change_kinds(*KINDS, "release")
    say_why_leads_are_held()


def change_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_due_work_kind"), "due_work", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_due_work_kind"), "due_work", f"kind IN ({listed})")


def say_why_leads_are_held() -> None:
    op.drop_constraint(op.f("ck_leads_held_says_why"), "leads", type_="check")
    # Nothing held leads until now but made-up data: those wait for a manager.
    op.execute("ALTER TABLE leads NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE leads SET held_until = NULL, held_reason = CASE WHEN state = 'held' THEN 'manual_intercept' END "
        "WHERE held_until IS NOT NULL OR held_reason IS NOT NULL OR state = 'held'"
    )
    op.execute("ALTER TABLE leads FORCE ROW LEVEL SECURITY")
    op.create_check_constraint(
        op.f("ck_leads_held_reason"), "leads", "held_reason IN ('manual_intercept', 'opening_hours')"
    )
    op.create_check_constraint(op.f("ck_leads_held_says_why"), "leads", "(state = 'held') = (held_reason IS NOT NULL)")
    op.create_check_constraint(
        op.f("ck_leads_held_until_opening"),
        "leads",
        "coalesce(held_reason = 'opening_hours', false) = (held_until IS NOT NULL)",
    )
    op.create_index("ix_leads_held", "leads", ["company_id", "id"], postgresql_where=sa.text("state = 'held'"))


def downgrade() -> None:
    op.drop_index("ix_leads_held", table_name="leads")
    for name in ("held_until_opening", "held_says_why", "held_reason"):
        op.drop_constraint(op.f(f"ck_leads_{name}"), "leads", type_="check")
    op.create_check_constraint(
        op.f("ck_leads_held_says_why"), "leads", "state <> 'held' OR held_until IS NOT NULL OR held_reason IS NOT NULL"
    )
    op.execute("ALTER TABLE due_work NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM due_work WHERE kind = 'release'")
    op.execute("ALTER TABLE due_work FORCE ROW LEVEL SECURITY")
    change_kinds(*KINDS)
    op.drop_constraint(op.f("ck_companies_hold_spacing_seconds"), "companies", type_="check")
    for column in ("hold_spacing_seconds", "opening_hours", "manual_intercept"):
        op.drop_column("companies", column)
