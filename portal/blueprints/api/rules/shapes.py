"""How rules are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Flag, Form, Free, Id, Part, Several, Text
from portal.models import Rule


class RuleShape(Form):
    """A rule: the first that is met names the pool."""

    id = Id(required=True)
    name = Text(required=True)
    is_default = Flag(required=True)
    paused = Flag(required=True)
    conditions = Free(required=True)
    strictness = Free(required=True)
    hours = Free(allow_none=True, required=True)
    pool_id = Id(allow_none=True, required=True)
    team_id = Id(allow_none=True, required=True)


class RulesShape(Form):
    """All rules in order; the default rule is the last."""

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
        "pool_id": rule.pool_id,
        "team_id": rule.team_id,
    }
