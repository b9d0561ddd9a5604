"""What people do to a lead: assign, take, route, let go, close, reopen. Each POST leads back to the lead's page."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.desk import Forms
from portal.blueprints.leads.forms import Close
from portal.blueprints.leads.views import page_of_lead
from portal.blueprints.leads.wording import state_badge
from portal.errors import Invalid, NotFound
from portal.models import LeadState
from portal.operations import assignment, closing, releasing, taking
from portal.permissions import Right, is_asked_to_take, may
from portal.queries.leads import lead_after, lead_for
from portal.sign_in import signed_in, signed_in_user

NOBODY = "nobody"


@blueprint.post("/<uuid:lead_id>/assign")
@signed_in
def assign(lead_id: UUID) -> ResponseReturnValue:
    """Give the lead to somebody, or to nobody."""
    user = signed_in_user()
    lead_for(user, lead_id)
    try:
        chosen = _chosen_user(request.form.get("user_id", ""))
        assignment.assign(lead_id, chosen, by=user)
    except Invalid as refusal:
        # The menu is on the lead's page, so that is where another choice is made.
        flash(refusal.errors[0].message if refusal.errors else refusal.detail, "bad")
        return redirect(url_for("leads.show_lead", lead_id=lead_id), code=303)
    return back_to_lead(lead_id, _said_after_assigning(lead_id, chosen))


@blueprint.post("/<uuid:lead_id>/take")
@signed_in
def take(lead_id: UUID) -> ResponseReturnValue:
    """Give the lead to oneself: any lead for those who hand out, else one that waits for its default assignees."""
    user = signed_in_user()
    is_reassigned = lead_for(user, lead_id).state == LeadState.OWNED and is_asked_to_take(user, lead_id)
    if may(user, Right.ASSIGN) and not is_reassigned:
        assignment.assign(lead_id, user.id, by=user)
    else:
        taking.take(lead_id, by=user)
    return back_to_lead(lead_id, "This lead is yours now.")


@blueprint.post("/<uuid:lead_id>/route")
@signed_in
def route(lead_id: UUID) -> ResponseReturnValue:
    """Send an unassigned lead through the rules again."""
    user = signed_in_user()
    lead_for(user, lead_id)
    taking.route_again(lead_id, by=user)
    return back_to_lead(lead_id, _where_it_went(lead_id))


@blueprint.post("/<uuid:lead_id>/release")
@signed_in
def release(lead_id: UUID) -> ResponseReturnValue:
    """Let a lead go that is held or quarantined."""
    user = signed_in_user()
    lead_for(user, lead_id)
    releasing.release(lead_id, by=user)
    return back_to_lead(lead_id, f"Let go. {_where_it_went(lead_id)}")


@blueprint.post("/<uuid:lead_id>/close")
@signed_in
def close(lead_id: UUID) -> ResponseReturnValue:
    """End the engagement, with a reason."""
    user = signed_in_user()
    lead = lead_for(user, lead_id)
    form = Close()
    if not form.validate_on_submit():
        return page_of_lead(lead, Forms(close=form), status=422)
    closing.close(lead_id, reason=form.reason.data, note=form.note.data or None, by=user)
    return back_to_lead(lead_id, "Closed. You can reopen it here at any time.")


@blueprint.post("/<uuid:lead_id>/reopen")
@signed_in
def reopen(lead_id: UUID) -> ResponseReturnValue:
    """Take the lead up again."""
    user = signed_in_user()
    lead_for(user, lead_id)
    closing.reopen(lead_id, by=user)
    return back_to_lead(lead_id, "Open again.")


@blueprint.get("/<uuid:lead_id>/<any(assign, take, route, release, close, reopen, 'cancel-reassignment'):act>")
@signed_in
def show_after_act(lead_id: UUID, act: str) -> ResponseReturnValue:
    """Back to the lead, and nothing is done: a page that came back with errors has the address of the act."""
    lead_for(signed_in_user(), lead_id)
    return redirect(url_for("leads.show_lead", lead_id=lead_id), code=303)


def _chosen_user(value: str) -> UUID | None:
    if value == NOBODY:
        return None
    try:
        return UUID(value)
    except ValueError:
        raise Invalid.field("user_id", "Choose who gets the lead.") from None


def _said_after_assigning(lead_id: UUID, chosen: UUID | None) -> str:
    lead = lead_after(signed_in_user(), lead_id)
    return "Nobody owns it now." if chosen is None else f"{lead.owner_name} owns it now."


def _where_it_went(lead_id: UUID) -> str:
    lead = lead_after(signed_in_user(), lead_id)
    badge, _ = state_badge(lead.state, lead.waiting_for, lead.close_reason)
    return f"Handed out by the rules: {lead.owner_name or badge.lower()}. See “Why” below."


def back_to_lead(lead_id: UUID, said: str) -> ResponseReturnValue:
    """To the lead's page, or to the list when the act has taken it out of one's sight."""
    try:
        lead_for(signed_in_user(), lead_id)
    except NotFound:
        flash(f"{said} It is no longer among the leads you see.", "good")
        return redirect(url_for("leads.list_leads"), code=303)
    flash(said, "good")
    return redirect(url_for("leads.show_lead", lead_id=lead_id), code=303)
