"""Correcting what is known about a lead. Who owns it and where it stands is changed by other operations."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from portal.errors import Forbidden
from portal.extensions import db
from portal.models import Contact, Lead, LeadState, Source, TimelineKind, User, WorkKind, new_id
from portal.models.tenancy import working_company
from portal.operations.actors import Actor
from portal.operations.complaints import refuse_unknown
from portal.operations.locking import lock_lead
from portal.operations.seen import mark, refuse_stale
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.permissions import may_hand_out
from portal.queries.clock import database_time
from portal.queries.setup import setup_of
from portal.routing.facts import LeadFacts, WaitingFor
from portal.routing.lead_tags import tagged, tags_held

OF_LEAD = frozenset({"text", "source", "lead_type", "language", "fields", "location", "price"})
OF_CONTACT = frozenset({"name"})
OF_CONTENT = frozenset({"text", "source", "lead_type", "fields", "location"})
"""What tags are looked for in."""


@operation
def change_lead(lead_id: UUID, changes: Mapping[str, Any], *, by: User, seen: str | None = None) -> Lead:
    """Change some of what is known about a lead; an entry in its timeline keeps both values.

    Args:
        changes: columns of the lead (OF_LEAD), and the contact's `name`; types already checked.
        seen: how it looked to `by`, as `mark_of` has it; None = they did not look.

    Raises:
        NotFound: no such lead.
        Forbidden: it is neither theirs nor theirs to hand out.
        Invalid: no such column.
        Conflict: somebody changed it since it was seen.
    """
    refuse_unknown(changes, OF_LEAD | OF_CONTACT)
    lead = lock_lead(lead_id)
    if lead.owner_id != by.id and not may_hand_out(by, lead_id):
        raise Forbidden("Only the lead's owner or somebody who hands out leads may change it.")
    contact = db.session.get_one(Contact, (lead.company_id, lead.contact_id))
    now = _facts(lead, contact)
    refuse_stale(seen, SimpleNamespace(**now), now)
    rows = {name: contact if name in OF_CONTACT else lead for name in changes}
    before = {name: getattr(rows[name], name) for name, value in changes.items() if getattr(rows[name], name) != value}
    if not before:
        return lead
    after = {name: changes[name] for name in before}
    for name, value in after.items():
        setattr(rows[name], name, value)
    if OF_CONTENT & after.keys():
        _find_tags(lead)
    if after.get("source"):
        _make_source(lead.company_id, after["source"])
    writes = Writes(lead.company_id, database_time())
    said = f"Changed {', '.join(name.replace('_', ' ') for name in sorted(after))}."
    if lead.state == LeadState.UNASSIGNED and lead.waiting_for == WaitingFor.ROUTING:
        writes.work(WorkKind.DRAIN, lead.company_id, writes.at)
    writes.record(lead.id, TimelineKind.STATUS, Actor.user(by), text=said, before=before, after=after)
    lead.last_activity_at = writes.at
    db.session.flush()
    writes.flush()
    return lead


def mark_of(lead_id: UUID) -> str:
    """How what may be changed on a lead looks now, for `change_lead` to compare."""
    lead = db.session.get_one(Lead, (working_company(), lead_id))
    return mark(_facts(lead, db.session.get_one(Contact, (lead.company_id, lead.contact_id))))


def _facts(lead: Lead, contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact if name in OF_CONTACT else lead, name) for name in sorted(OF_LEAD | OF_CONTACT)}


def _find_tags(lead: Lead) -> None:
    """Look for tags in what it says now; those it had were sent along, or people went by them, and stay."""
    tagger = setup_of(lead.company_id).tagger
    content = LeadFacts(
        text=lead.text or "",
        source=lead.source,
        lead_type=lead.lead_type,
        fields=lead.fields,
        location=lead.location or {},
    )
    lead.tags_found = tags_held(lead.tags_found, tagged(content, tagger).found)


def _make_source(company_id: UUID, name: str) -> None:
    db.session.execute(insert(Source).values(company_id=company_id, id=new_id(), name=name).on_conflict_do_nothing())
