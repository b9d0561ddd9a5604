"""Handing an owned lead to a pool, by hand or because nobody logged a contact in time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"
BEFORE = ("end_offer", "send_message", "drain", "release", "remind", "replay")
NOW = (*BEFORE, "contact")

MOMENT = sa.DateTime(timezone=True)
RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    op.add_column("pools", sa.Column("contact_within", sa.Integer(), nullable=True))
    op.add_column("pools", sa.Column("for_reassignment", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_check_constraint(op.f("ck_pools_contact_within"), "pools", "contact_within BETWEEN 5 AND 2592000")
    op.create_table(
        "reassignments",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("from_user_id", sa.Uuid(), nullable=False),
        sa.Column("to_user_id", sa.Uuid(), nullable=True),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'defaulted', 'cancelled')", name=op.f("ck_reassignments_state")
        ),
        sa.CheckConstraint("trigger IN ('by_hand', 'no_contact')", name=op.f("ck_reassignments_trigger")),
        sa.CheckConstraint(
            "(state = 'running') = (ended_at IS NULL)", name=op.f("ck_reassignments_ended_at_when_ended")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'defaulted')) = (to_user_id IS NOT NULL)", name=op.f("ck_reassignments_to_when_moved")
        ),
        sa.CheckConstraint("to_user_id <> from_user_id", name=op.f("ck_reassignments_to_somebody_else")),
        *_same_company(
            lead_id="leads", pool_id="pools", from_user_id="users", to_user_id="users", started_by="users"
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_reassignments")),
    )  # fmt: skip
    op.create_index(
        "uq_reassignments_running", "reassignments", ["company_id", "lead_id"], unique=True, postgresql_where=RUNNING
    )
    op.create_index("ix_reassignments_pool", "reassignments", ["company_id", "pool_id"], postgresql_where=RUNNING)
    op.create_index(
        op.f("ix_reassignments_company_id_lead_id_id"), "reassignments", ["company_id", "lead_id", "id"]
    )  # fmt: skip
    op.execute("ALTER TABLE reassignments ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE reassignments FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON reassignments USING (company_id = {CURRENT_COMPANY})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON reassignments TO portal_app")
    op.add_column("offers", sa.Column("reassignment_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_offers_company_id_reassignment_id"),
        "offers",
        "reassignments",
        ["company_id", "reassignment_id"],
        ["company_id", "id"],
    )
    _allow(NOW)
    # Whose leads are watched is kept ready in memory (migration 0008).
    _mark_setup("next_pool_id, contact_within, deleted_at")


def downgrade() -> None:
    op.execute("ALTER TABLE due_work NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM due_work WHERE kind = 'contact'")
    op.execute("ALTER TABLE due_work FORCE ROW LEVEL SECURITY")
    _allow(BEFORE)
    _mark_setup("next_pool_id, deleted_at")
    op.drop_constraint(op.f("fk_offers_company_id_reassignment_id"), "offers", type_="foreignkey")
    op.drop_column("offers", "reassignment_id")
    op.drop_table("reassignments")
    op.drop_column("pools", "for_reassignment")
    op.drop_column("pools", "contact_within")


def _same_company(**columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["company_id", column],
            [f"{table}.company_id", f"{table}.id"],
            name=op.f(f"fk_reassignments_company_id_{column}"),
            # With the lead it goes, when a demo is wiped.
            ondelete="CASCADE" if column == "lead_id" else None,
        )
        for column, table in columns.items()
    ]


def _mark_setup(columns: str) -> None:
    op.execute("DROP TRIGGER mark_setup ON pools")
    op.execute(
        f"CREATE TRIGGER mark_setup AFTER INSERT OR DELETE OR UPDATE OF {columns} ON pools "
        "FOR EACH STATEMENT EXECUTE FUNCTION mark_setup()"
    )


def _allow(kinds: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_due_work_kind"), "due_work", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_due_work_kind"), "due_work", f"kind IN ({listed})")
