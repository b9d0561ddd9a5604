"""A lead typed in by hand: handed out by the rules, kept for a person, or given to somebody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.forms import NewLead
from portal.blueprints.leads.views import may_add
from portal.errors import Forbidden, NotFound
from portal.models import Channel, User
from portal.operations.actors import Actor
from portal.operations.arrival import Arriving, Taken, holder_for
from portal.operations.intake import take_in
from portal.permissions import Right, may
from portal.queries.choices import assignees, source_names
from portal.queries.decisions import eyes_of
from portal.queries.leads import lead_for
from portal.sign_in import current_company, signed_in, signed_in_user


@blueprint.route("/new", methods=["GET", "POST"])
@signed_in
def new_lead() -> ResponseReturnValue:
    """The form, and what it does."""
    user, company = signed_in_user(), current_company()
    if not may_add(user):
        raise Forbidden("Adding leads is for those who hand them out or receive them.")
    may_assign = may(user, Right.ASSIGN)
    people = [(str(person.id), person.name) for person in assignees(company.id)] if may_assign else None
    form, taken = NewLead().offer(people), list[Taken]()

    def take() -> UUID:
        answer = take_in(arriving_from(form, may_assign), holder=holder_for(user, company), by=Actor.user(user))
        # Only an idempotency key is answered from what was kept, and a form has none.
        assert isinstance(answer, Taken)
        taken.append(answer)
        return answer.lead_id

    made = form.made(take, by=user)
    if made is not None:
        flash(_said(taken[-1]) if made.is_new else "The lead is in.", "good")
        return _shown(user, made.id)
    page = render_template("leads/new.html", new=form, sources=source_names(company.id), may_assign=may_assign)
    return page, form.status


def arriving_from(form: NewLead, may_assign: bool) -> Arriving:
    """What was typed, as a message coming in. Without the right to assign, the rules alone hand out."""
    typed: dict[str, Any] = {
        name: form[name].data or None for name in ("name", "phone", "email", "text", "source", "lead_type")
    }
    hand_out = form.hand_out.data if may_assign else "route"
    return Arriving(
        **typed,
        channel=Channel.MANUAL,
        assignee=form.assignee.data if hand_out == "give" else None,
        keep=hand_out == "keep",
        payload={name: value for name, value in typed.items() if value},
    )


def _shown(user: User, lead_id: UUID) -> ResponseReturnValue:
    try:
        lead_for(user, lead_id)
    except NotFound:
        return redirect(url_for("leads.list_leads"), code=303)
    return redirect(url_for("leads.show_lead", lead_id=lead_id), code=303)


def _said(taken: Taken) -> str:
    if not taken.created:
        return "This customer has an open lead already; the message was added to it."
    names = taken.masked_reason is None or eyes_of(signed_in_user()) is None
    return f"The lead is in. {taken.reason_told(names=names)}"
