"""A lead on its way through routing, with what its row says and shall say."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from portal.models import LeadState
from portal.models.lead import LEAD_STATE_COLUMNS
from portal.operations.writes import Row
from portal.queries.reassignments import Running
from portal.queries.routing_facts import History
from portal.routing.facts import LeadFacts, RuleMatch

ON_OFFER: Row = {"state": LeadState.OFFERING, "owner_id": None, "was_offered": True}


@dataclass(slots=True)
class Routable:
    """A lead on its way through routing.

    `state` holds the columns of LEAD_STATE_COLUMNS as they are now, and after the round as they shall be. For a lead
    that is not stored yet (`is_new`) the caller writes the row; otherwise the round writes the change.
    """

    facts: LeadFacts
    match: RuleMatch
    state: Row
    history: History = field(default_factory=History)
    is_new: bool = False
    # The reassignment that hands it out; it has an owner all the while.
    running: Running | None = None

    def goes_on_offer(self) -> None:
        """Somebody may accept it from now on. An owner keeps it until then."""
        if self.running is None:
            self.state |= ON_OFFER

    @property
    def id(self) -> UUID:
        if self.facts.id is None:
            raise ValueError("only leads that exist are handed out; a preview asks routing itself")
        return self.facts.id


def fresh_state() -> Row:
    """The state columns of a lead that was never handed out."""
    return dict.fromkeys(LEAD_STATE_COLUMNS) | {"state": None, "was_offered": False}
