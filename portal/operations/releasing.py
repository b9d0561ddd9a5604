"""Letting go of leads that are kept back: they go through the rules then, like a lead that comes in."""

from __future__ import annotations

from uuid import UUID

from portal.errors import Conflict
from portal.extensions import db
from portal.models import Lead, LeadState, TimelineKind, User, WorkKind
from portal.operations.actors import Actor
from portal.operations.consequences import LOOK_AGAIN, change_lead
from portal.operations.distribution import Round
from portal.operations.locking import lock_lead, peek_lead, state_of
from portal.operations.passing_on import round_of_pool, route_afresh
from portal.operations.transaction import operation
from portal.permissions import Right, require
from portal.queries import routing_facts
from portal.queries.setup import setup_of
from portal.routing.facts import WaitingFor

KEPT_BACK = (LeadState.HELD, LeadState.QUARANTINED)


@operation
def release(lead_id: UUID, *, by: User) -> Lead:
    """Let one lead go, whatever keeps it: the rules say who gets it.

    Raises:
        Forbidden: without the right to assign.
        NotFound: no such lead.
        Conflict: nothing keeps it back.
    """
    require(by, Right.ASSIGN)
    said = f"{by.name} let it go."
    round_ = round_for(by.company_id, peek_lead(lead_id), cause=f"let go by {by.name}")
    lead = lock_lead(lead_id)
    if lead.state not in KEPT_BACK:
        raise Conflict("This lead is neither held nor quarantined.")
    let_go(round_, lead, Actor.user(by), said)
    db.session.refresh(lead)
    return lead


def round_for(company_id: UUID, lead: Lead, *, cause: str) -> Round:
    """A round in the pool the rules name for a lead that is not locked yet."""
    setup = setup_of(company_id)
    facts, _ = routing_facts.stored_leads(company_id, [lead.id], setup.tagger)[lead.id]
    return round_of_pool(setup.match(facts).pool_id, cause=cause)


def let_go(round_: Round, lead: Lead, by: Actor, said: str) -> None:
    """Hand out a lead that is kept back, locked by this transaction after the round's pool."""
    writes = round_.writes
    before = {"state": lead.state}
    # Should the rules name another pool by now, or routing fail, it waits for a moment like any lead.
    waits = {"state": LeadState.UNASSIGNED, "waiting_for": WaitingFor.ROUTING}
    writes.record(lead.id, TimelineKind.RELEASED, by, text=said, before=before, after=waits)
    writes.work(WorkKind.DRAIN, lead.company_id, round_.at + LOOK_AGAIN)
    change_lead(writes, lead.id, state_of(lead) | waits | {"alarmed_at": round_.at})
    writes.flush()
    route_afresh(round_, [lead.id])
    writes.flush()
