"""Figures for those who look after leads. They count what the viewer may see, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, cast, extract, func, literal_column, select

from portal.extensions import db
from portal.models import Lead, LeadState, Offer, OfferState, User
from portal.models.ids import first_id_of
from portal.permissions import Filter
from portal.queries.buckets import COUNTED_TO, Count, visible
from portal.queries.clock import database_time
from portal.queries.leads import Needs, that_need
from portal.queries.paging import Statement

DAYS_SHOWN = 14
PEOPLE_SHOWN = 8
ACCEPTED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class OpenLeads:
    """Somebody, and how many leads they have open."""

    user_id: UUID
    name: str
    count: int


def what_needs_somebody(viewer: User) -> dict[Needs, Count]:
    """How many leads want somebody to look at them, by reason."""
    numbers = db.session.execute(select(*(_how_many(viewer, that_need(need)) for need in Needs))).one()
    return {need: _count(number) for need, number in zip(Needs, numbers, strict=True)}


def on_offer_now(viewer: User) -> Count:
    """How many leads are on offer."""
    return _count(db.session.execute(select(_how_many(viewer, Lead.state == LeadState.OFFERING))).scalar_one())


def leads_a_day(viewer: User, zone: ZoneInfo) -> list[tuple[date, int]]:
    """How many leads came in on each of the last days, today last; days without any are there too.

    Args:
        zone: the company's: where a day begins.
    """
    today = database_time().astimezone(zone).date()
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS_SHOWN))]
    start = datetime.combine(days[0], time.min, zone)
    day = cast(func.timezone(zone.key, Lead.created_at), Date)
    rows = db.session.execute(
        select(day, func.count()).where(_came_in_since(start), _seen_by(viewer)).group_by(literal_column("1"))
    )
    found: dict[date, int] = {row[0]: row[1] for row in rows}
    return [(each, found.get(each, 0)) for each in days]


def time_to_accept(viewer: User) -> timedelta | None:
    """How long it took from coming in until somebody accepted: the median of the leads of the last seven days."""
    took = extract("epoch", Offer.ended_at - Lead.created_at)
    seconds = db.session.scalar(
        select(func.percentile_cont(0.5).within_group(took))
        .select_from(Lead)
        .join(Offer, (Offer.company_id == Lead.company_id) & (Offer.lead_id == Lead.id))
        .where(_came_in_since(database_time() - ACCEPTED_WITHIN), _seen_by(viewer), Offer.state == OfferState.ACCEPTED)
    )
    return None if seconds is None else timedelta(seconds=float(seconds))


def open_per_person(viewer: User) -> list[OpenLeads]:
    """Who has the most open leads, the most first."""
    count = func.count()
    held = (
        select(Lead.owner_id, count.label("held"))
        .where(_seen_by(viewer), Lead.state == LeadState.OWNED)
        .group_by(Lead.owner_id)
        .order_by(count.desc(), Lead.owner_id)
        .limit(PEOPLE_SHOWN)
        .subquery()
    )
    rows = db.session.execute(
        select(User.id, User.name, held.c.held)
        .join(held, held.c.owner_id == User.id)
        .where(User.company_id == viewer.company_id)
        .order_by(held.c.held.desc(), func.lower(User.name))
    )
    return [OpenLeads(*row) for row in rows]


def _seen_by(viewer: User) -> Filter:
    return (Lead.company_id == viewer.company_id) & visible(viewer)


def _came_in_since(start: datetime) -> Filter:
    """By the ids, which are made in order of time and have an index; by the time itself where the clocks disagree."""
    return (Lead.id >= first_id_of(start - timedelta(hours=1))) & (Lead.created_at >= start)


def _how_many(viewer: User, condition: Filter) -> Any:
    some: Statement = (
        select(literal_column("1")).select_from(Lead).where(_seen_by(viewer), condition).limit(COUNTED_TO + 1)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _count(number: int) -> Count:
    return Count(min(number, COUNTED_TO), number > COUNTED_TO)
