"""Offers that end because something else happened to the lead, and turns that are given back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from portal.extensions import db
from portal.metrics import OFFERS_ENDED
from portal.models import Cause, OfferState, TimelineKind, WorkKind
from portal.operations.actors import Actor
from portal.operations.ledger import reverse_turn
from portal.operations.transaction import after_commit
from portal.operations.writes import Row, Writes


class Withdrawn(NamedTuple):
    """An offer that was withdrawn: `was_open` tells a running one from a place in line."""

    id: UUID
    user_id: UUID
    pool_id: UUID
    was_open: bool


_WITHDRAW = """
    WITH running AS MATERIALIZED (
        SELECT company_id, id, state FROM offers
        WHERE company_id = %(company)s AND lead_id = %(lead)s AND state IN ('waiting', 'open')
          AND (%(user)s::uuid IS NULL OR user_id = %(user)s)
        FOR UPDATE
    ), done AS (
        DELETE FROM due_work w USING running r
        WHERE w.company_id = r.company_id AND w.kind = %(kind)s AND w.subject_id = r.id
    )
    UPDATE offers o SET state = 'withdrawn', ended_at = clock_timestamp(), reason = %(reason)s
    FROM running r WHERE o.company_id = r.company_id AND o.id = r.id
    RETURNING o.id, o.user_id, o.pool_id, r.state = 'open'"""


def withdraw_offers(
    writes: Writes,
    lead_id: UUID,
    by: Actor,
    reason: str,
    *,
    only_of: UUID | None = None,
    leaves: Row | None = None,
) -> list[Withdrawn]:
    """End every running offer of a lead, locked by this transaction, and every place in line for it.

    Args:
        reason: a sentence, kept with the offer and told on its page.
        only_of: one user's offers; None = everybody's.
        leaves: what becomes of the lead by it, for the entry of a running offer, when no other entry tells.
    """
    parameters = {
        "company": writes.company_id,
        "lead": lead_id,
        "user": only_of,
        "kind": WorkKind.END_OFFER,
        "reason": reason,
    }
    rows = db.session.connection().exec_driver_sql(_WITHDRAW, parameters).all()
    withdrawn = [Withdrawn(*row) for row in rows]
    for offer in withdrawn:
        before = {"offer": OfferState.OPEN if offer.was_open else OfferState.WAITING}
        after = {"offer_id": offer.id, "user_id": offer.user_id, **((offer.was_open and leaves) or {})}
        writes.record(lead_id, TimelineKind.WITHDRAWN, by, text=reason, before=before, after=after)
        after_commit(lambda: OFFERS_ENDED.labels(OfferState.WITHDRAWN).inc())
    return withdrawn


def take_back(writes: Writes, lead_id: UUID, offers: Sequence[Withdrawn], *, receiver: UUID | None = None) -> None:
    """Give back the turns of offers their agents had no hand in ending, and tell them.

    The caller holds the lock of the offers' pool.

    Args:
        receiver: who gets the lead instead; they are told that, and not of an offer that is gone.
    """
    for offer in offers:
        if not offer.was_open:
            continue
        reverse_turn(writes, offer.pool_id, offer.id, lead_id)
        if offer.user_id != receiver:
            writes.say(Cause.REASSIGNED_AWAY, offer.user_id, about=f"{offer.id}", lead_id=lead_id, offer_id=offer.id)
