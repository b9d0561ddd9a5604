"""The rows of the lead list: the few columns a row shows, as plain tuples.

The list is the page people open most, so it reads no more than it shows, in one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, case, false, func, null, select

from portal.extensions import db
from portal.models import Contact, ContactKey, Lead, LeadState, Offer, OfferState, User
from portal.permissions import unmasked_leads
from portal.queries.leads import (
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
    """One lead in a list. `called` is None where there is no name, or the customer is masked for the viewer."""

    id: UUID
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
    offer_until: datetime | None
    arrived_at: datetime
    last_activity_at: datetime


WIDTH = len(LeadRow._fields)
Counts: TypeAlias = dict[Bucket, Count]


def rows_page(
    user: User, bucket: Bucket, filters: LeadFilters, cursor: str | None = None, limit: int = USUAL_LIMIT
) -> tuple[Page[LeadRow], Counts]:
    """A page of a bucket's rows, newest first, and how many leads each bucket holds.

    Raises:
        Invalid: the cursor or the limit makes no sense.
    """
    if filters.narrow or not user.active:
        statement = _rows(user).where(narrowed(user, bucket, filters))
        rows = db.session.execute(older_than(statement, Lead.id, cursor, limit)).all()
        return _page(rows, limit), bucket_counts(user)
    buckets = tuple(open_buckets(user))
    sql = _whole_bucket(Looking.of(user), bucket, buckets, cursor is not None, limit)
    parameters = {**parameters_of(user), "cursor": cursor and position(cursor)}
    rows = db.session.connection().exec_driver_sql(sql, parameters).all()
    return _page(rows, limit), counts_from(buckets, rows[0][WIDTH:]) if rows else bucket_counts(user)


@lru_cache(maxsize=256)
def _whole_bucket(looking: Looking, bucket: Bucket, buckets: tuple[Bucket, ...], paged: bool, limit: int) -> str:
    """The statement as it is sent: the rows with all counts beside each.

    One statement takes half as long as two, and sending text takes a third of what compiling costs each time.
    """
    statement = _rows(looking.stand_in).where(whole_bucket(looking, bucket))
    statement = statement.add_columns(*counts_of(looking, buckets))
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
    return page_of(rows, limit, lambda row: row[0], lambda row: LeadRow._make(row[:WIDTH]))


def _rows(user: User) -> Statement:
    shown = unmasked_leads(user)
    first_key = (
        select(func.coalesce(ContactKey.value, ContactKey.raw))
        .where(ContactKey.company_id == Lead.company_id, ContactKey.contact_id == Lead.contact_id)
        .order_by(ContactKey.kind.desc(), ContactKey.id)
        .limit(1)
        .correlate(Lead)
        .scalar_subquery()
    )
    running_offer = (
        select(func.max(Offer.expires_at))
        .where(Offer.company_id == Lead.company_id, Offer.lead_id == Lead.id, Offer.state == OfferState.OPEN)
        .correlate(Lead)
        .scalar_subquery()
    )
    return (
        select(
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
            case((Lead.state == LeadState.OFFERING, running_offer), else_=null()),
            func.coalesce(Lead.received_at, Lead.created_at),
            Lead.last_activity_at,
        )
        .join(Contact, (Contact.company_id == Lead.company_id) & (Contact.id == Lead.contact_id))
        .outerjoin(User, (User.company_id == Lead.company_id) & (User.id == Lead.owner_id))
    )
