"""What an agent answers to an offer, on the offer's own page and on the page of all of theirs."""

from __future__ import annotations

from flask import request

from portal.models import Offer, OfferState, User
from portal.operations import offers
from portal.queries.offers import OfferFacts, Standing

LONGEST_REASON = 200
REASONS = ("Too far away", "Not my field", "No time", "Another reason")


def reason_given() -> str | None:
    """Why somebody declines, if they say so."""
    return request.form.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON] or None


def ask_again(facts: OfferFacts, user: User) -> Offer:
    """Another chance at a missed lead; errors as in `operations.offers.ask_again`.

    Args:
        facts: the offer as it stands; somebody else's is refused by the operation.
    """
    if facts.user_id == user.id and facts.state == OfferState.OPEN and facts.standing is Standing.MISSED:
        # Its time is over by the clock that counts, but no worker has come by yet.
        offers.end_due(facts.company_id, facts.pool_id)
    return offers.ask_again(facts.id, by=user)
