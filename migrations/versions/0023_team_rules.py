"""Rules may stand in a team's own list and may send leads to a team; a team may name a pool for the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing set `team_id` so far: it becomes the team whose list a rule stands in.
    op.add_column("rules", sa.Column("to_team_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_rules_company_id_to_team_id"),
        "rules",
        "teams",
        ["company_id", "to_team_id"],
        ["company_id", "id"],
    )
    op.create_check_constraint(op.f("ck_rules_one_way"), "rules", "pool_id IS NULL OR to_team_id IS NULL")
    op.create_check_constraint(op.f("ck_rules_default_of_company"), "rules", "NOT (is_default AND team_id IS NOT NULL)")
    op.add_column("teams", sa.Column("default_pool_id", sa.Uuid(), nullable=True))
    # A pool's row goes only with its whole company, of a demo; then the team lets go of it.
    op.create_foreign_key(
        op.f("fk_teams_default_pool_id"),
        "teams",
        "pools",
        ["company_id", "default_pool_id"],
        ["company_id", "id"],
        ondelete="SET NULL (default_pool_id)",
    )
    # Teams are part of the set-up that is kept ready in memory (migration 0008).
    op.execute(
        "CREATE TRIGGER mark_setup AFTER INSERT OR DELETE OR UPDATE OF name, default_pool_id ON teams "
        "FOR EACH STATEMENT EXECUTE FUNCTION mark_setup()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER mark_setup ON teams")
    op.drop_column("teams", "default_pool_id")
    op.drop_constraint(op.f("ck_rules_default_of_company"), "rules", type_="check")
    op.drop_constraint(op.f("ck_rules_one_way"), "rules", type_="check")
    op.drop_column("rules", "to_team_id")
