"""From what a sender wrote to what intake takes."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.leads.forms import LeadForm
from portal.blueprints.api.takes import checked
from portal.models import Channel
from portal.operations.arrival import Arriving

_form = LeadForm()
_LINES = ("name", "phone", "email", "text", "source", "lead_type", "external_id", "language", "assignee")


def arriving_from(payload: Any) -> Arriving:
    """A lead as sent, checked.

    Args:
        payload: the body, as plain data.

    Raises:
        Invalid: a field makes no sense, or is none of a lead's.
    """
    asked = checked(_form, payload)
    lines: dict[str, Any] = {name: (asked.get(name) or "").strip() or None for name in _LINES}
    return Arriving(
        **lines,
        channel=asked.get("channel") or Channel.API,
        tags=tuple(tag for tag in asked.get("tags") or () if tag),
        fields=asked.get("fields") or {},
        location=_known(asked.get("location")),
        price=_known(asked.get("price")),
        received_at=asked.get("received_at"),
        reassign=asked.get("reassign") or False,
        payload=payload,
    )


def _known(part: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in (part or {}).items() if value is not None} or None
