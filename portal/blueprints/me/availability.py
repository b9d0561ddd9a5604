"""Whether one takes leads now: pause, presence and days away, as far as the company leaves that to people."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.me.blueprint import blueprint
from portal.blueprints.me.views import page_with
from portal.blueprints.people.availability_forms import PRESENCE_NAMES, LeaveForm, StandInForm
from portal.errors import Malformed
from portal.operations import availability
from portal.operations.people import change_user
from portal.routing.facts import Presence
from portal.sign_in import signed_in, signed_in_user

_USE_THE_BUTTON = "Please use the button on the page."


@blueprint.post("/available")
@signed_in
def set_available() -> ResponseReturnValue:
    """Take leads, or pause."""
    wanted = request.form.get("available")
    if wanted not in ("yes", "no"):
        raise Malformed(_USE_THE_BUTTON)
    user = signed_in_user()
    change_user(user.id, by=user, available=wanted == "yes")
    flash("You take new leads." if wanted == "yes" else "You are paused: new leads go to others.", "good")
    return redirect(url_for("me.page"), code=303)


@blueprint.post("/presence")
@signed_in
def set_presence() -> ResponseReturnValue:
    """Say whether one is there; a choice, never guessed from an open page."""
    wanted = request.form.get("presence", "")
    if wanted not in tuple(Presence):
        raise Malformed(_USE_THE_BUTTON)
    user = signed_in_user()
    change_user(user.id, by=user, presence=wanted)
    flash(f"You are shown as {PRESENCE_NAMES[Presence(wanted)].lower()}.", "good")
    return redirect(url_for("me.page"), code=303)


@blueprint.post("/leaves")
@signed_in
def add_leave() -> ResponseReturnValue:
    """Note days one is away."""
    user = signed_in_user()
    form = LeaveForm().offer(user.id)
    if form.made(lambda: form.note(user.id, user), by=user):
        flash("Noted. On those days new leads go to others, and you come back by yourself.", "good")
        return redirect(url_for("me.page"), code=303)
    return page_with(leave=form), form.status


@blueprint.post("/stand-in")
@signed_in
def set_stand_in() -> ResponseReturnValue:
    """Say who covers for one while one is paused."""
    user = signed_in_user()
    form = StandInForm().offer(user.id)
    if form.carried_out(lambda: change_user(user.id, by=user, stand_in_id=form.stand_in_id.data)):
        flash("Saved.", "good")
        return redirect(url_for("me.page"), code=303)
    return page_with(stand_in=form), form.status


@blueprint.post("/leaves/<uuid:leave_id>/remove")
@signed_in
def remove_leave(leave_id: UUID) -> ResponseReturnValue:
    """Forget days one was to be away."""
    user = signed_in_user()
    availability.remove_leave(user.id, leave_id, by=user)
    flash("Removed.", "good")
    return redirect(url_for("me.page"), code=303)
