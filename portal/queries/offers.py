"""Offers: lists of them, and all the offer page needs to know about one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.orm import aliased

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Company, Lead, LeadState, Offer, OfferKind, OfferState, Pool, User
from portal.permissions import Right, may
from portal.queries.buckets import visible
from portal.queries.lead_views import area_of, called_without_customer
from portal.queries.paging import USUAL_LIMIT, Page, Statement, older_than, page_of
from portal.queries.reassignments import runs_for

# How long the whole lead is shown under the link after acceptance.
SHOWN_FOR = timedelta(hours=24)

# How long after the end of the offer it was sent for a link still leads on to the agent's other open offers. A link
# found in an old mailbox opens nothing that came later, neither by itself nor by way of the links it once led on to.
LEADS_ON_FOR = timedelta(minutes=15)

_MOST_OTHERS = 20


@dataclass(frozen=True, slots=True)
class OfferView:
    """One offer in a list."""

    id: UUID
    lead_id: UUID
    user_id: UUID
    user_name: str
    pool_id: UUID
    state: str
    kind: str
    created_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    reason: str | None


class Standing(StrEnum):
    """What an offer's link shows now."""

    OPEN = "open"
    ACCEPTED = "accepted"
    # Theirs, or once theirs, but no longer shown without signing in.
    SIGN_IN = "sign_in"
    DECLINED = "declined"
    MISSED = "missed"
    IN_LINE = "in_line"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


def seconds_between(now: datetime, end: datetime | None) -> float:
    """Seconds until a window ends; 0 when it is over, or has no end."""
    return max(0.0, (end - now).total_seconds()) if end else 0.0


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """An offer as its link shows it: nothing in here names the customer.

    `id` is the agent's newest offer of the lead, which may be a later one than the link was made for.
    """

    id: UUID
    company_id: UUID
    company_name: str
    company_is_demo: bool
    time_zone: str
    lead_id: UUID
    user_id: UUID
    user_active: bool
    pool_id: UUID
    window_seconds: int
    state: str
    kind: str
    created_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    seen_at: datetime | None
    # Whether this agent has asked for another chance at this lead before.
    asked_again: bool
    # Whether anybody else holds an open offer of it.
    others_asked: bool
    lead_state: str
    # Whether the reassignment it was made in still runs: the lead has an owner and is to be had all the same.
    reassigning: bool
    lead_owner_id: UUID | None
    lead_type: str | None
    source: str | None
    channel: str
    language: str | None
    price: dict[str, Any] | None
    location: dict[str, Any] | None
    tags_found: list[str]
    received_at: datetime
    # When the offer of the link that was sent is over: this one, or an earlier one that led here.
    first_ends_at: datetime
    # The database's clock, which alone decides.
    now: datetime

    @property
    def standing(self) -> Standing:
        """Which page the link shows."""
        if not self.user_active:
            return Standing.WITHDRAWN
        if self.is_owned_by_agent:
            return Standing.ACCEPTED if self._shown_under_link else Standing.SIGN_IN
        if self.state == OfferState.ACCEPTED:
            return Standing.SIGN_IN
        if self.state == OfferState.DECLINED:
            return Standing.DECLINED
        if self.lead_state == LeadState.OWNED and not self.reassigning:
            return Standing.TAKEN
        if self.lead_state == LeadState.CLOSED or self.state == OfferState.WITHDRAWN:
            return Standing.WITHDRAWN
        if self.state == OfferState.WAITING:
            return Standing.IN_LINE
        if self.state == OfferState.OPEN and self.seconds_left > 0:
            return Standing.OPEN
        return Standing.MISSED

    @property
    def is_owned_by_agent(self) -> bool:
        """Whether the agent owns the lead, open or closed."""
        return self.lead_owner_id == self.user_id

    @property
    def seconds_left(self) -> float:
        """Seconds to the end of the window by the database's clock; 0 when over, or without an end."""
        return seconds_between(self.now, self.expires_at)

    @property
    def may_ask_again(self) -> bool:
        """Whether the missed page has a button: once per agent and lead, while the lead is free."""
        is_free = self.reassigning or self.lead_state in (LeadState.OFFERING, LeadState.UNASSIGNED)
        return is_free and not self.asked_again

    @property
    def may_lead_on(self) -> bool:
        """Whether the link may lead on to the agent's other open offers: while the one that was sent is fresh."""
        return self.user_active and self.now < self.first_ends_at + LEADS_ON_FOR

    @property
    def _shown_under_link(self) -> bool:
        accepted_at = self.ended_at if self.state == OfferState.ACCEPTED else None
        return accepted_at is not None and self.now < accepted_at + SHOWN_FOR


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """Another open offer of the same agent, in words that name nobody."""

    id: UUID
    called: str
    window_seconds: int
    expires_at: datetime


def offers_page(
    user: User,
    lead: UUID | None = None,
    user_id: UUID | None = None,
    state: OfferState | str | None = None,
    cursor: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[OfferView]:
    """A page of offers, newest first: one's own, or with `see_all` those of every lead one sees.

    Raises:
        Invalid: the cursor or the limit makes no sense.
    """
    statement = (
        select(
            Offer.id,
            Offer.lead_id,
            Offer.user_id,
            User.name.label("user_name"),
            Offer.pool_id,
            Offer.state,
            Offer.kind,
            Offer.created_at,
            Offer.expires_at,
            Offer.ended_at,
            Offer.reason,
        )
        .join(User, (User.company_id == Offer.company_id) & (User.id == Offer.user_id))
        .where(Offer.company_id == user.company_id)
    )
    if not may(user, Right.SEE_ALL):
        statement = statement.where(Offer.user_id == user.id)
    else:
        on_lead = (Lead.company_id == Offer.company_id) & (Lead.id == Offer.lead_id)
        statement = statement.join(Lead, on_lead).where(visible(user))
    if lead is not None:
        statement = statement.where(Offer.lead_id == lead)
    if user_id is not None:
        statement = statement.where(Offer.user_id == user_id)
    if state is not None:
        statement = statement.where(Offer.state == OfferState(state))
    rows = db.session.execute(older_than(statement, Offer.id, cursor, limit)).all()
    return page_of(rows, limit, lambda row: row.id, lambda row: OfferView(**row._mapping))


def offer_state(offer_id: UUID, first_id: UUID | None = None) -> OfferFacts:
    """All the offer page needs before the lead is owned, in one statement that reads nothing of the customer.

    The caller has entered the company the token names. The agent's newest offer of the same lead is answered, so
    that an old link never shows an old truth.

    Args:
        first_id: the offer of the link that was sent, where a page of that one led here.

    Raises:
        NotFound: the company has no such offer.
    """
    parameters = {"offer_id": offer_id, "first_id": first_id or offer_id}
    row = db.session.execute(_offer_statement(), parameters).one_or_none()
    if row is None:
        raise NotFound("This link does not lead to an offer.")
    facts = dict(row._mapping)
    return OfferFacts(**facts | {"location": area_of(facts["location"])})


def other_open_offers(facts: OfferFacts) -> list[OpenOffer]:
    """What else is on offer to this agent now, soonest end first; the lead of `facts` is left out."""
    parameters = {"company_id": facts.company_id, "user_id": facts.user_id, "lead_id": facts.lead_id}
    rows = db.session.execute(_others_statement(), parameters)
    return [
        OpenOffer(row.id, called_without_customer(row.lead_type, row.city), row.window_seconds, row.expires_at)
        for row in rows
    ]


# Building these statements takes longer than running them, and the page asks again every quarter of a minute.
@lru_cache
def _others_statement() -> Statement:
    company_id, user_id, lead_id = (bindparam(name, type_=Uuid) for name in ("company_id", "user_id", "lead_id"))
    return (
        select(
            Offer.id, Lead.lead_type, Lead.location["city"].astext.label("city"), Pool.window_seconds, Offer.expires_at
        )
        .join(Lead, (Lead.company_id == Offer.company_id) & (Lead.id == Offer.lead_id))
        .join(Pool, (Pool.company_id == Offer.company_id) & (Pool.id == Offer.pool_id))
        .where(
            Offer.company_id == company_id,
            Offer.user_id == user_id,
            Offer.lead_id != lead_id,
            Offer.state == OfferState.OPEN,
            Offer.expires_at > func.clock_timestamp(),
        )
        .order_by(Offer.expires_at, Offer.id)
        .limit(_MOST_OTHERS)
    )


@lru_cache
def _offer_statement() -> Statement:
    named, newest, other = aliased(Offer, name="named"), aliased(Offer, name="newest"), aliased(Offer, name="other")
    first = aliased(Offer, name="first_offer")
    latest = (
        select(newest.id)
        .where(newest.company_id == named.company_id, newest.lead_id == named.lead_id, newest.user_id == named.user_id)
        .order_by(newest.id.desc())
        .limit(1)
        .correlate(named)
        .scalar_subquery()
    )
    of_lead = (other.company_id == Offer.company_id) & (other.lead_id == Offer.lead_id)
    asked_again = select(other.id).where(of_lead, other.user_id == Offer.user_id, other.kind == OfferKind.SECOND_CHANCE)
    others_asked = select(other.id).where(
        of_lead,
        other.user_id != Offer.user_id,
        other.state == OfferState.OPEN,
        other.expires_at > func.clock_timestamp(),
    )
    return (
        select(
            Offer.id,
            Offer.company_id,
            Company.name.label("company_name"),
            Company.is_demo.label("company_is_demo"),
            Company.time_zone,
            Offer.lead_id,
            Offer.user_id,
            User.active.label("user_active"),
            Offer.pool_id,
            Pool.window_seconds,
            Offer.state,
            Offer.kind,
            Offer.created_at,
            Offer.expires_at,
            Offer.ended_at,
            Offer.seen_at,
            asked_again.correlate(Offer).exists().label("asked_again"),
            others_asked.correlate(Offer).exists().label("others_asked"),
            Lead.state.label("lead_state"),
            runs_for(Offer).label("reassigning"),
            Lead.owner_id.label("lead_owner_id"),
            Lead.lead_type,
            Lead.source,
            Lead.channel,
            Lead.language,
            Lead.price,
            Lead.location,
            Lead.tags_found,
            func.coalesce(Lead.received_at, Lead.created_at).label("received_at"),
            func.coalesce(first.ended_at, first.expires_at, first.created_at).label("first_ends_at"),
            func.clock_timestamp().label("now"),
        )
        .select_from(named)
        .join(first, (first.company_id == named.company_id) & (first.id == bindparam("first_id", type_=Uuid)))
        .join(Offer, (Offer.company_id == named.company_id) & (Offer.id == latest))
        .join(Lead, (Lead.company_id == Offer.company_id) & (Lead.id == Offer.lead_id))
        .join(User, (User.company_id == Offer.company_id) & (User.id == Offer.user_id))
        .join(Pool, (Pool.company_id == Offer.company_id) & (Pool.id == Offer.pool_id))
        .join(Company, Company.id == Offer.company_id)
        .where(named.id == bindparam("offer_id", type_=Uuid))
    )


@dataclass(frozen=True, slots=True)
class RunningOffer:
    """The offer a lead's page counts down: who holds it, and its window."""

    agent: str
    created_at: datetime
    expires_at: datetime
    now: datetime
    # How many people could accept it now.
    holders: int

    @property
    def held_by(self) -> str:
        """Who it is offered to."""
        return self.agent if self.holders == 1 else f"{self.holders} people at once"

    @property
    def window_seconds(self) -> float:
        """How long it stands from beginning to end."""
        return (self.expires_at - self.created_at).total_seconds()

    @property
    def seconds_left(self) -> float:
        """Seconds to its end by the database's clock, never below 0."""
        return seconds_between(self.now, self.expires_at)


def running_offer(company_id: UUID, lead_id: UUID) -> RunningOffer | None:
    """The open offer of a lead that runs longest, as the list counts it down; None while none is open."""
    statement = (
        select(User.name, Offer.created_at, Offer.expires_at, func.clock_timestamp(), func.count().over())
        .join(User, (User.company_id == Offer.company_id) & (User.id == Offer.user_id))
        .where(Offer.company_id == company_id, Offer.lead_id == lead_id, Offer.state == OfferState.OPEN)
        .where(Offer.expires_at.is_not(None))
        .order_by(Offer.expires_at.desc())
        .limit(1)
    )
    row = db.session.execute(statement).one_or_none()
    return RunningOffer(*row) if row is not None else None
