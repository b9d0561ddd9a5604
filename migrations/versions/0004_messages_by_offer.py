"""Finding the messages about an offer.

Removing offers, as the wipe of a demo does, asks for each of them whether a message still refers to it. Without an
index every one of these questions reads all messages of the company: after a day of leads that came to minutes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_messages_offer",
        "messages",
        ["company_id", "offer_id"],
        unique=False,
        postgresql_where=sa.text("offer_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_offer", table_name="messages")
