"""Leads nobody has, by hand: somebody takes one, or sends it through the rules again."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from portal.errors import Conflict, Forbidden
from portal.extensions import db
from portal.models import Lead, LeadState, User
from portal.models.tenancy import working_company
from portal.operations import offers, reassignment_ends
from portal.operations.actors import Actor
from portal.operations.assignment import own
from portal.operations.distribution import Round, used_of_locked
from portal.operations.locking import lock_lead, peek_lead
from portal.operations.passing_on import round_of_pool, route_afresh
from portal.operations.transaction import operation
from portal.permissions import Right, may_hand_out, require, require_to_hand_out
from portal.queries import routing_facts
from portal.queries.ponds import open_last_call, pond_of, taken_today
from portal.queries.reassignments import running_of
from portal.queries.setup import Setup, setup_of
from portal.routing import pond
from portal.routing.facts import Candidate


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
    round_ = round_of_pool(setup.match(facts).pool_id, cause=f"routed again by {by.name}")
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
    """Take a lead oneself: out of a pond, in its last call, as a default assignee who was told of it, or with the right
    to assign.

    Raises:
        Forbidden: it is not theirs to take.
        Conflict: somebody was quicker, or they have as many leads as they may have.
    """
    require(by, Right.RECEIVE)
    called = open_last_call(lead_id, by.id)
    if called is not None:
        offers.accept(called, by=by)
        return lock_lead(lead_id)
    # Asked before the wait for the lock: whoever came second is told so.
    pond_id = pond_of(lead_id, by.id)
    is_theirs_to_take = pond_id is not None or may_hand_out(by, lead_id)
    # Pools before leads: the order of locks.
    round_ = round_of_pool(pond_id, cause=f"{by.name} took it from the pond") if pond_id else None
    lead = lock_lead(lead_id)
    if lead.state == LeadState.OWNED and lead.owner_id == by.id:
        return lead
    if lead.state == LeadState.OWNED and pond_id is None:
        raise Conflict("This lead is already taken.")
    if not is_theirs_to_take:
        raise Forbidden("This lead is not yours to take.")
    if lead.state not in (LeadState.UNASSIGNED, LeadState.OWNED):
        raise Conflict("This lead is not waiting to be taken.")
    if round_ is None:
        own(lead, by, Actor.user(by), f"{by.name} took it.")
    else:
        _take_from_pond(round_, lead, by)
    return lead


def _take_from_pond(round_: Round, lead: Lead, by: User) -> None:
    """A turn is charged, for the report: among those who could have taken it as well."""
    assert round_.pool is not None
    if pond_of(lead.id, by.id) != round_.pool.id:
        taken = lead.state == LeadState.OWNED
        raise Conflict("This lead is already taken." if taken else "This lead does not lie in your pond any more.")
    running = running_of([lead.id]).get(lead.id) if lead.state == LeadState.OWNED else None
    setup = setup_of(by.company_id)
    facts, _ = routing_facts.stored_leads(by.company_id, [lead.id], setup.tagger)[lead.id]
    facts = replace(facts, taken_from=running and running.owner_id)
    members = [_as_of_now(one, round_.pool.id, setup) if one.user_id == by.id else one for one in round_.pool.members]
    refused = dict(zip((one.user_id for one in members), pond.refusals(members, facts, setup.policy), strict=True))
    mine = refused[by.id]
    if mine is not None:
        raise Conflict(f"You cannot take this lead: you are {mine.reason}.")
    told = [user_id for user_id, refusal in refused.items() if refusal is None]
    said = f"{by.name} took it from the pond."
    if running is None:
        own(lead, by, Actor.user(by), said, writes=round_.writes)
    else:
        reassignment_ends.moved(round_.writes, running, by.id, Actor.user(by))
        own(lead, by, Actor.user(by), said, writes=round_.writes, came_by=running.pool_id)
    round_.charge(lead.id, by.id, told=told)
    round_.writes.served(by.id, round_.at)
    round_.writes.flush()


def _as_of_now(member: Candidate, pool_id: UUID, setup: Setup) -> Candidate:
    """A member with what is used of their caps and of the pond's limit, under the lock that makes both hold."""
    company_id = working_company()
    used = used_of_locked(company_id, member.user_id, pool_id, setup)
    taken = taken_today(company_id, pool_id, member.user_id, setup.policy.zone)
    as_used = replace(member, open_leads=used.open_leads, caps=used.caps, pool_caps=used.pool_caps)
    return pond.limited(as_used, taken.today, taken.limit)
