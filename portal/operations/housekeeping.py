"""Removing what has served its time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Interval, delete, func, literal, select

from portal.extensions import db
from portal.models import KeptAnswer
from portal.operations.transaction import operation

ANSWERS_ARE_KEPT = timedelta(hours=24)


@operation
def purge_kept_answers(company_id: UUID, limit: int = 1000) -> int:
    """Forget the oldest answers kept for repeated requests, once they are a day old. Gives how many.

    Args:
        company_id: the company entered.
        limit: most to remove in one transaction.
    """
    old = (
        select(KeptAnswer.id)
        .where(
            KeptAnswer.company_id == company_id,
            KeptAnswer.created_at < func.clock_timestamp() - literal(ANSWERS_ARE_KEPT, Interval),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    removed = db.session.execute(
        delete(KeptAnswer)
        .where(KeptAnswer.company_id == company_id, KeptAnswer.id.in_(old))
        .returning(KeptAnswer.id)
        .execution_options(synchronize_session=False)
    )
    return len(removed.all())
