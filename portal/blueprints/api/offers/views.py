"""Offers: deciding about a lead while its window stands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user
from portal.blueprints.api.answers import answers, json_answer
from portal.blueprints.api.fields import NothingForm
from portal.blueprints.api.offers.forms import DeclineForm, OffersForm
from portal.blueprints.api.offers.shapes import OfferShape, OffersShape, offer_shape
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.takes import takes
from portal.operations import offers
from portal.queries.offers import offers_page

blueprint: Blueprint = APIBlueprint("offers", __name__, url_prefix="/offers", tag="Offers")


@blueprint.get("")
@takes(OffersForm, "query")
@answers((200, OffersShape))
def list_offers(query: dict[str, Any]) -> Response:
    """List offers, the newest first: one's own, or with the right `see_all` everybody's"""
    page = offers_page(acting_user(), query["lead"], query["user"], query["state"], query["cursor"], query["limit"])
    return json_answer({"items": [offer_shape(view) for view in page.items], "next": page.next})


@blueprint.post("/<uuid:offer_id>/accept")
@repeatable
@takes(NothingForm)
@answers((200, OfferShape))
def accept(offer_id: UUID, asked: dict[str, Any]) -> Answered:
    """Accept one's own offer: the lead is theirs"""
    return offer_shape(offers.accept(offer_id, by=acting_user())), 200


@blueprint.post("/<uuid:offer_id>/decline")
@repeatable
@takes(DeclineForm)
@answers((200, OfferShape))
def decline(offer_id: UUID, asked: dict[str, Any]) -> Answered:
    """Decline one's own offer: the next agent is asked"""
    return offer_shape(offers.decline(offer_id, by=acting_user(), reason=asked["reason"])), 200


@blueprint.post("/<uuid:offer_id>/again")
@repeatable
@takes(NothingForm)
@answers((200, OfferShape))
def ask_again(offer_id: UUID, asked: dict[str, Any]) -> Answered:
    """Ask for another chance at a lead one has missed

    Answers a new offer of the kind `second_chance`, waiting in line.
    """
    return offer_shape(offers.ask_again(offer_id, by=acting_user())), 200


@blueprint.post("/<uuid:offer_id>/recall")
@repeatable
@takes(NothingForm)
@answers((200, OfferShape))
def recall(offer_id: UUID, asked: dict[str, Any]) -> Answered:
    """Take an open offer back: the lead waits for a person, the turn is given back"""
    return offer_shape(offers.recall(offer_id, by=acting_user())), 200
