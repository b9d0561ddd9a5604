"""How offers are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Form, Id, Moment, Part, Several, Text
from portal.models import Offer, OfferKind, OfferState
from portal.queries.offers import OfferView


class OfferShape(Form):
    """A lead proposed to an agent for a while."""

    id = Id(required=True)
    lead_id = Id(required=True)
    user_id = Id(required=True)
    pool_id = Id(required=True)
    state = Choice(OfferState, required=True)
    kind = Choice(OfferKind, required=True)
    created_at = Moment(required=True)
    expires_at = Moment(allow_none=True, required=True)
    ended_at = Moment(allow_none=True, required=True)
    reason = Text(allow_none=True, required=True)


class OffersShape(Form):
    """A page of offers, the newest first."""

    items = Several(Part(OfferShape), required=True)
    next = Text(allow_none=True, required=True)


def offer_shape(offer: Offer | OfferView) -> dict[str, Any]:
    """An offer as the API tells it."""
    return {
        "id": offer.id,
        "lead_id": offer.lead_id,
        "user_id": offer.user_id,
        "pool_id": offer.pool_id,
        "state": offer.state,
        "kind": offer.kind,
        "created_at": offer.created_at,
        "expires_at": offer.expires_at,
        "ended_at": offer.ended_at,
        "reason": offer.reason,
    }
