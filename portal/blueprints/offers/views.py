"""The offer page in all its states. Looking decides nothing; a press does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.leads import vcard, wording
from portal.blueprints.offer_answers import REASONS, ask_again, reason_given
from portal.blueprints.offers.blueprint import blueprint
from portal.blueprints.offers.chips import chips
from portal.blueprints.offers.pressing import is_fetched_ahead, require_own_page
from portal.blueprints.offers.wrong_links import count_wrong_link
from portal.errors import Conflict, NotFound, ProductError, TooMany
from portal.extensions import csrf, db
from portal.models import User
from portal.models.tenancy import enter_company, leave_company
from portal.operations import offers
from portal.queries.lead_views import LeadView
from portal.queries.leads import lead_for
from portal.queries.offers import OfferFacts, OpenOffer, Standing, offer_state, other_open_offers
from portal.tokens import offer_token, read_offer_token

csrf.exempt(blueprint)

# Seconds until an open page asks the server again by itself: often where something may happen any moment.
LOOK_AGAIN_AFTER = {Standing.OPEN: 15, Standing.IN_LINE: 15, Standing.MISSED: 15}
SELDOM = 60

Act = Callable[[OfferFacts, User], object]


@blueprint.get("/<token>")
def show_offer(token: str) -> ResponseReturnValue:
    """The offer as it stands now. The first look is noted; nothing else changes."""
    facts = _offer_behind(token)
    if facts.seen_at is None and request.method == "GET" and not is_fetched_ahead():
        offers.mark_seen(facts.id)
    return _page(token, facts)


@blueprint.post("/<token>/accept")
def accept(token: str) -> ResponseReturnValue:
    """Take the lead."""
    return _decide(token, lambda facts, agent: offers.accept(facts.id, by=agent))


@blueprint.post("/<token>/decline")
def decline(token: str) -> ResponseReturnValue:
    """Leave it to others."""
    return _decide(token, lambda facts, agent: offers.decline(facts.id, by=agent, reason=reason_given()))


@blueprint.post("/<token>/again")
def again(token: str) -> ResponseReturnValue:
    """Ask for another chance at a lead whose time ran out."""
    return _decide(token, ask_again)


@blueprint.get("/<token>/<any(accept, decline, again):act>")
def show_after_press(token: str, act: str) -> ResponseReturnValue:
    """Back to the offer, and nothing is done: phones fetch the address of a page anew, also one a late press led to."""
    return redirect(url_for("offers.show_offer", token=token), code=303)


@blueprint.get("/<token>/contact.vcf")
def contact_card(token: str) -> ResponseReturnValue:
    """The customer as a card for the phone, as long as the link shows them."""
    lead = _accepted_lead(_offer_behind(token))
    if lead is None or lead.contact is None:
        raise NotFound("This link shows no contact.")
    return vcard.download(lead.contact, lead.location)


@blueprint.errorhandler(ProductError)
def refuse(error: ProductError) -> ResponseReturnValue:
    """One plain page, without a word on why a link is wrong."""
    response = make_response(render_template("offers/refused.html", error=error), error.status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _offer_behind(token: str) -> OfferFacts:
    """The offer a link leads to; the session then sees its company and no other, whoever may be signed in."""
    try:
        named = read_offer_token(token)
        leave_company()
        enter_company(named.company_id)
        return offer_state(named.offer_id, named.first_id)
    except NotFound:
        count_wrong_link()
        raise NotFound("This link leads to no offer. It may have been cut off on the way.") from None


def _decide(token: str, act: Act) -> ResponseReturnValue:
    """Do what was pressed and show where it led. Pressing twice is one act; too late is said, not hidden."""
    require_own_page()
    facts = _offer_behind(token)
    agent = db.session.get(User, (facts.company_id, facts.user_id))
    if agent is None or not agent.active:
        return _page(token, facts, status=409)
    try:
        act(facts, agent)
    except Conflict as too_late:
        return _page(token, _offer_behind(token), status=409, said=too_late.detail)
    return redirect(url_for("offers.show_offer", token=token), code=303)


def _page(token: str, facts: OfferFacts, status: int = 200, said: str | None = None) -> Response:
    zone = ZoneInfo(facts.time_zone)
    page = render_template(
        f"offers/{facts.standing}.html",
        token=token,
        facts=facts,
        said=said,
        chips=chips(facts),
        until=wording.clock(facts.expires_at, zone) if facts.expires_at else None,
        reasons=REASONS,
        others=_others(token, facts, zone),
        look_again_after=LOOK_AGAIN_AFTER.get(facts.standing, SELDOM),
        lead=_accepted_lead(facts),
        words=wording,
    )
    return make_response(page, status)


@dataclass(frozen=True, slots=True)
class Other:
    """Another offer that waits for the same agent, with a link of its own."""

    offer: OpenOffer
    link: str
    until: str


def _others(token: str, facts: OfferFacts, zone: ZoneInfo) -> list[Other]:
    if not facts.may_lead_on:
        return []
    # However far they lead, all end with the link somebody began with.
    first_id = read_offer_token(token).first_id
    return [
        Other(offer, f"/o/{offer_token(facts.company_id, offer.id, first_id)}", wording.clock(offer.expires_at, zone))
        for offer in other_open_offers(facts)
    ]


def _accepted_lead(facts: OfferFacts) -> LeadView | None:
    """The whole lead: only for the one who accepted it, while they own it, for a day."""
    if facts.standing is not Standing.ACCEPTED:
        return None
    agent = db.session.get(User, (facts.company_id, facts.user_id))
    return lead_for(agent, facts.lead_id) if agent else None
