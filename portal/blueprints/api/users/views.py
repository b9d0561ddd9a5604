"""Users: who works in the company."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user
from portal.blueprints.api.answers import answers, json_answer, nothing
from portal.blueprints.api.paging import PageForm, page_of_short
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.takes import takes
from portal.blueprints.api.users.forms import DeactivationForm, LeaveForm, NewUserForm, ReceivingForm, UserForm
from portal.blueprints.api.users.shapes import (
    LeaveShape,
    LeavesShape,
    ReceivingShape,
    UserShape,
    UsersShape,
    leave_shape,
    receiving_shape,
    user_shape,
)
from portal.operations import availability, people
from portal.queries.leaves import leaves_of
from portal.queries.people import user_for, users_page
from portal.queries.receiving import receiving

blueprint: Blueprint = APIBlueprint("users", __name__, url_prefix="/users", tag="Users")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, UsersShape))
def list_users(query: dict[str, Any]) -> Response:
    """List users, the newest first

    Who has no work that is about others sees only themselves.
    """
    page = users_page(acting_user(), query["cursor"], query["limit"])
    return json_answer({"items": [user_shape(user) for user in page.items], "next": page.next})


@blueprint.post("")
@repeatable
@takes(NewUserForm)
@answers((201, UserShape), (200, UserShape))
def put_user(asked: dict[str, Any]) -> Answered:
    """Add a user, or change the one with this e-mail address

    A new user is written to, with a link to set a password.
    """
    user, is_new = people.put_user(by=acting_user(), **_changes(asked))
    return user_shape(user), 201 if is_new else 200


@blueprint.get("/receiving")
@takes(ReceivingForm, "query")
@answers((200, ReceivingShape))
def list_receiving(query: dict[str, Any]) -> Response:
    """Show who can receive a plain lead right now, and why the others cannot

    All who may receive leads and whom the key's user sees, or the members of one pool.
    """
    told = receiving(acting_user(), query["pool"])
    return json_answer({"items": [receiving_shape(each) for each in told], "next": None})


@blueprint.get("/<uuid:user_id>")
@answers((200, UserShape))
def show_user(user_id: UUID) -> Response:
    """Show one user"""
    return json_answer(user_shape(user_for(acting_user(), user_id)))


@blueprint.patch("/<uuid:user_id>")
@takes(UserForm)
@answers((200, UserShape))
def change_user(user_id: UUID, asked: dict[str, Any]) -> Response:
    """Change some fields of a user

    `active: false` deactivates: offers are withdrawn, open leads stay in place and are marked.
    """
    return json_answer(user_shape(people.change_user(user_id, by=acting_user(), **_changes(asked))))


@blueprint.post("/<uuid:user_id>/deactivate")
@repeatable
@takes(DeactivationForm)
@answers((200, UserShape))
def deactivate_user(user_id: UUID, asked: dict[str, Any]) -> Answered:
    """Deactivate a user and say what becomes of their open leads

    `keep` leaves them in place, `unassign` puts them back, `route` hands them out again, `give` hands them to `to`.
    """
    user = people.deactivate(user_id, by=acting_user(), open_leads=asked["open_leads"], to=asked["to"])
    return user_shape(user), 200


@blueprint.get("/<uuid:user_id>/leaves")
@takes(PageForm, "query")
@answers((200, LeavesShape))
def list_leaves(user_id: UUID, query: dict[str, Any]) -> Response:
    """List the leaves of a user that are not over"""
    user_for(acting_user(), user_id)
    return json_answer(page_of_short([leave_shape(leave) for leave in leaves_of(user_id)], query))


@blueprint.post("/<uuid:user_id>/leaves")
@repeatable
@takes(LeaveForm)
@answers((201, LeaveShape))
def add_leave(user_id: UUID, asked: dict[str, Any]) -> Answered:
    """Note days a user is away"""
    user_for(acting_user(), user_id)
    days, stand_in_id = (asked["first_day"], asked["last_day"]), asked["stand_in_id"]
    return leave_shape(availability.add_leave(user_id, *days, by=acting_user(), stand_in_id=stand_in_id)), 201


@blueprint.delete("/<uuid:user_id>/leaves/<uuid:leave_id>")
@answers(nothing=True)
def remove_leave(user_id: UUID, leave_id: UUID) -> Response:
    """Forget days a user was to be away"""
    user_for(acting_user(), user_id)
    availability.remove_leave(user_id, leave_id, by=acting_user())
    return nothing()


def _changes(asked: dict[str, Any]) -> dict[str, Any]:
    changes = {name: value for name, value in asked.items() if name != "caps"}
    return changes | {f"{name}_cap": value for name, value in asked.get("caps", {}).items()}
