"""What a decision may come to: told to all at once, left in a pond, called out once more."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = ("assign", "offer", "tell", "wait")
NOW = ("assign", "offer", "broadcast", "pond", "last_call", "tell", "wait")


def upgrade() -> None:
    _allow(NOW)


def downgrade() -> None:
    # To an older release nobody was chosen.
    op.execute(
        """
        DO $$ DECLARE company uuid;
        BEGIN
            -- The tables' owner is held by the policies too, so each company is entered in turn.
            FOR company IN SELECT * FROM company_ids() LOOP
                PERFORM set_config('portal.company_id', company::text, true);
                UPDATE decisions SET outcome = 'wait'
                WHERE company_id = company AND outcome IN ('broadcast', 'pond', 'last_call');
            END LOOP;
        END $$
        """
    )
    _allow(BEFORE)


def _allow(outcomes: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_decisions_outcome"), "decisions", type_="check")
    listed = ", ".join(f"'{outcome}'" for outcome in outcomes)
    op.create_check_constraint(op.f("ck_decisions_outcome"), "decisions", f"outcome IN ({listed})")
