"""The tree of teams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.forms import PortalForm
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import NewTeamForm, TeamForm
from portal.models import Team
from portal.operations.teams import change_team, delete_team, make_team
from portal.permissions import Right, is_reached, reaches_company, require_over
from portal.queries.choices import assignees
from portal.queries.people import team_named, teams_reached
from portal.queries.pools import pool_names
from portal.sign_in import right_required, signed_in_user

Form = TypeVar("Form", bound=TeamForm)


@dataclass(frozen=True, slots=True)
class Branch:
    """A team and the teams below it."""

    team: Team
    below: list[Branch] = field(default_factory=list)


def tree(teams: Sequence[Team]) -> list[Branch]:
    """The teams at the top with everything below them, in the given order."""
    branches = {team.id: Branch(team) for team in teams}
    top: list[Branch] = []
    for team in teams:
        siblings = branches[team.parent_id].below if team.parent_id in branches else top
        siblings.append(branches[team.id])
    return top


@blueprint.get("/teams")
@right_required(Right.PEOPLE)
def teams() -> ResponseReturnValue:
    """The tree, and a form for one more."""
    return _list_page(NewTeamForm(formdata=None))


@blueprint.post("/teams")
@right_required(Right.PEOPLE)
def add_team() -> ResponseReturnValue:
    """Add a team."""
    form, by = _filled(NewTeamForm()), signed_in_user()
    if form.made(lambda: make_team(by=by, **form.wanted()).id, by=by):
        flash(f"The team “{form.name.data}” is there.", "good")
        return redirect(url_for("settings.teams"), code=303)
    return _list_page(form), form.status


def _list_page(form: NewTeamForm) -> str:
    teams = teams_reached(signed_in_user(), Right.PEOPLE)
    return render_template("settings/teams.html", form=_filled(form), tree=tree(teams))


@blueprint.get("/teams/<uuid:team_id>")
@right_required(Right.PEOPLE)
def team(team_id: UUID) -> ResponseReturnValue:
    """Rename, move or remove one team."""
    found = _reached_team(team_id)
    return _team_page(TeamForm(formdata=None, obj=found), found)


@blueprint.post("/teams/<uuid:team_id>")
@right_required(Right.PEOPLE)
def save_team(team_id: UUID) -> ResponseReturnValue:
    """Save name and place."""
    found, by = _reached_team(team_id), signed_in_user()
    form = _filled(TeamForm(), found)
    if form.carried_out(lambda: change_team(team_id, by=by, **form.wanted())):
        flash("Saved.", "good")
        return redirect(url_for("settings.teams"), code=303)
    return _team_page(form, found), form.status


@blueprint.post("/teams/<uuid:team_id>/remove")
@right_required(Right.PEOPLE)
def remove_team(team_id: UUID) -> ResponseReturnValue:
    """Remove a team nothing belongs to."""
    found, by = _reached_team(team_id), signed_in_user()
    name, act = found.name, PortalForm()
    if act.carried_out(lambda: delete_team(team_id, by=by)):
        flash(f"The team “{name}” is removed.", "good")
        return redirect(url_for("settings.teams"), code=303)
    return _team_page(TeamForm(formdata=None, obj=found), found, act), act.status


def _team_page(form: TeamForm, found: Team, act: PortalForm | None = None) -> str:
    pool_id = found.default_pool_id
    return render_template(
        "settings/team.html",
        form=_filled(form, found),
        team=found,
        act=act,
        may_set_rules=is_reached(signed_in_user(), Right.DISTRIBUTION, found.id),
        default_pool=pool_names().get(pool_id) if pool_id else None,
    )


def _filled(form: Form, found: Team | None = None) -> Form:
    by = signed_in_user()
    company_wide = reaches_company(by, Right.PEOPLE)
    return form.offer(teams_reached(by, Right.PEOPLE), assignees(by.company_id), found, company_wide=company_wide)


def _reached_team(team_id: UUID) -> Team:
    require_over(signed_in_user(), Right.PEOPLE, team_id, what="team")
    return team_named(team_id)
