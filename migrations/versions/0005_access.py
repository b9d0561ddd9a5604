"""Who may see and do what: the company's own roles, how far rights reach, a lead's team, and the log of changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"

GRANTS = (
    "company",
    "people",
    "people:team",
    "distribution",
    "distribution:team",
    "sources",
    "assign",
    "see_all",
    "reports",
    "export",
    "insights",
    "audit",
    "receive",
)
BUILT_IN_ROLES = ("owner", "admin", "editor", "manager", "trusted_employee", "agent")


def upgrade() -> None:
    op.add_column(
        "companies",
        sa.Column("unassigned_visible_when_isolated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    create_roles()
    create_log()
    widen_users()
    give_leads_their_team()
    wipe_these_too()


def create_roles() -> None:
    op.create_table(
        "roles",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("grants", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(f"grants <@ ARRAY{list(GRANTS)}", name=op.f("ck_roles_grants")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_roles_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_roles")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_roles_company_id_name")),
    )
    keep_companies_apart("roles", "SELECT, INSERT, UPDATE, DELETE")


def create_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_audit_entries_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        "ix_audit_entries_subject", "audit_entries", ["company_id", "subject", "subject_id", "id"], unique=False
    )
    op.create_index("ix_audit_entries_actor", "audit_entries", ["company_id", "actor_id", "id"], unique=False)
    # What happened cannot be made unhappen.
    keep_companies_apart("audit_entries", "SELECT, INSERT")


def keep_companies_apart(table: str, rights: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON {table} USING (company_id = {CURRENT_COMPANY})")
    op.execute(f"GRANT {rights} ON {table} TO portal_app")


def widen_users() -> None:
    """A user's roles may now be the company's own ones too, named by their ids."""
    op.drop_constraint(op.f("ck_users_roles"), "users", type_="check")
    op.add_column(
        "users",
        sa.Column("own_grants", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_check_constraint(op.f("ck_users_own_grants"), "users", f"own_grants <@ ARRAY{list(GRANTS)}")


def give_leads_their_team() -> None:
    """A lead is its owner's team's; while nobody owns it, that of the pool that looks after it."""
    op.create_index(
        "ix_leads_team", "leads", ["company_id", "team_id", "id"], postgresql_where=sa.text("team_id IS NOT NULL")
    )
    op.execute(
        """
        CREATE FUNCTION reaches_team(company uuid, top uuid, team uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
            WITH RECURSIVE above AS (
                SELECT t.id, t.parent_id FROM teams t WHERE t.company_id = company AND t.id = team
                UNION ALL
                SELECT t.id, t.parent_id FROM teams t JOIN above a ON t.company_id = company AND t.id = a.parent_id
            )
            SELECT EXISTS (SELECT 1 FROM above WHERE id = top)
        $$
        """
    )
    op.execute(
        """
        DO $$ DECLARE company uuid;
        BEGIN
            -- The tables' owner is held by the policies too, so each company is entered in turn.
            FOR company IN SELECT * FROM company_ids() LOOP
                PERFORM set_config('portal.company_id', company::text, true);
                UPDATE leads l SET team_id = coalesce(
                    (SELECT u.team_id FROM users u WHERE u.company_id = l.company_id AND u.id = l.owner_id),
                    CASE WHEN l.owner_id IS NULL THEN
                        (SELECT p.team_id FROM pools p WHERE p.company_id = l.company_id AND p.id = l.pool_id) END)
                WHERE l.company_id = company AND l.team_id IS NULL;
            END LOOP;
        END $$
        """
    )


def wipe_these_too() -> None:
    """A demo's wipe does what it did, and then empties these."""
    op.execute("GRANT DELETE, SELECT (company_id) ON roles, audit_entries TO portal_wipe")
    op.execute("GRANT UPDATE (roles, own_grants) ON users TO portal_wipe")
    op.execute("GRANT CREATE ON SCHEMA public TO portal_wipe")
    op.execute("ALTER FUNCTION wipe_demo(uuid) RENAME TO wipe_demo_of_0003")
    op.execute("REVOKE EXECUTE ON FUNCTION wipe_demo_of_0003(uuid) FROM portal_app")
    op.execute(
        f"""
        CREATE FUNCTION wipe_demo(keeper uuid) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, public AS $$
        DECLARE
            company CONSTANT uuid := {CURRENT_COMPANY};
        BEGIN
            PERFORM wipe_demo_of_0003(keeper);
            UPDATE users SET roles = '{{owner}}', own_grants = '{{}}' WHERE company_id = company;
            DELETE FROM roles WHERE company_id = company;
            DELETE FROM audit_entries WHERE company_id = company;
        END $$
        """
    )
    op.execute("ALTER FUNCTION wipe_demo(uuid) OWNER TO portal_wipe")
    op.execute("REVOKE ALL ON FUNCTION wipe_demo(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION wipe_demo(uuid) TO portal_app")
    op.execute("REVOKE CREATE ON SCHEMA public FROM portal_wipe")


def downgrade() -> None:
    op.execute("DROP FUNCTION wipe_demo(uuid)")
    op.execute("ALTER FUNCTION wipe_demo_of_0003(uuid) RENAME TO wipe_demo")
    op.execute("GRANT EXECUTE ON FUNCTION wipe_demo(uuid) TO portal_app")
    op.execute("REVOKE UPDATE (roles, own_grants) ON users FROM portal_wipe")
    op.execute("DROP FUNCTION reaches_team(uuid, uuid, uuid)")
    op.drop_index("ix_leads_team", table_name="leads")
    op.drop_constraint(op.f("ck_users_own_grants"), "users", type_="check")
    op.drop_column("users", "own_grants")
    # Roles of the company's own are gone; whoever held nothing else is an agent.
    op.execute(
        f"""
        DO $$ DECLARE company uuid;
        BEGIN
            FOR company IN SELECT * FROM company_ids() LOOP
                PERFORM set_config('portal.company_id', company::text, true);
                UPDATE users SET roles = coalesce(
                    nullif(ARRAY(SELECT r FROM unnest(roles) r WHERE r = ANY (ARRAY{list(BUILT_IN_ROLES)})), '{{}}'),
                    '{{agent}}')
                WHERE company_id = company;
            END LOOP;
        END $$
        """
    )
    op.create_check_constraint(op.f("ck_users_roles"), "users", f"roles <@ ARRAY{list(BUILT_IN_ROLES)}")
    op.drop_table("audit_entries")
    op.drop_table("roles")
    op.drop_column("companies", "unassigned_visible_when_isolated")
