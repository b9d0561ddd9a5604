"""Where postcodes are, for the whole installation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "postcodes",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_postcodes_country")),
        sa.CheckConstraint("postcode ~ '^[A-Z0-9]{1,20}$'", name=op.f("ck_postcodes_postcode")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90", name=op.f("ck_postcodes_lat")),
        sa.CheckConstraint("lng BETWEEN -180 AND 180", name=op.f("ck_postcodes_lng")),
        sa.PrimaryKeyConstraint("country", "postcode", name=op.f("pk_postcodes")),
    )
    # Public knowledge: no row of it is anybody's.
    op.execute("GRANT SELECT, INSERT, UPDATE ON postcodes TO portal_app")


def downgrade() -> None:
    op.drop_table("postcodes")
