"""A lead as one user may see it.

What is masked for the viewer is left out by the database itself: it never reaches this process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, false, func, literal_column, null, select, true

from portal.models import Contact, Lead, Pool, User
from portal.permissions import in_assigned, in_closed, in_mine, unmasked_leads
from portal.queries.buckets import Bucket
from portal.queries.contacts import ContactView, contact_view, keys_of_lead
from portal.queries.paging import Statement

# What of a place may be told before a lead is owned: the area, never the address or the spot on the map. A postcode
# can name a single house, so it is told only where no town is known.
AREA_PARTS = ("city", "region", "country", "postcode")


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead as one user may see it.

    While `masked`, everything of the customer is None or empty: contact, text, fields, external id, flags, note; and
    `location` holds the area only.
    """

    id: UUID
    state: str
    waiting_for: str | None
    held_until: datetime | None
    held_reason: str | None
    needs_attention: bool
    masked: bool
    bucket: str
    owner_id: UUID | None
    owner_name: str | None
    owner_active: bool | None
    team_id: UUID | None
    pool_id: UUID | None
    pool_name: str | None
    rule_id: UUID | None
    decision_id: UUID | None
    source: str | None
    channel: str
    lead_type: str | None
    language: str | None
    price: dict[str, Any] | None
    location: dict[str, Any] | None
    tags_found: list[str]
    alarmed_at: datetime | None
    created_at: datetime
    received_at: datetime | None
    last_activity_at: datetime
    assigned_at: datetime | None
    closed_at: datetime | None
    close_reason: str | None
    close_note: str | None
    external_id: str | None
    text: str | None
    fields: dict[str, Any]
    flags: list[str]
    contact: ContactView | None

    @property
    def called(self) -> str:
        """What to call the lead on pages: its customer, or what is known without naming them."""
        if self.contact is not None:
            return self.contact.called
        return called_without_customer(self.lead_type, (self.location or {}).get("city"))


def called_without_customer(lead_type: str | None, city: str | None) -> str:
    """A lead in words that name nobody: "Roofing in Leeds"."""
    kind = lead_type or "Lead"
    return f"{kind} in {city}" if city else kind


def area_of(location: dict[str, Any] | None) -> dict[str, Any] | None:
    """A place without its address."""
    if location is None:
        return None
    known = {part: location[part] for part in AREA_PARTS if location.get(part)}
    if "city" in known:
        known.pop("postcode", None)
    return known


def views_for(user: User) -> Statement:
    """One row per lead, with the customer's columns NULL where they are masked for the user."""
    shown = unmasked_leads(user)

    def only_shown(column: Any) -> ColumnElement[Any]:
        return column if shown is true() else case((shown, column), else_=null())

    return (
        select(
            Lead.id,
            Lead.state,
            Lead.waiting_for,
            Lead.held_until,
            Lead.held_reason,
            Lead.needs_attention,
            # No owner is NULL, and so is every comparison with them.
            (~func.coalesce(shown, false())).label("masked"),
            _bucket_for(user).label("bucket"),
            Lead.owner_id,
            User.name.label("owner_name"),
            User.active.label("owner_active"),
            Lead.team_id,
            Lead.pool_id,
            Pool.name.label("pool_name"),
            Lead.rule_id,
            Lead.decision_id,
            Lead.source,
            Lead.channel,
            Lead.lead_type,
            Lead.language,
            Lead.price,
            case((shown, Lead.location), else_=_area()).label("location"),
            Lead.tags_found,
            Lead.alarmed_at,
            Lead.created_at,
            Lead.received_at,
            Lead.last_activity_at,
            Lead.assigned_at,
            Lead.closed_at,
            Lead.close_reason,
            only_shown(Lead.close_note).label("close_note"),
            only_shown(Lead.external_id).label("external_id"),
            only_shown(Lead.text).label("text"),
            only_shown(Lead.fields).label("fields"),
            only_shown(Lead.flags).label("flags"),
            only_shown(Lead.contact_id).label("contact_id"),
            only_shown(Contact.name).label("contact_name"),
            only_shown(keys_of_lead()).label("contact_keys"),
        )
        .join(Contact, (Contact.company_id == Lead.company_id) & (Contact.id == Lead.contact_id))
        .outerjoin(User, (User.company_id == Lead.company_id) & (User.id == Lead.owner_id))
        .outerjoin(Pool, (Pool.company_id == Lead.company_id) & (Pool.id == Lead.pool_id))
    )


def _bucket_for(user: User) -> ColumnElement[str]:
    return case(
        (in_closed(), Bucket.CLOSED.value),
        (in_mine(user), Bucket.MINE.value),
        (in_assigned(user), Bucket.ASSIGNED.value),
        else_=Bucket.UNASSIGNED.value,
    )


def _area() -> ColumnElement[Any]:
    """The parts `area_of` picks from, in the database."""
    parts = [part for name in AREA_PARTS for part in (literal_column(f"'{name}'"), Lead.location[name])]
    return case((Lead.location.is_not(None), func.jsonb_strip_nulls(func.jsonb_build_object(*parts))), else_=null())


def view_of(row: Row[Any]) -> LeadView:
    """A row of `views_for` as the object everybody is handed."""
    values = dict(row._mapping)
    contact_id, name, keys = (values.pop(key) for key in ("contact_id", "contact_name", "contact_keys"))
    values["contact"] = None if contact_id is None else contact_view(contact_id, name, keys)
    if values["masked"]:
        values["location"] = area_of(values["location"])
    values["fields"] = values["fields"] or {}
    values["flags"] = values["flags"] or []
    return LeadView(**values)
