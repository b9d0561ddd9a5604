"""Leads that are held: let go one by one when the company opens, or planned anew when its settings change.

One row of due work stands for all held leads of a company. Whoever has it locked lets the oldest lead go and moves the
row on by the pause between two; so however many workers there are, and whatever dies, each goes once and in its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal.extensions import db
from portal.models import LeadState, WorkKind
from portal.operations.actors import SYSTEM
from portal.operations.locking import lock_lead, peek_lead
from portal.operations.releasing import let_go, round_for
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.queries.clock import database_time
from portal.queries.setup import setup_of
from portal.routing.holding import Hold

_MINE = """
    SELECT due_at, clock_timestamp() AS now FROM due_work
    WHERE company_id = %(company)s AND kind = 'release' AND due_at <= clock_timestamp()
    FOR UPDATE SKIP LOCKED"""
_MOVE = "UPDATE due_work SET due_at = %(due)s WHERE company_id = %(company)s AND kind = 'release' RETURNING 1"
_DONE = "DELETE FROM due_work WHERE company_id = %(company)s AND kind = 'release' RETURNING 1"
_OLDEST = "SELECT id FROM leads WHERE company_id = %(company)s AND state = 'held' ORDER BY id LIMIT 1"
_PLAN = """
    UPDATE leads SET held_reason = %(reason)s, held_until = %(until)s
    WHERE company_id = %(company)s AND state = 'held'
      AND (held_reason, held_until) IS DISTINCT FROM (%(reason)s, %(until)s::timestamptz)
    RETURNING 1"""
# Those that waited for a manager until now go with the others, from now on.
_NO_LONGER_FOR_A_MANAGER = """
    UPDATE leads SET held_reason = 'opening_hours', held_until = %(now)s
    WHERE company_id = %(company)s AND state = 'held' AND held_reason = 'manual_intercept'
    RETURNING 1"""


def plan_anew(company_id: UUID) -> None:
    """Have held leads planned by the changed settings once the running operation is committed."""
    db.session.flush()
    writes = Writes(company_id, database_time())
    writes.work(WorkKind.RELEASE, company_id, writes.at)
    writes.flush()


@operation
def let_go_due(company_id: UUID) -> bool:
    """Let go of the company's oldest held lead, if that is due; may be run twice, or by two workers at once.

    Returns:
        Whether one went its way.
    """
    mine = _rows(_MINE, company=company_id)
    if not mine:
        return False
    due, now = mine[0].due_at, mine[0].now
    holding = setup_of(company_id).holding
    hold = holding.hold(now)
    if hold is not None:
        _hold_until(company_id, hold)
        return False
    _rows(_NO_LONGER_FOR_A_MANAGER, company=company_id, now=now)
    went = _let_go_of_oldest(company_id, "Leads are held no longer." if holding.hours is None else "We are open.")
    if not _rows(_OLDEST, company=company_id):
        _rows(_DONE, company=company_id)
    elif went:
        _rows(_MOVE, company=company_id, due=holding.next_release(due, now))
    return went


def _hold_until(company_id: UUID, hold: Hold) -> None:
    _rows(_PLAN, company=company_id, reason=hold.reason, until=hold.until)
    if hold.until is None or not _rows(_OLDEST, company=company_id):
        _rows(_DONE, company=company_id)
    else:
        _rows(_MOVE, company=company_id, due=hold.until)


def _let_go_of_oldest(company_id: UUID, said: str) -> bool:
    oldest = _rows(_OLDEST, company=company_id)
    if not oldest:
        return False
    seen = peek_lead(oldest[0].id)
    round_ = round_for(company_id, seen, cause="the hold is over")
    lead = lock_lead(seen.id)
    if lead.state != LeadState.HELD:
        # Somebody was quicker; the next one is looked at right away.
        return False
    let_go(round_, lead, SYSTEM, said)
    return True


def _rows(statement: str, **parameters: datetime | UUID | str | None) -> Sequence[Row[Any]]:
    return db.session.connection().exec_driver_sql(statement, parameters).all()
