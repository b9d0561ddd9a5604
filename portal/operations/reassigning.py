"""Handing an owned lead to a pool: by hand, or because nobody logged a contact in time. Its owner keeps it until
somebody takes it.

While a reassignment runs its row is the lock on the owner slot. Everything that asks for it holds the lead's lock, and
everything that changes it the pool's before that: so it begins once and ends once.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from portal.errors import Conflict, Forbidden, Invalid
from portal.extensions import db
from portal.models import Lead, LeadState, Pool, ReassignmentState, TimelineKind, Trigger, User
from portal.models.statements import rows
from portal.operations import contact_timer, reassignment_ends
from portal.operations.actors import SYSTEM, Actor
from portal.operations.distribution import Round
from portal.operations.locking import lock_lead, lock_lead_and_pools, peek_lead, state_of
from portal.operations.passing_on import pass_on, round_of_pool
from portal.operations.transaction import operation
from portal.operations.waiting import drain_soon
from portal.operations.writes import Writes
from portal.permissions import Right, may_reassign, require
from portal.queries.clock import database_time
from portal.queries.reassignments import Running, running_of
from portal.routing.facts import Delivery

RUNS = "This lead is being reassigned. Cancel that first, or wait until it ends."

# What somebody is deciding about right now is looked at a moment later.
_DUE = """
    DELETE FROM due_work w USING (
        SELECT w.company_id, w.id FROM due_work w
        JOIN leads l ON l.company_id = w.company_id AND l.id = w.subject_id
        WHERE w.company_id = %(company)s AND w.kind = 'contact' AND w.group_id = %(pool)s
          AND w.due_at <= statement_timestamp()
        ORDER BY w.due_at LIMIT %(limit)s
        FOR NO KEY UPDATE OF l SKIP LOCKED
    ) due
    WHERE w.company_id = due.company_id AND w.id = due.id AND w.due_at <= clock_timestamp()
    RETURNING w.subject_id, w.created_at"""

_LOOK_AGAIN = """
    INSERT INTO due_work (company_id, id, kind, subject_id, group_id, due_at, created_at)
    VALUES (%(company)s, gen_random_uuid(), 'contact', %(lead)s, %(pool)s, %(due)s, %(began)s)
    ON CONFLICT (company_id, kind, subject_id) DO NOTHING"""


@operation
def reassign(lead_id: UUID, pool_id: UUID, *, by: User) -> Lead:
    """Hand an owned lead to a group. The first offer exists when this returns; where nobody can take it, the lead has
    stayed with its owner by then, and its timeline says so.

    Raises:
        NotFound: no such lead.
        Forbidden: `by` neither owns it nor may hand it out.
        Invalid: no such group.
        Conflict: nobody owns the lead, or a reassignment of it runs already.
    """
    _refuse_without_right(peek_lead(lead_id), by)
    round_ = round_of_pool(pool_id, cause=f"reassigned by {by.name}")
    _refuse_no_group(round_)
    lead = lock_lead(lead_id)
    _refuse_without_right(lead, by)
    if lead.state != LeadState.OWNED:
        raise Conflict("Only a lead that somebody owns can be reassigned.")
    if running_of([lead.id]):
        raise Conflict("A reassignment of this lead runs already.")
    _start(round_, lead, Trigger.BY_HAND, Actor.user(by), by.id)
    pass_on(round_, [lead.id])
    round_.writes.flush()
    # Whoever had it may be one lead further from their cap.
    drain_soon(by.company_id)
    db.session.refresh(lead)
    return lead


@operation
def cancel(lead_id: UUID, *, by: User) -> Lead:
    """End the reassignment of a lead; its owner keeps it.

    Raises:
        NotFound: no such lead.
        Forbidden: without the right to assign.
        Conflict: none runs.
    """
    require(by, Right.ASSIGN)
    lead = lock_lead_and_pools(peek_lead(lead_id))
    if not keep_with_owner(lead, Actor.user(by), f"{by.name} cancelled it."):
        raise Conflict("No reassignment of this lead runs.")
    return lead


def keep_with_owner(lead: Lead, by: Actor, why: str, *, receiver: UUID | None = None) -> bool:
    """End the reassignment of a lead, locked with its pools by this transaction, if one runs.

    Args:
        why: a sentence.
        receiver: who is given the lead right after.

    Returns:
        Whether one ran.
    """
    running = running_of([lead.id]).get(lead.id) if lead.state == LeadState.OWNED else None
    if running is None:
        return False
    db.session.flush()
    writes = Writes(lead.company_id, database_time())
    reassignment_ends.owner_kept(writes, running, state_of(lead), by, why, receiver=receiver)
    writes.flush()
    return True


def is_being_reassigned(lead: Lead) -> bool:
    """Whether a reassignment of the lead, locked by this transaction, runs."""
    return lead.state == LeadState.OWNED and bool(running_of([lead.id]))


def refuse_while_running(lead: Lead) -> None:
    """Raise Conflict while the owner slot of a lead, locked by this transaction, is locked by a reassignment."""
    if is_being_reassigned(lead):
        raise Conflict(RUNS)


@operation
def cancel_to_hand_over(lead_id: UUID, *, by: User, receiver: UUID | None) -> None:
    """End the reassignment of a lead, if one runs, because a manager hands over all its owner has.

    Args:
        receiver: who gets the lead right after; None = nobody, or whoever the rules say.
    """
    keep_with_owner(
        lock_lead_and_pools(peek_lead(lead_id)), Actor.user(by), f"{by.name} handed it over.", receiver=receiver
    )


def contact_logged(lead: Lead, by: User) -> None:
    """The time of a lead's owner ends, and so does what began because it was over.

    The lead and, where a reassignment runs, its pool are locked by this transaction.
    """
    running = running_of([lead.id]).get(lead.id) if lead.state == LeadState.OWNED else None
    if running is not None and running.trigger == Trigger.NO_CONTACT:
        keep_with_owner(lead, Actor.user(by), f"{by.name} logged a contact.")
    contact_timer.stop(lead.company_id, [lead.id])


@operation
def start_due(company_id: UUID, pool_id: UUID, limit: int = 50) -> int:
    """Reassign the leads of a pool whose owners logged no contact in time, longest overdue first.

    May be run twice, late, or by two workers at once: each lead's time runs out once.

    Args:
        company_id: the company entered in the session.
        limit: most leads in one transaction.

    Returns:
        How many reassignments began.
    """
    round_ = round_of_pool(pool_id, cause="no contact was logged in time")
    due = rows(_DUE, {"company": company_id, "pool": pool_id, "limit": limit})
    oldest_first = sorted(due, key=lambda row: (row[1], row[0]))
    began = [lead_id for lead_id, since in oldest_first if _starts_now(round_, lead_id, since)]
    pass_on(round_, began)
    round_.writes.flush()
    return len(began)


def _starts_now(round_: Round, lead_id: UUID, since: datetime) -> bool:
    """Begin the reassignment of a lead whose row of work was taken, if its owner's time is really over."""
    pool = db.session.get(Pool, (round_.company_id, round_.named), populate_existing=True)
    lead = lock_lead(lead_id)
    is_watched = lead.state == LeadState.OWNED and lead.pool_id == round_.named and not running_of([lead_id])
    if round_.pool is None or pool is None or pool.contact_within is None or not is_watched:
        return False
    ends = round_.pool.end_of(since, pool.contact_within)
    if ends > round_.at:
        # The pool's own time has more of it, or runs slower than all time.
        again = {"company": lead.company_id, "lead": lead.id, "pool": pool.id, "due": ends, "began": since}
        db.session.connection().exec_driver_sql(_LOOK_AGAIN, again)
        return False
    _start(round_, lead, Trigger.NO_CONTACT, SYSTEM, None)
    return True


def _start(round_: Round, lead: Lead, trigger: Trigger, by: Actor, started_by: UUID | None) -> None:
    """The reassignment of a lead, locked after the round's pool: its row, its entry, and word to the owner."""
    assert round_.pool is not None
    assert lead.owner_id is not None
    contact_timer.stop(lead.company_id, [lead.id])
    # From now on it is on offer, to whoever may be asked.
    lead.was_offered = lead.was_offered or round_.pool.delivery is not Delivery.ASSIGN
    lead.last_activity_at = round_.at
    db.session.flush()
    writes = round_.writes
    reassignment_id = writes.add(
        "reassignments",
        lead_id=lead.id,
        pool_id=round_.pool.id,
        state=ReassignmentState.RUNNING,
        trigger=trigger,
        from_user_id=lead.owner_id,
        started_by=started_by,
        started_at=round_.at,
    )
    running = Running(reassignment_id, lead.id, round_.pool.id, lead.owner_id, trigger, started_by, round_.at)
    said = f"{_WHY[trigger].format(by.name)} {round_.name_of(lead.owner_id)} keeps the lead until somebody takes it."
    entry = writes.record(
        lead.id,
        TimelineKind.REASSIGNMENT_STARTED,
        by,
        text=said,
        after=reassignment_ends.told_of(writes, running),
    )
    if by.id != lead.owner_id:
        reassignment_ends.tell(writes, lead.owner_id, lead.id, f"reassignment_{trigger}", entry)
    writes.flush()


_WHY = {
    Trigger.BY_HAND: "{} handed it on.",
    Trigger.NO_CONTACT: "No contact was logged in time.",
}


def _refuse_no_group(round_: Round) -> None:
    if round_.pool is None:
        raise Invalid.field("pool_id", "There is no such group.")
    if not round_.pool.for_reassignment:
        raise Invalid.field("pool_id", f"“{round_.pool.name}” is for new leads. Choose a pool for reassignments.")


def _refuse_without_right(lead: Lead, by: User) -> None:
    if not may_reassign(by, lead.owner_id):
        raise Forbidden("Only the lead's owner or somebody who hands out leads may reassign it.")
