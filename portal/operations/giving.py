"""Giving a new lead to somebody without playing a turn: named by the sender, or owner of the contact's last lead."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.models import Cause, LeadState, TimelineKind
from portal.operations.actors import Actor
from portal.operations.arrival import Arrival, Warned
from portal.operations.distribution import Round, used_of_locked
from portal.operations.routable import Routable
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.routing.caps import reached
from portal.routing.explain import ANOTHER
from portal.routing.gates import BEYOND_THE_POOL, refusal
from portal.routing.recognise import Recognised


@dataclass(frozen=True, slots=True)
class Given:
    """Who gets the lead at once, and why."""

    user_id: UUID
    name: str
    how: str

    @property
    def why(self) -> str:
        """One sentence."""
        return f"{self.name} {self.how}"

    def why_to(self, user_id: UUID) -> str:
        """The same for somebody who is told no names but their own."""
        return self.why if self.user_id == user_id else f"{ANOTHER} {self.how}"


def named_or_returning(arrival: Arrival) -> Given | None:
    """Whose the lead is without routing; None = nobody's, route it."""
    named = arrival.facts.assignee
    if named is not None and named.active and named.receives:
        return Given(named.user_id, named.name, "was named as the assignee.")
    previous = arrival.recognition.previous_owner
    if arrival.recognition.outcome is Recognised.RETURNING and previous is not None:
        return _previous_owner(arrival, previous)
    return None


def assignee_warnings(arrival: Arrival) -> tuple[Warned, ...]:
    """Why the named assignee did not get the lead, if one was named in vain."""
    named = arrival.facts.assignee
    if arrival.message.assignee is None or (named is not None and named.active and named.receives):
        return ()
    if named is None:
        return (("unknown_assignee", "There is no user with this id or e-mail address; the lead was routed."),)
    if not named.active:
        return (("inactive_assignee", "This user is no longer active; the lead was routed."),)
    return (("assignee_cannot_receive", "This user is in no role that receives leads; the lead was routed."),)


def give(round_: Round, lead: Routable, given: Given, by: Actor) -> None:
    """Make somebody the owner at once and tell them. The caller charges a turn where the company wants one."""
    writes = round_.writes
    after = {"state": LeadState.OWNED, "owner_id": given.user_id}
    entry = writes.record(lead.id, TimelineKind.ASSIGNED, by, text=given.why, before={"owner_id": None}, after=after)
    if by.id != given.user_id:
        writes.say(Cause.ASSIGNED, given.user_id, about=f"{entry}", lead_id=lead.id)
    lead.state |= {"state": LeadState.OWNED, "owner_id": given.user_id, "assigned_at": round_.at}


def _previous_owner(arrival: Arrival, user_id: UUID) -> Given | None:
    """The owner of the contact's last lead, if every gate but membership lets them through now."""
    setup = arrival.facts.setup
    person = routing_facts.person(arrival.holder.company_id, user_id, setup)
    facts = arrival.message.facts(arrival.points, None, setup.tagger)
    if person is None or refusal(person, facts, BEYOND_THE_POOL, policy=setup.policy, now=database_time()) is not None:
        return None
    if (person.open_cap is not None or person.caps) and not arrival.holder.named_counts_as_turn:
        # Others may give them a lead at this moment. (Where a pool has to be locked first, this look has to do.)
        used = used_of_locked(arrival.holder.company_id, user_id, None, setup)
        if used.open_leads >= (person.open_cap or used.open_leads + 1) or reached(used.caps):
            return None
    return Given(user_id, person.name, "had this contact's last lead.")
