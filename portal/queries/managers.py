"""Who is told when a lead waits, or its owner has something to say: those who manage and see that lead."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, cast, func, null, select

from portal.extensions import db
from portal.models import Company, Lead, Pool, Rule, User
from portal.permissions import manages_row, seen_by_row


def managers_of_owned(lead: Lead) -> Sequence[UUID]:
    """Those who manage and see a lead as it is now."""
    return _who_see(lead.company_id, lead.owner_id, lead.team_id)


def managers_of_waiting(company_id: UUID, team_id: UUID | None) -> Sequence[UUID]:
    """Those who manage and see a lead that nobody owns.

    Args:
        team_id: the lead's, as `team_of_waiting` tells it.
    """
    return _who_see(company_id, null(), team_id)


def team_of_waiting(company_id: UUID, lead_id: UUID, pool_id: UUID | None, rule_id: UUID | None) -> UUID | None:
    """Whose a lead will be that nobody owns, which may not be written yet: see `operations.writes`.

    Args:
        pool_id: of the pool that looks after it.
        rule_id: of the rule that decided about it.
    """
    team_of_rule = (
        select(func.coalesce(Rule.to_team_id, Rule.team_id))
        .where(Rule.company_id == company_id, Rule.id == rule_id)
        .scalar_subquery()
    )
    team_of_pool = select(Pool.team_id).where(Pool.company_id == company_id, Pool.id == pool_id).scalar_subquery()
    team_of_lead = select(Lead.team_id).where(Lead.company_id == company_id, Lead.id == lead_id).scalar_subquery()
    team_id: UUID | None = db.session.scalar(select(func.coalesce(team_of_rule, team_of_pool, team_of_lead)))
    return team_id


def _who_see(company_id: UUID, owner_id: object, team_id: object) -> Sequence[UUID]:
    seen = seen_by_row(cast(owner_id, Uuid), cast(team_id, Uuid))
    statement = (
        select(User.id)
        .join(Company, Company.id == User.company_id)
        .where(User.company_id == company_id, manages_row(), seen)
        .order_by(User.id)
    )
    return db.session.scalars(statement).all()
