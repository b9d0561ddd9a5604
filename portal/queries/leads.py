"""Leads as lists, pages and the API ask for them: one, or a page of many, narrowed to what is looked for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import any_, select
from sqlalchemy.orm import aliased

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Lead, LeadState, User
from portal.permissions import Filter
from portal.queries.buckets import Bucket, in_bucket, visible
from portal.queries.lead_search import found_by
from portal.queries.lead_views import LeadView, view_of, views_for
from portal.queries.paging import USUAL_LIMIT, Page, older_than, page_of
from portal.routing.facts import WaitingFor

# Made once: an alias copies every column of its table when it is first asked for one.
_OWNER = aliased(User)


class Needs(StrEnum):
    """Why a lead wants somebody to look at it now."""

    HANDING_OUT = "handing_out"
    CATCH_ALL = "catch_all"
    ATTENTION = "attention"


def that_need(what: Needs) -> Filter:
    """The leads that want somebody for this reason: one rule for figures and lists."""
    match what:
        case Needs.HANDING_OUT:
            return (Lead.state == LeadState.UNASSIGNED) & (Lead.waiting_for == WaitingFor.ROUTING)
        case Needs.CATCH_ALL:
            return (Lead.state == LeadState.UNASSIGNED) & (Lead.waiting_for == WaitingFor.CATCH_ALL)
        case Needs.ATTENTION:
            # Only leads of somebody who was deactivated are marked; by their owners there is an index.
            gone = select(_OWNER.id).where(_OWNER.company_id == Lead.company_id, ~_OWNER.active).correlate(Lead)
            return (Lead.state == LeadState.OWNED) & Lead.needs_attention & Lead.owner_id.in_(gone)


@dataclass(frozen=True, slots=True)
class LeadFilters:
    """What a list is narrowed to; None does not narrow. Values of one field each; all must hold."""

    owner: UUID | None = None
    pool: UUID | None = None
    source: str | None = None
    tag: str | None = None
    status: LeadState | None = None
    q: str | None = None
    since: datetime | None = None
    needs: Needs | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything is filtered at all."""
        return any(getattr(self, each.name) is not None for each in fields(self))


def lead_for(user: User, lead_id: UUID) -> LeadView:
    """One lead as the user may see it.

    Raises:
        NotFound: there is none, or the user may not see it; the two answer alike.
    """
    statement = views_for(user).where(Lead.company_id == user.company_id, Lead.id == lead_id, visible(user))
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise NotFound("There is no such lead, or it is not among those you see.")
    return view_of(row)


def lead_after(user: User, lead_id: UUID) -> LeadView:
    """The lead as it is after the user's own act, which may just have taken it out of their sight.

    Only for a lead that `lead_for` showed them before; what is masked for them stays so.
    """
    return view_of(
        db.session.execute(views_for(user).where(Lead.company_id == user.company_id, Lead.id == lead_id)).one()
    )


def bucket_page(
    user: User, bucket: Bucket | str | None, filters: LeadFilters, cursor: str | None = None, limit: int = USUAL_LIMIT
) -> Page[LeadView]:
    """A page of a bucket, or of all the user sees when `bucket` is None; newest first.

    Raises:
        Invalid: the cursor or the limit makes no sense.
    """
    statement = views_for(user).where(narrowed(user, bucket, filters))
    rows = db.session.execute(older_than(statement, Lead.id, cursor, limit)).all()
    return page_of(rows, limit, lambda row: row.id, view_of)


def narrowed(user: User, bucket: Bucket | str | None, filters: LeadFilters) -> Filter:
    """All conditions of a list: the company, what the user sees, the bucket, the filters."""
    quarantined = filters.status == LeadState.QUARANTINED
    condition = (Lead.company_id == user.company_id) & visible(user)
    if bucket is not None:
        condition &= in_bucket(user, Bucket(bucket), quarantined=quarantined)
    if filters.owner is not None:
        condition &= Lead.owner_id == filters.owner
    if filters.pool is not None:
        condition &= Lead.pool_id == filters.pool
    if filters.source is not None:
        condition &= Lead.source == filters.source
    if filters.tag is not None:
        condition &= any_(Lead.tags_found) == filters.tag
    if filters.status is not None:
        condition &= Lead.state == filters.status
    if filters.since is not None:
        condition &= Lead.created_at >= filters.since
    if filters.needs is not None:
        condition &= that_need(filters.needs)
    if filters.q is not None:
        condition &= found_by(filters.q, user)
    return condition
