"""Handing out many unassigned leads at once, the oldest first: the same turns as one by one, written in bulk.

Each chunk is a transaction of its own under one lock of the pool. A chunk plays its turns in memory; so 20,000 leads
take seconds, hold no lock for long, and take no more memory than one chunk does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from portal.errors import Invalid
from portal.extensions import db
from portal.models import Lead, LeadState, Pool, User
from portal.operations.distribution import if_it_goes_on
from portal.operations.passing_on import pass_on, round_of_pool, route_afresh
from portal.operations.transaction import operation
from portal.operations.waiting import pools_named
from portal.permissions import Filter, Right, require
from portal.queries.buckets import Bucket
from portal.queries.leads import LeadFilters, narrowed

CHUNK = 250

_LOCK = """
    SELECT l.id, l.waiting_for = 'catch_all' OR (l.waiting_for = 'person' AND EXISTS (
        SELECT 1 FROM decisions d
        WHERE d.company_id = l.company_id AND d.id = l.decision_id AND d.outcome = 'pond')) AS is_settled
    FROM leads l WHERE l.company_id = %(company)s AND l.id = ANY (%(leads)s) AND l.state = 'unassigned'
    ORDER BY l.id FOR NO KEY UPDATE OF l"""


@dataclass(frozen=True, slots=True)
class HandedOut:
    """How many leads were looked at, and how many of them went to somebody; the rest stays as it was."""

    looked_at: int
    went: int
    # The last lead looked at: the next call goes on behind it. None = there was none left.
    last: UUID | None

    @property
    def stayed(self) -> int:
        return self.looked_at - self.went


def count_unassigned(by: User, filters: LeadFilters, after: UUID | None = None) -> int:
    """How many leads a hand-out with these arguments would look at."""
    statement = select(func.count()).select_from(Lead).where(_those(by, filters, after))
    return db.session.scalar(statement) or 0


def hand_out_unassigned(
    *, by: User, filters: LeadFilters, pool_id: UUID | None = None, most: int, after: UUID | None = None
) -> HandedOut:
    """Hand out unassigned leads, the oldest first: by the rules, or all of them in one pool.

    A lead nobody can get now stays as it is, without another alarm. Leads that come in meanwhile may be among them.

    Args:
        filters: which of the leads `by` sees.
        pool_id: the pool whose turns are played; None = the one the rules name for each lead.
        most: how many leads to look at.
        after: begin behind this lead.

    Raises:
        Forbidden: without the right to assign.
        Invalid: no such pool.
    """
    require(by, Right.ASSIGN)
    if pool_id is not None and not _is_in_use(pool_id, by):
        raise Invalid.field("pool_id", "There is no such pool for leads nobody owns.")
    looked_at = went = 0
    last = after
    while lead_ids := _next(by, filters, last, min(CHUNK, most - looked_at)):
        for named, theirs in pools_named(by.company_id, lead_ids, pool_id).items():
            went += _hand_out(by, named, theirs, by_rules=pool_id is None)
        looked_at, last = looked_at + len(lead_ids), lead_ids[-1]
    return HandedOut(looked_at, went, last if looked_at else None)


def _next(by: User, filters: LeadFilters, after: UUID | None, most: int) -> Sequence[UUID]:
    if most <= 0:
        return ()
    statement = select(Lead.id).where(_those(by, filters, after)).order_by(Lead.id).limit(most)
    return db.session.scalars(statement).all()


def _is_in_use(pool_id: UUID, by: User) -> bool:
    there = select(Pool.id).where(
        Pool.company_id == by.company_id, Pool.id == pool_id, Pool.deleted_at.is_(None), ~Pool.for_reassignment
    )
    return db.session.scalar(there) is not None


def _those(by: User, filters: LeadFilters, after: UUID | None) -> Filter:
    those = narrowed(by, Bucket.UNASSIGNED, filters) & (Lead.state == LeadState.UNASSIGNED)
    return those if after is None else those & (Lead.id > after)


@operation
def _hand_out(by: User, pool_id: UUID | None, lead_ids: Sequence[UUID], *, by_rules: bool) -> int:
    round_ = round_of_pool(pool_id, cause=f"handed out in bulk by {by.name}")
    parameters = {"company": by.company_id, "leads": list(lead_ids)}
    # Whoever was quicker with one of them keeps it.
    still = db.session.connection().exec_driver_sql(_LOCK, parameters).all()
    settled = {row.id for row in still if row.is_settled}
    went = (route_afresh if by_rules else pass_on)(round_, [row.id for row in still], if_it_goes_on(settled))
    round_.writes.flush()
    return went
