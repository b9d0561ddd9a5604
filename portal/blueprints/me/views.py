"""One's own page: name, phone, password, and all that is shown there."""

from __future__ import annotations

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.hours_form import told_hours
from portal.blueprints.me.blueprint import blueprint
from portal.blueprints.me.forms import AboutMeForm, ChangePasswordForm
from portal.blueprints.people.availability_forms import PRESENCE_NAMES, LeaveForm, StandInForm
from portal.operations.passwords import change_password
from portal.operations.people import change_user
from portal.permissions import Right, is_reached, may
from portal.queries.leaves import leaves_told
from portal.queries.people_now import person_now
from portal.rate_limits import sign_in_per_address
from portal.routing.facts import PresenceMode
from portal.sign_in import begin_session, choose_company, current_company, signed_in, signed_in_account, signed_in_user


@blueprint.get("")
@signed_in
def page() -> ResponseReturnValue:
    """Everything one may change about oneself."""
    return page_with()


def page_with(
    about_me: AboutMeForm | None = None,
    password: ChangePasswordForm | None = None,
    leave: LeaveForm | None = None,
    stand_in: StandInForm | None = None,
) -> str:
    """The page, with the forms that came back."""
    user, company = signed_in_user(), current_company()
    return render_template(
        "me/page.html",
        about_me=about_me or AboutMeForm(formdata=None, obj=user),
        password=password or ChangePasswordForm(formdata=None),
        leave_form=leave or LeaveForm(formdata=None).offer(user.id),
        stand_in_form=stand_in or StandInForm(formdata=None, obj=user).offer(user.id),
        leaves=leaves_told(user.id),
        user=user,
        account=signed_in_account(),
        receives=may(user, Right.RECEIVE),
        hours=told_hours(user.hours) if user.hours is not None else None,
        refused=person.refused if (person := person_now(user.id)) else None,
        may_pause=company.self_service_pause or is_reached(user, Right.PEOPLE, user.team_id),
        presence_names=PRESENCE_NAMES if company.presence_mode != PresenceMode.IGNORE else {},
        zone=user.time_zone or company.time_zone,
    )


@blueprint.post("")
@signed_in
def save() -> ResponseReturnValue:
    """Save name and phone."""
    form, user = AboutMeForm(), signed_in_user()
    if form.carried_out(lambda: change_user(user.id, by=user, name=form.name.data, phone=form.phone.data or None)):
        flash("Saved.", "good")
        return redirect(url_for("me.page"), code=303)
    return page_with(form), form.status


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
    return page_with(password=form), form.status
