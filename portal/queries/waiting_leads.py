"""Leads that are routed by themselves as soon as anybody may get them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from portal.models import statements

# A pond that nobody is in any more has its leads routed like any that wait.
_WAITS = """(waiting_for = 'routing' OR waiting_for = 'person' AND pool_id IN (
        SELECT p.id FROM pools p WHERE p.company_id = %(company)s AND p.delivery = 'pond' AND NOT EXISTS (
            SELECT 1 FROM pool_members m JOIN users u ON u.company_id = m.company_id AND u.id = m.user_id
            WHERE m.company_id = p.company_id AND m.pool_id = p.id AND m.weight > 0 AND u.active))
    AND EXISTS (SELECT 1 FROM decisions d
                WHERE d.company_id = leads.company_id AND d.id = leads.decision_id AND d.outcome = 'pond'))"""

_WAITING = f"""
    SELECT id FROM leads
    WHERE company_id = %(company)s AND state = 'unassigned' AND {_WAITS} AND id > %(after)s
    ORDER BY id LIMIT %(limit)s"""

# Waits for whoever just holds one (its customer writes again): skipped, it would be left behind with nobody to call
# for it.
_LOCK_WAITING = f"""
    SELECT id FROM leads
    WHERE company_id = %(company)s AND id = ANY (%(leads)s) AND state = 'unassigned' AND {_WAITS}
    ORDER BY id FOR NO KEY UPDATE"""


def waiting_leads(company_id: UUID, after: UUID, limit: int) -> Sequence[UUID]:
    """Those behind `after`, oldest first. Not locked: whether they still wait is settled under the pool's lock."""
    return [row[0] for row in statements.rows(_WAITING, {"company": company_id, "after": after, "limit": limit})]


def lock_waiting(company_id: UUID, lead_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those of the leads that still wait, locked, oldest first."""
    return [row[0] for row in statements.rows(_LOCK_WAITING, {"company": company_id, "leads": list(lead_ids)})]
