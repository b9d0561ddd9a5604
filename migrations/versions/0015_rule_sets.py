"""Numbered versions of how a company hands out leads, and in each decision the one it was made under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_by_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_rule_sets_number")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_rule_sets_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_rule_sets")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_rule_sets_company_id_number")),
    )
    op.execute("ALTER TABLE rule_sets ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE rule_sets FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON rule_sets USING (company_id = {CURRENT_COMPANY})")
    # Deleted with a demo's data only.
    op.execute("GRANT SELECT, INSERT, DELETE ON rule_sets TO portal_app")
    # Its number is kept ready with the rest of the set-up.
    op.execute(
        "CREATE TRIGGER mark_setup AFTER INSERT OR DELETE ON rule_sets FOR EACH STATEMENT EXECUTE FUNCTION mark_setup()"
    )
    op.add_column("decisions", sa.Column("rule_set", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("decisions", "rule_set")
    op.drop_table("rule_sets")
