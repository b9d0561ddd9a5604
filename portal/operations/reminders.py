"""Leads people were told of and have not dealt with: default assignees are reminded again and again, those who hear a
last call once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import (
    Cause,
    Company,
    Lead,
    LeadState,
    Offer,
    OfferKind,
    OfferState,
    PoolDefault,
    TimelineKind,
    User,
    WorkKind,
)
from portal.models.statements import rows
from portal.operations.actors import SYSTEM
from portal.operations.consequences import change_lead
from portal.operations.locking import state_of
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.queries.clock import database_time
from portal.queries.setup import setup_of
from portal.routing.facts import WaitingFor

_AT_ONCE = 100

# What somebody is deciding about right now is looked at a moment later.
_DUE = """
    DELETE FROM due_work w USING (
        SELECT w.company_id, w.id FROM due_work w
        JOIN leads l ON l.company_id = w.company_id AND l.id = w.subject_id
        WHERE w.company_id = %(company)s AND w.kind = 'remind' AND w.due_at <= clock_timestamp()
        ORDER BY w.due_at LIMIT %(limit)s
        FOR NO KEY UPDATE OF l SKIP LOCKED
    ) due
    WHERE w.company_id = due.company_id AND w.id = due.id AND w.due_at <= clock_timestamp()
    RETURNING w.subject_id"""


_PLAN_ANEW = """
    INSERT INTO due_work (company_id, id, kind, subject_id, due_at)
    SELECT l.company_id, gen_random_uuid(), 'remind', l.id, clock_timestamp() + make_interval(mins => %(minutes)s)
    FROM leads l WHERE l.company_id = %(company)s AND l.state = 'unassigned' AND l.waiting_for = 'catch_all'
    ON CONFLICT (company_id, kind, subject_id) DO UPDATE SET due_at = excluded.due_at, fence = due_work.fence + 1"""


def plan_anew(company: Company) -> None:
    """After the company changed how often it reminds: leads that wait for default assignees go by it from now on.

    Where it does not remind any more, what was planned finds nothing to do.
    """
    minutes = company.catch_all_reminder_minutes
    if minutes is not None:
        db.session.flush()
        parameters = {"company": company.id, "minutes": minutes}
        db.session.connection().exec_driver_sql(_PLAN_ANEW, parameters)


@operation
def remind_due(company_id: UUID, limit: int = _AT_ONCE) -> int:
    """Remind people of the company's leads that are due for it, longest overdue first.

    May be run twice, late, or by two workers at once: each reminder is given once.

    Returns:
        Of how many leads somebody was reminded.
    """
    due = [row[0] for row in rows(_DUE, {"company": company_id, "limit": limit})]
    found = select(Lead).where(Lead.company_id == company_id, Lead.id.in_(due))
    leads = db.session.scalars(found.execution_options(populate_existing=True)).all()
    writes = Writes(company_id, database_time())
    reminded = sum(_remind(writes, lead) for lead in leads)
    writes.flush()
    return reminded


def _remind(writes: Writes, lead: Lead) -> bool:
    if lead.waiting_for == WaitingFor.CATCH_ALL:
        return _remind_default_assignees(writes, lead)
    if lead.state in (LeadState.OFFERING, LeadState.OWNED):
        return _remind_of_last_call(writes, lead)
    return False


def _remind_default_assignees(writes: Writes, lead: Lead) -> bool:
    assignees = _default_assignees(lead)
    if not assignees:
        _route_again(writes, lead)
        return False
    every = setup_of(lead.company_id).reminded_every
    if every is None:
        return False
    writes.work(WorkKind.REMIND, lead.id, writes.at + every)
    said = f"It still waits; reminded {', '.join(user.name for user in assignees)}."
    entry = writes.record(lead.id, TimelineKind.MESSAGE, SYSTEM, text=said)
    for user in assignees:
        writes.say(Cause.CATCH_ALL, user.id, about=f"{entry}", lead_id=lead.id)
    return True


def _route_again(writes: Writes, lead: Lead) -> None:
    """Nobody is left whom it could wait for: it is routed as if it had just been left waiting."""
    before, after = {"waiting_for": lead.waiting_for}, {"waiting_for": WaitingFor.ROUTING}
    said = "Its default assignees are gone, so it is routed again."
    writes.record(lead.id, TimelineKind.DECISION, SYSTEM, text=said, before=before, after=after)
    change_lead(writes, lead.id, state_of(lead) | after | {"alarmed_at": writes.at})
    writes.work(WorkKind.DRAIN, lead.company_id, writes.at)


def _default_assignees(lead: Lead) -> Sequence[User]:
    return db.session.scalars(
        select(User)
        .join(PoolDefault, (PoolDefault.company_id == User.company_id) & (PoolDefault.user_id == User.id))
        .where(PoolDefault.company_id == lead.company_id, PoolDefault.pool_id == lead.pool_id, User.active)
        .order_by(PoolDefault.position)
    ).all()


def _remind_of_last_call(writes: Writes, lead: Lead) -> bool:
    calls = db.session.scalars(
        select(Offer).where(
            Offer.company_id == lead.company_id,
            Offer.lead_id == lead.id,
            Offer.kind == OfferKind.LAST_CALL,
            Offer.state == OfferState.OPEN,
        )
    ).all()
    for call in calls:
        writes.say(Cause.OFFER_REMINDER, call.user_id, about=f"{call.id}", lead_id=lead.id, offer_id=call.id)
    return bool(calls)
