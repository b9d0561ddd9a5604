"""Handing out by hand: assign, reassign, take back. Somebody who may hand out leads decides; no turn is played."""

from __future__ import annotations

from uuid import UUID

from portal.errors import Conflict, Invalid
from portal.extensions import db
from portal.models import Cause, Company, Lead, LeadState, TimelineKind, User
from portal.models.tenancy import working_company
from portal.operations import contact_timer
from portal.operations.actors import Actor
from portal.operations.consequences import change_lead
from portal.operations.ending import take_back, withdraw_offers
from portal.operations.locking import lock_lead_and_pools, peek_lead, state_of
from portal.operations.passing_on import round_of_pool
from portal.operations.reassigning import refuse_while_running
from portal.operations.transaction import operation
from portal.operations.waiting import drain_soon
from portal.operations.writes import Row, Writes
from portal.permissions import Right, require_to_hand_out, rights_of
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.setup import setup_of
from portal.routing.facts import WaitingFor


@operation
def assign(lead_id: UUID, user_id: UUID | None, *, by: User) -> Lead:
    """Give a lead to a user, or with None back to Unassigned, at once.

    Assigning the owner again changes nothing, nor does taking back what nobody owns.

    Running offers of the lead are withdrawn and their turns given back.

    Raises:
        Forbidden: without the right to assign, but for a lead that waits for them as its pool's default assignee.
        NotFound: no such lead.
        Invalid: no such user, or one who cannot receive leads.
        Conflict: the lead is closed, or being reassigned.
    """
    require_to_hand_out(by, lead_id)
    receiver = _receiver(user_id) if user_id is not None else None
    seen = peek_lead(lead_id)
    charged = charged_pool(seen) if receiver else None
    lead = lock_lead_and_pools(seen, charged)
    # Somebody else may have dealt with it while this waited.
    require_to_hand_out(by, lead_id)
    if lead.state == LeadState.CLOSED:
        raise Conflict("This lead is closed; reopen it first.")
    if lead.owner_id == user_id:
        return lead
    refuse_while_running(lead)
    if receiver is None:
        put_aside(lead, Actor.user(by), f"{by.name} took it back.")
    else:
        # Locked last, like every member: somebody who leaves at this moment keeps no lead that way.
        receiver = _receiver(receiver.id, locked=True)
        hand_over(lead, receiver, Actor.user(by), f"{by.name} gave it to {receiver.name}.", charged)
    # The former owner is one lead further from their cap.
    drain_soon(by.company_id)
    return lead


def hand_over(lead: Lead, receiver: User, by: Actor, said: str, charged: UUID | None) -> None:
    """Make a user the owner, and charge them a turn in `charged`, a pool locked by this transaction like the lead."""
    round_ = round_of_pool(charged, cause="handed out by hand") if charged else None
    own(lead, receiver, by, said, writes=round_.writes if round_ else None)
    if round_ is not None:
        round_.charge(lead.id, receiver.id)
        round_.writes.flush()


def own(
    lead: Lead, receiver: User, by: Actor, said: str, *, writes: Writes | None = None, came_by: UUID | None = None
) -> None:
    """Make a user the owner of a lead, locked by this transaction, whatever state it was in.

    Args:
        came_by: the pool that is the lead's from now on; None = it stays the one it was.
    """
    writes = writes or Writes(lead.company_id, database_time())
    former = lead.owner_id
    _withdraw(writes, lead, by, f"{said} The offer was withdrawn.", receiver.id)
    entry = _record(writes, lead, TimelineKind.ASSIGNED, by, said, owner_id=receiver.id)
    if by.id != receiver.id:
        writes.say(Cause.ASSIGNED, receiver.id, about=f"{entry}", lead_id=lead.id)
    _tell_former(writes, lead, former, by, entry)
    change: Row = {"state": LeadState.OWNED, "owner_id": receiver.id, "assigned_at": writes.at}
    if came_by is not None and came_by != lead.pool_id:
        change |= {"pool_id": came_by, "rule_id": None}
    _finish(writes, lead, change | {"waiting_for": None, "alarmed_at": None})


def put_aside(lead: Lead, by: Actor, said: str) -> None:
    """Leave a lead, locked by this transaction, in Unassigned for a person: calm, and never routed by itself."""
    writes = Writes(lead.company_id, database_time())
    former = lead.owner_id
    contact_timer.stop(lead.company_id, [lead.id])
    _withdraw(writes, lead, by, said)
    entry = _record(writes, lead, TimelineKind.UNASSIGNED, by, said, owner_id=None)
    _tell_former(writes, lead, former, by, entry)
    calm = {"state": LeadState.UNASSIGNED, "waiting_for": WaitingFor.PERSON, "alarmed_at": None}
    _finish(writes, lead, calm | {"owner_id": None, "assigned_at": None})


def _receiver(user_id: UUID, *, locked: bool = False) -> User:
    lock = {"key_share": True} if locked else None
    user = db.session.get(User, (working_company(), user_id), with_for_update=lock, populate_existing=locked)
    if user is None:
        raise Invalid.field("user_id", "There is no such user.")
    if Right.RECEIVE not in rights_of(user):
        why = "is no longer active" if not user.active else "is in no role that receives leads"
        raise Invalid.field("user_id", f"{user.name} {why}; choose somebody else.")
    return user


def charged_pool(lead: Lead) -> UUID | None:
    """The pool the rules name, when the company counts hand-outs as turns."""
    company = db.session.get(Company, lead.company_id)
    if company is None or not company.named_counts_as_turn:
        return None
    setup = setup_of(lead.company_id)
    facts, _ = routing_facts.stored_leads(lead.company_id, [lead.id], setup.tagger)[lead.id]
    return setup.match(facts).pool_id


def _withdraw(writes: Writes, lead: Lead, by: Actor, reason: str, receiver: UUID | None = None) -> None:
    take_back(writes, lead.id, withdraw_offers(writes, lead.id, by, reason), receiver=receiver)


def _record(writes: Writes, lead: Lead, kind: TimelineKind, by: Actor, said: str, *, owner_id: UUID | None) -> UUID:
    before = {"state": lead.state, "owner_id": lead.owner_id}
    after = {"state": LeadState.OWNED if owner_id else LeadState.UNASSIGNED, "owner_id": owner_id}
    return writes.record(lead.id, kind, by, text=said, before=before, after=after)


def _tell_former(writes: Writes, lead: Lead, former: UUID | None, by: Actor, entry: UUID) -> None:
    if former is not None and former != by.id:
        writes.say(Cause.REASSIGNED_AWAY, former, about=f"{entry}", lead_id=lead.id)


def _finish(writes: Writes, lead: Lead, change: Row) -> None:
    # Somebody has looked after it.
    lead.needs_attention = False
    db.session.flush()
    change_lead(writes, lead.id, state_of(lead) | change)
    writes.flush()
    db.session.refresh(lead)
