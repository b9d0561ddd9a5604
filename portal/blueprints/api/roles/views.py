"""Roles: what people may do, by name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user
from portal.blueprints.api.answers import answers, json_answer, nothing
from portal.blueprints.api.paging import PageForm, page_of_short
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.roles.forms import NewRoleForm, RoleForm
from portal.blueprints.api.roles.shapes import RoleShape, RolesShape, built_in_shape, role_shape
from portal.blueprints.api.takes import takes
from portal.models import Role
from portal.operations import roles as operations
from portal.permissions import Right, require
from portal.queries.roles import own_role, own_roles

blueprint: Blueprint = APIBlueprint("roles", __name__, url_prefix="/roles", tag="Roles")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, RolesShape))
def list_roles(query: dict[str, Any]) -> Response:
    """List all roles: the built-in ones, then the company's own by name"""
    require(acting_user(), Right.PEOPLE)
    every = [*(built_in_shape(role) for role in Role), *(role_shape(role) for role in own_roles())]
    return json_answer(page_of_short(every, query))


@blueprint.post("")
@repeatable
@takes(NewRoleForm)
@answers((201, RoleShape))
def make_role(asked: dict[str, Any]) -> Answered:
    """Make a role of your own"""
    return role_shape(operations.make_role(by=acting_user(), **_changes(asked))), 201


@blueprint.get("/<uuid:role_id>")
@answers((200, RoleShape))
def show_role(role_id: UUID) -> Response:
    """Show one role of your own"""
    require(acting_user(), Right.PEOPLE)
    return json_answer(role_shape(own_role(role_id)))


@blueprint.patch("/<uuid:role_id>")
@takes(RoleForm)
@answers((200, RoleShape))
def change_role(role_id: UUID, asked: dict[str, Any]) -> Response:
    """Rename a role, or change what it lets its holders do

    It counts at once for everybody who has it.
    """
    return json_answer(role_shape(operations.change_role(role_id, by=acting_user(), **_changes(asked))))


@blueprint.delete("/<uuid:role_id>")
@answers(nothing=True)
def delete_role(role_id: UUID) -> Response:
    """Remove a role nobody has"""
    operations.delete_role(role_id, by=acting_user())
    return nothing()


def _changes(asked: dict[str, Any]) -> dict[str, Any]:
    changes = {name: value for name, value in asked.items() if name != "rights"}
    return changes | ({"grants": asked["rights"]} if "rights" in asked else {})
