"""The rows of the lead list: the few columns a row shows, as plain tuples.

The list is the page people open most, so it reads no more than it shows, in one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    extract,
    false,
    func,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import array

from portal.extensions import db
from portal.models import Contact, ContactKey, Lead, LeadState, Offer, OfferState, User
from portal.permissions import Filter, unmasked_leads
from portal.queries.leads import (
    COUNTED_TO,
    Bucket,
    Count,
    LeadFilters,
    Looking,
    bucket_counts,
    counts_from,
    counts_of,
    narrowed,
    open_buckets,
    parameters_of,
    whole_bucket,
)
from portal.queries.paging import USUAL_LIMIT, Page, Statement, older_than, page_of, position


class LeadRow(NamedTuple):
    """One lead in a list. `called` is None where there is no name, or the customer is masked for the viewer.

    Moments are whole seconds since the epoch (`offer_ends` milliseconds), as they come from the driver cheapest.
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
    tags_found: tuple[str, ...]
    owner_name: str | None
    offer_ends: int | None
    # Seconds the running offer stands from beginning to end.
    offer_window: int | None
    arrived: int
    active: int
    # Seconds from its arrival until its owner had it.
    accepted_after: int | None


WIDTH = len(LeadRow._fields)
_TAGS = LeadRow._fields.index("tags_found")

# What one may narrow Unassigned to at a press, with a count beside each.
STATES_COUNTED = (LeadState.OFFERING, LeadState.UNASSIGNED, LeadState.HELD)
Counts: TypeAlias = dict[Bucket, Count]
States: TypeAlias = dict[LeadState, Count | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of rows with what stands above it: how many leads each bucket holds, and each state of Unassigned."""

    page: Page[LeadRow]
    counts: Counts
    states: States


def rows_page(
    user: User, bucket: Bucket, filters: LeadFilters, cursor: str | None = None, limit: int = USUAL_LIMIT
) -> Shown:
    """A page of a bucket's rows, newest first, and how many leads each bucket holds.

    Raises:
        Invalid: the cursor or the limit makes no sense.
    """
    if filters.narrow or not user.active:
        return _narrowed_page(user, bucket, filters, cursor, limit)
    buckets = tuple(open_buckets(user))
    sql = _whole_bucket(Looking.of(user), bucket, buckets, cursor is not None, limit)
    parameters = {**parameters_of(user), "cursor": cursor and position(cursor)}
    rows = db.session.connection().exec_driver_sql(sql, parameters).all()
    if not rows:
        return Shown(Page([], None), bucket_counts(user), {})
    beside = rows[0][WIDTH:]
    return Shown(_page(rows, limit), counts_from(buckets, beside[1:]), _states(beside[0]))


def _narrowed_page(user: User, bucket: Bucket, filters: LeadFilters, cursor: str | None, limit: int) -> Shown:
    statement = _rows(user).where(narrowed(user, bucket, filters))
    rows = db.session.execute(older_than(statement, Lead.id, cursor, limit)).all()
    return Shown(_page(rows, limit), bucket_counts(user), _states_beside(user, bucket, filters))


def _states_beside(user: User, bucket: Bucket, filters: LeadFilters) -> States:
    """How many leads each state would leave. A search is dear enough once, so beside one nothing is counted."""
    if bucket != Bucket.UNASSIGNED or not user.active:
        return {}
    if filters.q is not None:
        return dict.fromkeys(STATES_COUNTED)
    whatever_state = narrowed(user, bucket, replace(filters, status=None))
    return _states(db.session.scalar(select(_count_of_states(whatever_state))))


def _states(numbers: Sequence[int] | None) -> States:
    """Counts from what `_count_of_states` found. They are of the newest leads: none is told if those were not all."""
    if not numbers:
        return {}
    whole, *each = numbers
    exact = whole <= COUNTED_TO
    return {state: Count(number, False) if exact else None for state, number in zip(STATES_COUNTED, each, strict=True)}


def _count_of_states(condition: Filter) -> ColumnElement[Any]:
    """How many leads there are, and how many of each state, counted until there are more than `COUNTED_TO`."""
    newest = select(Lead.state).where(condition).order_by(Lead.id.desc()).limit(COUNTED_TO + 1).subquery()
    each = [func.count().filter(newest.c.state == state) for state in STATES_COUNTED]
    return select(array([func.count(), *each])).select_from(newest).scalar_subquery()


@lru_cache(maxsize=256)
def _whole_bucket(looking: Looking, bucket: Bucket, buckets: tuple[Bucket, ...], paged: bool, limit: int) -> str:
    """The statement as it is sent: the rows with all counts beside each.

    One statement takes half as long as two, and sending text takes a third of what compiling costs each time.
    """
    whole = whole_bucket(looking, bucket)
    states = _count_of_states(whole) if bucket == Bucket.UNASSIGNED else null()
    statement = _rows(looking.stand_in).where(whole).add_columns(states, *counts_of(looking, buckets))
    if paged:
        statement = statement.where(Lead.id < bindparam("cursor", type_=Uuid, required=False))
    compiled = older_than(statement, Lead.id, None, limit).compile(
        db.engine, compile_kwargs={"render_postcompile": True}
    )
    return _with_constants(str(compiled), compiled.params)


def _with_constants(sql: str, constants: Mapping[str, Any]) -> str:
    """States and limits written out: only then can a plan that is kept use the indexes made for one state.

    They are words and numbers of this program; what a request brings stays a parameter (its value here is None).
    """
    for name, value in constants.items():
        if value is not None:
            sql = sql.replace(f"%({name})s", str(value) if isinstance(value, int) else f"'{value}'")
    return sql


def _page(rows: Sequence[Row[Any]], limit: int) -> Page[LeadRow]:
    return page_of(rows, limit, lambda row: row[0], _row)


def _row(row: Row[Any]) -> LeadRow:
    return LeadRow._make((*row[:_TAGS], tuple(row[_TAGS]), *row[_TAGS + 1 : WIDTH]))


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
    return (
        select(
            cast(Lead.id, Text),
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
            _of_running_offer(_seconds(Offer.expires_at) * 1000),
            _of_running_offer(_seconds(Offer.expires_at - Offer.created_at)),
            _whole(_seconds(arrived)),
            _whole(_seconds(Lead.last_activity_at)),
            _whole(_seconds(Lead.assigned_at - arrived)),
        )
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
    return extract("epoch", what)


def _whole(number: Any) -> Any:
    return cast(func.floor(number), BigInteger)
