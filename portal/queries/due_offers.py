"""Offers whose time is up."""

from __future__ import annotations

from uuid import UUID

from portal.extensions import db

# Work that somebody else is doing right now is locked, and not worth waiting for. `statement_timestamp()` is the same
# for the whole statement, so that the index on the time is used; `clock_timestamp()` would have every row looked at.
_ANYTHING = """
    SELECT 1 FROM due_work
    WHERE company_id = %(company)s AND kind = 'end_offer' AND group_id = %(pool)s AND due_at <= statement_timestamp()
    LIMIT 1 FOR KEY SHARE SKIP LOCKED"""


def is_anything_due(company_id: UUID, pool_id: UUID) -> bool:
    """Whether a pool has offers to end that nobody is ending already.

    Asked before the pool is locked: of jobs handed out twice, the second one ends here. Ends the transaction.
    """
    found = db.session.connection().exec_driver_sql(_ANYTHING, {"company": company_id, "pool": pool_id}).first()
    db.session.rollback()
    return found is not None
