"""The ladder beyond a pool's line: a team's default user, and what leads on to what as part of the kept setup."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("teams", sa.Column("default_user_id", sa.Uuid(), nullable=True))
    # A user is never deleted but with their whole company, of a demo; then the team lets go of them.
    op.create_foreign_key(
        op.f("fk_teams_default_user_id"),
        "teams",
        "users",
        ["company_id", "default_user_id"],
        ["company_id", "id"],
        ondelete="SET NULL (default_user_id)",
    )
    # What leads on to what is kept ready in memory (migration 0008).
    op.execute(
        "CREATE TRIGGER mark_setup AFTER INSERT OR DELETE OR UPDATE OF next_pool_id, deleted_at ON pools "
        "FOR EACH STATEMENT EXECUTE FUNCTION mark_setup()"
    )

    # Who was told of a lead nobody took is reminded so often; null: never.
    op.add_column("companies", sa.Column("catch_all_reminder_minutes", sa.Integer(), server_default="30"))
    op.create_check_constraint(
        op.f("ck_companies_catch_all_reminder_minutes"), "companies", "catch_all_reminder_minutes BETWEEN 1 AND 10080"
    )
    kinds_of_work("end_offer", "send_message", "drain", "release", "remind")


def kinds_of_work(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_due_work_kind"), "due_work", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_due_work_kind"), "due_work", f"kind IN ({listed})")


def downgrade() -> None:
    op.execute("ALTER TABLE due_work NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM due_work WHERE kind = 'remind'")
    op.execute("ALTER TABLE due_work FORCE ROW LEVEL SECURITY")
    kinds_of_work("end_offer", "send_message", "drain", "release")
    op.drop_column("companies", "catch_all_reminder_minutes")
    op.execute("DROP TRIGGER mark_setup ON pools")
    op.drop_column("teams", "default_user_id")
