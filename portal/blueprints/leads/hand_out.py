"""Handing out many unassigned leads at once."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import SelectField

from portal.blueprints.forms import PortalForm, menu
from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.narrowing import address, chips, filters_from, given_in
from portal.errors import Invalid
from portal.operations.bulk_hand_out import HandedOut, count_unassigned, hand_out_unassigned
from portal.permissions import Right
from portal.queries.buckets import Bucket
from portal.queries.choices import people_by_name, pools_by_name, pools_for_new_leads
from portal.queries.leads import LeadFilters
from portal.sign_in import current_company, right_required, signed_in_user

AT_ONCE = 2_000
"""Leads handed out by one press: so many take a second or two."""
_HERE = "/leads/hand-out"


class HandOutForm(PortalForm):
    """In which pool."""

    pool_id = SelectField("Who gets them", coerce=lambda value: UUID(str(value)) if value else None)

    def offer(self, company_id: UUID) -> HandOutForm:
        """Fill the menu of pools."""
        pools = [(str(pool_id), f"The pool “{name}”") for pool_id, name in pools_for_new_leads(company_id)]
        self.pool_id.choices = menu([("", "As the rules say"), *pools])
        return self


@blueprint.get("/hand-out")
@right_required(Right.ASSIGN)
def hand_out() -> ResponseReturnValue:
    """How many leads it is about, and the choice of a pool."""
    return _page(HandOutForm(formdata=None).offer(signed_in_user().company_id))


@blueprint.post("/hand-out")
@right_required(Right.ASSIGN)
def hand_out_now() -> ResponseReturnValue:
    """Hand out the leads the address names, the oldest first."""
    by, filters = signed_in_user(), _filters()
    form, done = HandOutForm().offer(by.company_id), list[HandedOut]()

    def act() -> None:
        pool_id, after = form.pool_id.data, _after()
        done.append(hand_out_unassigned(by=by, filters=filters, pool_id=pool_id, most=AT_ONCE, after=after))

    if not form.carried_out(act):
        return _page(form), form.status
    flash(_said(done[0]), "good" if done[0].went else "")
    given = given_in(request.args)
    if done[0].looked_at == AT_ONCE:
        return redirect(f"{address(Bucket.UNASSIGNED, given, at=_HERE)}&after={done[0].last}", code=303)
    return redirect(address(Bucket.UNASSIGNED, given), code=303)


def _page(form: HandOutForm) -> str:
    user, given = signed_in_user(), given_in(request.args)
    names = {str(each): name for each, name in (*people_by_name(user.company_id), *pools_by_name(user.company_id))}
    return render_template(
        "leads/hand_out.html",
        form=form,
        count=count_unassigned(user, _filters(), _after()),
        at_once=AT_ONCE,
        chosen=[said for said, _ in chips(Bucket.UNASSIGNED, given, names)],
        action=address(Bucket.UNASSIGNED, given, at=_HERE) + (f"&after={_after()}" if _after() else ""),
        back_url=address(Bucket.UNASSIGNED, given),
    )


def _filters() -> LeadFilters:
    return filters_from(request.args, ZoneInfo(current_company().time_zone))


def _after() -> UUID | None:
    """Behind which lead to go on."""
    try:
        return UUID(request.args["after"]) if "after" in request.args else None
    except ValueError:
        raise Invalid.field("after", "This is not the id of a lead.") from None


def _said(done: HandedOut) -> str:
    leads = "1 lead was" if done.went == 1 else f"{done.went:,} leads were"
    if not done.stayed:
        return f"{leads} handed out." if done.looked_at else "There was nothing to hand out."
    stay = "1 stays as it is" if done.stayed == 1 else f"{done.stayed:,} stay as they are"
    return f"{leads} handed out. {stay}: nobody can get {'it' if done.stayed == 1 else 'them'} now."
