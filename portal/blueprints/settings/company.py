"""The company's own settings."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.now import sentence_now
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import CompanyForm
from portal.operations.company import change_company
from portal.permissions import Right
from portal.sign_in import current_company, right_required, signed_in_user


@blueprint.get("/company")
@right_required(Right.COMPANY)
def company() -> ResponseReturnValue:
    """The form."""
    return _page(CompanyForm(formdata=None, obj=current_company()))


@blueprint.post("/company")
@right_required(Right.COMPANY)
def save_company() -> ResponseReturnValue:
    """Save; it counts from the next lead on."""
    form, by = CompanyForm().offer(current_company()), signed_in_user()
    if form.carried_out(lambda: change_company(by=by, seen=form.seen.data, **form.wanted())):
        flash("Saved. It counts from the next lead on.", "good")
        return redirect(url_for("settings.company"), code=303)
    return _page(form), form.status


def _page(form: CompanyForm) -> str:
    form.offer(current_company()).showing(current_company())
    return render_template("settings/company.html", form=form, now=sentence_now())
