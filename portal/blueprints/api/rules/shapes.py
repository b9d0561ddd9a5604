"""How rules are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Flag, Form, Free, Id, Part, Several, Text
from portal.models import Rule


class RuleShape(Form):
    """A rule: the first of a list that is met names the pool, or the team whose list comes next."""

    id = Id(required=True)
    name = Text(required=True)
    is_default = Flag(required=True)
    paused = Flag(required=True)
    conditions = Free(required=True)
    strictness = Free(required=True)
    hours = Free(allow_none=True, required=True)
    team_id = Id(allow_none=True, required=True, metadata={"description": "Whose list it is in; null = the company's."})
    pool_id = Id(allow_none=True, required=True)
    to_team_id = Id(allow_none=True, required=True)


class RulesShape(Form):
    """All rules of a list in order; the default rule is the company's last."""

    items = Several(Part(RuleShape), required=True)
    next = Text(allow_none=True, required=True)


def rule_shape(rule: Rule) -> dict[str, Any]:
    """A rule as the API tells it."""
    return {
        "id": rule.id,
        "name": rule.name,
        "is_default": rule.is_default,
        "paused": rule.paused,
        "conditions": rule.conditions,
        "strictness": rule.strictness,
        "hours": rule.hours,
        "team_id": rule.team_id,
        "pool_id": rule.pool_id,
        "to_team_id": rule.to_team_id,
    }
