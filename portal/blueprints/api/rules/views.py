"""Rules: which lead goes to which pool or team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response, request

from portal.blueprints.api.access import acting_user, require_insight
from portal.blueprints.api.answers import answers, json_answer, nothing
from portal.blueprints.api.fields import NothingForm
from portal.blueprints.api.json_body import read_json
from portal.blueprints.api.paging import page_of_short
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.rules.forms import ListForm, NewRuleForm, OrderForm, RuleForm
from portal.blueprints.api.rules.shapes import RuleShape, RulesShape, rule_shape
from portal.blueprints.api.takes import checked, describe, takes
from portal.operations import rules
from portal.queries.people import team_named
from portal.queries.rules import rule_named
from portal.queries.rules import rules as all_rules

blueprint: Blueprint = APIBlueprint("rules", __name__, url_prefix="/rules", tag="Rules")


@blueprint.get("")
@takes(ListForm, "query")
@answers((200, RulesShape))
def list_rules(query: dict[str, Any]) -> Response:
    """List the rules of the company or of a team, from the top

    The default rule is the company's last; a team has none.
    """
    require_insight()
    team_id = query.get("team_id")
    listed = all_rules(team_id and team_named(team_id).id)
    return json_answer(page_of_short([rule_shape(rule) for rule in listed], query))


@blueprint.post("")
@repeatable
@takes(NewRuleForm)
@answers((201, RuleShape))
def make_rule(asked: dict[str, Any]) -> Answered:
    """Make a rule, looked at after all others of its list but the default rule"""
    return rule_shape(rules.make_rule(by=acting_user(), **asked)), 201


@blueprint.put("/order")
@answers((200, RulesShape))
@describe(OrderForm)
def order_rules() -> Response:
    """Put all rules of a list into an order

    The ids say which list it is, the company's or a team's. The body may be the list of ids alone.
    """
    body = read_json(request)
    asked = checked(OrderForm(), {"ids": body} if isinstance(body, list) else body)
    rules.order_rules(asked["ids"], by=acting_user())
    listed = all_rules(rule_named(asked["ids"][0]).team_id if asked["ids"] else None)
    return json_answer(page_of_short([rule_shape(rule) for rule in listed], {"limit": 200, "cursor": None}))


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
    """Change some fields of a rule"""
    return json_answer(rule_shape(rules.change_rule(rule_id, by=acting_user(), **asked)))


@blueprint.delete("/<uuid:rule_id>")
@answers(nothing=True)
def delete_rule(rule_id: UUID) -> Response:
    """Take a rule out of use; the default rule stays"""
    rules.delete_rule(rule_id, by=acting_user())
    return nothing()


@blueprint.post("/<uuid:rule_id>/copy")
@repeatable
@takes(NothingForm)
@answers((201, RuleShape))
def copy_rule(rule_id: UUID, asked: dict[str, Any]) -> Answered:
    """Copy a rule: the copy stands behind it, paused"""
    return rule_shape(rules.copy_rule(rule_id, by=acting_user())), 201
