"""Giving a new lead to somebody without playing a turn: named by the sender, or owner of the contact's last lead."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.extensions import db
from portal.models import Cause, LeadState, TimelineKind
from portal.operations.actors import Actor
from portal.operations.arrival import Arrival, Warned
from portal.operations.distribution import Round, Routable
from portal.permissions import RECEIVING_ROLES
from portal.routing.recognise import Recognised


@dataclass(frozen=True, slots=True)
class Given:
    """Who gets the lead at once, and why."""

    user_id: UUID
    why: str


def named_or_returning(arrival: Arrival) -> Given | None:
    """Whose the lead is without routing; None = nobody's, route it."""
    named = arrival.facts.assignee
    if named is not None and named.active and named.receives:
        return Given(named.user_id, f"{named.name} was named as the assignee.")
    previous = arrival.recognition.previous_owner
    if arrival.recognition.outcome is Recognised.RETURNING and previous is not None:
        return _previous_owner(arrival.holder.company_id, previous)
    return None


def assignee_warnings(arrival: Arrival) -> tuple[Warned, ...]:
    """Why the named assignee did not get the lead, if one was named in vain."""
    named = arrival.facts.assignee
    if arrival.message.assignee is None or (named is not None and named.active and named.receives):
        return ()
    if named is None:
        return (("unknown_assignee", "There is no user with this id or e-mail address; the lead was routed."),)
    if not named.active:
        return (("inactive_assignee", f"{named.name} is no longer active; the lead was routed."),)
    return (("assignee_cannot_receive", f"{named.name} is in no role that receives leads; the lead was routed."),)


def give(round_: Round, lead: Routable, given: Given, by: Actor) -> None:
    """Make somebody the owner at once and tell them. The caller charges a turn where the company wants one."""
    writes = round_.writes
    after = {"owner_id": given.user_id}
    entry = writes.record(lead.id, TimelineKind.ASSIGNED, by, text=given.why, before={"owner_id": None}, after=after)
    if by.id != given.user_id:
        writes.say(Cause.ASSIGNED, given.user_id, about=f"{entry}", lead_id=lead.id)
    lead.state |= {"state": LeadState.OWNED, "owner_id": given.user_id, "assigned_at": round_.at}


def _previous_owner(company_id: UUID, user_id: UUID) -> Given | None:
    row = (
        db.session.connection()
        .exec_driver_sql(
            "SELECT name FROM users WHERE company_id = %(company)s AND id = %(user)s "
            "AND active AND available AND roles && %(roles)s",
            {"company": company_id, "user": user_id, "roles": list(RECEIVING_ROLES)},
        )
        .one_or_none()
    )
    return None if row is None else Given(user_id, f"{row[0]} had this contact's last lead.")
