"""Leads as lines of a file: what the viewer sees of each, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from portal.models import User
from portal.queries.buckets import Bucket
from portal.queries.lead_views import LeadView
from portal.queries.leads import LeadFilters, bucket_page
from portal.queries.paging import GREATEST_LIMIT

EXPORTED = (
    "Id",
    "State",
    "Name",
    "Phones",
    "E-mails",
    "Type",
    "Source",
    "Channel",
    "Tags",
    "City",
    "Country",
    "Owner",
    "Pool",
    "Came in (UTC)",
    "Assigned (UTC)",
    "Closed (UTC)",
    "Reason",
    "Text",
)


def exported(user: User, bucket: Bucket, filters: LeadFilters) -> Iterator[list[Any]]:
    """A line for each lead of a bucket, newest first, a page in memory at a time."""
    cursor: str | None = None
    while True:
        page = bucket_page(user, bucket, filters, cursor, GREATEST_LIMIT)
        yield from map(_line, page.items)
        if page.next is None:
            return
        cursor = page.next


def _line(lead: LeadView) -> list[Any]:
    contact, place = lead.contact, lead.location or {}
    return [
        lead.id,
        lead.state,
        contact.name if contact else None,
        " ".join(phone.value or phone.shown for phone in contact.phones) if contact else None,
        " ".join(contact.emails) if contact else None,
        lead.lead_type,
        lead.source,
        lead.channel,
        ", ".join(lead.tags_found),
        place.get("city"),
        place.get("country"),
        lead.owner_name,
        lead.pool_name,
        *map(_moment, (lead.created_at, lead.assigned_at, lead.closed_at)),
        lead.close_reason,
        lead.text,
    ]


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
