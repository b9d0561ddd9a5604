"""The pop-up: what is on offer to the viewer at this moment, on every page they open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from portal.blueprints.leads import wording
from portal.blueprints.my_offers.blueprint import blueprint
from portal.messages import telling
from portal.own_path import own_path
from portal.permissions import Right, may
from portal.queries.my_offers import MyOffer, open_now
from portal.sign_in import right_required, whoever_looks

ASIDE_COOKIE = "offers-aside"
"""The ids of the offers whose pop-up the viewer has put aside, one dot between two. Written by the page's script."""


@dataclass(frozen=True, slots=True)
class OffersNow:
    """What is open, soonest end first."""

    offers: list[MyOffer]
    # Whether all of it was put aside, so that only the pill is shown.
    is_aside: bool

    @property
    def state(self) -> str:
        """Changes when anything a person could notice does, the passing of time apart."""
        return ".".join(str(offer.id) for offer in self.offers)

    @property
    def said(self) -> str:
        """One sentence, spoken when something new is there."""
        if not self.offers:
            return ""
        first = self.offers[0]
        more = f" And {len(self.offers) - 1} more." if len(self.offers) > 1 else ""
        return f"A lead for you: {first.called}, {wording.left(first.seconds_left)}.{more}"


@blueprint.get("/now")
@right_required(Right.RECEIVE)
def show_now() -> ResponseReturnValue:
    """The pop-up alone, for the page's script; a person who comes here is shown the page of offers instead."""
    return render_template("my_offers/_now.html")


@blueprint.app_context_processor
def offers_for_pages() -> dict[str, Callable[..., object]]:
    """`offers_now()` and what its template says things with."""
    return {"offers_now": offers_now, "offer_facts": offer_facts, "offer_left": offer_left, "page_behind": page_behind}


def offers_now() -> OffersNow | None:
    """What is open for the viewer, read once for a page; None for somebody who receives no leads."""
    user = whoever_looks()
    if user is None or not may(user, Right.RECEIVE):
        return None
    if "offers_now" not in g:
        # A page that only reads has asked already whether there is anything.
        offers = open_now(user) if getattr(user, "has_offers", True) else []
        aside = request.cookies.get(ASIDE_COOKIE, "").split(".")
        g.offers_now = OffersNow(offers, all(str(offer.id) in aside for offer in offers))
    found: OffersNow = g.offers_now
    return found


def offer_facts(offer: MyOffer) -> list[str]:
    """What is known beyond the lead's name: region, budget, language, in a few words each."""
    region = telling.area(offer.location or {})
    city = (offer.location or {}).get("city")
    beyond_city = ", ".join((region or "").split(", ")[1:]) if city else region
    return [said for said in (beyond_city, telling.budget(offer.price or {}), offer.language, offer.source) if said]


def offer_left(offer: MyOffer) -> str:
    """How long is left, for where no script counts."""
    return wording.left(offer.seconds_left)


def page_behind() -> str:
    """The page the pop-up stands on, also when it was fetched alone: where declining leads back to."""
    address = request.headers.get("HX-Current-URL", "") if request.path == "/offers/now" else request.full_path
    return own_path(address.rstrip("?"), "/offers") if request.method == "GET" else "/offers"
