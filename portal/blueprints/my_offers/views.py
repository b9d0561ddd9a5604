"""One's own offers: those that can be answered, those one waits for, and how the last ones ended."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.leads import wording
from portal.blueprints.my_offers.blueprint import blueprint
from portal.blueprints.my_offers.now import offers_now
from portal.blueprints.offer_answers import REASONS, ask_again, reason_given
from portal.errors import Conflict, NotFound
from portal.htmx import render
from portal.models import Offer, OfferState, User
from portal.operations import offers
from portal.own_path import own_path
from portal.permissions import Right
from portal.queries.my_offers import MyOffer, ended_lately, in_line
from portal.queries.offers import offer_state
from portal.sign_in import current_company, right_required, signed_in_user


@blueprint.get("")
@right_required(Right.RECEIVE)
def show() -> ResponseReturnValue:
    """All of it on one page."""
    return _page()


@blueprint.post("/<uuid:offer_id>/accept")
@right_required(Right.RECEIVE)
def accept(offer_id: UUID) -> ResponseReturnValue:
    """Take the lead, and go on to it."""
    return _pressed(lambda user: offers.accept(offer_id, by=user), lambda offer: f"/leads/{offer.lead_id}")


@blueprint.post("/<uuid:offer_id>/decline")
@right_required(Right.RECEIVE)
def decline(offer_id: UUID) -> ResponseReturnValue:
    """Leave it to others, and stay where one was."""
    back = own_path(request.form.get("next"), "/offers")

    def declined(offer: Offer) -> str:
        flash("Declined. It goes to the next one.", "good")
        return back

    return _pressed(lambda user: offers.decline(offer_id, by=user, reason=reason_given()), declined)


@blueprint.post("/<uuid:offer_id>/again")
@right_required(Right.RECEIVE)
def again(offer_id: UUID) -> ResponseReturnValue:
    """Ask for another chance at a lead whose time ran out."""

    def asked(offer: Offer) -> str:
        is_open = offer.state == OfferState.OPEN
        flash("It is yours to answer again." if is_open else "You are in line: you are asked next if it frees up.")
        return url_for("my_offers.show")

    return _pressed(lambda user: ask_again(offer_state(offer_id), user), asked)


@blueprint.get("/<uuid:offer_id>/<any(accept, decline, again):act>")
@right_required(Right.RECEIVE)
def show_after_press(offer_id: UUID, act: str) -> ResponseReturnValue:
    """Back to the offers, and nothing is done: browsers fetch the address of a page anew, also one a press led to."""
    if offer_state(offer_id).user_id != signed_in_user().id:
        raise NotFound("There is no such offer.")
    return redirect(url_for("my_offers.show"), code=303)


def _pressed(act: Callable[[User], Offer], leads_to: Callable[[Offer], str]) -> ResponseReturnValue:
    """Do what was pressed and go where it led. Pressing twice is one act; too late is said, not hidden."""
    try:
        offer = act(signed_in_user())
    except Conflict as too_late:
        return _page(said=too_late.detail), 409
    return redirect(leads_to(offer), code=303)


def _page(said: str | None = None) -> str:
    user, zone = signed_in_user(), ZoneInfo(current_company().time_zone)
    return render(
        "my_offers/list.html",
        "offers",
        said=said,
        open=offers_now(),
        waiting=in_line(user),
        ended=ended_lately(user),
        how_it_ended=lambda offer: _how_it_ended(offer, zone),
        ago=wording.ago,
        clock=lambda at: wording.clock(at, zone),
        reasons=REASONS,
    )


def _how_it_ended(offer: MyOffer, zone: ZoneInfo) -> tuple[str, str, str]:
    """Badge, its tone, and a sentence."""
    at = offer.ended_at or offer.expires_at or offer.now
    when = wording.ago(at, offer.now)
    if offer.is_missed:
        return "Missed", "warn", f"Time ran out {when}."
    match offer.state:
        case OfferState.ACCEPTED:
            return "Accepted", "good", f"You took it {when}." if offer.is_mine else f"You took it {when}; it moved on."
        case OfferState.DECLINED:
            return "Declined", "", f"You declined {when}{f': {offer.reason}' if offer.reason else ''}."
        case _:
            # Why, names others.
            return "Withdrawn", "", f"It was withdrawn {when}."
