"""What routing decides by: tags, what agents can and when they are there, pickers, deliveries and the ladder's steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"

PICKERS = ("rotation", "single", "best_match", "least_loaded")
DELIVERIES = ("assign", "offer", "broadcast", "pond")
PRESENCES = ("available", "away", "offline")
TAG_KINDS = ("preferential", "exclusive", "required")


def upgrade() -> None:
    widen_companies()
    widen_users()
    widen_pools()
    op.add_column("rules", sa.Column("hours", postgresql.JSONB(), nullable=True))
    create_tags()
    create_leaves()
    wipe_these_too()


def widen_companies() -> None:
    op.add_column("companies", sa.Column("presence_mode", sa.Text(), server_default="ignore", nullable=False))
    op.add_column("companies", sa.Column("holidays", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("companies", _flag("untagged_qualify_all", "true"))
    op.add_column("companies", sa.Column("performance_in_routing", sa.Text(), nullable=True))
    op.add_column("companies", _flag("name_as_tag", "false"))
    op.add_column("companies", _flag("email_as_tag", "true"))
    op.create_check_constraint(
        op.f("ck_companies_presence_mode"), "companies", _in("presence_mode", "ignore skip_offline only_available")
    )
    op.create_check_constraint(
        op.f("ck_companies_performance_in_routing"),
        "companies",
        _in("performance_in_routing", "off tie_break multiply"),
    )


def widen_users() -> None:
    for cap in ("day_cap", "week_cap", "month_cap"):
        op.add_column("users", sa.Column(cap, sa.Integer(), nullable=True))
        op.create_check_constraint(op.f(f"ck_users_{cap}"), "users", f"{cap} >= 0")
    for texts in ("tags", "excluded_lead_types", "languages"):
        op.add_column("users", sa.Column(texts, postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("users", sa.Column("hours", postgresql.JSONB(), nullable=True))
    op.add_column("users", sa.Column("time_zone", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("locations", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("users", sa.Column("presence", sa.Text(), server_default="available", nullable=False))
    op.create_check_constraint(op.f("ck_users_presence"), "users", _in("presence", " ".join(PRESENCES)))


def widen_pools() -> None:
    for column, values in (("picker", PICKERS), ("delivery", DELIVERIES)):
        op.drop_constraint(op.f(f"ck_pools_{column}"), "pools", type_="check")
        op.create_check_constraint(op.f(f"ck_pools_{column}"), "pools", _in(column, " ".join(values)))
    op.add_column("pools", sa.Column("single_user_id", sa.Uuid(), nullable=True))
    op.add_column("pools", sa.Column("last_call_seconds", sa.Integer(), nullable=True))
    op.add_column("pools", sa.Column("next_pool_id", sa.Uuid(), nullable=True))
    op.add_column("pools", sa.Column("when_nobody_available", sa.Text(), server_default="fallback", nullable=False))
    op.add_column("pools", sa.Column("pond_limit", sa.Integer(), nullable=True))
    op.add_column("pool_members", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.create_foreign_key(
        op.f("fk_pools_single_user_id"), "pools", "users", ["company_id", "single_user_id"], ["company_id", "id"]
    )
    op.create_foreign_key(
        op.f("fk_pools_next_pool_id"), "pools", "pools", ["company_id", "next_pool_id"], ["company_id", "id"]
    )
    op.create_check_constraint(op.f("ck_pools_last_call_seconds"), "pools", "last_call_seconds BETWEEN 5 AND 86400")
    op.create_check_constraint(
        op.f("ck_pools_when_nobody_available"), "pools", _in("when_nobody_available", "fallback wait")
    )
    op.create_check_constraint(op.f("ck_pools_pond_limit"), "pools", "pond_limit >= 1")
    op.create_check_constraint(op.f("ck_pools_not_its_own_next"), "pools", "next_pool_id <> id")
    op.create_check_constraint(op.f("ck_pool_members_priority"), "pool_members", "priority BETWEEN -1000 AND 1000")


def create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("normal", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="preferential", nullable=False),
        sa.Column("weight", sa.Integer(), server_default="50", nullable=False),
        _made(),
        sa.CheckConstraint(_in("kind", " ".join(TAG_KINDS)), name=op.f("ck_tags_kind")),
        sa.CheckConstraint("weight BETWEEN 0 AND 1000", name=op.f("ck_tags_weight")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_tags_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_tags")),
        sa.UniqueConstraint("company_id", "normal", name=op.f("uq_tags_company_id_normal")),
    )
    keep_companies_apart("tags")


def create_leaves() -> None:
    op.create_table(
        "leaves",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        _made(),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_leaves_in_order")),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"], ["users.company_id", "users.id"], name=op.f("fk_leaves_user_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_leaves")),
    )
    op.create_index("ix_leaves_user", "leaves", ["company_id", "user_id", "last_day"])
    keep_companies_apart("leaves")


def keep_companies_apart(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON {table} USING (company_id = {CURRENT_COMPANY})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_app")


def wipe_these_too() -> None:
    """A demo's wipe empties these first, lets go of what refers in a ring, and then does what it did."""
    op.execute("GRANT DELETE, SELECT (company_id) ON tags, leaves TO portal_wipe")
    op.execute(
        "GRANT SELECT (single_user_id, next_pool_id), UPDATE (single_user_id, next_pool_id) ON pools TO portal_wipe"
    )
    op.execute("GRANT CREATE ON SCHEMA public TO portal_wipe")
    op.execute("ALTER FUNCTION wipe_demo(uuid) RENAME TO wipe_demo_of_0005")
    op.execute("REVOKE EXECUTE ON FUNCTION wipe_demo_of_0005(uuid) FROM portal_app")
    op.execute(
        f"""
        CREATE FUNCTION wipe_demo(keeper uuid) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, public AS $$
        DECLARE
            company CONSTANT uuid := {CURRENT_COMPANY};
        BEGIN
            PERFORM 1 FROM companies WHERE id = company AND is_demo;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the company entered is no demo';
            END IF;
            -- What was before takes these again, in this order; taken otherwise, two would wait for each other.
            PERFORM pg_advisory_xact_lock(hashtextextended('wipe of ' || company, 0));
            PERFORM 1 FROM pools WHERE company_id = company ORDER BY id FOR UPDATE;
            UPDATE pools SET single_user_id = NULL, next_pool_id = NULL
            WHERE company_id = company AND (single_user_id IS NOT NULL OR next_pool_id IS NOT NULL);
            DELETE FROM leaves WHERE company_id = company;
            DELETE FROM tags WHERE company_id = company;
            PERFORM wipe_demo_of_0005(keeper);
        END $$
        """
    )
    op.execute("ALTER FUNCTION wipe_demo(uuid) OWNER TO portal_wipe")
    op.execute("REVOKE ALL ON FUNCTION wipe_demo(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION wipe_demo(uuid) TO portal_app")
    op.execute("REVOKE CREATE ON SCHEMA public FROM portal_wipe")


def _flag(name: str, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def _made() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )


def _in(column: str, values: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values.split())
    return f"{column} IN ({listed})"


def downgrade() -> None:
    """Pools that pick or hand out in a way the older version does not know rotate and offer again."""
    op.execute("DROP FUNCTION wipe_demo(uuid)")
    op.execute("ALTER FUNCTION wipe_demo_of_0005(uuid) RENAME TO wipe_demo")
    op.execute("GRANT EXECUTE ON FUNCTION wipe_demo(uuid) TO portal_app")
    op.execute("REVOKE ALL (single_user_id, next_pool_id) ON pools FROM portal_wipe")
    op.drop_table("leaves")
    op.drop_table("tags")
    op.drop_column("rules", "hours")
    narrow_pools()
    for column in ("presence", "locations", "time_zone", "hours", "languages", "excluded_lead_types", "tags"):
        op.drop_column("users", column)
    for cap in ("month_cap", "week_cap", "day_cap"):
        op.drop_column("users", cap)
    for column in (
        "email_as_tag",
        "name_as_tag",
        "performance_in_routing",
        "untagged_qualify_all",
        "holidays",
        "presence_mode",
    ):
        op.drop_column("companies", column)


def narrow_pools() -> None:
    op.drop_column("pool_members", "priority")
    for column in ("pond_limit", "when_nobody_available", "next_pool_id", "last_call_seconds", "single_user_id"):
        op.drop_column("pools", column)
    op.drop_constraint(op.f("ck_pools_picker"), "pools", type_="check")
    op.drop_constraint(op.f("ck_pools_delivery"), "pools", type_="check")
    op.execute(
        """
        DO $$ DECLARE company uuid;
        BEGIN
            -- The tables' owner is held by the policies too, so each company is entered in turn.
            FOR company IN SELECT * FROM company_ids() LOOP
                PERFORM set_config('portal.company_id', company::text, true);
                UPDATE pools SET picker = 'rotation',
                    delivery = CASE WHEN delivery IN ('assign', 'offer') THEN delivery ELSE 'offer' END
                WHERE company_id = company;
            END LOOP;
        END $$
        """
    )
    op.create_check_constraint(op.f("ck_pools_picker"), "pools", _in("picker", "rotation"))
    op.create_check_constraint(op.f("ck_pools_delivery"), "pools", _in("delivery", "assign offer"))
