"""Wiping a demo company: the one way to remove what happened, and only where all of it was made up.

The application's role has no right to delete history (migration 0001), on purpose. A third role without a sign-in of
its own, ``portal_wipe``, owns the one function that may. It is bound by the same policies as the application, so it
works on the company entered (``portal.company_id``) and on no other, and only while that company is marked as a demo.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# From what refers to what is referred to. Whoever adds a table with a company_id adds it here by a migration of their
# own that replaces the function: a test compares the company after a wipe with the tables there are.
EMPTIED = (
    "entry_edits",
    "conversions",
    "due_work",
    "messages",
    "kept_answers",
    "lead_aliases",
    "touches",
    "timeline",
    "ledger_entries",
    "ledger_accounts",
    "offers",
    "decisions",
    "leads",
    "contact_keys",
    "contacts",
    "sources",
    "pool_members",
    "pool_defaults",
)
# Emptied but for the one row that makes a company: its owner, its default rule.
NEARLY_EMPTIED = ("rules", "pools", "keys", "users", "teams")

# The lists of words a company has (statuses, reasons) are settings, not something that happened: they stay.

WIPE_LOCK = "hashtextextended('wipe of ' || {company}, 0)"


def upgrade() -> None:
    create_role()
    allow_to_the_role()
    create_hold()
    create_wipe()


def create_role() -> None:
    """As in the first migration: roles belong to the whole server, and another database may have made it."""
    op.execute(
        """
        DO $$ BEGIN
            CREATE ROLE portal_wipe NOLOGIN NOINHERIT NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
        """
    )
    op.execute("GRANT portal_wipe TO CURRENT_USER")


def allow_to_the_role() -> None:
    """To read just what it needs, to delete, and to lock and change the rows that stay."""
    op.execute("GRANT USAGE ON SCHEMA public TO portal_wipe")
    op.execute(f"GRANT DELETE ON {', '.join((*EMPTIED, *NEARLY_EMPTIED))}, accounts TO portal_wipe")
    for table in EMPTIED:
        op.execute(f"GRANT SELECT (company_id) ON {table} TO portal_wipe")
    op.execute("GRANT SELECT (id), UPDATE (id) ON leads TO portal_wipe")
    op.execute("GRANT SELECT (company_id, id), UPDATE (id) ON pools TO portal_wipe")
    op.execute("GRANT SELECT (company_id) ON keys, teams TO portal_wipe")
    op.execute("GRANT SELECT (company_id, is_default), UPDATE (pool_id, team_id) ON rules TO portal_wipe")
    op.execute(
        "GRANT SELECT (company_id, id, account_id, active, roles), UPDATE (team_id, last_lead_at) ON users "
        "TO portal_wipe"
    )
    op.execute("GRANT SELECT (id, is_demo), UPDATE (is_demo) ON companies TO portal_wipe")
    op.execute("GRANT SELECT (id), UPDATE (id) ON accounts TO portal_wipe")
    # Somebody who also works elsewhere keeps their account. Seeing that takes no right to change anything there.
    op.execute("CREATE POLICY look_across_to_wipe ON users FOR SELECT TO portal_wipe USING (true)")


def create_hold() -> None:
    """Programs that send leads, and a wipe: whichever comes first, the other waits, and then looks again.

    Without this a request that had read its key before the wipe would store its lead after it. Only demo companies
    pay for the lock. A volatile function sees what was committed while it waited; the statement around it does not.
    """
    op.execute("GRANT SELECT (is_demo) ON companies TO portal_across")
    op.execute("GRANT CREATE ON SCHEMA public TO portal_across")
    op.execute(
        f"""
        CREATE FUNCTION demo_still_has(key uuid, company uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, public AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared({WIPE_LOCK.format(company="company")});
            RETURN EXISTS (SELECT 1 FROM keys k WHERE k.company_id = company AND k.id = key AND k.revoked_at IS NULL);
        END $$
        """
    )
    op.execute("ALTER FUNCTION demo_still_has(uuid, uuid) OWNER TO portal_across")
    op.execute("REVOKE ALL ON FUNCTION demo_still_has(uuid, uuid) FROM PUBLIC")
    replace_enter_by_key("AND (NOT c.is_demo OR demo_still_has(k.id, c.id))")
    op.execute("REVOKE CREATE ON SCHEMA public FROM portal_across")


def replace_enter_by_key(also: str) -> None:
    """The look-up of migration 0001 with one more condition. Replacing keeps its owner and who may call it."""
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION enter_by_key(digest bytea)
        RETURNS TABLE (company_id uuid, key_id uuid, user_id uuid, scope text, country text, time_zone text,
                       fallback_any_active boolean, returning_contacts text, named_counts_as_turn boolean,
                       rate_limit integer)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
            SELECT k.company_id, k.id, k.user_id, k.scope, c.country, c.time_zone, c.fallback_any_active,
                   c.returning_contacts, c.named_counts_as_turn, c.rate_limit
            FROM keys k
            JOIN users u ON u.company_id = k.company_id AND u.id = k.user_id AND u.active
            JOIN companies c ON c.id = k.company_id
            CROSS JOIN LATERAL set_config('portal.company_id', k.company_id::text, true)
            WHERE k.digest = enter_by_key.digest AND k.revoked_at IS NULL {also}
        $$
        """
    )


def create_wipe() -> None:
    """Locks are taken in everybody's order (pools, leads, people), so nobody waits in a ring."""
    emptied = "\n".join(f"DELETE FROM {table} WHERE company_id = company;" for table in EMPTIED)
    op.execute("GRANT CREATE ON SCHEMA public TO portal_wipe")
    op.execute(
        f"""
        CREATE FUNCTION wipe_demo(keeper uuid) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, public AS $$
        DECLARE
            company CONSTANT uuid := nullif(current_setting('portal.company_id', true), '')::uuid;
            freed uuid[];
        BEGIN
            -- Before anything of a real company is locked.
            PERFORM 1 FROM companies WHERE id = company AND is_demo;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the company entered is no demo';
            END IF;
            PERFORM pg_advisory_xact_lock({WIPE_LOCK.format(company="company")});
            PERFORM 1 FROM pools WHERE company_id = company ORDER BY id FOR UPDATE;
            PERFORM 1 FROM leads WHERE company_id = company ORDER BY id FOR UPDATE;
            PERFORM 1 FROM users WHERE company_id = company ORDER BY id FOR UPDATE;
            -- Nothing new can refer to the company from here on; whoever wiped it in the meantime is seen.
            PERFORM 1 FROM companies WHERE id = company AND is_demo FOR UPDATE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the company entered is no demo';
            END IF;
            PERFORM 1 FROM users WHERE company_id = company AND id = keeper AND active AND 'owner' = ANY (roles);
            IF NOT FOUND THEN
                RAISE EXCEPTION 'only an owner keeps the company' USING ERRCODE = 'insufficient_privilege';
            END IF;

            {emptied}
            DELETE FROM rules WHERE company_id = company AND NOT is_default;
            UPDATE rules SET pool_id = NULL, team_id = NULL WHERE company_id = company;
            DELETE FROM pools WHERE company_id = company;
            DELETE FROM keys WHERE company_id = company;
            SELECT coalesce(array_agg(account_id), '{{}}') INTO freed
            FROM users WHERE company_id = company AND id <> keeper;
            DELETE FROM users WHERE company_id = company AND id <> keeper;
            UPDATE users SET team_id = NULL, last_lead_at = NULL WHERE company_id = company;
            DELETE FROM teams WHERE company_id = company;
            UPDATE companies SET is_demo = false WHERE id = company;

            -- Locked first: an account another company adds somebody with at this moment is one of theirs after it.
            PERFORM 1 FROM accounts WHERE id = ANY (freed) ORDER BY id FOR UPDATE;
            DELETE FROM accounts a WHERE a.id = ANY (freed) AND NOT EXISTS (
                SELECT 1 FROM users u WHERE u.account_id = a.id);
        END $$
        """
    )
    op.execute("ALTER FUNCTION wipe_demo(uuid) OWNER TO portal_wipe")
    op.execute("REVOKE ALL ON FUNCTION wipe_demo(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION wipe_demo(uuid) TO portal_app")
    op.execute("REVOKE CREATE ON SCHEMA public FROM portal_wipe")


def downgrade() -> None:
    """The role stays, as the other two do: another database on the server may use it."""
    op.execute("DROP FUNCTION wipe_demo(uuid)")
    replace_enter_by_key("")
    op.execute("DROP FUNCTION demo_still_has(uuid, uuid)")
    op.execute("REVOKE SELECT (is_demo) ON companies FROM portal_across")
    op.execute("DROP POLICY look_across_to_wipe ON users")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM portal_wipe")
    op.execute("REVOKE ALL ON SCHEMA public FROM portal_wipe")
