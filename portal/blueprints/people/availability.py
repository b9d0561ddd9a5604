"""What somebody can and when they are there; their days away."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.now import sentence_for_person
from portal.blueprints.people.availability_forms import AvailabilityForm, LeaveForm, StandInForm, typed_availability
from portal.blueprints.people.blueprint import blueprint
from portal.blueprints.people.views import changeable
from portal.operations import availability, people
from portal.permissions import Right
from portal.queries.leaves import leaves_told
from portal.queries.people_now import PersonNow
from portal.sign_in import current_company, right_required, signed_in_user


@blueprint.get("/<uuid:user_id>/availability")
@right_required(Right.PEOPLE)
def show_availability(user_id: UUID) -> ResponseReturnValue:
    """Hours, leave, caps, tags, languages and places of one person."""
    person = changeable(user_id)
    return _page(person, AvailabilityForm(formdata=None, data=typed_availability(person.user)))


@blueprint.post("/<uuid:user_id>/availability")
@right_required(Right.PEOPLE)
def save_availability(user_id: UUID) -> ResponseReturnValue:
    """Save them."""
    person, by = changeable(user_id), signed_in_user()
    form = AvailabilityForm().offer(current_company().time_zone, person.user)
    if form.carried_out(lambda: people.change_user(user_id, by=by, seen=form.seen.data or "", **form.wanted())):
        return _done(user_id, "Saved. It counts from the next lead on.")
    return _page(changeable(user_id), form), form.status


@blueprint.post("/<uuid:user_id>/leaves")
@right_required(Right.PEOPLE)
def add_leave(user_id: UUID) -> ResponseReturnValue:
    """Note days they are away."""
    person, by, form = changeable(user_id), signed_in_user(), LeaveForm().offer(user_id)
    if form.made(lambda: form.note(user_id, by), by=by):
        return _done(user_id, "Noted. They come back by themselves.")
    start = AvailabilityForm(formdata=None, data=typed_availability(person.user))
    return _page(person, start, form), form.status


@blueprint.post("/<uuid:user_id>/stand-in")
@right_required(Right.PEOPLE)
def set_stand_in(user_id: UUID) -> ResponseReturnValue:
    """Say who covers for them while they are paused."""
    person, by, form = changeable(user_id), signed_in_user(), StandInForm().offer(user_id)
    if form.carried_out(lambda: people.change_user(user_id, by=by, stand_in_id=form.stand_in_id.data)):
        return _done(user_id, "Saved.")
    return _page(
        person, AvailabilityForm(formdata=None, data=typed_availability(person.user)), stand_in=form
    ), form.status


@blueprint.post("/<uuid:user_id>/leaves/<uuid:leave_id>/remove")
@right_required(Right.PEOPLE)
def remove_leave(user_id: UUID, leave_id: UUID) -> ResponseReturnValue:
    """Forget days they were to be away."""
    changeable(user_id)
    availability.remove_leave(user_id, leave_id, by=signed_in_user())
    return _done(user_id, "Removed.")


def _page(
    person: PersonNow, form: AvailabilityForm, leave: LeaveForm | None = None, stand_in: StandInForm | None = None
) -> str:
    zone = current_company().time_zone
    return render_template(
        "people/availability.html",
        person=person,
        user=person.user,
        form=form.offer(zone, person.user),
        leave_form=leave or LeaveForm(formdata=None).offer(person.user.id),
        stand_in_form=stand_in or StandInForm(formdata=None, obj=person.user).offer(person.user.id),
        leaves=leaves_told(person.user.id),
        zone=person.user.time_zone or zone,
        now=sentence_for_person(person),
    )


def _done(user_id: UUID, said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("people.show_availability", user_id=user_id), code=303)
