"""Handing the company over to somebody else."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import OwnershipForm
from portal.errors import NotSignedIn
from portal.operations.people import hand_over_ownership
from portal.permissions import Right
from portal.queries.people_now import people_now
from portal.sign_in import begin_session, choose_company, right_required, signed_in_account, signed_in_user


@blueprint.get("/ownership")
@right_required(Right.OWNERSHIP)
def ownership() -> ResponseReturnValue:
    """Who could be the owner, and what handing over means."""
    return _page(OwnershipForm(formdata=None))


@blueprint.post("/ownership")
@right_required(Right.OWNERSHIP)
def hand_over() -> ResponseReturnValue:
    """Hand over. Sessions end with roles, so this one begins anew for whoever pressed."""
    form, by, account = _offered(OwnershipForm()), signed_in_user(), signed_in_account()
    if account is None:
        raise NotSignedIn
    if form.carried_out(lambda: hand_over_ownership(form.to.data, by=by)):
        company_id, user_id = by.company_id, by.id
        begin_session(account)
        choose_company(company_id, user_id)
        flash("Handed over. You are an admin from now on.", "good")
        return redirect(url_for("settings.index"), code=303)
    return _page(form), form.status


def _page(form: OwnershipForm) -> str:
    return render_template("settings/ownership.html", form=_offered(form))


def _offered(form: OwnershipForm) -> OwnershipForm:
    me = signed_in_user().id
    return form.offer([one.user for one in people_now() if one.user.active and one.user.id != me])
