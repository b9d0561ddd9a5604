"""What is sent about rules."""

from __future__ import annotations

from portal.blueprints.api.fields import Form, Id


class RuleForm(Form):
    """Where the default rule sends leads; null = nowhere, they wait for a person."""

    later = frozenset({"name", "team_id", "conditions", "strictness", "hours", "paused"})
    pool_id = Id(allow_none=True)


class NewRuleForm(RuleForm):
    """Rules with conditions come later; every field but the pool is refused by name."""
