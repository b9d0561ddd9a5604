"""The rows of the lead list: the few columns a row shows, as plain tuples.

The list is the page people open most, so it reads no more than it shows, in one statement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    null,
    select,
)

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Contact, ContactKey, Lead, LeadState, Offer, OfferState, User
from portal.models.statements import rows, written
from portal.permissions import Filter, unmasked_leads
from portal.queries.buckets import (
    COUNTED_TO,
    Bucket,
    Count,
    Looking,
    bucket_counts,
    counts_from,
    counts_of,
    parameters_of,
    whole_bucket,
)
from portal.queries.leads import LeadFilters, narrowed
from portal.queries.paging import USUAL_LIMIT, Page, Statement, older_than, position


class LeadRow(NamedTuple):
    """One lead in a list. `called` is None where there is no name, or the customer is masked for the viewer.

    Moments are whole seconds since the epoch, `offer_ends` milliseconds.
    """

    id: str
    called: str | None
    masked: bool
    state: str
    waiting_for: str | None
    close_reason: str | None
    needs_attention: bool
    source: str | None
    lead_type: str | None
    city: str | None
    tags_found: list[str]
    owner_name: str | None
    offer_ends: int | None
    # Seconds the running offer stands from beginning to end.
    offer_window: int | None
    # Seconds from its arrival until its owner had it.
    accepted_after: int | None
    arrived: int
    active: int


class SentRow(NamedTuple):
    """A row as it comes from the database: all of it in one text, and apart from that what times are told from.

    A page has fifty rows and the same ones are looked at again and again. One text is read from the driver in a third
    of the time of twenty columns, and is all one needs to know whether a row's markup is already made.
    """

    text: str
    arrived: int
    active: int

    @property
    def whole(self) -> LeadRow:
        """Everything in it."""
        return LeadRow._make((*json.loads(self.text), self.arrived, self.active))

    @property
    def id(self) -> UUID:
        """The lead's."""
        return UUID(json.loads(self.text)[0])


# What one may narrow Unassigned to at a press, with a count beside each.
WIDTH = len(SentRow._fields)
STATES_COUNTED = (LeadState.OFFERING, LeadState.UNASSIGNED, LeadState.HELD, LeadState.QUARANTINED)
Counts: TypeAlias = dict[Bucket, Count]
States: TypeAlias = dict[LeadState, Count | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of rows with what stands above it: how many leads each bucket holds, and each state of Unassigned."""

    page: Page[SentRow]
    counts: Counts
    states: States


def rows_page(
    user: User,
    bucket: Bucket,
    filters: LeadFilters,
    cursor: str | None = None,
    limit: int = USUAL_LIMIT,
    looking: Looking | None = None,
) -> Shown:
    """A page of a bucket's rows, newest first, and how many leads each bucket holds.

    Args:
        looking: how the user looks at leads, where the caller knows it already.

    Raises:
        Invalid: the cursor or the limit makes no sense.
    """
    if filters.narrow or not user.active:
        return _narrowed_page(user, bucket, filters, cursor, limit)
    looking = looking or Looking.of(user)
    if not looking.buckets:
        return Shown(Page([], None), {}, {})
    sql = _whole_bucket(looking, bucket, cursor is not None, limit)
    found = rows(sql, {**parameters_of(user), "cursor": cursor and position(cursor)})
    if not found:
        # Quarantined leads are not among the rows, and may be all there is.
        return Shown(Page([], None), bucket_counts(user), _states_beside(user, bucket, filters))
    numbers = [int(number) for number in found[0][WIDTH].split()]
    first = len(numbers) - len(looking.buckets)
    return Shown(_page(found, limit), counts_from(looking.buckets, numbers[first:]), _states(numbers[:first]))


def row_for(user: User, lead_id: UUID) -> SentRow:
    """One lead as the list shows it, whatever bucket it is in.

    Raises:
        NotFound: there is none, or the user may not see it; the two answer alike.
    """
    found = db.session.execute(_rows(user).where(narrowed(user, None, LeadFilters()), Lead.id == lead_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such lead, or it is not among those you see.")
    return SentRow(*found)


def _narrowed_page(user: User, bucket: Bucket, filters: LeadFilters, cursor: str | None, limit: int) -> Shown:
    statement = _rows(user).where(narrowed(user, bucket, filters))
    found = db.session.execute(older_than(statement, Lead.id, cursor, limit)).all()
    return Shown(_page(found, limit), bucket_counts(user), _states_beside(user, bucket, filters))


def _states_beside(user: User, bucket: Bucket, filters: LeadFilters) -> States:
    """How many leads each state would leave. A search is dear enough once, so beside one nothing is counted."""
    if bucket != Bucket.UNASSIGNED or not user.active:
        return {}
    if filters.q is not None:
        return dict.fromkeys(STATES_COUNTED)
    whatever_state = narrowed(user, bucket, replace(filters, status=None))
    quarantined = narrowed(user, bucket, replace(filters, status=LeadState.QUARANTINED))
    return _states(db.session.execute(select(*_counts_of_states(whatever_state, quarantined))).one())


def _states(numbers: Sequence[int]) -> States:
    """Counts from what `_counts_of_states` found. They are of the newest leads: none is told if those were not all."""
    if not numbers:
        return {}
    whole, *each, quarantined = numbers
    exact = whole <= COUNTED_TO
    states: States = {
        state: Count(number, False) if exact else None for state, number in zip(STATES_COUNTED, each, strict=False)
    }
    return states | {LeadState.QUARANTINED: Count(min(quarantined, COUNTED_TO), quarantined > COUNTED_TO)}


def _counts_of_states(condition: Filter, quarantined: Filter) -> list[ColumnElement[Any]]:
    """How many leads there are, and how many of each state, counted until there are more than `COUNTED_TO`.

    Args:
        condition: the leads of the bucket; quarantined ones are not among them.
        quarantined: those, which are counted by an index of their own.
    """
    newest = select(Lead.state).where(condition).order_by(Lead.id.desc()).limit(COUNTED_TO + 1).cte("newest")
    states = [state for state in STATES_COUNTED if state != LeadState.QUARANTINED]
    each = [func.count().filter(newest.c.state == state) for state in states]
    kept = select(Lead.id).where(quarantined, Lead.state == LeadState.QUARANTINED).limit(COUNTED_TO + 1).subquery()
    return [
        *(select(number).select_from(newest).scalar_subquery() for number in (func.count(), *each)),
        select(func.count()).select_from(kept).scalar_subquery(),
    ]


@lru_cache(maxsize=256)
def _whole_bucket(looking: Looking, bucket: Bucket, paged: bool, limit: int) -> str:
    """The statement as it is sent: the rows, and beside each all counts in one text.

    One statement takes half as long as two, and sending text takes a third of what compiling costs each time.
    """
    whole = whole_bucket(looking, bucket)
    quarantined = whole_bucket(looking, bucket, quarantined=True)
    states = _counts_of_states(whole, quarantined) if bucket == Bucket.UNASSIGNED else []
    numbers = func.concat_ws(literal_column("' '"), *states, *counts_of(looking, looking.buckets))
    statement = _rows(looking.stand_in).where(whole).add_columns(numbers)
    if paged:
        statement = statement.where(Lead.id < bindparam("cursor", type_=Uuid, required=False))
    return written(older_than(statement, Lead.id, None, limit))


def _page(found: Sequence[Sequence[Any]], limit: int) -> Page[SentRow]:
    items = [SentRow._make(row[:WIDTH]) for row in found[:limit]]
    return Page(items, str(items[-1].id) if len(found) > limit else None)


def _rows(user: User) -> Statement:
    shown = unmasked_leads(user)
    arrived = func.coalesce(Lead.received_at, Lead.created_at)
    first_key = (
        select(func.coalesce(ContactKey.value, ContactKey.raw))
        .where(ContactKey.company_id == Lead.company_id, ContactKey.contact_id == Lead.contact_id)
        .order_by(ContactKey.kind.desc(), ContactKey.id)
        .limit(1)
        .correlate(Lead)
        .scalar_subquery()
    )
    text = func.json_build_array(
        Lead.id,
        case((shown, func.coalesce(Contact.name, first_key)), else_=null()),
        ~func.coalesce(shown, false()),
        Lead.state,
        Lead.waiting_for,
        Lead.close_reason,
        Lead.needs_attention,
        Lead.source,
        Lead.lead_type,
        Lead.location["city"].astext,
        Lead.tags_found,
        User.name,
        _of_running_offer(_seconds(Offer.expires_at) * literal_column("1000")),
        _of_running_offer(_seconds(Offer.expires_at - Offer.created_at)),
        _whole(_seconds(Lead.assigned_at - arrived)),
    )
    return (
        select(cast(text, Text), _whole(_seconds(arrived)), _whole(_seconds(Lead.last_activity_at)))
        .join(Contact, (Contact.company_id == Lead.company_id) & (Contact.id == Lead.contact_id))
        .outerjoin(User, (User.company_id == Lead.company_id) & (User.id == Lead.owner_id))
    )


def _of_running_offer(what: Any) -> ColumnElement[Any]:
    """Something of the open offer that runs longest; None for a lead that is not on offer."""
    longest = (
        select(_whole(what))
        .where(Offer.company_id == Lead.company_id, Offer.lead_id == Lead.id, Offer.state == OfferState.OPEN)
        .order_by(Offer.expires_at.desc())
        .limit(1)
        .correlate(Lead)
        .scalar_subquery()
    )
    return case((Lead.state == LeadState.OFFERING, longest), else_=null())


def _seconds(what: Any) -> Any:
    # A float: `extract` would count in decimals, three times as slowly.
    return func.date_part(literal_column("'epoch'"), what)


def _whole(number: Any) -> Any:
    return cast(func.floor(number), BigInteger)
