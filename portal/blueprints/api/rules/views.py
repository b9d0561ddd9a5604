"""Rules: which lead goes to which pool."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user, require_insight
from portal.blueprints.api.answers import answers, json_answer
from portal.blueprints.api.paging import PageForm, page_of_short
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.rules.forms import NewRuleForm, RuleForm
from portal.blueprints.api.rules.shapes import RuleShape, RulesShape, rule_shape
from portal.blueprints.api.takes import takes
from portal.errors import Conflict, FieldError, Invalid
from portal.operations.rules import point_rule
from portal.permissions import Right, require
from portal.queries.rules import rule_named, rules

blueprint: Blueprint = APIBlueprint("rules", __name__, url_prefix="/rules", tag="Rules")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, RulesShape))
def list_rules(query: dict[str, Any]) -> Response:
    """List all rules, from the top; the default rule is the last"""
    require_insight()
    return json_answer(page_of_short([rule_shape(rule) for rule in rules()], query))


@blueprint.post("")
@repeatable
@takes(NewRuleForm)
@answers((201, RuleShape))
def make_rule(asked: dict[str, Any]) -> Answered:
    """Refused: rules with conditions are not available yet"""
    require(acting_user(), Right.DISTRIBUTION)
    told = "Rules with conditions are not available yet. Point the default rule at a pool instead."
    raise Invalid(told, [FieldError("conditions", told)])


@blueprint.get("/<uuid:rule_id>")
@answers((200, RuleShape))
def show_rule(rule_id: UUID) -> Response:
    """Show one rule"""
    require_insight()
    return json_answer(rule_shape(rule_named(rule_id)))


@blueprint.patch("/<uuid:rule_id>")
@takes(RuleForm)
@answers((200, RuleShape))
def change_rule(rule_id: UUID, asked: dict[str, Any]) -> Response:
    """Point a rule at a pool, or at none"""
    user = acting_user()
    if "pool_id" not in asked:
        require(user, Right.DISTRIBUTION)
        return json_answer(rule_shape(rule_named(rule_id)))
    return json_answer(rule_shape(point_rule(rule_id, asked["pool_id"], by=user)))


@blueprint.delete("/<uuid:rule_id>")
@answers(nothing=True)
def delete_rule(rule_id: UUID) -> Response:
    """Refused: the default rule stays"""
    require(acting_user(), Right.DISTRIBUTION)
    rule = rule_named(rule_id)
    raise Conflict(f"“{rule.name}” is the default rule; it cannot be removed. Point it at no pool instead.")
