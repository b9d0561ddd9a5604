"""The lead page."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.blueprints.leads import vcard, wording
from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.forms import Close
from portal.errors import NotFound
from portal.models import LeadState, User
from portal.permissions import Right, may
from portal.queries.choices import assignees, is_default_assignee
from portal.queries.decisions import decisions
from portal.queries.leads import LeadView, lead_for
from portal.queries.timeline import entries_page, touches
from portal.routing.facts import WaitingFor
from portal.sign_in import current_company, signed_in, signed_in_user

ENTRIES_SHOWN = 50
TOUCHES_SHOWN = 20
DECISIONS_SHOWN = 20


@blueprint.get("/<uuid:lead_id>")
@signed_in
def show_lead(lead_id: UUID) -> ResponseReturnValue:
    """Everything of one lead."""
    return page_of_lead(lead_for(signed_in_user(), lead_id), Close(formdata=None))


def page_of_lead(lead: LeadView, close_form: Close, status: int = 200) -> Response:
    """The lead page, with the close form as it stands after a try."""
    user, company = signed_in_user(), current_company()
    group = request.args.get("kind", "")
    kinds = wording.KIND_GROUPS[group][1] if group in wording.KIND_GROUPS else None
    shown = not lead.masked
    may_assign = may(user, Right.ASSIGN)
    timeline = entries_page(user, lead.id, kinds, request.args.get("cursor"), ENTRIES_SHOWN) if shown else None
    page = render_template(
        "leads/page.html",
        lead=lead,
        group=group,
        groups=[(key, name) for key, (name, _) in wording.KIND_GROUPS.items()],
        timeline=timeline,
        touches=touches(company.id, lead.id, TOUCHES_SHOWN) if shown else [],
        decisions=decisions(company.id, lead.id, DECISIONS_SHOWN) if shown else [],
        assignees=assignees(company.id) if may_assign else [],
        may_assign=may_assign,
        may_take=may_take(user, lead),
        may_close=shown,
        close_form=close_form,
        badge=wording.state_badge(lead.state, lead.waiting_for, lead.close_reason),
        words=wording,
        now=datetime.now(UTC),
        clock_zone=ZoneInfo(company.time_zone),
    )
    return make_response(page, status)


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


def may_take(user: User, lead: LeadView) -> bool:
    """Whether “take it myself” would work: for those who hand out, and for default assignees who were told."""
    if not may(user, Right.RECEIVE) or lead.owner_id == user.id or lead.state == LeadState.CLOSED:
        return False
    if may(user, Right.ASSIGN):
        return True
    return lead.waiting_for == WaitingFor.CATCH_ALL and is_default_assignee(user, lead.pool_id)
