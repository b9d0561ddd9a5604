"""A tag may be a member of a pool: it stands for everybody who carries it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CURRENT_COMPANY = "nullif(current_setting('portal.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "pool_tags",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("normal", sa.Text(), nullable=False),
        sa.Column("weight", sa.Integer(), server_default="1", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("weight BETWEEN 0 AND 1000", name=op.f("ck_pool_tags_weight")),
        sa.CheckConstraint("priority BETWEEN -1000 AND 1000", name=op.f("ck_pool_tags_priority")),
        # With the pool they go, also when a demo is wiped.
        sa.ForeignKeyConstraint(
            ["company_id", "pool_id"], ["pools.company_id", "pools.id"],
            name=op.f("fk_pool_tags_company_id_pool_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_pool_tags")),
        sa.UniqueConstraint("company_id", "pool_id", "normal", name=op.f("uq_pool_tags_company_id_pool_id_normal")),
    )  # fmt: skip
    op.execute("ALTER TABLE pool_tags ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE pool_tags FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON pool_tags USING (company_id = {CURRENT_COMPANY})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON pool_tags TO portal_app")
    op.add_column("pool_members", sa.Column("agent_tag", sa.Text(), nullable=True))


def downgrade() -> None:
    # Whoever is in a pool by a tag stays, by name.
    op.drop_column("pool_members", "agent_tag")
    op.drop_table("pool_tags")
