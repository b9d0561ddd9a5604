"""Which pool hands out new leads."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.now import sentence_now
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import RuleForm
from portal.models import Rule
from portal.operations.rules import point_rule
from portal.permissions import Right
from portal.queries.choices import pools_by_name
from portal.queries.rules import rule_named
from portal.queries.rules import rules as all_rules
from portal.sign_in import right_required, signed_in_user


@blueprint.get("/rules")
@right_required(Right.DISTRIBUTION, company_wide=True)
def rules() -> ResponseReturnValue:
    """All rules, the default rule last."""
    return _page()


@blueprint.post("/rules/<uuid:rule_id>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def save_rule(rule_id: UUID) -> ResponseReturnValue:
    """Point a rule at another pool, or at none."""
    rule, by = rule_named(rule_id), signed_in_user()
    form = RuleForm(prefix=_prefix(rule)).offer(pools_by_name(by.company_id))
    if form.carried_out(lambda: point_rule(rule_id, form.pool_id.data, by=by)):
        flash("Saved. It counts from the next lead on.", "good")
        return redirect(url_for("settings.rules"), code=303)
    return _page(form, rule_id), form.status


def _page(sent: RuleForm | None = None, sent_for: UUID | None = None) -> str:
    pools = pools_by_name(signed_in_user().company_id)
    rows = [(rule, sent if sent and rule.id == sent_for else _form(rule, pools)) for rule in all_rules()]
    return render_template("settings/rules.html", rows=rows, has_pools=bool(pools), now=sentence_now())


def _form(rule: Rule, pools: list[tuple[UUID, str]]) -> RuleForm:
    return RuleForm(formdata=None, obj=rule, prefix=_prefix(rule)).offer(pools)


def _prefix(rule: Rule) -> str:
    """Several of these forms stand on one page; ids must not repeat."""
    return f"rule-{rule.id.hex}-"
