"""Single acts on one person: deactivate, activate, invite again."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.people.blueprint import blueprint
from portal.blueprints.people.forms import DeactivateForm
from portal.blueprints.people.views import changeable
from portal.errors import Conflict
from portal.operations import people
from portal.operations.account_links import invite_again
from portal.permissions import Right, may
from portal.queries.people_now import may_receive, open_offers_of
from portal.sign_in import right_required, signed_in_user


@blueprint.get("/<uuid:user_id>/deactivate")
@right_required(Right.PEOPLE)
def ask_to_deactivate(user_id: UUID) -> ResponseReturnValue:
    """Say what will happen, and ask once."""
    return _ask(user_id, DeactivateForm(formdata=None))


def _ask(user_id: UUID, form: DeactivateForm) -> str:
    person, offers = changeable(user_id), open_offers_of(user_id)
    chooses = person.open_leads > 0 and may(signed_in_user(), Right.ASSIGN)
    form.offer(one for one in may_receive() if one.user.id != user_id)
    return render_template(
        "people/deactivate.html", person=person, user=person.user, offers=offers, form=form, chooses=chooses
    )


@blueprint.post("/<uuid:user_id>/deactivate")
@right_required(Right.PEOPLE)
def deactivate(user_id: UUID) -> ResponseReturnValue:
    """No more leads, offers or signing in; nothing is deleted."""
    person, by = changeable(user_id), signed_in_user()
    form = DeactivateForm().offer(may_receive())
    if form.carried_out(lambda: people.deactivate(user_id, by=by, open_leads=form.open_leads.data, to=form.receiver)):
        flash(f"{person.user.name} is deactivated.", "good")
        return redirect(url_for("people.listed"), code=303)
    return _ask(user_id, form), form.status


@blueprint.post("/<uuid:user_id>/activate")
@right_required(Right.PEOPLE)
def activate(user_id: UUID) -> ResponseReturnValue:
    """Let somebody back in."""
    person = changeable(user_id)
    people.change_user(user_id, by=signed_in_user(), active=True)
    flash(f"{person.user.name} is active again.", "good")
    return redirect(url_for("people.one", user_id=user_id), code=303)


@blueprint.post("/<uuid:user_id>/invite")
@right_required(Right.PEOPLE)
def invite(user_id: UUID) -> ResponseReturnValue:
    """Send the first mail once more."""
    changeable(user_id)
    try:
        user = invite_again(user_id, by=signed_in_user())
    except Conflict as refusal:
        flash(refusal.detail, "warn")
    else:
        flash(f"A new mail to {user.email} is on its way.", "good")
    return redirect(url_for("people.one", user_id=user_id), code=303)
