"""Which pools rules and teams may send new leads to."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Pool, User
from portal.operations.complaints import Complaints
from portal.permissions import Right, is_reached


def complain_about_pool(wrong: Complaints, field: str, pool_id: UUID, by: User) -> None:
    """Note that it is no pool in use, out of the user's reach, or one that is not for new leads.

    Args:
        field: where they chose it.
    """
    # Locked, so that the pool is not deleted, nor made a group, between this look and our commit.
    its = (Pool.company_id == by.company_id, Pool.id == pool_id, Pool.deleted_at.is_(None))
    looked_at = select(Pool.team_id, Pool.for_reassignment).where(*its).with_for_update(read=True)
    found = db.session.execute(looked_at).one_or_none()
    if found is None or not is_reached(by, Right.DISTRIBUTION, found.team_id):
        wrong.add(field, "There is no such pool.")
    elif found.for_reassignment:
        wrong.add(field, "This pool is for reassignments, not for new leads. Choose another one.")
