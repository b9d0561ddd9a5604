"""Closing ends one engagement, not the person; reopening gives it back to whoever had it."""

from __future__ import annotations

from uuid import UUID

from portal.errors import Conflict, Forbidden, Invalid
from portal.extensions import db
from portal.models import CloseReason, Lead, LeadState, TimelineKind, User
from portal.operations import contact_timer
from portal.operations.actors import Actor
from portal.operations.ending import take_back, withdraw_offers
from portal.operations.locking import lock_lead, lock_lead_and_pools, peek_lead, state_of
from portal.operations.reassigning import keep_with_owner
from portal.operations.transaction import operation
from portal.operations.waiting import drain_soon
from portal.operations.writes import Writes
from portal.permissions import is_masked
from portal.queries.clock import database_time
from portal.routing.facts import WaitingFor

MOST_NOTE = 2_000


@operation
def close(lead_id: UUID, *, reason: str, note: str | None, by: User) -> Lead:
    """Close a lead from any state. Running offers are withdrawn and their turns given back; a reassignment is cancelled
    before.

    Args:
        reason: one of CloseReason.
        note: what is still to be said; needed for the reason "other".

    Raises:
        Forbidden: the lead is masked for this user.
        Invalid: an unknown reason, or none given in words where it is "other".
        Conflict: it is closed already, for another reason.
    """
    why = _reason(reason, note)
    lead = lock_lead_and_pools(peek_lead(lead_id))
    _refuse_masked(lead, by)
    if lead.state == LeadState.CLOSED:
        if lead.close_reason == why:
            return lead
        raise Conflict(f"This lead is closed already, as {lead.close_reason}.")
    actor = Actor.user(by)
    keep_with_owner(lead, actor, "The lead was closed.")
    contact_timer.stop(by.company_id, [lead.id])
    writes = Writes(by.company_id, database_time())
    take_back(writes, lead.id, withdraw_offers(writes, lead.id, actor, "The lead was closed."))
    was = {"state": lead.state, "owner_id": lead.owner_id}
    said = f"Closed: {why.replace('_', ' ')}." + (f" {note}" if note else "")
    now = {"state": LeadState.CLOSED, "reason": why, "note": note}
    writes.record(lead.id, TimelineKind.CLOSED, actor, text=said, before=was, after=now)
    lead.state, lead.waiting_for, lead.alarmed_at = LeadState.CLOSED, None, None
    lead.held_until = lead.held_reason = None
    lead.closed_at = lead.last_activity_at = writes.at
    lead.closed_by, lead.close_reason, lead.close_note, lead.needs_attention = by.id, why, note, False
    db.session.flush()
    writes.flush()
    # Whoever had it is one lead further from their cap.
    drain_soon(by.company_id)
    return lead


@operation
def reopen(lead_id: UUID, *, by: User) -> Lead:
    """Open a closed lead again: its owner has it back, if still active; else it waits for a person.

    One that is open already is left as it is: a second press is the same act.

    Raises:
        Forbidden: it is masked for `by`.
    """
    lead = lock_lead(lead_id)
    _refuse_masked(lead, by)
    if lead.state != LeadState.CLOSED:
        return lead
    writes = Writes(by.company_id, database_time())
    owner = db.session.get(User, (by.company_id, lead.owner_id)) if lead.owner_id else None
    has_owner = owner is not None and owner.active
    was = {"state": lead.state, "owner_id": lead.owner_id, "reason": lead.close_reason}
    lead.state = LeadState.OWNED if has_owner else LeadState.UNASSIGNED
    lead.waiting_for = None if has_owner else WaitingFor.PERSON
    lead.owner_id = lead.owner_id if has_owner else None
    if owner is not None and has_owner:
        lead.team_id = owner.team_id or lead.team_id
    lead.closed_at = lead.closed_by = lead.close_reason = lead.close_note = None
    lead.last_activity_at = writes.at
    if has_owner:
        contact_timer.start(writes, lead.id, state_of(lead), since=lead.assigned_at)
    now = {"state": lead.state, "owner_id": lead.owner_id}
    said = f"Opened again, back to {owner.name}." if owner and has_owner else "Opened again, without an owner."
    writes.record(lead.id, TimelineKind.REOPENED, Actor.user(by), text=said, before=was, after=now)
    db.session.flush()
    writes.flush()
    return lead


def _refuse_masked(lead: Lead, by: User) -> None:
    """Who does not even see the customer has no business ending, or restarting, the work for them."""
    if is_masked(by, lead):
        raise Forbidden("This lead is on offer; only its owner or somebody who hands out leads may do this.")


def _reason(reason: str, note: str | None) -> CloseReason:
    try:
        why = CloseReason(reason)
    except ValueError:
        raise Invalid.field("reason", f"Choose one of {', '.join(CloseReason)}.") from None
    if why is CloseReason.OTHER and not (note or "").strip():
        raise Invalid.field("note", "Say in a few words why it is closed.")
    if note and len(note) > MOST_NOTE:
        raise Invalid.field("note", f"Keep it under {MOST_NOTE:,} characters.")
    return why
