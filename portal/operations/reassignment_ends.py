"""How a reassignment ends: somebody owns the lead by it, or its owner keeps it. Told once, on the lead's timeline."""

from __future__ import annotations

from uuid import UUID

from portal.extensions import db
from portal.messages import telling
from portal.models import Cause, Lead, Pool, ReassignmentState, TimelineKind, User
from portal.operations import contact_timer
from portal.operations.actors import Actor
from portal.operations.ending import take_back, withdraw_offers
from portal.operations.writes import Row, Writes
from portal.queries.managers import managers_of_owned
from portal.queries.reassignments import Running

BY_ITSELF = "Baton"


def moved(
    writes: Writes, running: Running, to: UUID, by: Actor, state: ReassignmentState = ReassignmentState.DONE
) -> UUID:
    """Somebody else owns the lead by it; the caller changes the lead itself, and tells the former owner.

    Returns:
        The entry that tells it.
    """
    entry = _end(writes, running, state, by, to=to)
    # Somebody looks after it from now on.
    db.session.get_one(Lead, (writes.company_id, running.lead_id)).needs_attention = False
    db.session.flush()
    return entry


def tell_former_owner(writes: Writes, running: Running, entry: UUID) -> None:
    """That the lead went to somebody else by it."""
    writes.say(Cause.REASSIGNED_AWAY, running.owner_id, about=f"{entry}", lead_id=running.lead_id)


def owner_kept(
    writes: Writes, running: Running, state: Row, by: Actor, why: str, *, receiver: UUID | None = None
) -> UUID:
    """The lead stays whose it is. What was on offer of it is withdrawn, and the turns are given back.

    The caller has locked the reassignment's pool, and the lead after it.

    Args:
        state: the lead's state columns.
        why: a sentence.
        receiver: who gets the lead instead, right away.

    Returns:
        The entry that tells it.
    """
    take_back(writes, running.lead_id, withdraw_offers(writes, running.lead_id, by, why), receiver=receiver)
    entry = _end(writes, running, ReassignmentState.CANCELLED, by, why=why)
    contact_timer.start(writes, running.lead_id, state, since=state["assigned_at"])
    return entry


def nobody_took_it(writes: Writes, running: Running, state: Row, by: Actor, why: str) -> None:
    """The same because nobody took it; the owner and those who manage are told."""
    entry = owner_kept(writes, running, state, by, why)
    lead = db.session.get_one(Lead, (writes.company_id, running.lead_id))
    for user_id in dict.fromkeys([running.owner_id, *managers_of_owned(lead)]):
        tell(writes, user_id, running.lead_id, "nobody_took_over", entry)


def tell(writes: Writes, user_id: UUID, lead_id: UUID, reason: str, entry: UUID) -> None:
    """Word of a reassignment to somebody active who may have to see to the lead."""
    user = db.session.get(User, (writes.company_id, user_id))
    if user is not None and user.active:
        writes.say(Cause.ALARM, user_id, about=f"{entry}", lead_id=lead_id, facts={"reason": reason})


def told_of(writes: Writes, running: Running) -> Row:
    """What entries say of a reassignment: from whom, by which group and which way, and who started it."""
    pool = db.session.get_one(Pool, (writes.company_id, running.pool_id))
    return {
        "reassignment_id": running.id,
        "trigger": running.trigger,
        "from": running.owner_id,
        "from_name": _name(writes, running.owner_id),
        "pool_id": pool.id,
        "pool": pool.name,
        "delivery": pool.delivery,
        "started_by": running.started_by,
        "started_by_name": _name(writes, running.started_by) if running.started_by else BY_ITSELF,
    }


def _end(
    writes: Writes,
    running: Running,
    state: ReassignmentState,
    by: Actor,
    *,
    to: UUID | None = None,
    why: str | None = None,
) -> UUID:
    writes.add(
        "reassignments_ended", id=running.id, state=state, to_user_id=to, ended_at=writes.at, reason=why
    )  # fmt: skip
    took = writes.at - running.started_at
    told = told_of(writes, running)
    after = told | {
        "ended": state,
        "to": to,
        "to_name": _name(writes, to) if to else None,
        "seconds": round(took.total_seconds()),
    }
    said = _said(after, why, telling.length(took))
    return writes.record(running.lead_id, TimelineKind.REASSIGNMENT_ENDED, by, text=said, after=after)


def _said(told: Row, why: str | None, took: str) -> str:
    by_group = f"by “{told['pool']}” ({told['delivery']}), started by {told['started_by_name']}, after {took}"
    match told["ended"]:
        case ReassignmentState.DONE:
            return f"Reassigned from {told['from_name']} to {told['to_name']} {by_group}."
        case ReassignmentState.DEFAULTED:
            return f"Reassigned from {told['from_name']} to {told['to_name']}, the default assignee, {by_group}."
        case _:
            return f"{why} {told['from_name']} keeps the lead: reassignment {by_group}."


def _name(writes: Writes, user_id: UUID) -> str:
    return db.session.get_one(User, (writes.company_id, user_id)).name
