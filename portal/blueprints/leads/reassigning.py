"""Handing an owned lead to a group: the choice of one, asked once, and the way back."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField
from wtforms.validators import InputRequired

from portal.blueprints.forms import PortalForm, menu
from portal.blueprints.leads.acts import back_to_lead
from portal.blueprints.leads.blueprint import blueprint
from portal.errors import Conflict, Forbidden
from portal.models import LeadState
from portal.operations import reassigning
from portal.permissions import Right, may, may_reassign
from portal.queries.choices import groups
from portal.queries.lead_views import LeadView
from portal.queries.leads import lead_after, lead_for
from portal.queries.reassignments import reassignments_shown
from portal.sign_in import signed_in, signed_in_user


class ReassignForm(PortalForm):
    """To which group."""

    pool_id = RadioField("Who is asked", [InputRequired("Choose who is asked.")], coerce=str)

    def offer(self, company_id: UUID) -> ReassignForm:
        """Fill the choice of groups."""
        self.pool_id.choices = menu((str(pool_id), name) for pool_id, name in groups(company_id))
        return self


@blueprint.get("/<uuid:lead_id>/reassign")
@signed_in
def ask_to_reassign(lead_id: UUID) -> ResponseReturnValue:
    """What will happen, and the choice of a group."""
    user = signed_in_user()
    lead = lead_for(user, lead_id)
    if reassignments_shown([lead_id]):
        flash("This lead is being reassigned already.", "")
        return redirect(url_for("leads.show_lead", lead_id=lead_id), code=303)
    form = ReassignForm(formdata=None).offer(user.company_id)
    if len(form.pool_id.choices) == 1:
        # There is nothing to choose between.
        form.pool_id.data = form.pool_id.choices[0].value
    return _page(lead, form)


@blueprint.post("/<uuid:lead_id>/reassign")
@signed_in
def reassign(lead_id: UUID) -> ResponseReturnValue:
    """Hand it to the group that was chosen."""
    user = signed_in_user()
    lead = lead_for(user, lead_id)
    form = ReassignForm().offer(user.company_id)
    if not form.carried_out(lambda: reassigning.reassign(lead_id, UUID(form.pool_id.data), by=user)):
        return _page(lead, form), form.status
    return back_to_lead(lead_id, _what_became_of_it(lead))


@blueprint.post("/<uuid:lead_id>/cancel-reassignment")
@signed_in
def cancel_reassignment(lead_id: UUID) -> ResponseReturnValue:
    """The owner keeps it after all."""
    user = signed_in_user()
    lead_for(user, lead_id)
    reassigning.cancel(lead_id, by=user)
    return back_to_lead(lead_id, "Cancelled. Its owner keeps it.")


def _page(lead: LeadView, form: ReassignForm) -> str:
    user = signed_in_user()
    if lead.state != LeadState.OWNED:
        raise Conflict("Only a lead that somebody owns can be reassigned.")
    if lead.masked or not may_reassign(user, lead.owner_id):
        raise Forbidden("Only the lead's owner, or somebody who hands out leads, may reassign it.")
    return render_template("leads/reassign.html", lead=lead, form=form, may_set_up=may(user, Right.DISTRIBUTION))


def _what_became_of_it(before: LeadView) -> str:
    if reassignments_shown([before.id]):
        return "It is being reassigned. Its owner keeps it until somebody takes it."
    now = lead_after(signed_in_user(), before.id)
    if now.owner_id == before.owner_id:
        return f"Nobody else could take it now. {now.owner_name} keeps it."
    return f"{now.owner_name} owns it now."
