"""Messages that belong to a lead we have: a touch on an open lead, or an update by the sender's own id."""

from __future__ import annotations

from uuid import UUID

from portal.extensions import db
from portal.models import Cause, Lead, LeadState, TimelineKind, User
from portal.operations.arrival import Arrival, Taken, Warned
from portal.operations.distribution import alarm, managers
from portal.operations.giving import assignee_warnings
from portal.operations.locking import lock_lead
from portal.operations.new_leads import alias_row, contact_rows, touch_row
from portal.operations.writes import Row, Writes
from portal.queries import routing_facts


def attach(arrival: Arrival) -> Taken | None:
    """Record a message on the contact's open lead and tell its owner; None when the lead was closed meanwhile."""
    assert arrival.recognition.lead_id is not None
    lead = lock_lead(arrival.recognition.lead_id)
    if lead.state == LeadState.CLOSED:
        return None
    writes = _touched(arrival, lead, TimelineKind.TOUCH, "Wrote again.")
    alias_row(arrival, writes, lead.id)
    warnings: tuple[Warned, ...] = ()
    if arrival.message.assignee is not None:
        warnings = (("assignee_ignored", "The contact has an open lead already; a named assignee does not move it."),)
    return arrival.finish(_taken(arrival, lead, "attached", "Added to the contact's open lead.", warnings), writes)


def update(arrival: Arrival, lead_id: UUID) -> Taken:
    """Bring a lead up to date with what its sender now says of it. The owner stays."""
    lead = lock_lead(lead_id)
    changed = _changed_fields(arrival, lead)
    for column, value in changed.items():
        setattr(lead, column, value)
    text = f"Updated: {', '.join(sorted(changed)).replace('_', ' ')}." if changed else "Sent again, unchanged."
    writes = _touched(arrival, lead, TimelineKind.TOUCH, text)
    warnings = assignee_warnings(arrival)
    return arrival.finish(_taken(arrival, lead, "updated", "Updated by its external id.", warnings), writes)


def _touched(arrival: Arrival, lead: Lead, kind: TimelineKind, text: str) -> Writes:
    """What every further message of a lead leaves behind."""
    owner = _owner(lead)
    at = routing_facts.database_clock()
    lead.last_activity_at = at
    unattended = lead.state == LeadState.OWNED and owner is not None and not owner.active
    lead.needs_attention = lead.needs_attention or unattended
    lead.flags = [*lead.flags, *(code for code, _ in arrival.warnings if code not in lead.flags)]
    db.session.flush()
    writes = Writes(arrival.holder.company_id, at)
    contact_rows(arrival, writes, lead.contact_id)
    touch_row(arrival, writes, lead.id)
    entry = writes.record(lead.id, kind, arrival.by, text=text)
    if owner is not None and lead.state == LeadState.OWNED:
        if owner.active:
            writes.say(Cause.TOUCH, owner.id, about=f"{entry}", lead_id=lead.id)
        else:
            facts = {"reason": "owner_inactive", "owner": owner.name}
            alarm(writes, managers(lead.company_id), lead.id, facts, about=entry)
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
        "tags_found": list(dict.fromkeys([*lead.tags_found, *message.distinct_tags])),
    }
    return {column: value for column, value in given.items() if value is not None and value != getattr(lead, column)}


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
