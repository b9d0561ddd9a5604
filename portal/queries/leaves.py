"""Days people are away."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Leave
from portal.models.tenancy import working_company


def leaves_of(user_id: UUID) -> Sequence[Leave]:
    """Somebody's leaves that are not over, the next first; a day more, for zones in which it is still yesterday."""
    statement = select(Leave).where(
        Leave.company_id == working_company(),
        Leave.user_id == user_id,
        Leave.last_day >= func.current_date() - 1,
    )
    return db.session.scalars(statement.order_by(Leave.first_day, Leave.id)).all()
