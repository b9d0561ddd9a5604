"""A mark of how a company is set up for routing: another one after every change of its rules, tags, people or settings.

Whoever keeps them ready in memory asks for the mark alone. The database sets it, so no operation has to think of it;
it is random, so a mark that was rolled back never comes again for something else.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"

# By statement, not by row: 5,000 tags in one file change the mark once. Of people only what tags are made of counts:
# when they had their last lead changes with every lead.
WATCHED = {"rules": "", "tags": "", "users": " OF name, email, active"}


def upgrade() -> None:
    op.add_column(
        "companies",
        sa.Column("setup_version", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
    )
    op.execute(
        f"""
        CREATE FUNCTION mark_setup() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE companies SET setup_version = gen_random_uuid() WHERE id = {CURRENT_COMPANY};
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION mark_own_setup() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.setup_version := gen_random_uuid();
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER mark_own_setup BEFORE UPDATE ON companies FOR EACH ROW EXECUTE FUNCTION mark_own_setup()"
    )
    for table, columns in WATCHED.items():
        op.execute(
            f"CREATE TRIGGER mark_setup AFTER INSERT OR DELETE OR UPDATE{columns} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION mark_setup()"
        )
    op.execute("GRANT UPDATE (setup_version) ON companies TO portal_wipe")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (setup_version) ON companies FROM portal_wipe")
    for table in WATCHED:
        op.execute(f"DROP TRIGGER mark_setup ON {table}")
    op.execute("DROP TRIGGER mark_own_setup ON companies")
    op.execute("DROP FUNCTION mark_own_setup()")
    op.execute("DROP FUNCTION mark_setup()")
    op.drop_column("companies", "setup_version")
