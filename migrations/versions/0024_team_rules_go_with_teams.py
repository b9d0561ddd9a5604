"""A team that is removed with its whole company, of a demo, lets go of the rules that send leads to it.

People remove a team only once no rule names it. Wiping a demo keeps the company's default rule, whichever team it names.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _refer_to_teams(ondelete="SET NULL (to_team_id)")


def downgrade() -> None:
    _refer_to_teams(ondelete=None)


def _refer_to_teams(ondelete: str | None) -> None:
    name = op.f("fk_rules_company_id_to_team_id")
    op.drop_constraint(name, "rules", type_="foreignkey")
    columns = ["company_id", "to_team_id"], ["company_id", "id"]
    op.create_foreign_key(name, "rules", "teams", *columns, ondelete=ondelete)
