"""Leads that wait for routing: handed out by themselves, oldest first, as soon as anybody may get them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal.extensions import db
from portal.models import WorkKind
from portal.operations.distribution import if_somebody
from portal.operations.passing_on import round_of_pool, route_afresh
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.setup import setup_of
from portal.queries.waiting_leads import lock_waiting, waiting_leads

CHUNK = 200

_FENCE = "SELECT fence FROM due_work WHERE company_id = %(company)s AND kind = 'drain'"
_DONE = "DELETE FROM due_work WHERE company_id = %(company)s AND kind = 'drain' AND fence = %(fence)s"

# Hours open, leaves end and caps begin anew without anybody doing anything: while leads wait, they are looked at.
_LOOK_AGAIN = """
    UPDATE due_work SET due_at = clock_timestamp() + make_interval(secs => %(seconds)s), fence = fence + 1
    WHERE company_id = %(company)s AND kind = 'drain' AND fence = %(fence)s AND EXISTS (
        SELECT 1 FROM leads
        WHERE company_id = %(company)s AND state = 'unassigned' AND waiting_for = 'routing')
    RETURNING 1"""

LOOK_AGAIN_SECONDS = 60
"""How long after a look at waiting leads time itself may have made somebody eligible."""


def drain_soon(company_id: UUID) -> None:
    """Have the waiting leads looked at once the running operation is committed.

    Call it after any change that may make somebody eligible.
    """
    db.session.flush()
    writes = Writes(company_id, database_time())
    writes.work(WorkKind.DRAIN, company_id, writes.at)
    writes.flush()


def drain(company_id: UUID) -> int:
    """Route the company's waiting leads, oldest first; those nobody can get go on waiting.

    May be run twice, or by two workers at once. Each pool's share of a chunk is a transaction of its own, so a long
    line holds no lock for long. The work is done when nobody asked for it again meanwhile and no lead waits any more;
    while one does, they are looked at again every minute.

    Returns:
        How many went to somebody.
    """
    fence = next((row.fence for row in _rows(_FENCE, company=company_id)), None)
    went, after = 0, UUID(int=0)
    while waiting := waiting_leads(company_id, after, CHUNK):
        for pool_id, lead_ids in pools_named(company_id, waiting).items():
            went += _route_waiting(company_id, pool_id, lead_ids)
        after = waiting[-1]
    _finish(company_id, fence)
    return went


def pools_named(
    company_id: UUID, lead_ids: Sequence[UUID], pool_id: UUID | None = None
) -> dict[UUID | None, list[UUID]]:
    """The pools the rules name now, each with its leads in order; under None those for the people of a team. A lead
    they send nowhere goes on waiting.

    Args:
        pool_id: named for all of them, whatever the rules say.
    """
    if pool_id is not None:
        return {pool_id: sorted(lead_ids)}
    setup, now = setup_of(company_id), database_time()
    pools: dict[UUID | None, list[UUID]] = {}
    for lead_id, (facts, _) in sorted(routing_facts.stored_leads(company_id, lead_ids, setup.tagger).items()):
        match = setup.match(facts, now)
        if match.is_routed:
            pools.setdefault(match.pool_id, []).append(lead_id)
    return pools


@operation
def _route_waiting(company_id: UUID, pool_id: UUID | None, lead_ids: Sequence[UUID]) -> int:
    round_ = round_of_pool(pool_id, cause="somebody became free")
    still = lock_waiting(company_id, lead_ids)
    went = route_afresh(round_, still, if_somebody)
    round_.writes.flush()
    return went


@operation
def _finish(company_id: UUID, fence: int | None) -> None:
    again = {"company": company_id, "fence": fence, "seconds": LOOK_AGAIN_SECONDS}
    if not db.session.connection().exec_driver_sql(_LOOK_AGAIN, again).all():
        db.session.connection().exec_driver_sql(_DONE, {"company": company_id, "fence": fence})


def _rows(statement: str, **parameters: object) -> Sequence[Row[Any]]:
    return db.session.connection().exec_driver_sql(statement, parameters).all()
