"""The rules: which leads go to which pool, in the order they are looked at."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.now import sentence_now
from portal.blueprints.forms import PortalForm
from portal.blueprints.once import FormKey, OnceForm
from portal.blueprints.settings import rule_wording
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import DefaultRuleForm
from portal.blueprints.settings.rule_forms import NewRuleForm, RuleForm, typed_rule
from portal.errors import Conflict, Invalid
from portal.models import Rule
from portal.operations import rules as operations
from portal.operations.rules import RuleChanges
from portal.operations.seen import mark
from portal.permissions import Right
from portal.queries.choices import pools_by_name
from portal.queries.rules import rule_named
from portal.queries.rules import rules as all_rules
from portal.sign_in import current_company, right_required, signed_in_user

PLACES = {"up": -1, "down": 1}


@blueprint.get("/rules")
@right_required(Right.DISTRIBUTION, company_wide=True)
def rules() -> ResponseReturnValue:
    """All rules, the default rule last."""
    return _list_page()


@blueprint.post("/rules/<uuid:rule_id>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def save_rule(rule_id: UUID) -> ResponseReturnValue:
    """Point the default rule at another pool, or at none."""
    rule, by = rule_named(rule_id), signed_in_user()
    form = DefaultRuleForm(prefix=_prefix(rule)).offer(pools_by_name(by.company_id))
    if form.carried_out(lambda: operations.point_rule(rule_id, form.pool_id.data, by=by)):
        return _done("Saved. It counts from the next lead on.")
    return _list_page(form), form.status


def _list_page(sent: DefaultRuleForm | None = None) -> str:
    pools = pools_by_name(signed_in_user().company_id)
    *others, default = all_rules()
    form = sent or DefaultRuleForm(formdata=None, obj=default, prefix=_prefix(default)).offer(pools)
    return render_template(
        "settings/rules.html",
        rules=others,
        default=default,
        form=form,
        pools=dict(pools),
        now=sentence_now(),
        words=rule_wording,
        new_key=FormKey.new,
    )


def _prefix(rule: Rule) -> str:
    """Other forms stand on the page; ids must not repeat."""
    return f"rule-{rule.id.hex}-"


@blueprint.get("/rules/new")
@right_required(Right.DISTRIBUTION, company_wide=True)
def new_rule() -> ResponseReturnValue:
    """The form of a new rule."""
    return _new_page(NewRuleForm(formdata=None))


@blueprint.post("/rules/new")
@right_required(Right.DISTRIBUTION, company_wide=True)
def add_rule() -> ResponseReturnValue:
    """Make a rule."""
    form, by = NewRuleForm().offer(pools_by_name(signed_in_user().company_id)), signed_in_user()
    if form.made(lambda: operations.make_rule(by=by, **form.wanted()).id, by=by):
        return _done(f"The rule “{form.name.data}” is there. It is looked at after the others.")
    return _new_page(form), form.status


def _new_page(form: NewRuleForm) -> str:
    form.offer(pools_by_name(signed_in_user().company_id))
    return render_template("settings/rule_new.html", form=form, zone=current_company().time_zone)


@blueprint.get("/rules/<uuid:rule_id>/edit")
@right_required(Right.DISTRIBUTION, company_wide=True)
def edit_rule(rule_id: UUID) -> ResponseReturnValue:
    """The form of one rule; the default rule's stands in the list."""
    rule = rule_named(rule_id)
    if rule.is_default:
        return redirect(url_for("settings.rules"), code=303)
    seen = mark({name: getattr(rule, name) for name in RuleChanges.__annotations__})
    return _edit_page(RuleForm(formdata=None, data=typed_rule(rule) | {"seen": seen}), rule)


@blueprint.post("/rules/<uuid:rule_id>/edit")
@right_required(Right.DISTRIBUTION, company_wide=True)
def change_rule(rule_id: UUID) -> ResponseReturnValue:
    """Save a rule."""
    rule, by = rule_named(rule_id), signed_in_user()
    form = RuleForm().offer(pools_by_name(by.company_id))
    form.present = rule
    if form.carried_out(lambda: operations.change_rule(rule_id, by=by, seen=form.seen.data or "", **form.wanted())):
        return _done("Saved. It counts from the next lead on.")
    return _edit_page(form, rule), form.status


def _edit_page(form: RuleForm, rule: Rule) -> str:
    form.offer(pools_by_name(signed_in_user().company_id))
    return render_template("settings/rule_edit.html", form=form, rule=rule, zone=current_company().time_zone)


@blueprint.post("/rules/<uuid:rule_id>/<any(up, down):where>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def move_rule(rule_id: UUID, where: str) -> ResponseReturnValue:
    """Have a rule looked at earlier or later."""
    operations.move_rule(rule_id, PLACES[where], by=signed_in_user())
    return redirect(url_for("settings.rules", _anchor=f"rule-{rule_id}"), code=303)


@blueprint.post("/rules/order")
@right_required(Right.DISTRIBUTION, company_wide=True)
def order_rules() -> ResponseReturnValue:
    """Put the rules into the order they were dragged into."""
    try:
        operations.order_rules([UUID(each) for each in request.form.getlist("rule")], by=signed_in_user())
    except (ValueError, Invalid):
        raise Conflict("Somebody changed the rules meanwhile, so nothing was moved. Open the page again.") from None
    return redirect(url_for("settings.rules"), code=303)


@blueprint.post("/rules/<uuid:rule_id>/<any(pause, resume):act>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def pause_rule(rule_id: UUID, act: str) -> ResponseReturnValue:
    """Pass a rule over until it is resumed."""
    rule = operations.change_rule(rule_id, by=signed_in_user(), paused=act == "pause")
    return _done(f"“{rule.name}” is {'paused: leads fall to the next rule' if rule.paused else 'looked at again'}.")


@blueprint.post("/rules/<uuid:rule_id>/copy")
@right_required(Right.DISTRIBUTION, company_wide=True)
def copy_rule(rule_id: UUID) -> ResponseReturnValue:
    """Make a paused copy, and open it."""
    form, by = OnceForm(), signed_in_user()
    rule_named(rule_id)
    copy = form.made(lambda: operations.copy_rule(rule_id, by=by).id, by=by)
    if copy is None:
        raise Conflict(next(iter(form.form_errors), "The rule was not copied. Open the page again."))
    flash("This is the copy. It is paused until you resume it in the list.", "good")
    return redirect(url_for("settings.edit_rule", rule_id=copy.id), code=303)


@blueprint.get("/rules/<uuid:rule_id>/delete")
@right_required(Right.DISTRIBUTION, company_wide=True)
def ask_to_delete_rule(rule_id: UUID) -> ResponseReturnValue:
    """Say what will happen, and ask once."""
    return render_template("settings/rule_delete.html", rule=rule_named(rule_id), form=PortalForm(formdata=None))


@blueprint.post("/rules/<uuid:rule_id>/delete")
@right_required(Right.DISTRIBUTION, company_wide=True)
def delete_rule(rule_id: UUID) -> ResponseReturnValue:
    """Take a rule out of use."""
    rule, by = rule_named(rule_id), signed_in_user()
    form = PortalForm()
    if form.carried_out(lambda: operations.delete_rule(rule_id, by=by)):
        return _done(f"The rule “{rule.name}” is deleted.")
    return render_template("settings/rule_delete.html", rule=rule, form=form), form.status


def _done(said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("settings.rules"), code=303)
