"""The rules: which leads go to which pool or team, in the order they are looked at.

The company's list and those of teams share the acts on one rule; the list they go back to is the rule's. Whoever sets
up a team's rules only is shown no list of the company.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.now import sentence_now
from portal.blueprints.forms import PortalForm
from portal.blueprints.once import FormKey, OnceForm
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import DefaultRuleForm
from portal.blueprints.settings.rule_forms import NewRuleForm, RuleForm, typed_rule
from portal.blueprints.settings.rule_ways import Ways, way_of
from portal.errors import Conflict, Invalid
from portal.models import Rule, Team, User
from portal.operations import rule_wording
from portal.operations import rules as operations
from portal.operations.rules import RuleChanges
from portal.operations.seen import mark
from portal.permissions import Right, reaches_company, require_company_wide
from portal.queries.people import team_named, teams_reached
from portal.queries.rules import reached_rule, rule_named, rules_of_all
from portal.queries.rules import rules as all_rules
from portal.sign_in import current_company, right_required, signed_in_user

PLACES = {"up": -1, "down": 1}


@blueprint.get("/rules")
@right_required(Right.DISTRIBUTION)
def rules() -> ResponseReturnValue:
    """The company's rules, the default rule last; and the way to those of teams."""
    return _list_page()


@blueprint.post("/rules/<uuid:rule_id>")
@right_required(Right.DISTRIBUTION)
def save_rule(rule_id: UUID) -> ResponseReturnValue:
    """Point the default rule at a pool or a team, or at nobody."""
    by = signed_in_user()
    rule = reached_rule(by, rule_id)
    form = DefaultRuleForm(prefix=_prefix(rule))
    form.goes_to.offer(Ways.open_to(by).choices(rule))
    if form.carried_out(lambda: operations.change_rule(rule_id, by=by, **form.goes_to.wanted())):
        return _done(rule, "Saved. It counts from the next lead on.")
    return _list_page(form), form.status


def _list_page(sent: DefaultRuleForm | None = None) -> str:
    by = signed_in_user()
    if not reaches_company(by, Right.DISTRIBUTION):
        return render_template("settings/rules_of_teams.html", teams=_teams_with_rules(by))
    ways = Ways.open_to(by)
    *others, default = all_rules()
    form = sent
    if form is None:
        form = DefaultRuleForm(formdata=None, data={"goes_to": way_of(default)}, prefix=_prefix(default))
        form.goes_to.offer(ways.choices(default))
    return render_template(
        "settings/rules.html",
        rules=others,
        default=default,
        form=form,
        ways=ways,
        teams=_teams_with_rules(by),
        now=sentence_now(),
        words=rule_wording,
        new_key=FormKey.new,
    )


def _teams_with_rules(by: User) -> list[tuple[Team, int]]:
    """The teams whose rules the user sets up, each with how many it has."""
    counts = Counter(rule.team_id for rule in rules_of_all())
    return [(team, counts[team.id]) for team in teams_reached(by, Right.DISTRIBUTION)]


def _prefix(rule: Rule) -> str:
    """Other forms stand on the page; ids must not repeat."""
    return f"rule-{rule.id.hex}-"


@blueprint.get("/rules/new")
@right_required(Right.DISTRIBUTION)
def new_rule() -> ResponseReturnValue:
    """The form of a new rule of the company."""
    require_company_wide(signed_in_user(), Right.DISTRIBUTION)
    return new_rule_page(NewRuleForm(formdata=None))


@blueprint.post("/rules/new")
@right_required(Right.DISTRIBUTION)
def add_rule() -> ResponseReturnValue:
    """Make a rule of the company."""
    require_company_wide(signed_in_user(), Right.DISTRIBUTION)
    return made_rule()


def made_rule(team: Team | None = None) -> ResponseReturnValue:
    """Make the rule that was sent.

    Args:
        team: whose list it goes into; None = the company's.
    """
    by, team_id = signed_in_user(), team.id if team else None
    form = NewRuleForm().offer(Ways.open_to(by, team=team).choices())
    if form.made(lambda: operations.make_rule(by=by, team_id=team_id, **form.wanted()).id, by=by):
        flash(f"The rule “{form.name.data}” is there. It is looked at after the others.", "good")
        return redirect(url_of_list(team_id), code=303)
    return new_rule_page(form, team), form.status


def new_rule_page(form: NewRuleForm, team: Team | None = None) -> str:
    """The form of a new rule, sent or not; arguments as in `made_rule`."""
    form.offer(Ways.open_to(signed_in_user(), team=team).choices())
    here = _here(team)
    return render_template("settings/rule_new.html", form=form, zone=current_company().time_zone, **here)


@blueprint.get("/rules/<uuid:rule_id>/edit")
@right_required(Right.DISTRIBUTION)
def edit_rule(rule_id: UUID) -> ResponseReturnValue:
    """The form of one rule; the default rule's stands in the list."""
    rule = reached_rule(signed_in_user(), rule_id)
    if rule.is_default:
        return redirect(url_for("settings.rules"), code=303)
    seen = mark({name: getattr(rule, name) for name in RuleChanges.__annotations__})
    return _edit_page(RuleForm(formdata=None, data=typed_rule(rule, way_of(rule)) | {"seen": seen}), rule)


@blueprint.post("/rules/<uuid:rule_id>/edit")
@right_required(Right.DISTRIBUTION)
def change_rule(rule_id: UUID) -> ResponseReturnValue:
    """Save a rule."""
    by = signed_in_user()
    rule = reached_rule(by, rule_id)
    form = RuleForm()
    form.present = rule
    form.offer(_ways_from(rule).choices(rule))
    if form.carried_out(lambda: operations.change_rule(rule_id, by=by, seen=form.seen.data or "", **form.wanted())):
        return _done(rule, "Saved. It counts from the next lead on.")
    return _edit_page(form, rule), form.status


def _edit_page(form: RuleForm, rule: Rule) -> str:
    form.present = rule
    form.offer(_ways_from(rule).choices(rule))
    here = _here(_team_of(rule))
    return render_template("settings/rule_edit.html", form=form, rule=rule, zone=current_company().time_zone, **here)


def _ways_from(rule: Rule) -> Ways:
    return Ways.open_to(signed_in_user(), team=_team_of(rule))


def _team_of(rule: Rule) -> Team | None:
    return team_named(rule.team_id) if rule.team_id else None


@blueprint.post("/rules/<uuid:rule_id>/<any(up, down):where>")
@right_required(Right.DISTRIBUTION)
def move_rule(rule_id: UUID, where: str) -> ResponseReturnValue:
    """Have a rule looked at earlier or later."""
    rule = rule_named(rule_id)
    operations.move_rule(rule_id, PLACES[where], by=signed_in_user())
    return redirect(f"{url_of_list(rule.team_id)}#rule-{rule_id}", code=303)


@blueprint.post("/rules/order")
@right_required(Right.DISTRIBUTION)
def order_rules() -> ResponseReturnValue:
    """Put the rules of a list into the order they were dragged into."""
    try:
        rule_ids = [UUID(each) for each in request.form.getlist("rule")]
        operations.order_rules(rule_ids, by=signed_in_user())
    except (ValueError, Invalid):
        raise Conflict("Somebody changed the rules meanwhile, so nothing was moved. Open the page again.") from None
    return redirect(url_of_list(rule_named(rule_ids[0]).team_id if rule_ids else None), code=303)


@blueprint.post("/rules/<uuid:rule_id>/<any(pause, resume):act>")
@right_required(Right.DISTRIBUTION)
def pause_rule(rule_id: UUID, act: str) -> ResponseReturnValue:
    """Pass a rule over until it is resumed."""
    rule = operations.change_rule(rule_id, by=signed_in_user(), paused=act == "pause")
    state = "paused: leads fall to the next rule" if rule.paused else "looked at again"
    return _done(rule, f"“{rule.name}” is {state}.")


@blueprint.post("/rules/<uuid:rule_id>/copy")
@right_required(Right.DISTRIBUTION)
def copy_rule(rule_id: UUID) -> ResponseReturnValue:
    """Make a paused copy, and open it."""
    form, by = OnceForm(), signed_in_user()
    reached_rule(by, rule_id)
    copy = form.made(lambda: operations.copy_rule(rule_id, by=by).id, by=by)
    if copy is None:
        raise Conflict(next(iter(form.form_errors), "The rule was not copied. Open the page again."))
    flash("This is the copy. It is paused until you resume it in the list.", "good")
    return redirect(url_for("settings.edit_rule", rule_id=copy.id), code=303)


@blueprint.get("/rules/<uuid:rule_id>/delete")
@right_required(Right.DISTRIBUTION)
def ask_to_delete_rule(rule_id: UUID) -> ResponseReturnValue:
    """Say what will happen, and ask once."""
    rule = reached_rule(signed_in_user(), rule_id)
    return _delete_page(rule, PortalForm(formdata=None))


@blueprint.post("/rules/<uuid:rule_id>/delete")
@right_required(Right.DISTRIBUTION)
def delete_rule(rule_id: UUID) -> ResponseReturnValue:
    """Take a rule out of use."""
    by = signed_in_user()
    rule, form = reached_rule(by, rule_id), PortalForm()
    if form.carried_out(lambda: operations.delete_rule(rule_id, by=by)):
        return _done(rule, f"The rule “{rule.name}” is deleted.")
    return _delete_page(rule, form), form.status


def _delete_page(rule: Rule, form: PortalForm) -> str:
    here = _here(_team_of(rule))
    return render_template("settings/rule_delete.html", rule=rule, form=form, **here)


def _done(rule: Rule, said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_of_list(rule.team_id), code=303)


def _here(team: Team | None) -> dict[str, Any]:
    """What the pages of a rule say about where they stand."""
    return {
        "team": team,
        "back": url_of_list(team and team.id),
        "back_name": f"Rules of {team.name}" if team else "Rules",
    }


def url_of_list(team_id: UUID | None) -> str:
    """The page of a team's list; None = of the company's."""
    return url_for("settings.team_rules", team_id=team_id) if team_id else url_for("settings.rules")
