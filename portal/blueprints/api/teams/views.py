"""Teams: the company's tree."""

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
from portal.blueprints.api.teams.forms import NewTeamForm, TeamForm
from portal.blueprints.api.teams.shapes import TeamShape, TeamsShape, team_shape
from portal.operations import teams as operations
from portal.queries.people import team_named, teams

blueprint: Blueprint = APIBlueprint("teams", __name__, url_prefix="/teams", tag="Teams")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, TeamsShape))
def list_teams(query: dict[str, Any]) -> Response:
    """List all teams, by name"""
    return json_answer(page_of_short([team_shape(team) for team in teams()], query))


@blueprint.post("")
@repeatable
@takes(NewTeamForm)
@answers((201, TeamShape))
def make_team(asked: dict[str, Any]) -> Answered:
    """Make a team"""
    return team_shape(operations.make_team(by=acting_user(), **asked)), 201


@blueprint.get("/<uuid:team_id>")
@answers((200, TeamShape))
def show_team(team_id: UUID) -> Response:
    """Show one team"""
    return json_answer(team_shape(team_named(team_id)))


@blueprint.patch("/<uuid:team_id>")
@takes(TeamForm)
@answers((200, TeamShape))
def change_team(team_id: UUID, asked: dict[str, Any]) -> Response:
    """Rename or move a team, or say who gets what is sent to it"""
    return json_answer(team_shape(operations.change_team(team_id, by=acting_user(), **asked)))


@blueprint.delete("/<uuid:team_id>")
@answers(nothing=True)
def delete_team(team_id: UUID) -> Response:
    """Remove a team nothing belongs to"""
    operations.delete_team(team_id, by=acting_user())
    return nothing()
