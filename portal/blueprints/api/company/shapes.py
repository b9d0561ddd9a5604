"""How the company is told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Flag, Form, Free, Id, Moment, Part, Several, Text, Whole
from portal.models import Company, ReturningContacts, StatusGroup
from portal.queries.conversion import lost_reasons, statuses
from portal.routing.facts import PerformanceInRouting, PresenceMode


class StatusShape(Form):
    """A conversion status; what it counts as is its group. Those out of use are kept by leads that have them."""

    id = Id(required=True)
    name = Text(required=True)
    group = Choice(StatusGroup, required=True)
    active = Flag(required=True)


class ReasonShape(Form):
    """A reason for losing a lead."""

    id = Id(required=True)
    name = Text(required=True)
    active = Flag(required=True)


class CompanyShape(Form):
    """A company and its settings."""

    id = Id(required=True)
    name = Text(required=True)
    time_zone = Text(required=True)
    country = Text(required=True)
    fallback_any_active = Flag(required=True)
    catch_all_reminder_minutes = Whole(allow_none=True, required=True)
    returning_contacts = Choice(ReturningContacts, required=True)
    named_counts_as_turn = Flag(required=True)
    isolate_leads = Flag(required=True)
    unassigned_visible_when_isolated = Flag(required=True)
    currency = Text(required=True)
    manual_intercept = Flag(required=True)
    opening_hours = Free(allow_none=True, required=True)
    hold_spacing_seconds = Whole(required=True)
    presence_mode = Choice(PresenceMode, required=True)
    holidays = Free(required=True)
    untagged_qualify_all = Flag(required=True)
    performance_in_routing = Choice(PerformanceInRouting, allow_none=True, required=True)
    name_as_tag = Flag(required=True)
    email_as_tag = Flag(required=True)
    self_service_pause = Flag(required=True)
    mask_names_in_why = Flag(required=True)
    conversion_statuses = Several(Part(StatusShape), required=True)
    lost_reasons = Several(Part(ReasonShape), required=True)
    rate_limit = Whole(required=True)
    created_at = Moment(required=True)


def company_shape(company: Company) -> dict[str, Any]:
    """The company as the API tells it."""
    return {
        "id": company.id,
        "name": company.name,
        "time_zone": company.time_zone,
        "country": company.country,
        "fallback_any_active": company.fallback_any_active,
        "catch_all_reminder_minutes": company.catch_all_reminder_minutes,
        "returning_contacts": company.returning_contacts,
        "named_counts_as_turn": company.named_counts_as_turn,
        "isolate_leads": company.isolate_leads,
        "unassigned_visible_when_isolated": company.unassigned_visible_when_isolated,
        "currency": company.currency,
        "manual_intercept": company.manual_intercept,
        "opening_hours": company.opening_hours,
        "hold_spacing_seconds": company.hold_spacing_seconds,
        "presence_mode": company.presence_mode,
        "holidays": company.holidays,
        "untagged_qualify_all": company.untagged_qualify_all,
        "performance_in_routing": company.performance_in_routing,
        "name_as_tag": company.name_as_tag,
        "email_as_tag": company.email_as_tag,
        "self_service_pause": company.self_service_pause,
        "mask_names_in_why": company.mask_names_in_why,
        "conversion_statuses": [
            {"id": each.id, "name": each.name, "group": each.status_group, "active": each.active} for each in statuses()
        ],
        "lost_reasons": [{"id": each.id, "name": each.name, "active": each.active} for each in lost_reasons()],
        "rate_limit": company.rate_limit,
        "created_at": company.created_at,
    }
