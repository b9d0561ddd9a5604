"""Waiting leads, by hand: somebody takes one, or sends it through the rules again."""

from __future__ import annotations

from uuid import UUID

from portal.errors import Conflict, Forbidden
from portal.extensions import db
from portal.models import Lead, LeadState, User
from portal.operations.actors import Actor
from portal.operations.assignment import own
from portal.operations.locking import lock_lead, peek_lead
from portal.operations.passing_on import round_of_pool, route_afresh
from portal.operations.transaction import operation
from portal.permissions import Right, may_hand_out, require, require_to_hand_out
from portal.queries import routing_facts
from portal.queries.setup import setup_of


@operation
def route_again(lead_id: UUID, *, by: User) -> Lead:
    """Send an unassigned lead through the rules again. Who was asked before is not asked again.

    Raises:
        Forbidden: without the right to assign, but for a lead that waits for them as its pool's default assignee.
        Conflict: it is not waiting.
    """
    require_to_hand_out(by, lead_id)
    setup = setup_of(by.company_id)
    facts, _ = routing_facts.stored_leads(by.company_id, [peek_lead(lead_id).id], setup.tagger)[lead_id]
    rule = setup.match(facts).rule
    round_ = round_of_pool(rule.pool_id if rule else None, cause=f"routed again by {by.name}")
    lead = lock_lead(lead_id)
    require_to_hand_out(by, lead_id)
    if lead.state != LeadState.UNASSIGNED:
        raise Conflict("Only an unassigned lead can be routed; take it back from its owner first.")
    decided = lead.decision_id
    route_afresh(round_, [lead.id])
    round_.writes.flush()
    db.session.refresh(lead)
    if lead.decision_id == decided:
        raise Conflict("The rules were changed at this moment. Please send it again.")
    db.session.refresh(lead)
    return lead


@operation
def take(lead_id: UUID, *, by: User) -> Lead:
    """Take a waiting lead oneself: a default assignee who was told of it, or somebody with the right to assign.

    Raises:
        Forbidden: it is not theirs to take.
        Conflict: somebody was quicker.
    """
    require(by, Right.RECEIVE)
    # Asked before the wait for the lock: whoever was called and came second is told so.
    is_theirs_to_take = may_hand_out(by, lead_id)
    lead = lock_lead(lead_id)
    if lead.state == LeadState.OWNED and lead.owner_id == by.id:
        return lead
    if not is_theirs_to_take:
        raise Forbidden("This lead waits for its pool's default assignees.")
    if lead.state != LeadState.UNASSIGNED:
        raise Conflict("This lead is already taken." if lead.owner_id else "This lead is not waiting to be taken.")
    own(lead, by, Actor.user(by), f"{by.name} took it.")
    return lead
