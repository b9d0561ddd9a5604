"""Messages that belong to a lead we have: a touch on an open lead, or an update by the sender's own id."""

from __future__ import annotations

from uuid import UUID

from portal.extensions import db
from portal.models import Cause, Contact, Lead, LeadState, TimelineKind, User, WorkKind
from portal.operations.arrival import Arrival, Taken, Warned
from portal.operations.assignment import charged_pool, hand_over
from portal.operations.consequences import alarm
from portal.operations.giving import assignee_warnings
from portal.operations.locking import lock_lead, lock_lead_and_pools, peek_lead
from portal.operations.new_leads import alias_row, contact_rows, tag_rows, touch_row
from portal.operations.reassigning import is_being_reassigned
from portal.operations.waiting import drain_soon
from portal.operations.writes import Row, Writes
from portal.queries.clock import database_time
from portal.queries.leaves import stand_ins_of
from portal.queries.managers import managers_of_owned
from portal.routing.facts import WaitingFor
from portal.routing.lead_tags import tags_held


def attach(arrival: Arrival) -> Taken | None:
    """Record a message on the contact's open lead and tell its owner; None when the lead was closed meanwhile."""
    assert arrival.recognition.lead_id is not None
    connection = db.session.connection()
    connection.exec_driver_sql("SAVEPOINT attaching")
    lead = lock_lead(arrival.recognition.lead_id)
    if lead.state == LeadState.CLOSED:
        # The lead's lock goes with it: a pool may be locked next, and pools come before leads.
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT attaching")
        return None
    writes = _touched(arrival, lead, arrival.message.text or "Wrote again, without a text.")
    alias_row(arrival, writes, lead.id)
    warnings: tuple[Warned, ...] = ()
    if arrival.message.assignee is not None:
        warnings = (("assignee_ignored", "The contact has an open lead already; a named assignee does not move it."),)
    return arrival.finish(_taken(arrival, lead, "attached", "Added to the contact's open lead.", warnings), writes)


def update(arrival: Arrival, lead_id: UUID) -> Taken:
    """Bring a lead up to date with what its sender now says of it. The owner stays, unless asked to `reassign`."""
    receiver = _receiver(arrival)
    lead = _locked_to_move(lead_id, receiver, arrival) if receiver else lock_lead(lead_id)
    changed = _changed_fields(arrival, lead)
    for column, value in changed.items():
        setattr(lead, column, value)
    changed |= _corrected_name(arrival, lead)
    text = f"Updated: {', '.join(sorted(changed)).replace('_', ' ')}." if changed else "Sent again, unchanged."
    writes = _touched(arrival, lead, text)
    warnings = assignee_warnings(arrival) or _stays(arrival, lead)
    return arrival.finish(_taken(arrival, lead, "updated", "Updated by its external id.", warnings), writes)


def _receiver(arrival: Arrival) -> User | None:
    """Whom the sender moves the lead to."""
    named = arrival.facts.assignee
    if not arrival.message.reassign or named is None or not (named.active and named.receives):
        return None
    return db.session.get(User, (arrival.holder.company_id, named.user_id))


def _locked_to_move(lead_id: UUID, receiver: User, arrival: Arrival) -> Lead:
    """The lead, locked and with the user its sender named; a closed one stays as it is."""
    seen = peek_lead(lead_id)
    charged = charged_pool(seen)
    lead = lock_lead_and_pools(seen, charged)
    if lead.state != LeadState.CLOSED and lead.owner_id != receiver.id and not is_being_reassigned(lead):
        hand_over(lead, receiver, arrival.by, f"{receiver.name} was named as the assignee.", charged)
        # The former owner is one lead further from their cap.
        drain_soon(lead.company_id)
    return lead


def _corrected_name(arrival: Arrival, lead: Lead) -> Row:
    contact = db.session.get_one(Contact, (lead.company_id, lead.contact_id))
    name = arrival.message.name
    if not name or name == contact.name:
        return {}
    contact.name = name
    return {"name": name}


def _stays(arrival: Arrival, lead: Lead) -> tuple[Warned, ...]:
    """A named assignee who is not the owner after all."""
    named = arrival.facts.assignee
    if named is None or named.user_id == lead.owner_id:
        return ()
    if lead.state == LeadState.CLOSED:
        return (("assignee_ignored", "The lead is closed; a named assignee does not open it."),)
    if is_being_reassigned(lead):
        return (("assignee_ignored", "The lead is being reassigned; a named assignee does not end that."),)
    return (("assignee_ignored", "The lead stays where it is; send “reassign”: true to move it."),)


def _touched(arrival: Arrival, lead: Lead, text: str) -> Writes:
    """What every further message of a lead leaves behind; `text` is what the timeline tells of it."""
    owner = _owner(lead)
    at = database_time()
    lead.last_activity_at = at
    unattended = lead.state == LeadState.OWNED and owner is not None and not owner.active
    lead.needs_attention = lead.needs_attention or unattended
    lead.tags_found = _tags_with(arrival, lead)
    lead.flags = [*lead.flags, *(code for code, _ in arrival.warnings if code not in lead.flags)]
    db.session.flush()
    writes = Writes(arrival.holder.company_id, at)
    contact_rows(arrival, writes, lead.contact_id)
    touch_row(arrival, writes, lead.id)
    tag_rows(writes, arrival.message.facts((), lead.id, arrival.facts.setup.tagger))
    if lead.state == LeadState.UNASSIGNED and lead.waiting_for == WaitingFor.ROUTING:
        # What it says now may fit somebody.
        writes.work(WorkKind.DRAIN, lead.company_id, at)
    entry = writes.record(lead.id, TimelineKind.TOUCH, arrival.by, text=text)
    if owner is not None and lead.state == LeadState.OWNED:
        if owner.active:
            writes.say(Cause.TOUCH, owner.id, about=f"{entry}", lead_id=lead.id)
            for stand_in in stand_ins_of(owner):
                why = f"You stand in for {owner.name}, who is away."
                writes.say(Cause.TOUCH, stand_in.id, about=f"{entry}", lead_id=lead.id, facts={"why": why})
        else:
            facts = {"reason": "owner_inactive", "owner": owner.name}
            alarm(writes, managers_of_owned(lead), lead.id, facts, about=entry)
    return writes


def _changed_fields(arrival: Arrival, lead: Lead) -> Row:
    """What the sender gives replaces what was there; what the sender leaves out stays."""
    message = arrival.message
    given: Row = {
        "text": message.text,
        "lead_type": message.lead_type,
        "language": message.language,
        "location": message.location,
        "price": message.price,
        "fields": {**lead.fields, **message.fields},
        "tags_found": _tags_with(arrival, lead),
    }
    return {column: value for column, value in given.items() if value is not None and value != getattr(lead, column)}


def _tags_with(arrival: Arrival, lead: Lead) -> list[str]:
    """The lead's tags and those of the message."""
    facts = arrival.message.facts((), lead.id, arrival.facts.setup.tagger)
    return tags_held([*lead.tags_found, *facts.tags], facts.found)


def _owner(lead: Lead) -> User | None:
    return db.session.get(User, (lead.company_id, lead.owner_id)) if lead.owner_id else None


def _taken(arrival: Arrival, lead: Lead, outcome: str, reason: str, warnings: tuple[Warned, ...]) -> Taken:
    return Taken(
        lead_id=lead.id,
        contact_id=lead.contact_id,
        state=lead.state,
        waiting_for=lead.waiting_for,
        owner_id=lead.owner_id,
        outcome=outcome,
        reason=reason,
        created=False,
        tags_found=tuple(lead.tags_found),
        decision_id=lead.decision_id,
        pool_id=lead.pool_id,
        rule_id=lead.rule_id,
        warnings=arrival.warnings + warnings,
    )
