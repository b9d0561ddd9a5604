"""Removing what has served its time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Interval, delete, func, literal, select, tuple_

from portal.extensions import db
from portal.models import KeptAnswer, UsedForm
from portal.operations.transaction import operation

ANSWERS_ARE_KEPT = timedelta(hours=24)
FORMS_ARE_KNOWN = timedelta(hours=24)


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


@operation
def purge_used_forms(company_id: UUID, limit: int = 1000) -> int:
    """Forget what forms made more than a day ago: nobody presses them a second time any more. Gives how many.

    Args:
        company_id: the company entered.
        limit: most to remove in one transaction.
    """
    form = tuple_(UsedForm.user_id, UsedForm.form_key)
    old = (
        select(UsedForm.user_id, UsedForm.form_key)
        .where(
            UsedForm.company_id == company_id,
            UsedForm.at < func.clock_timestamp() - literal(FORMS_ARE_KNOWN, Interval),
        )
        .limit(limit)
    )
    removed = db.session.execute(
        delete(UsedForm)
        .where(UsedForm.company_id == company_id, form.in_(old))
        .returning(UsedForm.form_key)
        .execution_options(synchronize_session=False)
    )
    return len(removed.all())
