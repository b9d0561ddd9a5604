"""The rules of the draft: the company's and those of teams, changed by the forms of rules that count.

An address names a rule by its place in its list, from 1. What is sent tells which draft, or which rule, was seen there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.once import OnceForm
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.draft_rule_forms import (
    DraftRuleForm,
    DraftWayForm,
    NewDraftRuleForm,
    drafted_way_of,
    way_chosen,
    ways_in,
)
from portal.blueprints.settings.draft_seen import SAVED, SeenForm, back_to_draft, pressed, say_it_ended
from portal.blueprints.settings.rule_forms import typed_rule
from portal.errors import NotFound
from portal.operations import draft_rules as operations
from portal.operations.draft_changes import TeamNamed
from portal.operations.drafted import Drafted, DraftedRule
from portal.permissions import Right
from portal.sign_in import current_company, right_required, signed_in_user

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

PLACES = {"up": -1, "down": 1}

LEFT_OUT = "The draft leaves these rules out, so they stay as they are. Put them into its file first."


class CopyForm(OnceForm, SeenForm):
    """The button that copies a rule of the draft."""


def of_either_list(path: str, method: str) -> Callable[[View], View]:
    """Hang a view on an address of the company's list, and on the same one of a team's, which brings a `team_id`."""

    def hang(view: View) -> View:
        for of in ("/draft/rules", "/draft/teams/<uuid:team_id>/rules"):
            blueprint.add_url_rule(of + path, view_func=view, methods=[method])
        return view

    return hang


@of_either_list("/new", "GET")
@right_required(Right.DISTRIBUTION, company_wide=True)
def new_draft_rule(team_id: UUID | None = None) -> ResponseReturnValue:
    """The form of a new rule of the draft."""
    drafted, team = drafted_at(team_id)
    if drafted.draft is None:
        return say_it_ended()
    if drafted.rules(team) is None:
        flash(LEFT_OUT, "warn")
        return back_to_list(team)
    return _new_page(NewDraftRuleForm(formdata=None), drafted, team)


@of_either_list("/new", "POST")
@right_required(Right.DISTRIBUTION, company_wide=True)
def add_draft_rule(team_id: UUID | None = None) -> ResponseReturnValue:
    """Make a rule in the draft."""
    drafted, team = drafted_at(team_id)
    by, form = signed_in_user(), NewDraftRuleForm()
    form.offer(ways_in(drafted, team))
    made = form.made(lambda: operations.make_draft_rule(form.wanted(), team, by=by), by=by)
    if made is None:
        return _new_page(form, drafted, team), form.status
    flash(f"The rule “{form.name.data}” is in the draft. It is looked at after the others.", "good")
    return back_to_list(team, _place_of(made.id, team))


def _new_page(form: NewDraftRuleForm, drafted: Drafted, team: TeamNamed | None) -> str:
    form.offer(ways_in(drafted, team))
    return render_template("settings/rule_new.html", form=form, zone=current_company().time_zone, **_here(team))


@of_either_list("/<int:place>/edit", "GET")
@right_required(Right.DISTRIBUTION, company_wide=True)
def edit_draft_rule(place: int, team_id: UUID | None = None) -> ResponseReturnValue:
    """The form of one rule of the draft; the default rule's stands in the list."""
    drafted, team = drafted_at(team_id)
    if drafted.draft is None:
        return say_it_ended()
    rule = _rule_at(place, drafted, team)
    if rule.is_default:
        return back_to_list(team, place)
    typed = typed_rule(rule, drafted_way_of(rule)) | {"seen": rule.seen}
    return _edit_page(DraftRuleForm(formdata=None, data=typed), rule, drafted, team)


@of_either_list("/<int:place>/edit", "POST")
@right_required(Right.DISTRIBUTION, company_wide=True)
def change_draft_rule(place: int, team_id: UUID | None = None) -> ResponseReturnValue:
    """Change a rule of the draft."""
    drafted, team = drafted_at(team_id)
    by, form = signed_in_user(), DraftRuleForm()
    # None where the list has become shorter meanwhile: that is for the operation to say, beside what was typed.
    rule = form.present = drafted.rule(place - 1, team)
    form.offer(ways_in(drafted, team, rule))

    def save() -> None:
        operations.change_draft_rule(place - 1, form.wanted(), team, by=by, seen=form.seen.data or "")

    if form.carried_out(save):
        flash(SAVED, "good")
        return back_to_list(team, place)
    return _edit_page(form, rule, drafted, team), form.status


def _edit_page(form: DraftRuleForm, rule: DraftedRule | None, drafted: Drafted, team: TeamNamed | None) -> str:
    form.present = rule
    form.offer(ways_in(drafted, team, rule))
    shown = rule or DraftedRule(0, {"name": form.name.data or "a rule"})
    return render_template(
        "settings/rule_edit.html", form=form, rule=shown, zone=current_company().time_zone, **_here(team)
    )


@of_either_list("/<int:place>/<any(up, down):where>", "POST")
@right_required(Right.DISTRIBUTION, company_wide=True)
def move_draft_rule(place: int, where: str, team_id: UUID | None = None) -> ResponseReturnValue:
    """Have a rule of the draft looked at earlier or later."""
    _, team = drafted_at(team_id)
    by, places = signed_in_user(), PLACES[where]
    moved = pressed(lambda seen: operations.move_draft_rule(place - 1, places, team, by=by, seen=seen))
    return back_to_list(team, place + places if moved else None)


@of_either_list("/<int:place>/<any(pause, resume):act>", "POST")
@right_required(Right.DISTRIBUTION, company_wide=True)
def pause_draft_rule(place: int, act: str, team_id: UUID | None = None) -> ResponseReturnValue:
    """Have the draft pass a rule over, or not any more."""
    _, team = drafted_at(team_id)
    by, paused = signed_in_user(), {"paused": act == "pause"}
    pressed(lambda seen: operations.set_draft_rule(place - 1, paused, team, by=by, seen=seen))
    return back_to_list(team, place)


@of_either_list("/<int:place>/copy", "POST")
@right_required(Right.DISTRIBUTION, company_wide=True)
def copy_draft_rule(place: int, team_id: UUID | None = None) -> ResponseReturnValue:
    """Make a paused copy of a rule of the draft, and open it."""
    _, team = drafted_at(team_id)
    by, form = signed_in_user(), CopyForm()
    copy = form.made(lambda: operations.copy_draft_rule(place - 1, team, by=by, seen=form.seen.data or ""), by=by)
    at = None if copy is None else _place_of(copy.id, team)
    if at is None:
        flash(next(iter(form.form_errors), "The copy is not in the draft any more."), "warn")
        return back_to_list(team)
    flash("This is the copy. It is paused until you resume it in the list.", "good")
    return redirect(url_for("settings.edit_draft_rule", place=at, team_id=team and team.id), code=303)


@of_either_list("/<int:place>/delete", "GET")
@right_required(Right.DISTRIBUTION, company_wide=True)
def ask_to_delete_draft_rule(place: int, team_id: UUID | None = None) -> ResponseReturnValue:
    """Say what will happen, and ask once."""
    drafted, team = drafted_at(team_id)
    if drafted.draft is None:
        return say_it_ended()
    rule = _rule_at(place, drafted, team)
    form = SeenForm(formdata=None, data={"seen": drafted.mark})
    return render_template("settings/rule_delete.html", rule=rule, form=form, **_here(team))


@of_either_list("/<int:place>/delete", "POST")
@right_required(Right.DISTRIBUTION, company_wide=True)
def delete_draft_rule(place: int, team_id: UUID | None = None) -> ResponseReturnValue:
    """Take a rule out of the draft."""
    drafted, team = drafted_at(team_id)
    by, rule = signed_in_user(), drafted.rule(place - 1, team)
    if pressed(lambda seen: operations.remove_draft_rule(place - 1, team, by=by, seen=seen)) and rule:
        flash(f"The rule “{rule.name}” is out of the draft.", "good")
    return back_to_list(team)


@blueprint.post("/draft/rules/<int:place>/way")
@right_required(Right.DISTRIBUTION, company_wide=True)
def point_draft_rule(place: int) -> ResponseReturnValue:
    """Have the default rule of the draft lead elsewhere."""
    drafted, _ = drafted_at(None)
    by, form = signed_in_user(), DraftWayForm()
    form.goes_to.offer(ways_in(drafted, None, drafted.rule(place - 1)))

    def save() -> None:
        operations.set_draft_rule(place - 1, way_chosen(form), by=by, seen=form.seen.data or "")

    if form.carried_out(save):
        flash(SAVED, "good")
    else:
        flash(next(iter(form.form_errors), "That is not in the draft any more. Choose again."), "warn")
    return back_to_list(None, place)


def drafted_at(team_id: UUID | None) -> tuple[Drafted, TeamNamed | None]:
    """The draft, or what is left of one that was ended, and whose list is asked for. Raises NotFound."""
    drafted = Drafted.now() or Drafted.just_ended()
    return drafted, drafted.team(team_id)


def back_to_list(team: TeamNamed | None, place: int | None = None) -> ResponseReturnValue:
    """To the list of a team, None = of the company, at the rule with this place, from 1."""
    part = "rules" if place is None else f"rule-{place}"
    if team is None:
        return back_to_draft(part)
    return redirect(url_for("settings.draft_team_rules", team_id=team.id, _anchor=part), code=303)


def _rule_at(place: int, drafted: Drafted, team: TeamNamed | None) -> DraftedRule:
    rule = drafted.rule(place - 1, team)
    if rule is None:
        raise NotFound("The draft has no such rule. Open the draft again.")
    return rule


def _place_of(rule_id: UUID, team: TeamNamed | None) -> int | None:
    """Where a rule stands now, from 1."""
    drafted = Drafted.now()
    rules = (drafted.rules(team) if drafted else None) or []
    return next((rule.place + 1 for rule in rules if rule.as_told.get("id") == str(rule_id)), None)


def _here(team: TeamNamed | None) -> dict[str, Any]:
    """What the pages of a rule say about where they stand."""
    if team is None:
        back, name = url_for("settings.draft", _anchor="rules"), "Draft"
    else:
        back, name = url_for("settings.draft_team_rules", team_id=team.id), f"Rules of {team.name} in the draft"
    return {"team": team, "back": back, "back_name": name, "in_draft": True}
