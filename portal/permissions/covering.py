"""Standing in: whose leads somebody looks after while their owner is away."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Date, Select, and_, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Company, Lead, LeadState, Leave, User
from portal.permissions.held import Filter

# By names of their own: a query around those below may look at the same tables. Made once, because an alias copies
# every column of its table when it is first asked for one.
_OWNER, _OWNERS_COMPANY = aliased(User), aliased(Company)


def covers(company_id: Any, user_id: Any) -> Filter:
    """The open leads this user looks after for their owner, who is away and named them: they see them and work on them
    meanwhile, and it ends by itself. One step only: nobody stands in for whoever they themselves stand in for.

    Args:
        company_id, user_id: values or columns.
    """
    return and_(Lead.state == LeadState.OWNED, Lead.owner_id.in_(owners_covered(company_id, user_id)))


def owners_covered(company_id: Any, user_id: Any) -> Select[Any]:
    """The ids of those who are away now and have this user stand in, as a statement."""
    owner, company = _OWNER, _OWNERS_COMPANY
    today = cast(func.timezone(func.coalesce(owner.time_zone, company.time_zone), func.clock_timestamp()), Date)
    on_leave = exists().where(
        Leave.company_id == owner.company_id,
        Leave.user_id == owner.id,
        Leave.stand_in_id == user_id,
        today.between(Leave.first_day, Leave.last_day),
    )
    paused = and_(~owner.available, owner.stand_in_id == user_id)
    return (
        select(owner.id)
        .join(company, company.id == owner.company_id)
        .where(owner.company_id == company_id, owner.active, or_(paused, on_leave))
    )


def is_covering(user: User, lead: Any) -> bool:
    """The same rule for one lead at hand."""
    if not user.active or lead.state != LeadState.OWNED or lead.owner_id is None or lead.owner_id == user.id:
        return False
    return lead.owner_id in db.session.scalars(owners_covered(user.company_id, user.id))
