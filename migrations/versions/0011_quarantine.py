"""The allow list and the block list, part of how a company is set up for routing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "quarantine_entries",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("clue", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("verdict IN ('allow', 'block')", name=op.f("ck_quarantine_entries_verdict")),
        sa.CheckConstraint("clue IN ('address', 'domain', 'phone', 'text')", name=op.f("ck_quarantine_entries_clue")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_quarantine_entries_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_quarantine_entries")),
        sa.UniqueConstraint("company_id", "clue", "value", name=op.f("uq_quarantine_entries_company_id_clue_value")),
    )
    op.execute("ALTER TABLE quarantine_entries ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE quarantine_entries FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON quarantine_entries USING (company_id = {CURRENT_COMPANY})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON quarantine_entries TO portal_app")
    op.execute(
        "CREATE TRIGGER mark_setup AFTER INSERT OR DELETE OR UPDATE ON quarantine_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION mark_setup()"
    )
    op.create_index(
        "ix_leads_quarantined", "leads", ["company_id", "id"], postgresql_where=sa.text("state = 'quarantined'")
    )


def downgrade() -> None:
    op.drop_index("ix_leads_quarantined", table_name="leads")
    op.drop_table("quarantine_entries")
