"""Drafts of the set-up, and replays of past leads through them in a worker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"
BEFORE = ("end_offer", "send_message", "drain", "release", "remind")
NOW = (*BEFORE, "replay")

JSONB = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
CLOCK = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("data", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("changed_by_name", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, server_default=CLOCK, nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_drafts_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("company_id", name=op.f("uq_drafts_company_id")),
    )
    op.create_table(
        "replays",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("draft", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("played", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", JSONB, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=CLOCK, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_replays_state")),
        sa.CheckConstraint("since < until", name=op.f("ck_replays_since")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_replays_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_replays")),
    )
    for table in ("drafts", "replays"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_company ON {table} USING (company_id = {CURRENT_COMPANY})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_app")
    _allow(NOW)


def downgrade() -> None:
    op.execute("ALTER TABLE due_work NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM due_work WHERE kind = 'replay'")
    op.execute("ALTER TABLE due_work FORCE ROW LEVEL SECURITY")
    _allow(BEFORE)
    op.drop_table("replays")
    op.drop_table("drafts")


def _allow(kinds: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_due_work_kind"), "due_work", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_due_work_kind"), "due_work", f"kind IN ({listed})")
