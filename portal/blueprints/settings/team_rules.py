"""The rules of one team, in the order they are looked at, and who gets what none of them takes."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.once import FormKey
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import TeamRestForm
from portal.blueprints.settings.rule_forms import NewRuleForm
from portal.blueprints.settings.rule_ways import Ways
from portal.blueprints.settings.rules import made_rule, new_rule_page
from portal.models import Team
from portal.operations import rule_wording
from portal.operations.teams import change_team
from portal.permissions import Right, may, require_over
from portal.queries.choices import assignees, pools_for_new_leads
from portal.queries.people import team_named
from portal.queries.rules import rules as rules_of
from portal.queries.rules import rules_sending_to
from portal.sign_in import right_required, signed_in_user


@blueprint.get("/teams/<uuid:team_id>/rules")
@right_required(Right.DISTRIBUTION)
def team_rules(team_id: UUID) -> ResponseReturnValue:
    """The rules of a team."""
    team = _reached(team_id)
    return _page(team, TeamRestForm(formdata=None, obj=team))


@blueprint.post("/teams/<uuid:team_id>/rules")
@right_required(Right.DISTRIBUTION)
def save_team_rest(team_id: UUID) -> ResponseReturnValue:
    """Say who gets what none of the team's rules takes."""
    team, by, form = _reached(team_id), signed_in_user(), TeamRestForm()
    _fill(form, team)
    if form.carried_out(lambda: change_team(team_id, by=by, **form.wanted())):
        flash("Saved. It counts from the next lead on.", "good")
        return redirect(url_for("settings.team_rules", team_id=team_id), code=303)
    return _page(team, form), form.status


def _page(team: Team, form: TeamRestForm) -> str:
    _fill(form, team)
    by = signed_in_user()
    return render_template(
        "settings/team_rules.html",
        team=team,
        rules=rules_of(team.id),
        sending=rules_sending_to(team.id),
        form=form,
        ways=Ways.open_to(by, team=team),
        words=rule_wording,
        new_key=FormKey.new,
        may_open_team=may(by, Right.PEOPLE),
    )


def _fill(form: TeamRestForm, team: Team) -> None:
    by = signed_in_user()
    form.offer(pools_for_new_leads(by.company_id, reached_by=by), assignees(by.company_id), team)


@blueprint.get("/teams/<uuid:team_id>/rules/new")
@right_required(Right.DISTRIBUTION)
def new_team_rule(team_id: UUID) -> ResponseReturnValue:
    """The form of a new rule of a team."""
    return new_rule_page(NewRuleForm(formdata=None), _reached(team_id))


@blueprint.post("/teams/<uuid:team_id>/rules/new")
@right_required(Right.DISTRIBUTION)
def add_team_rule(team_id: UUID) -> ResponseReturnValue:
    """Make a rule of a team."""
    return made_rule(_reached(team_id))


def _reached(team_id: UUID) -> Team:
    require_over(signed_in_user(), Right.DISTRIBUTION, team_id, what="team")
    return team_named(team_id)
