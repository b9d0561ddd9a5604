"""How teams are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Form, Id, Moment, Part, Several, Text
from portal.models import Team


class TeamShape(Form):
    """A team, and the one it stands below."""

    id = Id(required=True)
    name = Text(required=True)
    parent_id = Id(allow_none=True, required=True)
    default_user_id = Id(allow_none=True, required=True)
    default_pool_id = Id(allow_none=True, required=True)
    created_at = Moment(required=True)


class TeamsShape(Form):
    """All teams, by name."""

    items = Several(Part(TeamShape), required=True)
    next = Text(allow_none=True, required=True)


def team_shape(team: Team) -> dict[str, Any]:
    """A team as the API tells it."""
    return {
        "id": team.id,
        "name": team.name,
        "parent_id": team.parent_id,
        "default_user_id": team.default_user_id,
        "default_pool_id": team.default_pool_id,
        "created_at": team.created_at,
    }
