"""How users are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Day, Figure, Flag, Form, Free, Id, Moment, Part, Several, Text, Whole
from portal.models import LeadAccess, Leave, User
from portal.queries.receiving import Receiving
from portal.routing.facts import Presence


class CapsShape(Form):
    """How many leads somebody gets at most; null = no limit."""

    open = Whole(allow_none=True, required=True)
    day = Whole(allow_none=True, required=True)
    week = Whole(allow_none=True, required=True)
    month = Whole(allow_none=True, required=True)


class PlaceShape(Form):
    """A place somebody works in; `postcode` where it was given by one."""

    postcode = Text()
    lat = Figure(required=True)
    lng = Figure(required=True)
    radius_km = Figure(required=True)


class UserShape(Form):
    """A user."""

    id = Id(required=True)
    name = Text(required=True)
    email = Text(required=True)
    phone = Text(allow_none=True, required=True)
    roles = Several(Text(), required=True)
    lead_access = Several(Choice(LeadAccess), required=True)
    team_id = Id(allow_none=True, required=True)
    active = Flag(required=True)
    available = Flag(required=True)
    stand_in_id = Id(allow_none=True, required=True)
    caps = Part(CapsShape, required=True)
    tags = Several(Text(), required=True)
    excluded_lead_types = Several(Text(), required=True)
    languages = Several(Text(), required=True)
    locations = Several(Part(PlaceShape), required=True)
    hours = Free(allow_none=True, required=True)
    time_zone = Text(allow_none=True, required=True)
    presence = Choice(Presence, required=True)
    created_at = Moment(required=True)


class UsersShape(Form):
    """A page of users."""

    items = Several(Part(UserShape), required=True)
    next = Text(allow_none=True, required=True)


def user_shape(user: User) -> dict[str, Any]:
    """A user as the API tells it."""
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "phone": user.phone,
        "roles": user.roles,
        "lead_access": user.lead_access,
        "team_id": user.team_id,
        "active": user.active,
        "available": user.available,
        "stand_in_id": user.stand_in_id,
        "caps": {"open": user.open_cap, "day": user.day_cap, "week": user.week_cap, "month": user.month_cap},
        "tags": user.tags,
        "excluded_lead_types": user.excluded_lead_types,
        "languages": user.languages,
        "locations": user.locations,
        "hours": user.hours,
        "time_zone": user.time_zone,
        "presence": user.presence,
        "created_at": user.created_at,
    }


class LeaveShape(Form):
    """Days somebody is away, the first and the last included."""

    id = Id(required=True)
    first_day = Day(required=True)
    last_day = Day(required=True)
    stand_in_id = Id(allow_none=True, required=True)


class LeavesShape(Form):
    """Leaves that are not over, the next first."""

    items = Several(Part(LeaveShape), required=True)
    next = Text(allow_none=True, required=True)


def leave_shape(leave: Leave) -> dict[str, Any]:
    """A leave as the API tells it."""
    return {
        "id": leave.id,
        "first_day": f"{leave.first_day}",
        "last_day": f"{leave.last_day}",
        "stand_in_id": leave.stand_in_id,
    }


class ReceivingPersonShape(Form):
    """Whether somebody would be given a plain lead now; else the first gate that refuses and its reason, since when and
    until when, as far as it is known."""

    user_id = Id(required=True)
    name = Text(required=True)
    receives = Flag(required=True)
    gate = Text(allow_none=True, required=True)
    reason = Text(allow_none=True, required=True)
    since = Moment(allow_none=True, required=True)
    until = Moment(allow_none=True, required=True)


class ReceivingShape(Form):
    """Those who receive now first, then the others; by name."""

    items = Several(Part(ReceivingPersonShape), required=True)
    next = Text(allow_none=True, required=True)


def receiving_shape(each: Receiving) -> dict[str, Any]:
    """Somebody with what stands between them and a lead now, as the API tells it."""
    return {
        "user_id": each.user_id,
        "name": each.name,
        "receives": each.refusal is None,
        "gate": each.refusal and each.refusal.gate,
        "reason": each.refusal and each.refusal.reason,
        "since": each.since,
        "until": each.until,
    }
