"""What menus offer: people to give a lead to, and values to narrow a list by."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from portal.extensions import db
from portal.models import Lead, LeadState, Pool, Source, User
from portal.permissions import Right, holds, within

MOST_IN_A_MENU = 500


@dataclass(frozen=True, slots=True)
class Assignee:
    """Somebody a lead may be given to."""

    id: UUID
    name: str
    available: bool
    open_leads: int
    open_cap: int | None


def assignees(company_id: UUID) -> list[Assignee]:
    """Every active user who may receive leads, by name, with how many they have open."""
    open_leads = (
        select(func.count())
        .select_from(Lead)
        .where(Lead.company_id == User.company_id, Lead.owner_id == User.id, Lead.state == LeadState.OWNED)
        .correlate(User)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(User.id, User.name, User.available, open_leads, User.open_cap)
        .where(User.company_id == company_id, User.active, holds(Right.RECEIVE))
        .order_by(func.lower(User.name), User.email)
        .limit(MOST_IN_A_MENU)
    )
    return [Assignee(*row) for row in rows]


def people_by_name(company_id: UUID) -> list[tuple[UUID, str]]:
    """Users who can own leads or once could, for a filter."""
    statement = select(User.id, User.name).where(User.company_id == company_id)
    return [
        (row.id, row.name)
        for row in db.session.execute(statement.order_by(func.lower(User.name)).limit(MOST_IN_A_MENU))
    ]


def pools_by_name(company_id: UUID) -> list[tuple[UUID, str]]:
    """Pools that exist, for a filter."""
    return _pools(company_id)


def pools_for_new_leads(company_id: UUID, *, reached_by: User | None = None) -> list[tuple[UUID, str]]:
    """Pools that leads nobody owns may be handed out in.

    Args:
        reached_by: only those that this user's right to set up pools reaches.
    """
    reached = [] if reached_by is None else [within(Pool.team_id, reached_by, Right.DISTRIBUTION)]
    return _pools(company_id, ~Pool.for_reassignment, *reached)


def groups(company_id: UUID) -> list[tuple[UUID, str]]:
    """Pools that owned leads may be handed to."""
    return _pools(company_id, Pool.for_reassignment.is_(True))


def _pools(company_id: UUID, *narrowed: ColumnElement[bool]) -> list[tuple[UUID, str]]:
    statement = select(Pool.id, Pool.name).where(Pool.company_id == company_id, Pool.deleted_at.is_(None), *narrowed)
    return [
        (row.id, row.name)
        for row in db.session.execute(statement.order_by(func.lower(Pool.name)).limit(MOST_IN_A_MENU))
    ]


def source_names(company_id: UUID) -> list[str]:
    """Sources leads have come from, by name."""
    statement = select(Source.name).where(Source.company_id == company_id).order_by(func.lower(Source.name))
    return list(db.session.scalars(statement.limit(MOST_IN_A_MENU)))
