"""How users are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Flag, Form, Id, Moment, Part, Several, Text, Whole
from portal.models import LeadAccess, User


class CapsShape(Form):
    """How many leads somebody gets at most; null = no limit."""

    open = Whole(allow_none=True, required=True)


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
    caps = Part(CapsShape, required=True)
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
        "caps": {"open": user.open_cap},
        "created_at": user.created_at,
    }
