"""The workspace: comments and memos, conversion in the company's own words, and a mark on companies made up to look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEW_TABLES = ("conversion_statuses", "lost_reasons", "conversions", "entry_edits")
CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"

# What every company starts with; it may change all of them.
STATUSES = (
    ("Open", "in_progress"),
    ("Qualified", "in_progress"),
    ("Quoted", "in_progress"),
    ("Won", "won"),
    ("Lost", "lost"),
    ("Not valid", "lost"),
)
REASONS = ("Price", "Chose somebody else", "No longer interested", "Could not be reached", "Not a customer for us")


def upgrade() -> None:
    op.add_column("companies", sa.Column("currency", sa.Text(), server_default="USD", nullable=False))
    op.add_column("companies", sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_check_constraint(op.f("ck_companies_currency"), "companies", "length(currency) = 3")
    op.add_column("users", sa.Column("admin_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    widen_timeline()
    create_lists()
    create_conversions()
    create_edits()
    keep_companies_apart()
    fill_lists()


def widen_timeline() -> None:
    op.add_column("timeline", sa.Column("visibility", sa.Text(), server_default="everyone", nullable=False))
    op.add_column("timeline", sa.Column("form_key", sa.Uuid(), nullable=True))
    op.create_check_constraint(op.f("ck_timeline_visibility"), "timeline", "visibility IN ('everyone', 'managers')")
    op.create_index(
        "uq_timeline_form_key",
        "timeline",
        ["company_id", "lead_id", "form_key"],
        unique=True,
        postgresql_where=sa.text("form_key IS NOT NULL"),
    )


def create_lists() -> None:
    op.create_table(
        "conversion_statuses",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status_group", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(
            "status_group IN ('in_progress', 'won', 'lost')", name=op.f("ck_conversion_statuses_status_group")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_conversion_statuses_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_conversion_statuses")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_conversion_statuses_company_id_name")),
    )
    op.create_table(
        "lost_reasons",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_lost_reasons_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_lost_reasons")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_lost_reasons_company_id_name")),
    )


def create_conversions() -> None:
    op.create_table(
        "conversions",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("contact_status", sa.Text(), server_default="not_contacted", nullable=False),
        sa.Column("status_id", sa.Uuid(), nullable=False),
        sa.Column("expected_value", sa.Numeric(14, 2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("actual_value", sa.Numeric(14, 2), nullable=True),
        sa.Column("won_on", sa.Date(), nullable=True),
        sa.Column("lost_reason_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "contact_status IN ('not_contacted', 'tried', 'contacted')", name=op.f("ck_conversions_contact_status")
        ),
        sa.CheckConstraint("expected_value >= 0", name=op.f("ck_conversions_expected_value")),
        sa.CheckConstraint("actual_value >= 0", name=op.f("ck_conversions_actual_value")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_conversions_currency")),
        sa.CheckConstraint(
            "currency IS NOT NULL OR (expected_value IS NULL AND actual_value IS NULL)",
            name=op.f("ck_conversions_value_has_currency"),
        ),
        *(
            sa.ForeignKeyConstraint(
                ["company_id", column],
                [f"{table}.company_id", f"{table}.id"],
                name=op.f(f"fk_conversions_company_id_{column}"),
            )
            for column, table in (
                ("lead_id", "leads"),
                ("status_id", "conversion_statuses"),
                ("lost_reason_id", "lost_reasons"),
                ("changed_by", "users"),
            )
        ),
        sa.PrimaryKeyConstraint("company_id", "lead_id", name=op.f("pk_conversions")),
    )


def create_edits() -> None:
    op.create_table(
        "entry_edits",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "entry_id"],
            ["timeline.company_id", "timeline.id"],
            name=op.f("fk_entry_edits_company_id_entry_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_entry_edits")),
    )
    op.create_index(
        op.f("ix_entry_edits_company_id_entry_id_id"), "entry_edits", ["company_id", "entry_id", "id"], unique=False
    )


def keep_companies_apart() -> None:
    """As in the first migration: forced policies, and no right to make history unhappen."""
    for table in NEW_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_company ON {table} USING (company_id = {CURRENT_COMPANY})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_app")
    op.execute("REVOKE UPDATE ON entry_edits FROM portal_app")


def fill_lists() -> None:
    """Companies that exist already start with the same words as new ones."""
    statuses = ", ".join(f"('{name}', '{group}', {place})" for place, (name, group) in enumerate(STATUSES, start=1))
    reasons = ", ".join(f"('{name}', {place})" for place, name in enumerate(REASONS, start=1))
    op.execute(
        f"""
        DO $$ DECLARE company uuid;
        BEGIN
            -- The tables' owner is held by the policies too, so each company is entered in turn.
            FOR company IN SELECT * FROM company_ids() LOOP
                PERFORM set_config('portal.company_id', company::text, true);
                INSERT INTO conversion_statuses (company_id, id, name, status_group, position)
                SELECT company, gen_random_uuid(), v.* FROM (VALUES {statuses}) v;
                INSERT INTO lost_reasons (company_id, id, name, position)
                SELECT company, gen_random_uuid(), v.* FROM (VALUES {reasons}) v;
            END LOOP;
        END $$
        """
    )


def downgrade() -> None:
    for table in reversed(NEW_TABLES):
        op.drop_table(table)
    op.drop_index("uq_timeline_form_key", table_name="timeline")
    op.drop_column("timeline", "form_key")
    op.drop_column("timeline", "visibility")
    op.drop_column("users", "admin_contact")
    op.drop_column("companies", "is_demo")
    op.drop_column("companies", "currency")
