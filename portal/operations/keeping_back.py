"""New leads that are not handed out yet: the block list stops them."""

from __future__ import annotations

from dataclasses import dataclass

from portal.models import LeadState, TimelineKind
from portal.operations.actors import SYSTEM
from portal.operations.arrival import Arrival
from portal.operations.distribution import Round, Routable
from portal.operations.writes import Row
from portal.routing.facts import LeadFacts


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a lead is kept, and why."""

    outcome: str
    why: str
    kind: TimelineKind
    state: Row


def stop_for(arrival: Arrival, facts: LeadFacts) -> Stop | None:
    """What keeps a new lead, which nobody is named for, from being handed out; None = nothing does."""
    keys = [point.key for point in arrival.points if point.key is not None]
    blocked = arrival.facts.setup.quarantine.blocks(facts, keys)
    if blocked is not None:
        why = f"Quarantined: {blocked} is on the block list."
        return Stop("quarantined", why, TimelineKind.QUARANTINED, {"state": LeadState.QUARANTINED})
    return None


def keep_back(round_: Round, lead: Routable, stop: Stop) -> None:
    """Put a new lead where it is kept. The round is in no pool: no turn is played."""
    lead.state |= stop.state
    round_.writes.record(lead.id, stop.kind, SYSTEM, text=stop.why, after=stop.state)
