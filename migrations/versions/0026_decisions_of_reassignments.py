"""In each decision the reassignment it was made in: such decisions say nothing of how the lead was handed out at first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NAME = "fk_decisions_company_id_reassignment_id"


def upgrade() -> None:
    op.add_column("decisions", sa.Column("reassignment_id", sa.Uuid(), nullable=True))
    columns = ["company_id", "reassignment_id"], ["company_id", "id"]
    op.create_foreign_key(op.f(NAME), "decisions", "reassignments", *columns)


def downgrade() -> None:
    op.drop_constraint(op.f(NAME), "decisions", type_="foreignkey")
    op.drop_column("decisions", "reassignment_id")
