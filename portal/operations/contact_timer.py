"""How long an owner has to log a contact, where the lead's pool sets a time (`contact_within`).

One row of due work stands for each owned lead that is watched. It says when to look, not what to do: whoever looks
counts the pool's own time from `created_at`, which is when the owner's time began.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.extensions import db
from portal.models import WorkKind
from portal.operations.writes import Row, Writes

_STOP = "DELETE FROM due_work WHERE company_id = %(company)s AND kind = %(kind)s AND subject_id = ANY (%(leads)s)"

_OF_POOL = """
    WITH none_yet AS (
        DELETE FROM due_work WHERE company_id = %(company)s AND kind = 'contact' AND group_id = %(pool)s
    )
    SELECT l.id, l.assigned_at FROM leads l
    WHERE l.company_id = %(company)s AND l.pool_id = %(pool)s AND l.state = 'owned' AND NOT EXISTS (
        SELECT 1 FROM reassignments r
        WHERE r.company_id = l.company_id AND r.lead_id = l.id AND r.state = 'running')"""


def start(writes: Writes, lead_id: UUID, state: Row, since: datetime | None = None) -> None:
    """The owner's time begins now, if their lead's pool gives one and no contact was logged yet.

    Args:
        state: the lead's state columns, as they are after this transaction.
        since: contacts logged from then on count; None = from now on.
    """
    if state["pool_id"] is not None:
        writes.add(
            "contact_work", lead_id=lead_id, pool_id=state["pool_id"], since=since or writes.at, at=writes.at
        )  # fmt: skip


def stop(company_id: UUID, lead_ids: Sequence[UUID]) -> None:
    """Nobody's time runs for these leads any more: a contact was logged, or they have no owner who could."""
    parameters = {"company": company_id, "kind": WorkKind.CONTACT, "leads": list(lead_ids)}
    db.session.connection().exec_driver_sql(_STOP, parameters)


def plan_anew(company_id: UUID, pool_id: UUID, at: datetime) -> None:
    """After a pool's setting changed: the owners of its leads have the new time, from now on, or none any more.

    The caller holds the pool's lock.
    """
    db.session.flush()
    rows = db.session.connection().exec_driver_sql(_OF_POOL, {"company": company_id, "pool": pool_id}).all()
    writes = Writes(company_id, at)
    for lead_id, assigned_at in rows:
        start(writes, lead_id, {"pool_id": pool_id}, since=assigned_at)
    writes.flush()
