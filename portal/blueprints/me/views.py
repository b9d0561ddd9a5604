"""One's own page: name, phone, availability, password."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.me.blueprint import blueprint
from portal.blueprints.me.forms import AboutMeForm, ChangePasswordForm
from portal.errors import Malformed
from portal.operations.passwords import change_password
from portal.operations.people import change_user
from portal.permissions import Right, may
from portal.rate_limits import sign_in_per_address
from portal.sign_in import begin_session, choose_company, signed_in, signed_in_account, signed_in_user


@blueprint.get("")
@signed_in
def page() -> ResponseReturnValue:
    """Everything one may change about oneself."""
    return _page(_about_me(), ChangePasswordForm(formdata=None))


def _about_me() -> AboutMeForm:
    return AboutMeForm(formdata=None, obj=signed_in_user())


def _page(about_me: AboutMeForm, password: ChangePasswordForm) -> str:
    user = signed_in_user()
    return render_template(
        "me/page.html",
        about_me=about_me,
        password=password,
        user=user,
        account=signed_in_account(),
        receives=may(user, Right.RECEIVE),
    )


@blueprint.post("")
@signed_in
def save() -> ResponseReturnValue:
    """Save name and phone."""
    form, user = AboutMeForm(), signed_in_user()
    if form.carried_out(lambda: change_user(user.id, by=user, name=form.name.data, phone=form.phone.data or None)):
        flash("Saved.", "good")
        return redirect(url_for("me.page"), code=303)
    return _page(form, ChangePasswordForm(formdata=None)), form.status


@blueprint.post("/available")
@signed_in
def set_available() -> ResponseReturnValue:
    """Take leads, or pause."""
    wanted = request.form.get("available")
    if wanted not in ("yes", "no"):
        raise Malformed("Please use the button on the page.")
    user = signed_in_user()
    change_user(user.id, by=user, available=wanted == "yes")
    flash("You take new leads." if wanted == "yes" else "You are paused: new leads go to others.", "good")
    return redirect(url_for("me.page"), code=303)


@blueprint.post("/password")
@signed_in
@sign_in_per_address
def set_password() -> ResponseReturnValue:
    """Change the password; all other sessions end, this one goes on."""
    form, account = ChangePasswordForm(), signed_in_account()
    assert account is not None
    if form.carried_out(lambda: change_password(account, form.current_password.data, form.new_password.data)):
        user, several = signed_in_user(), session.get("several_companies", False)
        begin_session(account)
        choose_company(user.company_id, user.id)
        session["several_companies"] = several
        flash("Your password is changed. You are signed out on all other devices.", "good")
        return redirect(url_for("me.page"), code=303)
    return _page(_about_me(), form), form.status
