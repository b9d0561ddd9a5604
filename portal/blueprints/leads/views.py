"""The lead page, and its parts that are fetched anew when the lead changes."""

from __future__ import annotations

from uuid import UUID

from flask import Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.leads import vcard
from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.desk import Forms, desk_of, stream_of
from portal.errors import NotFound
from portal.htmx import is_part
from portal.models import User
from portal.permissions import Right, may
from portal.queries.lead_views import LeadView
from portal.queries.leads import lead_for
from portal.sign_in import signed_in, signed_in_user

PARTS = {"head": "leads/_head.html", "stream": "leads/_stream.html", "feedback": "leads/_feedback.html"}


@blueprint.get("/<uuid:lead_id>")
@signed_in
def show_lead(lead_id: UUID) -> ResponseReturnValue:
    """Everything of one lead."""
    return page_of_lead(lead_for(signed_in_user(), lead_id), Forms())


@blueprint.get("/<uuid:lead_id>/part/<any(head, stream, feedback):part>")
@signed_in
def show_part(lead_id: UUID, part: str) -> ResponseReturnValue:
    """A part of the lead's page as it is now. Opened by itself it leads to the whole page."""
    lead = lead_for(signed_in_user(), lead_id)
    if not is_part() or (lead.masked and part != "head"):
        return redirect(url_for("leads.show_lead", lead_id=lead_id), code=303)
    if part == "stream":
        return render_template(PARTS[part], **stream_of(lead))
    return render_template(PARTS[part], **desk_of(lead, Forms()))


def page_of_lead(lead: LeadView, forms: Forms, status: int = 200) -> Response:
    """The lead page, with its forms as they stand after a try."""
    return make_response(render_template("leads/page.html", **desk_of(lead, forms)), status)


@blueprint.get("/<uuid:lead_id>/contact.vcf")
@signed_in
def contact_card(lead_id: UUID) -> ResponseReturnValue:
    """The customer as a card every phone's address book can read."""
    lead = lead_for(signed_in_user(), lead_id)
    if lead.contact is None:
        raise NotFound("The customer of this lead is not shown to you.")
    return vcard.download(lead.contact, lead.location)


def may_add(user: User) -> bool:
    """Who may type in leads by hand: those who hand them out, and those who get them."""
    return may(user, Right.ASSIGN) or may(user, Right.RECEIVE)
