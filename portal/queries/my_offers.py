"""The offers of one agent: what is open now, where they stand in line, and how the last ones ended.

Nothing in here names the customer. What is open now is asked for on every page an agent opens, so these are raw
statements on an index each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.models import LeadState, OfferKind, OfferState, User
from portal.models.statements import rows
from portal.queries.lead_views import area_of, called_without_customer
from portal.queries.offers import seconds_between

MOST_OPEN = 20
LAST_ENDED = 8


@dataclass(frozen=True, slots=True)
class MyOffer:
    """One offer of the agent, with what may be told of its lead before they own it."""

    id: UUID
    lead_id: UUID
    state: str
    kind: str
    reason: str | None
    expires_at: datetime | None
    ended_at: datetime | None
    window_seconds: int
    lead_type: str | None
    source: str | None
    language: str | None
    location: dict[str, Any] | None
    price: dict[str, Any] | None
    tags_found: list[str]
    received_at: datetime
    is_mine: bool
    is_free: bool
    asked_again: bool
    # The database's clock, which alone decides.
    now: datetime

    @property
    def called(self) -> str:
        """The lead in words that name nobody."""
        return called_without_customer(self.lead_type, (self.location or {}).get("city"))

    @property
    def seconds_left(self) -> float:
        """Seconds to the end of the window by the database's clock; 0 without an end."""
        return seconds_between(self.now, self.expires_at)

    @property
    def is_for_first(self) -> bool:
        """Whether others are asked too, and the first to accept has the lead."""
        return self.kind in (OfferKind.BROADCAST, OfferKind.LAST_CALL)

    @property
    def is_missed(self) -> bool:
        """Whether its time ran out, also when nobody has come by to end it yet."""
        return self.state in (OfferState.MISSED, OfferState.OPEN)

    @property
    def may_ask_again(self) -> bool:
        """Once per agent and lead, while the lead is free."""
        return self.is_missed and self.is_free and not self.asked_again


_COLUMNS = f"""
    SELECT o.id, o.lead_id, o.state, o.kind, o.reason, o.expires_at, o.ended_at, p.window_seconds,
        l.lead_type, l.source, l.language, l.location, l.price, l.tags_found, coalesce(l.received_at, l.created_at),
        coalesce(l.owner_id = o.user_id, false), l.state IN ('{LeadState.OFFERING}', '{LeadState.UNASSIGNED}')
        OR EXISTS (SELECT 1 FROM reassignments r
                   WHERE r.company_id = o.company_id AND r.id = o.reassignment_id AND r.state = 'running'),
        {{asked_again}}, clock_timestamp()
    FROM offers o
    JOIN leads l ON l.company_id = o.company_id AND l.id = o.lead_id
    JOIN pools p ON p.company_id = o.company_id AND p.id = o.pool_id
    WHERE o.company_id = %(company)s AND o.user_id = %(user)s"""

_WITHOUT = _COLUMNS.format(asked_again="false")
_WITH = _COLUMNS.format(
    asked_again="""EXISTS (
            SELECT 1 FROM offers s WHERE s.company_id = o.company_id AND s.lead_id = o.lead_id
            AND s.user_id = o.user_id AND s.kind = 'second_chance')"""
)

_OPEN = f"""{_WITHOUT} AND o.state = 'open' AND o.expires_at > statement_timestamp()
    ORDER BY o.expires_at, o.id LIMIT {MOST_OPEN}"""

_IN_LINE = f"""{_WITHOUT} AND o.state = 'waiting' AND o.kind = 'second_chance' ORDER BY o.id LIMIT {MOST_OPEN}"""

# Of several offers of one lead only the newest says how it stands.
_ENDED = f"""{_WITH}
      AND (o.state NOT IN ('waiting', 'open') OR (o.state = 'open' AND o.expires_at <= statement_timestamp()))
      AND NOT EXISTS (
        SELECT 1 FROM offers n WHERE n.company_id = o.company_id AND n.lead_id = o.lead_id
        AND n.user_id = o.user_id AND n.id > o.id)
    ORDER BY o.id DESC LIMIT {LAST_ENDED}"""


def open_now(user: User) -> list[MyOffer]:
    """What is on offer to the agent at this moment, soonest end first; at most `MOST_OPEN`."""
    return _found(_OPEN, user)


def in_line(user: User) -> list[MyOffer]:
    """The leads the agent waits for another chance at, in the order they asked."""
    return _found(_IN_LINE, user)


def ended_lately(user: User) -> list[MyOffer]:
    """The agent's last offers that ended, newest first."""
    return _found(_ENDED, user)


def _found(statement: str, user: User) -> list[MyOffer]:
    found = [MyOffer(*row) for row in rows(statement, {"company": user.company_id, "user": user.id})]
    return [_without_address(offer) for offer in found]


def _without_address(offer: MyOffer) -> MyOffer:
    return replace(offer, location=area_of(offer.location))
