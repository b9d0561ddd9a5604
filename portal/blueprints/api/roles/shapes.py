"""How roles are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Flag, Form, Moment, Part, Several, Text
from portal.models import OwnRole, Role
from portal.rights import POWERS_OF_ROLE


class RoleShape(Form):
    """A role. Built-in ones are named by a word, and cannot be changed."""

    id = Text(required=True)
    name = Text(required=True)
    rights = Several(Text(), required=True)
    built_in = Flag(required=True)
    created_at = Moment(allow_none=True, required=True)


class RolesShape(Form):
    """The built-in roles, and the company's own by name."""

    items = Several(Part(RoleShape), required=True)
    next = Text(allow_none=True, required=True)


def role_shape(role: OwnRole) -> dict[str, Any]:
    """A role of the company's own as the API tells it."""
    return {
        "id": str(role.id),
        "name": role.name,
        "rights": list(role.grants),
        "built_in": False,
        "created_at": role.created_at,
    }


def built_in_shape(role: Role) -> dict[str, Any]:
    """A built-in role as the API tells it."""
    rights = sorted(POWERS_OF_ROLE[role].held)
    return {
        "id": role.value,
        "name": role.value.replace("_", " ").capitalize(),
        "rights": rights,
        "built_in": True,
        "created_at": None,
    }
