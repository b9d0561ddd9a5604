"""New leads that are not handed out yet: the block list stops them, or they are held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.models import LeadState, TimelineKind, WorkKind
from portal.operations.actors import SYSTEM
from portal.operations.consequences import LOOK_AGAIN
from portal.operations.contact_points import ContactPoint
from portal.operations.distribution import Round
from portal.operations.routable import Routable
from portal.operations.writes import Row
from portal.queries.clock import database_time
from portal.queries.setup import Setup
from portal.routing.facts import LeadFacts
from portal.routing.holding import HeldFor, Holding


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a lead is kept, and why."""

    outcome: str
    why: str
    kind: TimelineKind
    state: Row


def stop_for(setup: Setup, points: Iterable[ContactPoint], facts: LeadFacts) -> Stop | None:
    """What keeps a new lead, which nobody is named for, from being handed out; None = nothing does."""
    keys = [point.key for point in points if point.key is not None]
    blocked = setup.quarantine.blocks(facts, keys)
    if blocked is not None:
        why = f"Quarantined: {blocked} is on the block list."
        return Stop("quarantined", why, TimelineKind.QUARANTINED, {"state": LeadState.QUARANTINED})
    return _hold(setup.holding)


def _hold(holding: Holding) -> Stop | None:
    if not (holding.intercept or holding.depends_on_time):
        # Most companies hold nothing, and do without a question to the clock.
        return None
    hold = holding.hold(database_time())
    if hold is None:
        return None
    state = {"state": LeadState.HELD, "held_reason": hold.reason, "held_until": hold.until}
    return Stop("held", _WHY[hold.reason], TimelineKind.HELD, state)


_WHY = {
    HeldFor.INTERCEPT: "Held until a manager lets it go.",
    HeldFor.HOURS: "Held: it came in outside the opening hours.",
}


def keep_back(round_: Round, lead: Routable, stop: Stop) -> None:
    """Put a new lead where it is kept. The round is in no pool: no turn is played."""
    lead.state |= stop.state
    round_.writes.record(lead.id, stop.kind, SYSTEM, text=stop.why, after=stop.state)
    if lead.state["state"] == LeadState.HELD:
        # Looked at soon, not at opening: the settings it was held by may be changed in this very moment, and whoever
        # plans anew by the changed ones does not see this lead yet.
        round_.writes.work(WorkKind.RELEASE, round_.company_id, round_.at + LOOK_AGAIN)
