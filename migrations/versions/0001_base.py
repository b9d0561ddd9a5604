"""The base: companies and people, contacts and leads, pools with their ledger, offers, decisions, the outbox.

Row-level security from the first row on. Two roles without a sign-in of their own carry it:

* ``portal_app``: what the application runs as. Sees the rows of the company named by ``portal.company_id`` in the
  running transaction, and nothing when none is named. It owns nothing and cannot bypass the policies.
* ``portal_across``: owns the few functions that look across companies before one is known (an API key, an account's
  memberships, due work). It may read just the columns those functions need.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "contact_keys",
    "contacts",
    "decisions",
    "due_work",
    "kept_answers",
    "keys",
    "lead_aliases",
    "leads",
    "ledger_accounts",
    "ledger_entries",
    "messages",
    "offers",
    "pool_defaults",
    "pool_members",
    "pools",
    "rules",
    "sources",
    "teams",
    "timeline",
    "touches",
    "users",
)

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"


def upgrade() -> None:
    create_tables()
    create_roles()
    forbid_other_companies()
    create_lookups()
    grant_to_application()


def create_roles() -> None:
    """Roles belong to the whole server: another database on it may have made them already."""
    for role in ("portal_app", "portal_across"):
        op.execute(
            f"""
            DO $$ BEGIN
                CREATE ROLE {role} NOLOGIN NOINHERIT NOBYPASSRLS;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$
            """
        )
        op.execute(f"GRANT {role} TO CURRENT_USER")


def forbid_other_companies() -> None:
    """Forced, so that even the owner of the tables sees only the company it named."""
    for table in (*TENANT_TABLES, "companies"):
        key = "id" if table == "companies" else "company_id"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_company ON {table} USING ({key} = {CURRENT_COMPANY})")
    for table in ("companies", "users", "keys", "due_work"):
        op.execute(f"CREATE POLICY look_across ON {table} FOR SELECT TO portal_across USING (true)")


def create_lookups() -> None:
    """SECURITY DEFINER with a fixed search path: what they read is all that can be read across companies."""
    op.execute(
        "GRANT SELECT (id, name, country, time_zone, fallback_any_active, returning_contacts, "
        "named_counts_as_turn, rate_limit) ON companies TO portal_across"
    )
    op.execute("GRANT SELECT (company_id, id, account_id, active) ON users TO portal_across")
    op.execute("GRANT SELECT (company_id, id, user_id, scope, digest, revoked_at) ON keys TO portal_across")
    op.execute(
        "GRANT SELECT (company_id, id, kind, subject_id, group_id, due_at, leased_until) ON due_work TO portal_across"
    )
    # The new owner of a function needs CREATE on its schema while it becomes the owner, and not a moment longer.
    op.execute("GRANT CREATE ON SCHEMA public TO portal_across")
    for signature, returns, volatility, body in LOOKUPS:
        op.execute(
            f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE sql {volatility} SECURITY DEFINER "
            f"SET search_path = pg_catalog, public AS $${body}$$"
        )
        name = drop_signature(signature)
        op.execute(f"ALTER FUNCTION {name} OWNER TO portal_across")
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO portal_app")
    op.execute("REVOKE CREATE ON SCHEMA public FROM portal_across")


LOOKUPS = (
    (
        "enter_by_key(digest bytea)",
        "TABLE (company_id uuid, key_id uuid, user_id uuid, scope text, country text, time_zone text, "
        "fallback_any_active boolean, returning_contacts text, named_counts_as_turn boolean, rate_limit integer)",
        "VOLATILE",
        # Naming the company here spares every API request a round trip.
        """
        SELECT k.company_id, k.id, k.user_id, k.scope, c.country, c.time_zone, c.fallback_any_active,
               c.returning_contacts, c.named_counts_as_turn, c.rate_limit
        FROM keys k
        JOIN users u ON u.company_id = k.company_id AND u.id = k.user_id AND u.active
        JOIN companies c ON c.id = k.company_id
        CROSS JOIN LATERAL set_config('portal.company_id', k.company_id::text, true)
        WHERE k.digest = enter_by_key.digest AND k.revoked_at IS NULL
        """,
    ),
    (
        "memberships_of(account uuid)",
        "TABLE (company_id uuid, company_name text, user_id uuid)",
        "STABLE",
        """
        SELECT u.company_id, c.name, u.id
        FROM users u JOIN companies c ON c.id = u.company_id
        WHERE u.account_id = memberships_of.account AND u.active
        ORDER BY c.name, c.id
        """,
    ),
    (
        "work_due(kinds text[], at_most integer)",
        "TABLE (company_id uuid, id uuid, kind text, subject_id uuid, group_id uuid, due_at timestamptz)",
        "VOLATILE",
        # The statement's own time: the volatile clock could not bound the scan of the index.
        """
        SELECT w.company_id, w.id, w.kind, w.subject_id, w.group_id, w.due_at
        FROM due_work w
        WHERE w.kind = ANY (kinds) AND w.due_at <= statement_timestamp()
          AND (w.leased_until IS NULL OR w.leased_until <= statement_timestamp())
        ORDER BY w.due_at
        LIMIT at_most
        """,
    ),
    (
        "work_waiting()",
        "TABLE (kind text, waiting bigint, oldest_due_at timestamptz)",
        "STABLE",
        """
        SELECT w.kind, count(*), min(w.due_at) FROM due_work w
        WHERE w.due_at <= statement_timestamp() GROUP BY w.kind
        """,
    ),
    (
        "company_ids()",
        "SETOF uuid",
        "STABLE",
        "SELECT c.id FROM companies c ORDER BY c.id",
    ),
)


def drop_signature(signature: str) -> str:
    """`name(a uuid, b text[])` as `name(uuid, text[])`, which is how a function is named after it was made."""
    name, arguments = signature.rstrip(")").split("(")
    return f"{name}({', '.join(argument.split()[1] for argument in arguments.split(', ') if argument)})"


def grant_to_application() -> None:
    """No TRUNCATE, no DELETE of history: the application changes rows, it does not make them unhappen."""
    op.execute("GRANT USAGE ON SCHEMA public TO portal_app, portal_across")
    op.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO portal_app")
    op.execute("REVOKE INSERT, UPDATE ON alembic_version FROM portal_app")
    op.execute("REVOKE UPDATE ON timeline, decisions, ledger_entries, touches FROM portal_app")
    op.execute(
        "GRANT DELETE ON due_work, kept_answers, pool_members, pool_defaults, ledger_accounts, rules, teams TO portal_app"
    )


def create_tables() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("fs_uniquifier", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_accounts_email_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_accounts_fs_uniquifier")),
    )
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("country", sa.Text(), server_default="US", nullable=False),
        sa.Column("fallback_any_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("returning_contacts", sa.Text(), server_default="previous_owner", nullable=False),
        sa.Column("named_counts_as_turn", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("isolate_leads", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rate_limit", sa.Integer(), server_default=sa.text("300"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "returning_contacts IN ('previous_owner', 'route')", name=op.f("ck_companies_returning_contacts")
        ),
        sa.CheckConstraint("length(country) = 2", name=op.f("ck_companies_country")),
        sa.CheckConstraint("rate_limit BETWEEN 1 AND 100000", name=op.f("ck_companies_rate_limit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
    )
    op.create_table(
        "contacts",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_contacts_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_contacts")),
    )
    op.create_table(
        "due_work",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('end_offer', 'send_message', 'drain')", name=op.f("ck_due_work_kind")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_due_work_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_due_work")),
        sa.UniqueConstraint("company_id", "kind", "subject_id", name=op.f("uq_due_work_company_id_kind_subject_id")),
    )
    op.create_index(op.f("ix_due_work_kind_due_at"), "due_work", ["kind", "due_at"], unique=False)
    op.create_table(
        "sources",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_sources_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_sources")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_sources_company_id_name")),
    )
    op.create_table(
        "teams",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_teams_not_its_own_parent")),
        sa.ForeignKeyConstraint(
            ["company_id", "parent_id"], ["teams.company_id", "teams.id"], name=op.f("fk_teams_company_id_parent_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_teams_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_teams")),
        sa.UniqueConstraint(
            "company_id",
            "parent_id",
            "name",
            name=op.f("uq_teams_company_id_parent_id_name"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "contact_keys",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column("doubtful", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('phone', 'email', 'visitor')", name=op.f("ck_contact_keys_kind")),
        sa.CheckConstraint("value IS NOT NULL OR doubtful", name=op.f("ck_contact_keys_unreadable_is_doubtful")),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_contact_keys_company_id_contact_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_contact_keys")),
    )
    op.create_index(
        op.f("ix_contact_keys_company_id_contact_id"), "contact_keys", ["company_id", "contact_id"], unique=False
    )
    op.create_index(
        "uq_contact_keys_value",
        "contact_keys",
        ["company_id", "kind", "value"],
        unique=True,
        postgresql_where=sa.text("value IS NOT NULL"),
    )
    op.create_table(
        "pools",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("picker", sa.Text(), server_default="rotation", nullable=False),
        sa.Column("delivery", sa.Text(), server_default="offer", nullable=False),
        sa.Column("window_seconds", sa.Integer(), server_default=sa.text("300"), nullable=False),
        sa.Column("max_offers", sa.Integer(), server_default=sa.text("8"), nullable=False),
        sa.Column("default_mode", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("default_mode IN ('own', 'tell')", name=op.f("ck_pools_default_mode")),
        sa.CheckConstraint("delivery IN ('assign', 'offer')", name=op.f("ck_pools_delivery")),
        sa.CheckConstraint("picker IN ('rotation')", name=op.f("ck_pools_picker")),
        sa.CheckConstraint("max_offers BETWEEN 0 AND 1000", name=op.f("ck_pools_max_offers")),
        sa.CheckConstraint("window_seconds BETWEEN 5 AND 86400", name=op.f("ck_pools_window_seconds")),
        sa.ForeignKeyConstraint(
            ["company_id", "team_id"], ["teams.company_id", "teams.id"], name=op.f("fk_pools_company_id_team_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_pools_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_pools")),
    )
    op.create_index(
        "uq_pools_name", "pools", ["company_id", "name"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "users",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("roles", sa.ARRAY(sa.Text()), server_default=sa.text("'{agent}'"), nullable=False),
        sa.Column(
            "lead_access", sa.ARRAY(sa.Text()), server_default=sa.text("'{unassigned,mine,assigned}'"), nullable=False
        ),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("open_cap", sa.Integer(), nullable=True),
        sa.Column("last_lead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("lead_access <@ ARRAY['unassigned', 'mine', 'assigned']", name=op.f("ck_users_lead_access")),
        sa.CheckConstraint(
            "roles <@ ARRAY['owner', 'admin', 'editor', 'manager', 'trusted_employee', 'agent']",
            name=op.f("ck_users_roles"),
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower_case")),
        sa.CheckConstraint("open_cap >= 0", name=op.f("ck_users_open_cap")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_users_account_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "team_id"], ["teams.company_id", "teams.id"], name=op.f("fk_users_company_id_team_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_users_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("company_id", "account_id", name=op.f("uq_users_company_id_account_id")),
        sa.UniqueConstraint("company_id", "email", name=op.f("uq_users_company_id_email")),
    )
    op.create_index(op.f("ix_users_account_id"), "users", ["account_id"], unique=False)
    op.create_table(
        "keys",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("scope IN ('intake', 'full')", name=op.f("ck_keys_scope")),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"], ["users.company_id", "users.id"], name=op.f("fk_keys_company_id_user_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_keys_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_keys_digest")),
    )
    op.create_index(op.f("ix_keys_company_id_user_id"), "keys", ["company_id", "user_id"], unique=False)
    op.create_table(
        "ledger_accounts",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("second_credit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entitled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tie_order", sa.Integer(), nullable=False),
        sa.CheckConstraint("credit = entitled - received", name=op.f("ck_ledger_accounts_credit")),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"],
            ["pools.company_id", "pools.id"],
            name=op.f("fk_ledger_accounts_company_id_pool_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_ledger_accounts_company_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_ledger_accounts_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint(
            "company_id", "pool_id", "user_id", name=op.f("uq_ledger_accounts_company_id_pool_id_user_id")
        ),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "ledger_entries",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("user_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("entitled", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("received", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("credit IN ('turn', 'second')", name=op.f("ck_ledger_entries_credit")),
        sa.CheckConstraint(
            "kind IN ('step', 'join', 'leave', 'charge', 'reversal', 'zero')", name=op.f("ck_ledger_entries_kind")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"],
            ["pools.company_id", "pools.id"],
            name=op.f("fk_ledger_entries_company_id_pool_id"),
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        op.f("ix_ledger_entries_company_id_pool_id_id"), "ledger_entries", ["company_id", "pool_id", "id"], unique=False
    )
    op.create_index(
        "ix_ledger_entries_offer",
        "ledger_entries",
        ["company_id", "offer_id"],
        unique=False,
        postgresql_where=sa.text("offer_id IS NOT NULL"),
    )
    op.create_index(
        "uq_ledger_entries_reverses",
        "ledger_entries",
        ["company_id", "reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.create_table(
        "pool_defaults",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 5", name=op.f("ck_pool_defaults_position")),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"],
            ["pools.company_id", "pools.id"],
            name=op.f("fk_pool_defaults_company_id_pool_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_pool_defaults_company_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_pool_defaults_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_pool_defaults")),
        sa.UniqueConstraint(
            "company_id", "pool_id", "user_id", name=op.f("uq_pool_defaults_company_id_pool_id_user_id")
        ),
    )
    op.create_table(
        "pool_members",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("weight BETWEEN 0 AND 1000", name=op.f("ck_pool_members_weight")),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"], ["pools.company_id", "pools.id"], name=op.f("fk_pool_members_company_id_pool_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"], ["users.company_id", "users.id"], name=op.f("fk_pool_members_company_id_user_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_pool_members_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_pool_members")),
        sa.UniqueConstraint(
            "company_id", "pool_id", "user_id", name=op.f("uq_pool_members_company_id_pool_id_user_id")
        ),
    )
    op.create_index(op.f("ix_pool_members_company_id_user_id"), "pool_members", ["company_id", "user_id"], unique=False)
    op.create_table(
        "rules",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("conditions", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("strictness", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "NOT (is_default AND (paused OR conditions <> '{}'))", name=op.f("ck_rules_default_restricts_nothing")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"], ["pools.company_id", "pools.id"], name=op.f("fk_rules_company_id_pool_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "team_id"], ["teams.company_id", "teams.id"], name=op.f("fk_rules_company_id_team_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_rules_company_id")),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_rules")),
    )
    op.create_index(op.f("ix_rules_company_id_position"), "rules", ["company_id", "position"], unique=False)
    op.create_index("uq_rules_default", "rules", ["company_id"], unique=True, postgresql_where=sa.text("is_default"))
    op.create_table(
        "kept_answers",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "key_id"],
            ["keys.company_id", "keys.id"],
            name=op.f("fk_kept_answers_company_id_key_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_kept_answers")),
        sa.UniqueConstraint(
            "company_id", "key_id", "idempotency_key", name=op.f("uq_kept_answers_company_id_key_id_idempotency_key")
        ),
    )
    op.create_index(op.f("ix_kept_answers_created_at"), "kept_answers", ["created_at"], unique=False)
    op.create_table(
        "leads",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), server_default="api", nullable=False),
        sa.Column("lead_type", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("fields", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("location", postgresql.JSONB(), nullable=True),
        sa.Column("price", postgresql.JSONB(), nullable=True),
        sa.Column("tags_found", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("flags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("needs_attention", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("was_offered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_reason", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "last_activity_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("close_note", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_leads_closed_at_when_closed")),
        sa.CheckConstraint(
            "(state = 'unassigned') = (waiting_for IS NOT NULL)", name=op.f("ck_leads_waiting_for_when_unassigned")
        ),
        sa.CheckConstraint(
            "(waiting_for IS NOT NULL AND waiting_for IN ('routing', 'catch_all')) = (alarmed_at IS NOT NULL)",
            name=op.f("ck_leads_alarm_when_waiting"),
        ),
        sa.CheckConstraint(
            "channel IN ('web', 'phone', 'sms', 'chat', 'email', 'sheet', 'csv', 'api', 'manual')",
            name=op.f("ck_leads_channel"),
        ),
        sa.CheckConstraint(
            "close_reason IN ('won', 'declined', 'opted_out', 'duplicate', 'not_valid', 'no_answer', 'other')",
            name=op.f("ck_leads_close_reason"),
        ),
        sa.CheckConstraint("state <> 'closed' OR close_reason IS NOT NULL", name=op.f("ck_leads_closed_has_reason")),
        sa.CheckConstraint(
            "state <> 'held' OR held_until IS NOT NULL OR held_reason IS NOT NULL", name=op.f("ck_leads_held_says_why")
        ),
        sa.CheckConstraint("state <> 'owned' OR owner_id IS NOT NULL", name=op.f("ck_leads_owned_has_owner")),
        sa.CheckConstraint(
            "state IN ('owned', 'closed') OR owner_id IS NULL", name=op.f("ck_leads_no_owner_unless_owned")
        ),
        sa.CheckConstraint(
            "state IN ('quarantined', 'held', 'unassigned', 'offering', 'owned', 'closed')", name=op.f("ck_leads_state")
        ),
        sa.CheckConstraint("waiting_for IN ('routing', 'catch_all', 'person')", name=op.f("ck_leads_waiting_for")),
        sa.ForeignKeyConstraint(
            ["company_id", "closed_by"], ["users.company_id", "users.id"], name=op.f("fk_leads_company_id_closed_by")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_leads_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "owner_id"], ["users.company_id", "users.id"], name=op.f("fk_leads_company_id_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"], ["pools.company_id", "pools.id"], name=op.f("fk_leads_company_id_pool_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "rule_id"], ["rules.company_id", "rules.id"], name=op.f("fk_leads_company_id_rule_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "team_id"], ["teams.company_id", "teams.id"], name=op.f("fk_leads_company_id_team_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_leads")),
    )
    op.create_index(
        "ix_leads_assigned", "leads", ["company_id", "id"], unique=False, postgresql_where=sa.text("state = 'owned'")
    )
    op.create_index(
        "ix_leads_closed", "leads", ["company_id", "id"], unique=False, postgresql_where=sa.text("state = 'closed'")
    )
    op.create_index("ix_leads_contact", "leads", ["company_id", "contact_id", "id"], unique=False)
    op.create_index(
        "ix_leads_owner_open",
        "leads",
        ["company_id", "owner_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'owned'"),
    )
    op.create_index(
        "ix_leads_owner_closed",
        "leads",
        ["company_id", "owner_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'closed'"),
    )
    op.create_index(
        "ix_leads_unassigned",
        "leads",
        ["company_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('unassigned', 'offering', 'held', 'quarantined')"),
    )
    op.create_index(
        "ix_leads_waiting",
        "leads",
        ["company_id", "waiting_for", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'unassigned'"),
    )
    op.create_table(
        "decisions",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("chosen", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("outcome IN ('assign', 'offer', 'tell', 'wait')", name=op.f("ck_decisions_outcome")),
        sa.CheckConstraint(
            "stage IN ('line', 'second_chance', 'last_call', 'default', 'next_pool', 'team', 'any_active', 'waiting')",
            name=op.f("ck_decisions_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "lead_id"], ["leads.company_id", "leads.id"], name=op.f("fk_decisions_company_id_lead_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"], ["pools.company_id", "pools.id"], name=op.f("fk_decisions_company_id_pool_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_decisions")),
    )
    op.create_index(
        op.f("ix_decisions_company_id_lead_id_id"), "decisions", ["company_id", "lead_id", "id"], unique=False
    )
    op.create_table(
        "lead_aliases",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "lead_id"], ["leads.company_id", "leads.id"], name=op.f("fk_lead_aliases_company_id_lead_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_lead_aliases")),
        sa.UniqueConstraint(
            "company_id", "source", "external_id", name=op.f("uq_lead_aliases_company_id_source_external_id")
        ),
    )
    op.create_index(op.f("ix_lead_aliases_company_id_lead_id"), "lead_aliases", ["company_id", "lead_id"], unique=False)
    op.create_table(
        "offers",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('waiting', 'open')) = (ended_at IS NULL)", name=op.f("ck_offers_ended_at_when_ended")
        ),
        sa.CheckConstraint(
            "kind IN ('exclusive', 'broadcast', 'second_chance', 'last_call')", name=op.f("ck_offers_kind")
        ),
        sa.CheckConstraint("state <> 'open' OR expires_at IS NOT NULL", name=op.f("ck_offers_open_ends")),
        sa.CheckConstraint(
            "state <> 'waiting' OR kind = 'second_chance'", name=op.f("ck_offers_only_second_chances_wait")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'open', 'accepted', 'declined', 'missed', 'withdrawn')", name=op.f("ck_offers_state")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "lead_id"], ["leads.company_id", "leads.id"], name=op.f("fk_offers_company_id_lead_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"], ["pools.company_id", "pools.id"], name=op.f("fk_offers_company_id_pool_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"], ["users.company_id", "users.id"], name=op.f("fk_offers_company_id_user_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_offers")),
    )
    op.create_index("ix_offers_lead", "offers", ["company_id", "lead_id", "id"], unique=False)
    op.create_index(
        "ix_offers_open_end", "offers", ["expires_at"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("ix_offers_user", "offers", ["company_id", "user_id", "id"], unique=False)
    op.create_index(
        "uq_offers_one_open_exclusive",
        "offers",
        ["company_id", "lead_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND kind IN ('exclusive', 'second_chance')"),
    )
    op.create_index(
        "uq_offers_one_open_per_agent",
        "offers",
        ["company_id", "lead_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_offers_second_chance",
        "offers",
        ["company_id", "lead_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'second_chance'"),
    )
    op.create_table(
        "timeline",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_type", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("actor_type IN ('user', 'rule', 'system', 'contact')", name=op.f("ck_timeline_actor_type")),
        sa.CheckConstraint(
            "kind IN ('created', 'touch', 'held', 'released', 'quarantined', 'decision', 'offered', 'accepted', 'declined', 'missed', 'withdrawn', 'assigned', 'unassigned', 'reassignment_started', 'reassignment_ended', 'transferred', 'comment', 'memo', 'status', 'conversion', 'contact_attempt', 'closed', 'reopened', 'shared', 'merged', 'message')",
            name=op.f("ck_timeline_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "lead_id"], ["leads.company_id", "leads.id"], name=op.f("fk_timeline_company_id_lead_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_timeline")),
    )
    op.create_index(
        op.f("ix_timeline_company_id_lead_id_id"), "timeline", ["company_id", "lead_id", "id"], unique=False
    )
    op.create_table(
        "touches",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(
            "channel IN ('web', 'phone', 'sms', 'chat', 'email', 'sheet', 'csv', 'api', 'manual')",
            name=op.f("ck_touches_channel"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "lead_id"], ["leads.company_id", "leads.id"], name=op.f("fk_touches_company_id_lead_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_touches")),
    )
    op.create_index(op.f("ix_touches_company_id_lead_id_id"), "touches", ["company_id", "lead_id", "id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), server_default="email", nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cause IN ('offer', 'offer_reminder', 'assigned', 'accepted_copy', 'missed', 'reassigned_away', 'comment', 'mention', 'touch', 'catch_all', 'last_call', 'follow_up', 'import_done', 'alarm', 'account')",
            name=op.f("ck_messages_cause"),
        ),
        sa.CheckConstraint("channel IN ('email')", name=op.f("ck_messages_channel")),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'delivered', 'failed', 'suppressed')", name=op.f("ck_messages_state")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "lead_id"], ["leads.company_id", "leads.id"], name=op.f("fk_messages_company_id_lead_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "offer_id"], ["offers.company_id", "offers.id"], name=op.f("fk_messages_company_id_offer_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"], ["users.company_id", "users.id"], name=op.f("fk_messages_company_id_user_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "company_id",
            "user_id",
            "cause",
            "about",
            "channel",
            name=op.f("uq_messages_company_id_user_id_cause_about_channel"),
        ),
    )
    op.create_index("ix_messages_lead", "messages", ["company_id", "lead_id"], unique=False)


def downgrade() -> None:
    """The two roles stay: another database on the server may use them."""
    for signature, *_ in LOOKUPS:
        op.execute(f"DROP FUNCTION {drop_signature(signature)}")
    op.drop_table("messages")
    op.drop_table("touches")
    op.drop_table("timeline")
    op.drop_table("offers")
    op.drop_table("lead_aliases")
    op.drop_table("decisions")
    op.drop_table("leads")
    op.drop_table("kept_answers")
    op.drop_table("rules")
    op.drop_table("pool_members")
    op.drop_table("pool_defaults")
    op.drop_table("ledger_entries")
    op.drop_table("ledger_accounts")
    op.drop_table("keys")
    op.drop_table("users")
    op.drop_table("pools")
    op.drop_table("contact_keys")
    op.drop_table("teams")
    op.drop_table("sources")
    op.drop_table("due_work")
    op.drop_table("contacts")
    op.drop_table("companies")
    op.drop_table("accounts")
    for role in ("portal_app", "portal_across"):
        op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        op.execute(f"REVOKE ALL ON SCHEMA public FROM {role}")
