"""What each form has made: pressed twice, it is one act."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "used_forms",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("form_key", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("made_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_used_forms_company_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("company_id", "user_id", "form_key", name=op.f("pk_used_forms")),
    )
    op.create_index("ix_used_forms_company_id_at", "used_forms", ["company_id", "at"], unique=False)
    op.execute("ALTER TABLE used_forms ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE used_forms FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON used_forms USING (company_id = {CURRENT_COMPANY})")
    op.execute("GRANT SELECT, INSERT, DELETE ON used_forms TO portal_app")
    wipe_these_too()


def wipe_these_too() -> None:
    """A demo's wipe does what it did, and then empties this table."""
    op.execute("GRANT DELETE, SELECT (company_id) ON used_forms TO portal_wipe")
    op.execute("GRANT CREATE ON SCHEMA public TO portal_wipe")
    op.execute("ALTER FUNCTION wipe_demo(uuid) RENAME TO wipe_demo_of_0006")
    op.execute("REVOKE EXECUTE ON FUNCTION wipe_demo_of_0006(uuid) FROM portal_app")
    op.execute(
        f"""
        CREATE FUNCTION wipe_demo(keeper uuid) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, public AS $$
        BEGIN
            PERFORM wipe_demo_of_0006(keeper);
            DELETE FROM used_forms WHERE company_id = {CURRENT_COMPANY};
        END $$
        """
    )
    op.execute("ALTER FUNCTION wipe_demo(uuid) OWNER TO portal_wipe")
    op.execute("REVOKE ALL ON FUNCTION wipe_demo(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION wipe_demo(uuid) TO portal_app")
    op.execute("REVOKE CREATE ON SCHEMA public FROM portal_wipe")


def downgrade() -> None:
    op.execute("DROP FUNCTION wipe_demo(uuid)")
    op.execute("ALTER FUNCTION wipe_demo_of_0006(uuid) RENAME TO wipe_demo")
    op.execute("GRANT EXECUTE ON FUNCTION wipe_demo(uuid) TO portal_app")
    op.drop_table("used_forms")
